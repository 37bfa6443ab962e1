//! A connection's life: hello, signs of life, the pointer.

use crate::hub::Hub;
use crate::page::{LIVE, Page};
use fmz_participant::limits::{EVENTS_MAX, PRESENCE_INTERVAL, SILENCE_MAX, TRANSMITS_MAX};
use fmz_participant::{Event, Participant, Path, ProtocolError};
use fmz_proto::v1::client_message::Message as ToServer;
use fmz_proto::v1::server_message::Message as FromServer;
use fmz_proto::{encode_server, v1};
use std::time::Duration;

#[test]
fn client1_hello_is_first_and_alone_until_the_welcome() {
    let hub = Hub::with_authors(1);
    let mut page = Page::joined(1, &hub);
    page.drive(|participant, _| participant.handle_disconnected());
    page.draw();
    page.pass_ms(1000);
    assert_eq!(page.said, [], "without a connection ops wait");
    page.drive(Participant::handle_connected);
    page.draw();
    page.drive(|participant, now| participant.point(Some(v1::Point { x: 1, y: 2 }), now));
    page.pass_ms(100);
    let [(Path::Socket, ToServer::Hello(hello))] = &page.said[..] else {
        panic!("only Hello: {:?}", page.said);
    };
    assert_eq!(
        (hello.revision, hello.protocol, hello.transport),
        (1, 1, true)
    );
    assert_eq!((&*hello.token, &*hello.name), ("token", "Person 1"));
    assert_eq!(hello.session_key, [1; 16][..]);
    assert!(!page.participant.is_welcomed());
    page.said.clear();
    page.hear(Path::Socket, &hub.welcome(1));
    assert!(page.participant.is_welcomed());
    assert!(matches!(page.events.last(), Some(Event::Welcomed(welcome)) if welcome.author == 1));
    let said: Vec<_> = page.said.iter().map(|(path, _)| *path).collect();
    assert_eq!(said, [Path::Socket, Path::Socket], "ops and pointer");
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "the shell takes frames after every verb")]
fn a_shell_that_takes_no_frames_is_found() {
    let mut page = Page::joined(1, &Hub::with_authors(1));
    for x in 0..=TRANSMITS_MAX {
        let place = v1::Point { x: x as i32, y: 0 };
        page.now = page.now + PRESENCE_INTERVAL;
        page.participant.point(Some(place), page.now);
    }
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "the shell takes events after every verb")]
fn a_shell_that_takes_no_events_is_found() {
    let mut page = Page::joined(1, &Hub::with_authors(1));
    let left = FromServer::ParticipantLeft(v1::ParticipantLeft::default());
    let frame = encode_server(left);
    for _ in 0..=EVENTS_MAX {
        let taken = page
            .participant
            .handle_frame(Path::Socket, &frame, page.now);
        taken.expect("the server keeps the protocol");
    }
}

#[test]
fn what_is_said_beside_the_document_waits_for_the_welcome() {
    let hub = Hub::with_authors(1);
    let mut page = Page::new(1);
    let leave = || ToServer::Leave(v1::Leave {});
    page.drive(Participant::handle_connected);
    page.said.clear();
    page.drive(|participant, _| participant.send(leave()));
    assert_eq!(page.said, [], "it is dropped");
    page.connect(&hub);
    page.drive(|participant, _| participant.send(leave()));
    assert_eq!(page.said, [(Path::Socket, leave())]);
}

#[test]
fn what_is_not_about_the_document_is_passed_on() {
    let mut page = Page::joined(1, &Hub::with_authors(1));
    page.events.clear();
    let left = FromServer::ParticipantLeft(v1::ParticipantLeft::default());
    page.hear(Path::Socket, &encode_server(left.clone()));
    assert_eq!(page.events, [Event::Message(Box::new(left))]);
}

#[test]
fn wire4_a_broken_frame_ends_a_connection_and_is_passed_over_on_a_channel() {
    let mut page = Page::on_channels(1, &Hub::with_authors(1));
    let broken = [7, 7, 7];
    let end = page.drive(|participant, now| participant.handle_frame(Path::Socket, &broken, now));
    assert!(matches!(end, Err(ProtocolError::Frame(_))));
    assert_eq!(end.map_err(|error| error.code()), Err("malformed"));
    let passed = page.drive(|participant, now| participant.handle_frame(LIVE, &broken, now));
    assert_eq!(passed, Ok(()));
}

