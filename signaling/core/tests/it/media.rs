use crate::world::{DRAW, EPOCH, PUBLISH, World};
use fmz_proto::v1::{
    Answer, FrameMap, FrameMapState, IceCandidate, LinkError, MediaKind, Mute, Offer,
    PublicationEnded, PublicationStarted, Publish, RestartTransport, Source, TransportOffer,
    TransportState, TransportStatus, Unpublish, client_message as client, from_sfu,
    server_message::Message, to_sfu,
};
use fmz_signaling_core::{Reason, SessionId, limits};

pub(crate) fn publish(request: u32) -> client::Message {
    let (kind, source) = (MediaKind::Video.into(), Source::Program.into());
    client::Message::Publish(Publish {
        request,
        kind,
        source,
        width: 3840,
        height: 2160,
        bitrate_kbps: 25_000,
        codec: "VP8".into(),
        ..Publish::default()
    })
}

pub(crate) fn started(id: SessionId, publication: &str) -> from_sfu::Message {
    let (room, publication, codec) = ("demo".into(), publication.into(), "VP8".into());
    from_sfu::Message::PublicationStarted(PublicationStarted {
        room,
        publication,
        session: id.on_link(EPOCH),
        codec,
    })
}

pub(crate) fn map(publication: &str, epoch: u32) -> client::Message {
    let state = FrameMapState::Playing.into();
    client::Message::FrameMap(FrameMap {
        publication: publication.into(),
        epoch,
        num: 24,
        den: 1,
        speed: 100,
        state,
        ..FrameMap::default()
    })
}

/// A publisher with a transport, and somebody who looks on.
pub(crate) fn pair(world: &mut World) -> (SessionId, SessionId) {
    let ada = world.enter_with_transport(1, "ada", PUBLISH);
    let ben = world.enter_with_transport(2, "ben", DRAW);
    world.pass(limits::TICK);
    world.forget();
    (ada, ben)
}

pub(crate) fn error_code(messages: &[Message]) -> Option<(String, u32)> {
    messages.iter().find_map(|message| match message {
        Message::Error(error) => Some((error.code.clone(), error.request)),
        _ => None,
    })
}

#[test]
fn media1_a_transport_is_opened_after_the_welcome_and_closed_with_the_session() {
    let mut world = World::new();
    let ada = world.enter_with_transport(1, "ada", PUBLISH);
    assert!(
        matches!(&world.to_sfu[..], [to_sfu::Message::Open(open)] if (open.session, open.transport) == (1, 1))
    );
    world.enter(world.join(2, "ben", DRAW));
    assert_eq!(world.to_sfu.len(), 1, "who wants none gets none");
    world.room.handle_left(ada, Reason::Disconnected, world.now);
    world.pass(std::time::Duration::ZERO);
    assert!(
        matches!(world.to_sfu.last(), Some(to_sfu::Message::Close(close)) if close.session == 1)
    );
}

#[test]
fn media2_offers_answers_and_candidates_pass_for_the_transport_in_use_only() {
    let mut world = World::new();
    let (ada, _) = pair(&mut world);
    for transport in [1, 2] {
        let offer = Offer {
            offer: 1,
            sdp: "v=0".into(),
            lines: vec![],
            transport,
        };
        world.sfu(from_sfu::Message::Offer(TransportOffer {
            room: "demo".into(),
            session: 1,
            offer: Some(offer),
        }));
        world.say(
            ada,
            client::Message::Answer(Answer {
                offer: 1,
                sdp: "v=0".into(),
                transport,
            }),
        );
        world.say(
            ada,
            client::Message::Candidate(IceCandidate {
                candidate: "c".into(),
                mid: "0".into(),
                transport,
            }),
        );
    }
    assert!(matches!(&world.messages(ada)[..], [Message::Offer(offer)] if offer.transport == 1));
    assert!(matches!(
        &world.to_sfu[..],
        [to_sfu::Message::Answer(_), to_sfu::Message::Candidate(_)]
    ));
}

