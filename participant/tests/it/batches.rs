//! Batches of this client on their way.

use crate::hub::{Hub, committed};
use crate::page::{OPS, Page, rectangle};
use fmz_annotation::Lost;
use fmz_participant::limits::{BATCH_INTERVAL, BATCH_OPS, UNDER_WAY_OPS_MAX};
use fmz_participant::{Channel, Event, Path};
use fmz_proto::v1::client_message::Message as ToServer;
use fmz_proto::v1::server_message::Message as FromServer;
use fmz_proto::{encode_server, v1};
use std::time::Duration;

#[test]
fn client2_ops_leave_at_once_then_in_batches_25_ms_apart() {
    let mut page = Page::joined(1, &Hub::with_authors(1));
    (0..BATCH_OPS + 4).for_each(|_| page.draw());
    assert_eq!(page.take_batches(Path::Socket), [(1, vec![1])]);
    page.pass(BATCH_INTERVAL - Duration::from_millis(1));
    assert_eq!(page.take_batches(Path::Socket), []);
    page.pass_ms(1);
    assert_eq!(page.take_batches(Path::Socket), [(2, (2..22).collect())]);
    page.pass(BATCH_INTERVAL);
    assert_eq!(page.take_batches(Path::Socket), [(3, vec![22, 23, 24])]);
    page.pass_ms(1000);
    page.draw();
    assert_eq!(
        page.take_batches(Path::Socket),
        [(4, vec![25])],
        "at once after a rest"
    );
}

#[test]
fn client3_ops_stop_at_a_bound_until_some_are_confirmed() {
    let mut hub = Hub::with_authors(1);
    let mut page = Page::joined(1, &hub);
    (0..UNDER_WAY_OPS_MAX + 100).for_each(|_| page.draw());
    page.pass_ms(10_000);
    let sent = page.take(Path::Socket);
    let batches: Vec<_> = sent
        .into_iter()
        .filter(|said| matches!(said, ToServer::Ops(_)))
        .collect();
    let under_way = page.pending() - page.participant.replica().queued_count();
    assert!((UNDER_WAY_OPS_MAX..UNDER_WAY_OPS_MAX + BATCH_OPS).contains(&under_way));
    for batch in &batches[..2] {
        hub.hear(1, batch.clone());
    }
    page.hear(Path::Socket, &committed(&hub.behind(1)));
    page.pass_ms(1000);
    assert!(
        !page.take_batches(Path::Socket).is_empty(),
        "commits make room"
    );
}

#[test]
fn client4_a_new_connection_gets_what_the_log_does_not_hold_once_and_in_order() {
    let mut hub = Hub::with_authors(1);
    let mut page = Page::joined(1, &hub);
    for _ in 0..3 {
        page.draw();
        page.pass(BATCH_INTERVAL);
    }
    let sent = page.take(Path::Socket);
    hub.hear(1, sent[0].clone());
    page.drive(|participant, _| participant.handle_disconnected());
    page.draw();
    page.connect(&hub);
    page.pass_ms(1000);
    let batches = [(2, vec![2]), (3, vec![3]), (4, vec![4])];
    assert_eq!(page.take_batches(Path::Socket), batches);
}

#[test]
fn client4_a_new_path_gets_what_has_no_answer_once_and_in_order() {
    let mut hub = Hub::with_authors(1);
    let mut page = Page::joined(1, &hub);
    for _ in 0..2 {
        page.draw();
        page.pass(BATCH_INTERVAL);
    }
    let first = page.take(Path::Socket).swap_remove(0);
    assert_eq!(page.participant.path(), Some(Path::Socket));
    let channel = |page: &mut Page, open| {
        page.drive(|participant, now| participant.handle_channel(Channel::Ops, open, now));
    };
    channel(&mut page, true);
    channel(&mut page, true);
    assert_eq!(page.participant.path(), Some(OPS));
    assert_eq!(page.take_batches(OPS), [(1, vec![1]), (2, vec![2])]);
    hub.hear(1, first);
    page.hear(OPS, &committed(&hub.behind(1)));
    page.draw();
    channel(&mut page, false);
    assert_eq!(page.take_batches(OPS), [(3, vec![3])]);
    assert_eq!(
        page.take_batches(Path::Socket),
        [(2, vec![2]), (3, vec![3])]
    );
    page.pass_ms(1000);
    assert_eq!(page.take_batches(Path::Socket), []);
}

