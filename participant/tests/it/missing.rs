//! Commits that are missing, and how a participant asks for them.

use crate::hub::{Hub, committed};
use crate::page::{LIVE, Page};
use bytes::Bytes;
use fmz_annotation::ApplyError;
use fmz_participant::{Event, Missed, Participant, Path, ProtocolError};
use fmz_proto::encode_server;
use fmz_proto::v1::client_message::Message as ToServer;
use fmz_proto::v1::server_message::Message as FromServer;
use fmz_proto::v1::{self, CommittedBatch};

/// Makes a page in a room of two, and commits that it has not received.
fn stage(commits: usize) -> (Hub, Page, Vec<CommittedBatch>) {
    let mut hub = Hub::with_authors(2);
    let (mut pen, mut screen) = (Page::joined(1, &hub), Page::joined(2, &hub));
    for _ in 0..commits {
        pen.draw();
        pen.pass_ms(1000);
    }
    pen.take(Path::Socket)
        .into_iter()
        .for_each(|said| hub.hear(1, said));
    screen.events.clear();
    let made = hub.behind(2);
    (hub, screen, made)
}

#[test]
fn client5_a_gap_is_asked_for_once_until_it_is_filled() {
    let (_, mut screen, made) = stage(5);
    screen.hear(Path::Socket, &committed(&made[1..2]));
    screen.hear(Path::Socket, &committed(&made[2..3]));
    assert_eq!(screen.take_resyncs(), [(2, false)]);
    assert_eq!(screen.events, [Event::Missed(Missed::Behind(2))]);
    // A copy that fills the gap is no answer: the answer is still on its way.
    screen.hear(LIVE, &committed(&made[..1]));
    screen.hear(Path::Socket, &committed(&made[3..4]));
    assert_eq!((screen.take_resyncs(), screen.revision()), (vec![], 3));
    screen.hear(Path::Socket, &committed(&made[..3]));
    assert_eq!(screen.revision(), 5);
    screen.hear(Path::Socket, &committed(&made[4..]));
    assert_eq!(
        screen.take_resyncs(),
        [(5, false)],
        "another gap is asked for again"
    );
}

#[test]
fn client5_a_new_connection_asks_for_what_is_missing_by_its_hello() {
    let (hub, mut screen, made) = stage(2);
    screen.hear(Path::Socket, &committed(&made[1..]));
    screen.said.clear();
    screen.drive(Participant::handle_connected);
    let hello = screen.take(Path::Socket);
    assert!(matches!(&hello[..], [ToServer::Hello(hello)] if hello.revision == 2));
    screen.hear(Path::Socket, &hub.welcome(2));
    screen.hear(Path::Socket, &committed(&made[1..]));
    assert_eq!(
        screen.take_resyncs(),
        [(2, false)],
        "what was asked before counts no more"
    );
}

/// Changes a commit as if its server had another document.
fn foreign(batch: &CommittedBatch) -> CommittedBatch {
    CommittedBatch {
        state_hash: batch.state_hash ^ 1,
        ..batch.clone()
    }
}

#[test]
fn client6_hash3_another_document_is_told_and_asked_for_whole_once() {
    let (hub, mut screen, made) = stage(3);
    screen.hear(Path::Socket, &committed(&[foreign(&made[0])]));
    screen.hear(Path::Socket, &committed(&[foreign(&made[1])]));
    assert_eq!(screen.take_resyncs(), [(0, true)]);
    let missed = ApplyError::Diverged { revision: 3 };
    assert_eq!(screen.events, [Event::Missed(Missed::Unfit(missed))]);
    screen.load(&hub);
    assert_eq!(*screen.participant.replica().document(), hub.document);
    assert_eq!(screen.events.last(), Some(&Event::Loaded));
}

#[test]
fn client6_what_does_not_fit_is_asked_for_whole_though_a_gap_was_asked_for() {
    let (_, mut screen, made) = stage(3);
    screen.hear(Path::Socket, &committed(&made[1..2]));
    screen.hear(Path::Socket, &committed(&[foreign(&made[0])]));
    assert_eq!(screen.take_resyncs(), [(2, false), (0, true)]);
}

#[test]
fn client6_a_copy_that_does_not_fit_counts_as_well() {
    let (_, mut screen, made) = stage(1);
    screen.hear(LIVE, &committed(&[foreign(&made[0])]));
    assert_eq!(screen.take_resyncs(), [(0, true)]);
}

#[test]
fn client6_a_document_of_no_use_is_asked_for_whole_on_the_next_connection_too() {
    let (hub, mut screen, made) = stage(2);
    screen.hear(Path::Socket, &committed(&[foreign(&made[0])]));
    screen.said.clear();
    for revision in [0, 4] {
        screen.drive(Participant::handle_connected);
        let hello = screen.take(Path::Socket);
        let told = match &hello[..] {
            [ToServer::Hello(hello)] => hello.revision,
            other => panic!("only Hello: {other:?}"),
        };
        assert_eq!(told, revision);
        screen.hear(Path::Socket, &hub.welcome(2));
        screen.load(&hub);
    }
}

#[test]
fn client7_a_snapshot_that_is_none_ends_the_connection_and_the_next_asks_for_another() {
    let (hub, mut screen, _) = stage(1);
    let none = |part: &'static [u8]| {
        encode_server(FromServer::Snapshot(v1::Snapshot {
            revision: 1,
            part: part.into(),
            last: true,
        }))
    };
    let hear = |screen: &mut Page, frame: Bytes| {
        screen.drive(|participant, now| participant.handle_frame(Path::Socket, &frame, now))
    };
    let end = hear(&mut screen, none(&[0xff]));
    assert_eq!(end, Err(ProtocolError::SnapshotMalformed));
    // The half of a snapshot that came on the old connection is forgotten with it.
    let half = hub.snapshot().swap_remove(0);
    hear(&mut screen, half).expect("a part is a part");
    screen.said.clear();
    screen.connect(&hub);
    assert_eq!(*screen.participant.replica().document(), hub.document);
}
