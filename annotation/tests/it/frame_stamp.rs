//! Stamps of frames: uncertain ones, and those that are corrected before they leave.

use crate::make::{
    self, append, brush, clear_frames, color, create, end, id, own_id, set, stamped, uncertain,
};
use crate::revert::go_back;
use crate::room::Room;
use fmz_annotation::version::{Scope, diff};
use fmz_annotation::{Document, Replica};
use fmz_proto::limits::PUBLICATION_BYTES_MAX;
use fmz_proto::v1::{self, FrameStamp, Kind, op};

fn stamp(frame: u32, uncertain: bool) -> FrameStamp {
    FrameStamp {
        publication: "p-1-1".into(),
        rtp_timestamp: i64::from(frame) * 3750,
        frame_index: Some(frame),
        epoch: 1,
        uncertain,
        ..FrameStamp::default()
    }
}

/// A room where author 1 has a shape on frame 24 that waits.
fn drawn() -> (Room, Replica) {
    let room = Room::with_authors(2);
    let mut replica = room.replica(1);
    let shape = create(id(1, 1), Kind::Rectangle, vec![color(1)]);
    let shape = stamped(shape, stamp(24, true));
    replica.submit(&[shape]).expect("a new shape");
    (room, replica)
}

fn shown(replica: &Replica) -> Option<FrameStamp> {
    let objects = replica.objects().objects;
    objects.into_iter().next().and_then(|object| object.frame)
}

fn created(ops: &[v1::Op]) -> Vec<Option<FrameStamp>> {
    let stamps = ops.iter().filter_map(|op| match &op.op {
        Some(op::Op::Create(create)) => Some(create.frame.clone()),
        _ => None,
    });
    stamps.collect()
}

fn held(document: &Document) -> Option<FrameStamp> {
    let object = document.object(own_id(1, 1));
    object.map(|object| object.frame().into())
}

#[test]
fn op23_an_uncertain_stamp_stays_uncertain() {
    let (mut room, mut replica) = drawn();
    let made = Some(stamp(24, true));
    assert_eq!(shown(&replica), made);
    let changes = replica.take_changes().objects;
    assert_eq!(changes[0].frame, made);
    assert_eq!(created(&replica.pending_ops()), std::slice::from_ref(&made));
    let batch = replica.take_batch(9).expect("it waits");
    assert_eq!(created(&batch.ops), std::slice::from_ref(&made));
    let copies = replica.take_copies().expect("it is on its way");
    assert_eq!(created(&copies.batches[0].ops), std::slice::from_ref(&made));
    room.exchange(&mut replica);
    assert_eq!(held(&room.document), made);
    assert_eq!(held(replica.document()), made);
    let read = Document::from_snapshot(room.document.snapshot()).expect("own snapshot");
    assert_eq!((held(&read), &read), (made.clone(), &room.document));
    assert_eq!(shown(&room.replica(2)), made);
    assert_eq!(
        room.document
            .frame_history(&make::frames_of("p-1-1"), 24)
            .iter()
            .len(),
        1
    );
}

#[test]
fn op23_documents_with_another_flag_are_not_the_same() {
    let plain = || vec![brush(id(1, 1))];
    let documents = [plain(), plain().into_iter().map(uncertain).collect()].map(|ops| {
        let mut room = Room::with_authors(1);
        room.commit(1, 1, ops).expect("it fits");
        room.document
    });
    assert_ne!(documents[0], documents[1]);
    assert_ne!(documents[0].state_hash(), documents[1].state_hash());
}

#[test]
fn op23_a_way_back_leaves_the_stamp() {
    let (mut room, mut replica) = drawn();
    room.exchange(&mut replica);
    let target = room.document.clone();
    replica.submit(&[set(id(1, 1), color(9))]).expect("its own");
    room.exchange(&mut replica);
    go_back(&mut room, &target, &Scope::default(), 1);
    assert_eq!(diff(&target, &room.document), vec![]);
    assert_eq!(held(&room.document), Some(stamp(24, true)));
    room.exchange(&mut replica);
    assert_eq!(replica.document(), &room.document);
}

#[test]
fn view8_what_waits_gets_the_new_stamp() {
    let (mut room, mut replica) = drawn();
    let _ = replica.take_changes();
    let version = replica.version();
    let new = stamp(25, false);
    assert!(replica.restamp(own_id(1, 1), &new));
    assert_eq!(shown(&replica), Some(new.clone()));
    assert!(replica.version() > version);
    let changes = replica.take_changes().objects;
    assert_eq!((changes.len(), &changes[0].frame), (1, &Some(new.clone())));
    assert_eq!(replica.pending_count(), 1, "it is no op of its own");
    room.exchange(&mut replica);
    assert_eq!(held(&room.document), Some(new));
    assert!(
        room.document
            .frame_history(&make::frames_of("p-1-1"), 24)
            .is_none()
    );
}