fn pings(page: &mut Page) -> Vec<v1::Ping> {
    let said = page.take(Path::Socket).into_iter();
    let pings = said.filter_map(|message| match message {
        ToServer::Ping(ping) => Some(ping),
        _ => None,
    });
    pings.collect()
}

#[test]
fn client9_pings_follow_the_servers_word_and_their_answers_tell_the_round_trip() {
    let hub = Hub::with_authors(1);
    let mut page = Page::joined(1, &hub);
    page.pass_ms(12_000);
    assert_eq!(pings(&mut page).len(), 2, "one in 5 s");
    let welcome = |ping_interval_ms| {
        encode_server(FromServer::Welcome(v1::Welcome {
            author: 1,
            ping_interval_ms,
            ..v1::Welcome::default()
        }))
    };
    page.hear(Path::Socket, &welcome(1000));
    page.pass_ms(2000);
    let sent = pings(&mut page);
    assert_eq!(sent.len(), 2);
    page.pass_ms(30);
    page.events.clear();
    let pong = v1::Pong {
        nonce: sent[1].nonce,
        sent_us: sent[1].sent_us,
        server_us: 0,
    };
    page.hear(Path::Socket, &encode_server(FromServer::Pong(pong)));
    assert_eq!(page.events, [Event::RoundTrip(Duration::from_millis(30))]);
    page.hear(Path::Socket, &welcome(1));
    page.pass_ms(1000);
    assert_eq!(pings(&mut page).len(), 2, "no server makes it ping at will");
}

#[test]
fn client9_silence_is_told_once() {
    let hub = Hub::with_authors(1);
    let mut page = Page::joined(1, &hub);
    let silent = |page: &Page| {
        let silences = page.events.iter().filter(|event| **event == Event::Silent);
        silences.count()
    };
    page.pass(SILENCE_MAX - Duration::from_millis(1));
    page.drive(Participant::handle_alive);
    page.pass(SILENCE_MAX - Duration::from_millis(1));
    assert_eq!(silent(&page), 0);
    page.pass(SILENCE_MAX);
    assert_eq!(silent(&page), 1);
    page.drive(|participant, _| participant.handle_disconnected());
    assert_eq!(
        page.participant.poll_timeout(),
        None,
        "nothing is due without a connection"
    );
    page.pass(SILENCE_MAX);
    page.connect(&hub);
    page.pass(SILENCE_MAX);
    assert_eq!(silent(&page), 2, "each connection has its own watch");
}

fn places(page: &mut Page, path: Path) -> Vec<Option<(i32, i32)>> {
    let said = page.take(path).into_iter();
    let places = said.filter_map(|message| match message {
        ToServer::Presence(presence) => Some(presence.pointer.map(|place| (place.x, place.y))),
        _ => None,
    });
    places.collect()
}

#[test]
fn client8_the_pointer_leaves_20_times_a_second_and_only_if_it_moved() {
    let hub = Hub::with_authors(1);
    let mut page = Page::joined(1, &hub);
    let point = |page: &mut Page, x| {
        page.drive(|participant, now| participant.point(Some(v1::Point { x, y: 0 }), now));
    };
    (0..10).for_each(|x| point(&mut page, x));
    assert_eq!(places(&mut page, Path::Socket), [Some((0, 0))]);
    page.pass(PRESENCE_INTERVAL);
    assert_eq!(places(&mut page, Path::Socket), [Some((9, 0))]);
    page.pass_ms(1000);
    point(&mut page, 9);
    page.open(true);
    point(&mut page, 4);
    page.pass_ms(1000);
    page.drive(|participant, now| participant.point(None, now));
    assert_eq!(places(&mut page, Path::Socket), []);
    assert_eq!(places(&mut page, LIVE), [Some((4, 0)), None]);
    point(&mut page, 5);
    page.pass_ms(1000);
    page.connect(&hub);
    assert_eq!(
        places(&mut page, Path::Socket),
        [Some((5, 0))],
        "told to whom it meets now"
    );
}
