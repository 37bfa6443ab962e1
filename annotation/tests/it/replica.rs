//! The view with pending changes.

use crate::make::{
    append, brush, color, create, deleted, deltas_of, end, end_of, id, own_id, point_count, set,
    text,
};
use crate::room::Room;
use fmz_annotation::limits::{BATCH_BYTES_MAX, PENDING_OPS_MAX};
use fmz_annotation::{OpError, Replica};
use fmz_proto::Message;
use fmz_proto::limits::{BATCH_OPS_MAX, TEXT_BYTES_MAX};
use fmz_proto::v1::{Kind, OpBatch};

fn counters(replica: &Replica) -> Vec<(u32, u32)> {
    let objects = replica.objects().objects.into_iter();
    let ids = objects.filter_map(|object| object.id);
    ids.map(|id| (id.author, id.counter)).collect()
}

#[test]
fn view1_a_change_is_seen_at_once() {
    let room = Room::with_authors(1);
    let mut replica = room.replica(1);
    assert_eq!(replica.next_id(), Some(own_id(1, 1)));
    let ops = [brush(id(1, 1)), append(id(1, 1), &[(3, 4)], &[5])];
    replica.submit(&ops).unwrap();
    let shown = replica.objects().objects;
    assert_eq!((deltas_of(&shown[0])[0].x, shown[0].pending), (3, true));
    assert_eq!(replica.next_id(), Some(own_id(1, 2)));
    assert_eq!((replica.pending_count(), replica.queued_count()), (2, 2));
}

#[test]
fn view1_what_the_server_would_refuse_is_refused_whole() {
    let room = Room::with_authors(2);
    let mut replica = room.replica(1);
    let ops = [brush(id(1, 1)), set(id(1, 7), color(1))];
    assert_eq!(replica.submit(&ops), Err(OpError::UnknownObject));
    assert_eq!(replica.submit(&[brush(id(2, 1))]), Err(OpError::NotYours));
    assert_eq!((replica.pending_count(), counters(&replica)), (0, vec![]));
    let mut nobody = Replica::new();
    assert_eq!(nobody.submit(&[brush(id(1, 1))]), Err(OpError::NoAuthor));
    assert_eq!(nobody.next_id(), None);
}

#[test]
fn view2_an_own_value_stays_until_the_server_orders_it() {
    let mut room = Room::with_authors(2);
    room.let_own(2);
    room.commit(1, 1, vec![brush(id(1, 1))]).unwrap();
    let (mut mine, mut other) = (room.replica(1), room.replica(2));
    mine.submit(&[set(id(1, 1), color(1))]).unwrap();
    other.submit(&[set(id(1, 1), color(2))]).unwrap();
    room.exchange(&mut other);
    let received = mine.receive(&room.since(mine.revision())).unwrap();
    assert!(received.changed.contains(&own_id(1, 1)));
    let color = |replica: &Replica| replica.object(own_id(1, 1)).map(|object| object.color());
    assert_eq!(color(&mine), Some(1));
    room.exchange(&mut mine);
    room.exchange(&mut other);
    assert_eq!((color(&mine), color(&other)), (Some(1), Some(1)));
}

#[test]
fn view3_batches_are_numbered_and_bounded() {
    let room = Room::with_authors(1);
    let mut replica = room.replica(1);
    assert_eq!(replica.take_batch(20), None);
    let shapes = 1..=BATCH_OPS_MAX as u32 + 5;
    let ops: Vec<_> = shapes
        .map(|n| create(id(1, n), Kind::Arrow, vec![]))
        .collect();
    replica.submit(&ops).unwrap();
    let taken = |batch: Option<OpBatch>| batch.map(|batch| (batch.client_seq, batch.ops.len()));
    assert_eq!(taken(replica.take_batch(3)), Some((1, 3)));
    assert_eq!(taken(replica.take_batch(0)), Some((2, 1)));
    assert_eq!(
        taken(replica.take_batch(usize::MAX)),
        Some((3, BATCH_OPS_MAX))
    );
    assert_eq!(taken(replica.take_batch(20)), Some((4, 1)));
    assert_eq!(replica.take_batch(20), None);
    assert_eq!(replica.unacked().len(), 4);
}

#[test]
fn view3_batches_fit_into_a_frame() {
    let room = Room::with_authors(1);
    let mut replica = room.replica(1);
    let long = "x".repeat(TEXT_BYTES_MAX);
    let ops: Vec<_> = (1..=20)
        .map(|n| create(id(1, n), Kind::Text, vec![text(&long); 3]))
        .collect();
    replica.submit(&ops).unwrap();
    let mut count = 0;
    while let Some(batch) = replica.take_batch(BATCH_OPS_MAX) {
        assert!(batch.encoded_len() <= BATCH_BYTES_MAX + 100);
        count += batch.ops.len();
    }
    assert_eq!(count, 20);
}