#[test]
fn media3_a_publication_is_told_when_its_packets_come_and_when_it_ends() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.say(ada, publish(7));
    let Some(to_sfu::Message::AddPublication(added)) = world.to_sfu.last() else {
        panic!()
    };
    assert_eq!((added.session, added.publication.as_str()), (1, "p-0-1-1"));
    assert!(world.take(ben).is_empty());
    world.sfu(started(ada, "p-0-1-1"));
    for id in [ada, ben] {
        let messages = world.messages(id);
        let [Message::PublicationAdded(added)] = &messages[..] else {
            panic!("{messages:?}")
        };
        let publication = added.publication.as_ref().unwrap();
        assert_eq!(
            (
                publication.participant,
                publication.codec.as_str(),
                publication.width
            ),
            (1, "VP8", 3840)
        );
    }
    let cid = world.enter(world.join(3, "cid", DRAW));
    assert_eq!(world.welcome(cid).publications.len(), 1);
    let ended = PublicationEnded {
        room: "demo".into(),
        publication: "p-0-1-1".into(),
        session: 1,
    };
    world.sfu(from_sfu::Message::PublicationEnded(ended.clone()));
    world.sfu(from_sfu::Message::PublicationEnded(ended));
    let told = world.messages(ben);
    assert_eq!(
        told.iter()
            .filter(|message| matches!(message, Message::PublicationRemoved(_)))
            .count(),
        1
    );
}

#[test]
fn media4_publishing_needs_the_grant_a_transport_and_a_free_place() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.say(ben, publish(1));
    assert_eq!(error_code(&world.messages(ben)), Some(("grant".into(), 1)));
    let cid = world.enter(world.join(3, "cid", PUBLISH));
    world.forget();
    world.say(cid, publish(2));
    assert_eq!(
        error_code(&world.messages(cid)),
        Some(("no_transport".into(), 2))
    );
    world.say(ada, publish(1));
    world.forget();
    world.say(ada, publish(1));
    assert!(world.sent.is_empty() && world.to_sfu.is_empty(), "repeated");
    let client::Message::Publish(mut other) = publish(1) else {
        unreachable!()
    };
    other.source = Source::Screen.into();
    world.say(ada, client::Message::Publish(other));
    assert_eq!(
        error_code(&world.messages(ada)),
        Some(("request_taken".into(), 1))
    );
    for request in 2..=limits::PUBLICATIONS_MAX as u32 {
        world.say(ada, publish(request));
    }
    assert_eq!(error_code(&world.messages(ada)), None);
    world.say(ada, publish(99));
    assert_eq!(
        error_code(&world.messages(ada)),
        Some(("publications_full".into(), 99))
    );
}

#[test]
fn media5_only_its_owner_rules_a_publication() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.say(ada, publish(1));
    world.sfu(started(ada, "p-0-1-1"));
    world.forget();
    let publication = || "p-0-1-1".to_owned();
    for message in [
        client::Message::Mute(Mute {
            publication: publication(),
            muted: true,
        }),
        client::Message::Unpublish(Unpublish {
            publication: publication(),
        }),
        map("p-0-1-1", 1),
    ] {
        world.say(ben, message);
        assert_eq!(
            error_code(&world.messages(ben)),
            Some(("not_your_publication".into(), 0))
        );
    }
    assert!(world.sent.is_empty() && world.to_sfu.is_empty());
    world.sfu(started(ben, "p-0-1-1"));
    world.say(
        ada,
        client::Message::Mute(Mute {
            publication: publication(),
            muted: true,
        }),
    );
    assert!(matches!(&world.messages(ben)[..], [Message::PublicationMuted(muted)] if muted.muted));
    world.say(
        ada,
        client::Message::Unpublish(Unpublish {
            publication: publication(),
        }),
    );
    assert!(matches!(
        &world.messages(ben)[..],
        [Message::PublicationRemoved(_)]
    ));
    assert!(matches!(
        &world.to_sfu[..],
        [to_sfu::Message::RemovePublication(_)]
    ));
}