#[test]
fn a_commit_is_the_acknowledgement_and_is_told_as_a_change() {
    let mut hub = Hub::with_authors(1);
    let mut page = Page::joined(1, &hub);
    page.draw();
    page.events.clear();
    page.take(Path::Socket)
        .into_iter()
        .for_each(|said| hub.hear(1, said));
    page.hear(Path::Socket, &committed(&hub.behind(1)));
    let id = fmz_annotation::ObjectId::new(1, 1).expect("an id");
    assert_eq!(page.events, [Event::Changed([id].into())]);
    assert_eq!((page.pending(), page.revision()), (0, 2));
}

#[test]
fn a_refused_batch_is_taken_back_and_told() {
    let mut page = Page::joined(1, &Hub::with_authors(1));
    page.draw();
    page.events.clear();
    let rejected = v1::Rejected {
        client_seq: 1,
        code: "not_yours".into(),
        ..v1::Rejected::default()
    };
    page.hear(
        Path::Socket,
        &encode_server(FromServer::Rejected(rejected.clone())),
    );
    let lost = Lost {
        batches: vec![1],
        queued_ops: 0,
    };
    assert_eq!(page.events, [Event::Refused { rejected, lost }]);
    assert_eq!(page.pending(), 0);
}

#[test]
fn another_author_loses_what_the_former_had_pending() {
    let hub = Hub::with_authors(2);
    let mut page = Page::joined(1, &hub);
    page.draw();
    page.events.clear();
    page.author = 2;
    page.connect(&hub);
    let lost = Lost {
        batches: vec![1],
        queued_ops: 0,
    };
    assert!(
        page.events.contains(&Event::Lost(lost)),
        "{:?}",
        page.events
    );
    assert_eq!(page.pending(), 0);
}

#[test]
fn view9_a_held_mark_waits_for_its_frame_and_what_is_behind_it_too() {
    let mut page = Page::joined(1, &Hub::with_authors(1));
    let id = page.next_id();
    let mark = rectangle(id, Vec::new());
    page.drive(|participant, now| participant.submit_held(id, &[mark], now))
        .expect("it is possible");
    page.draw();
    page.pass_ms(1000);
    assert_eq!(page.take_batches(Path::Socket), []);
    let frame = v1::FrameStamp {
        frame_index: Some(7),
        ..v1::FrameStamp::default()
    };
    assert!(page.drive(|participant, now| participant.restamp(id, &frame, now)));
    let said = page.take(Path::Socket);
    let [ToServer::Ops(batch)] = &said[..] else {
        panic!("one batch: {said:?}");
    };
    let frames = batch.ops.iter().map(|op| match &op.op {
        Some(v1::op::Op::Create(create)) => create.frame.as_ref()?.frame_index,
        _ => None,
    });
    assert_eq!(frames.collect::<Vec<_>>(), [Some(7), None]);
    assert!(
        !page.drive(|participant, now| participant.restamp(id, &frame, now)),
        "it has left"
    );
}

#[test]
fn view9_an_impossible_mark_holds_nothing() {
    let mut page = Page::joined(1, &Hub::with_authors(1));
    let id = page.next_id();
    page.draw();
    let twice = rectangle(id, Vec::new());
    let refused = page.drive(|participant, now| participant.submit_held(id, &[twice], now));
    assert!(refused.is_err());
    page.draw();
    page.pass(BATCH_INTERVAL);
    assert_eq!(
        page.take_batches(Path::Socket),
        [(1, vec![1]), (2, vec![2])]
    );
}