#[test]
fn view4_the_own_commit_is_the_acknowledgement() {
    let mut room = Room::with_authors(2);
    let mut replica = room.replica(1);
    let points = append(id(1, 1), &[(1, 1)], &[]);
    replica.submit(&[brush(id(1, 1)), points]).unwrap();
    let batch = replica.take_batch(20).unwrap();
    replica.submit(&[end(id(1, 1))]).unwrap();
    room.commit(2, 1, vec![brush(id(2, 1))]).unwrap();
    room.receive(1, batch).unwrap();
    let news = room.since(replica.revision());
    let _ = replica.receive(&news).unwrap();
    assert_eq!((replica.pending_count(), replica.unacked().len()), (1, 0));
    let version = replica.version();
    let again = replica.receive(&news).unwrap();
    assert!(again.changed.is_empty() && again.gap.is_none());
    assert_eq!(replica.version(), version);
}

#[test]
fn view4_a_batch_that_was_passed_over_was_refused() {
    let mut room = Room::with_authors(1);
    let mut replica = room.replica(1);
    replica.submit(&[brush(id(1, 1)), brush(id(1, 2))]).unwrap();
    let _refused = replica.take_batch(1).unwrap();
    let second = replica.take_batch(1).unwrap();
    room.receive(1, second).unwrap();
    let _ = replica.receive(&room.since(replica.revision())).unwrap();
    assert_eq!(
        (replica.pending_count(), counters(&replica)),
        (0, vec![(1, 2)])
    );
}

#[test]
fn view4_a_gap_is_told() {
    let mut room = Room::with_authors(1);
    let mut replica = room.replica(1);
    room.commit(1, 1, vec![brush(id(1, 1))]).unwrap();
    room.commit(1, 2, vec![brush(id(1, 2))]).unwrap();
    let mut news = room.since(replica.revision());
    let first = news.batches.remove(0);
    let received = replica.receive(&news).unwrap();
    assert_eq!((received.gap, replica.revision()), (Some(1), 1));
    news.batches.insert(0, first);
    assert_eq!(replica.receive(&news).unwrap().gap, None);
    assert_eq!(replica.revision(), 3);
}

#[test]
fn view4_a_broken_commit_is_an_error_and_leaves_the_view_whole() {
    let mut room = Room::with_authors(1);
    let mut replica = room.replica(1);
    room.commit(1, 1, vec![brush(id(1, 1))]).unwrap();
    let mut news = room.since(replica.revision());
    news.batches.push(crate::make::batch(3, 1, 2, vec![]));
    let code = replica.receive(&news).map_err(|error| error.code());
    assert_eq!(code, Err("empty_batch"));
    assert_eq!((replica.revision(), counters(&replica)), (2, vec![(1, 1)]));
}

#[test]
fn view5_a_refused_batch_takes_along_what_depended_on_it() {
    let room = Room::with_authors(1);
    let mut replica = room.replica(1);
    replica.submit(&[brush(id(1, 1)), brush(id(1, 2))]).unwrap();
    let first = replica.take_batch(1).unwrap().client_seq;
    let _second = replica.take_batch(1).unwrap();
    let ops = [
        append(id(1, 1), &[(1, 1)], &[]),
        append(id(1, 1), &[(1, 1)], &[]),
    ];
    replica.submit(&ops).unwrap();
    let third = replica.take_batch(1).unwrap().client_seq;
    replica.submit(&[set(id(1, 2), color(1))]).unwrap();
    let lost = replica.rejected(first);
    assert_eq!(lost.batches, [first, third]);
    assert_eq!((lost.queued_ops, replica.pending_count()), (1, 2));
    assert_eq!(counters(&replica), [(1, 2)]);
    assert_eq!(replica.next_id(), Some(own_id(1, 3)));
    assert_eq!(replica.rejected(first).batches, [0; 0]);
}

#[test]
fn view5_a_refusal_that_a_later_commit_overtook_takes_along_what_depended_on_its_batch() {
    let mut room = Room::with_authors(1);
    let mut replica = room.replica(1);
    replica.submit(&[brush(id(1, 1)), brush(id(1, 2))]).unwrap();
    let refused = replica.take_batch(1).unwrap().client_seq;
    let second = replica.take_batch(1).unwrap();
    replica.submit(&[append(id(1, 1), &[(1, 1)], &[])]).unwrap();
    let third = replica.take_batch(1).unwrap().client_seq;
    replica.submit(&[set(id(1, 1), color(1))]).unwrap();
    room.commit(1, second.client_seq, second.ops).unwrap();
    let _ = replica.receive(&room.since(replica.revision())).unwrap();
    let lost = replica.rejected(refused);
    assert_eq!((lost.batches, lost.queued_ops), (vec![third], 1));
    assert_eq!(
        (counters(&replica), replica.pending_count()),
        (vec![(1, 2)], 0)
    );
}