#[test]
fn media6_the_two_newest_frame_maps_are_kept_and_older_ones_passed_over() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.say(ada, publish(1));
    world.say(ada, map("p-0-1-1", 1));
    assert!(
        world.take(ben).is_empty(),
        "nobody knows the publication yet"
    );
    world.sfu(started(ada, "p-0-1-1"));
    world.forget();
    for epoch in [2, 4, 3, 4] {
        world.say(ada, map("p-0-1-1", epoch));
    }
    let epochs: Vec<_> = world
        .messages(ben)
        .iter()
        .map(|message| match message {
            Message::FrameMap(map) => map.epoch,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(epochs, [2, 4, 4]);
    let cid = world.enter(world.join(3, "cid", DRAW));
    let kept: Vec<_> = world.welcome(cid).publications[0]
        .frame_maps
        .iter()
        .map(|map| map.epoch)
        .collect();
    assert_eq!(kept, [2, 4]);
}

#[test]
fn media7_a_new_transport_ends_the_publications_and_has_the_next_number() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.say(ada, publish(1));
    world.sfu(started(ada, "p-0-1-1"));
    world.forget();
    world.say(ada, client::Message::RestartTransport(RestartTransport {}));
    assert_eq!(
        error_code(&world.messages(ada)),
        Some(("restart_rate".into(), 0))
    );
    world.pass(limits::RESTART_INTERVAL);
    world.say(ada, client::Message::RestartTransport(RestartTransport {}));
    // Behind the commit of its media.
    assert!(matches!(
        world.messages(ben).last(),
        Some(Message::PublicationRemoved(_))
    ));
    assert!(matches!(&world.to_sfu[..], [to_sfu::Message::Open(open)] if open.transport == 2));
    world.say(ada, publish(1));
    let Some(to_sfu::Message::AddPublication(added)) = world.to_sfu.last() else {
        panic!()
    };
    assert_eq!(added.publication, "p-0-1-2", "a name is not used twice");
}

#[test]
fn media8_who_goes_takes_its_publications_along() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.say(ada, publish(1));
    world.sfu(started(ada, "p-0-1-1"));
    world.forget();
    world.room.handle_left(ada, Reason::Disconnected, world.now);
    world.pass(std::time::Duration::ZERO);
    let told = world.messages(ben);
    assert!(
        matches!(
            &told[..],
            [Message::PublicationRemoved(_), Message::ParticipantLeft(_)]
        ),
        "{told:?}"
    );
}

#[test]
fn media9_a_refused_publication_frees_its_place_and_is_told_to_who_asked() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.say(ada, publish(4));
    let error = LinkError {
        room: "demo".into(),
        session: 1,
        code: "codec".into(),
        text: "no such codec".into(),
        request: 4,
    };
    world.sfu(from_sfu::Message::Error(error));
    assert_eq!(error_code(&world.messages(ada)), Some(("codec".into(), 4)));
    assert!(world.take(ben).is_empty());
    world.say(ada, publish(4));
    assert_eq!(error_code(&world.messages(ada)), None);
}

#[test]
fn media10_a_transport_that_closed_takes_its_publications_along() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.say(ada, publish(1));
    world.sfu(started(ada, "p-0-1-1"));
    world.forget();
    let state = |transport| TransportState {
        room: "demo".into(),
        session: 1,
        transport,
        status: TransportStatus::Closed.into(),
    };
    world.sfu(from_sfu::Message::State(state(0)));
    assert!(world.take(ben).is_empty());
    world.sfu(from_sfu::Message::State(state(1)));
    assert!(matches!(
        &world.messages(ben)[..],
        [Message::PublicationRemoved(_)]
    ));
}