#[test]
fn view8_the_rest_of_the_object_stays() {
    let room = Room::with_authors(1);
    let mut replica = room.replica(1);
    let stroke = id(1, 1);
    let drawing = [brush(stroke), append(stroke, &[(1, 2), (3, 4)], &[5, 6])];
    replica.submit(&drawing).expect("a stroke");
    replica
        .submit(&[set(stroke, color(7)), end(stroke)])
        .expect("its own");
    let mut before = replica.objects().objects;
    assert!(replica.restamp(own_id(1, 1), &stamp(3, true)));
    before[0].frame = Some(stamp(3, true));
    assert_eq!(replica.objects().objects, before);
    let _ = replica
        .load(room.document.snapshot())
        .expect("own snapshot");
    assert_eq!(replica.objects().objects, before, "derived again");
}

#[test]
fn view8_what_has_left_keeps_its_stamp() {
    let (mut room, mut replica) = drawn();
    let batch = replica.take_batch(1).expect("it waits");
    let version = replica.version();
    let refused = |replica: &mut Replica| {
        let refused = !replica.restamp(own_id(1, 1), &stamp(25, false));
        refused && shown(replica) == Some(stamp(24, true))
    };
    assert!(refused(&mut replica), "in a batch");
    let _ = replica.set_author(1, 0);
    assert!(refused(&mut replica), "the connection was lost meanwhile");
    assert_eq!(replica.unacked(), [batch]);
    assert_eq!(replica.version(), version);
    room.exchange(&mut replica);
    assert!(refused(&mut replica), "committed");
    assert_eq!(held(&room.document), Some(stamp(24, true)));
}

#[test]
fn view8_what_is_not_there_gets_no_stamp() {
    let (_, mut replica) = drawn();
    assert!(!replica.restamp(own_id(1, 2), &stamp(25, false)));
    assert!(!replica.restamp(own_id(2, 1), &stamp(25, false)));
    let batch = replica.take_batch(1).expect("it waits");
    let _ = replica.rejected(batch.client_seq);
    assert!(!replica.restamp(own_id(1, 1), &stamp(25, false)));
    assert_eq!((replica.pending_count(), shown(&replica)), (0, None));
}

#[test]
fn view8_a_stamp_that_the_server_would_refuse_changes_nothing() {
    let (_, mut replica) = drawn();
    let named = |bytes: usize| FrameStamp {
        publication: "p".repeat(bytes),
        ..stamp(25, false)
    };
    let (version, bad) = (replica.version(), named(PUBLICATION_BYTES_MAX + 1));
    assert!(!replica.restamp(own_id(1, 1), &bad));
    assert_eq!(shown(&replica), Some(stamp(24, true)));
    assert_eq!(replica.version(), version);
    assert!(replica.restamp(own_id(1, 1), &named(PUBLICATION_BYTES_MAX)));
}

#[test]
fn view8_undo_and_redo_keep_the_new_stamp() {
    let (mut room, mut replica) = drawn();
    assert!(replica.restamp(own_id(1, 1), &stamp(25, false)));
    assert!(replica.undo() && shown(&replica).is_none());
    assert!(replica.redo());
    assert_eq!(shown(&replica), Some(stamp(25, false)));
    assert!(replica.undo());
    let new = stamp(26, true);
    assert!(replica.restamp(own_id(1, 1), &new), "while it is undone");
    assert!(replica.can_redo() && replica.redo());
    assert_eq!(shown(&replica), Some(new.clone()));
    room.exchange(&mut replica);
    assert_eq!(held(&room.document), Some(new.clone()));
    assert!(replica.undo() && replica.redo());
    assert_eq!(shown(&replica), Some(new));
}

#[test]
fn view8_a_pending_clear_deletes_what_is_on_its_frames_now() {
    let (mut room, mut replica) = drawn();
    replica.submit(&[clear_frames(20, 24)]).expect("a clear");
    let _ = replica.take_changes();
    assert_eq!(shown(&replica), None);
    assert!(replica.restamp(own_id(1, 1), &stamp(25, false)));
    assert_eq!(shown(&replica), Some(stamp(25, false)));
    assert!(!replica.take_changes().objects[0].deleted);
    assert!(replica.restamp(own_id(1, 1), &stamp(24, false)));
    assert_eq!(shown(&replica), None);
    assert!(replica.restamp(own_id(1, 1), &stamp(26, false)));
    room.exchange(&mut replica);
    assert_eq!(shown(&replica), Some(stamp(26, false)));
    assert_eq!(replica.document(), &room.document);
}

#[test]
fn view8_each_of_several_gets_its_own() {
    let room = Room::with_authors(1);
    let mut replica = room.replica(1);
    let pin = create(id(1, 1), Kind::Pin, vec![]);
    let reply = make::reply(id(1, 2), id(1, 1), "too dark");
    replica.submit(&[pin, reply]).expect("a comment");
    assert!(replica.restamp(own_id(1, 2), &stamp(2, true)));
    assert!(replica.restamp(own_id(1, 1), &stamp(1, false)));
    let stamps = [Some(stamp(1, false)), Some(stamp(2, true))];
    assert_eq!(created(&replica.pending_ops()), stamps);
}