#[test]
fn view6_pending_ops_are_bounded() {
    let room = Room::with_authors(1);
    let mut replica = room.replica(1);
    replica.submit(&[brush(id(1, 1))]).unwrap();
    let one = [set(id(1, 1), color(9))];
    for _ in 1..PENDING_OPS_MAX {
        replica.submit(&one).unwrap();
    }
    assert_eq!(replica.submit(&one), Err(OpError::TooManyPending));
    assert!(!replica.undo(), "undo needs an op, too");
    assert_eq!(replica.pending_count(), PENDING_OPS_MAX);
}

#[test]
fn view7_changes_are_known_by_object() {
    let mut room = Room::with_authors(2);
    let mut replica = room.replica(1);
    let _all = replica.take_changes();
    let version = replica.version();
    replica.submit(&[brush(id(1, 1)), brush(id(1, 2))]).unwrap();
    room.commit(2, 1, vec![brush(id(2, 1))]).unwrap();
    let _ = replica.receive(&room.since(replica.revision())).unwrap();
    assert!(replica.version() > version);
    assert_eq!(counters(&replica), [(2, 1), (1, 1), (1, 2)]);
    let changed = |replica: &mut Replica| -> Vec<(u32, u64, bool)> {
        let changes = replica.take_changes().objects.into_iter();
        let of = |state: fmz_proto::v1::ObjectState| {
            let counter = state.id.map_or(0, |id| id.counter);
            (counter, state.created_revision, state.deleted)
        };
        changes.map(of).collect()
    };
    assert_eq!(
        changed(&mut replica),
        [(1, 0, false), (2, 0, false), (1, 3, false)]
    );
    assert_eq!(changed(&mut replica), []);
    let refused = replica.take_batch(1).unwrap().client_seq;
    replica.submit(&[deleted(id(1, 2), true)]).unwrap();
    let _ = replica.rejected(refused);
    assert_eq!(changed(&mut replica), [(1, 0, true), (2, 0, true)]);
    replica.submit(&[brush(id(1, 3))]).unwrap();
    assert_eq!(replica.take_objects(), replica.objects());
    assert_eq!(changed(&mut replica), []);
}

#[test]
fn simplify5_every_view_shows_the_same_points() {
    let mut room = Room::with_authors(1);
    let mut replica = room.replica(1);
    let line = vec![(2, 1); 9];
    let ops = [brush(id(1, 1)), append(id(1, 1), &line, &[])];
    replica.submit(&ops).unwrap();
    assert_eq!(point_count(&replica.objects().objects[0]), 9);
    replica.submit(&[end(id(1, 1))]).unwrap();
    let pending = replica.objects().objects[0].points.clone();
    room.exchange(&mut replica);
    let committed = room.document.snapshot().objects[0].points.clone();
    assert_eq!(point_count(&replica.objects().objects[0]), 2);
    assert_eq!(
        (&pending, &pending),
        (&committed, &replica.objects().objects[0].points)
    );
}

#[test]
fn op22_a_replica_fills_in_what_was_drawn() {
    let mut room = Room::with_authors(1);
    let mut replica = room.replica(1);
    let stroke = id(1, 1);
    let points = [
        append(stroke, &[(2, 1), (1, 1)], &[9, 9]),
        append(stroke, &[(2, 5)], &[]),
    ];
    let [first, second] = points.clone();
    replica.submit(&[brush(stroke), first]).unwrap();
    replica.submit(&[second, end(stroke)]).unwrap();
    let filled = end_of(stroke, &[append(stroke, &[(2, 1), (1, 1)], &[9, 9])]);
    assert_ne!(replica.pending_ops().last(), Some(&filled));
    assert_eq!(replica.pending_ops().last(), Some(&end_of(stroke, &points)));
    room.exchange(&mut replica);
    assert_eq!(replica.document(), &room.document);
}

#[test]
fn op22_a_replica_refuses_what_was_not_drawn() {
    let mut replica = Room::with_authors(1).replica(1);
    let stroke = id(1, 1);
    let code = |replica: &mut Replica, op| {
        let answer = replica.submit(&[op]);
        answer.map_err(|error| error.code())
    };
    assert_eq!(code(&mut replica, end(stroke)), Err("unknown_object"));
    replica.submit(&[brush(stroke)]).unwrap();
    let drawn = append(stroke, &[(1, 1)], &[]);
    replica.submit(&[drawn]).unwrap();
    let other = end_of(stroke, &[append(stroke, &[(1, 2)], &[])]);
    assert_eq!(code(&mut replica, other), Err("stroke_mismatch"));
    assert_eq!(code(&mut replica, end(stroke)), Ok(()));
}
