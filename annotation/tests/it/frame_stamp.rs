//! Stamps of frames, uncertain ones among them.

use crate::make::{brush, color, create, id, own_id, set, stamped, uncertain};
use crate::revert::go_back;
use crate::room::Room;
use fmz_annotation::version::{Scope, diff};
use fmz_annotation::{Document, Replica};
use fmz_proto::v1::{self, FrameStamp, Kind, op};

fn stamp(frame: u32, uncertain: bool) -> FrameStamp {
    FrameStamp {
        publication: "p-1-1".into(),
        rtp_timestamp: i64::from(frame) * 3750,
        frame_index: Some(frame),
        epoch: 1,
        uncertain,
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
    assert_eq!(created(&replica.pending_ops()), [made.clone()]);
    let batch = replica.take_batch(9).expect("it waits");
    assert_eq!(created(&batch.ops), [made.clone()]);
    let copies = replica.take_copies().expect("it is on its way");
    assert_eq!(created(&copies.batches[0].ops), [made.clone()]);
    room.exchange(&mut replica);
    assert_eq!(held(&room.document), made);
    assert_eq!(held(replica.document()), made);
    let read = Document::from_snapshot(room.document.snapshot()).expect("own snapshot");
    assert_eq!((held(&read), &read), (made.clone(), &room.document));
    assert_eq!(shown(&room.replica(2)), made);
    assert_eq!(room.document.frame_history("p-1-1", 24).iter().len(), 1);
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
