//! Undo and redo.

use crate::make::{
    append, brush, color, create, deleted, end, end_at, id, own_id, point_count, set,
};
use crate::room::Room;
use fmz_annotation::limits::UNDO_STEPS_MAX;
use fmz_annotation::{Object, Replica};
use fmz_proto::v1::Kind;

fn first(replica: &Replica) -> &Object {
    replica.object(own_id(1, 1)).expect("created before")
}

/// A room where author 1 drew a rectangle, and its replica.
fn drawn() -> (Room, Replica) {
    let mut room = Room::with_authors(2);
    room.let_own(2);
    let mut replica = room.replica(1);
    let rectangle = create(id(1, 1), Kind::Rectangle, vec![color(1), end_at(5, 5)]);
    replica.submit(&[rectangle]).expect("a new rectangle");
    room.exchange(&mut replica);
    (room, replica)
}

#[test]
fn undo1_undo_is_an_op_like_others() {
    let (mut room, mut replica) = drawn();
    assert!(replica.undo() && first(&replica).deleted());
    assert_eq!(replica.pending_count(), 1);
    let revision = room.document.revision();
    room.exchange(&mut replica);
    assert_eq!(room.document.revision(), revision + 1);
    assert!(room.document.object(own_id(1, 1)).unwrap().deleted());
}

#[test]
fn undo2_a_gesture_is_one_step() {
    let (mut room, mut replica) = drawn();
    let stroke = id(1, 2);
    replica.begin_group();
    replica.submit(&[brush(stroke)]).unwrap();
    for zigzag in [9, -9, 9, -9, 9] {
        let ops = [append(stroke, &[(20, zigzag)], &[])];
        replica.submit(&ops).unwrap();
        room.exchange(&mut replica);
    }
    replica
        .submit(&[end(stroke), set(stroke, color(9))])
        .unwrap();
    replica.end_group();
    assert!(replica.undo());
    assert_eq!(replica.objects().objects.len(), 1);
    assert!(replica.redo());
    let shown = replica.objects().objects;
    assert_eq!((point_count(&shown[1]), shown[1].color), (5, 9));
    assert!(replica.undo() && replica.undo() && !replica.undo());
}

#[test]
fn undo2_a_drag_goes_back_to_where_it_began() {
    let (_room, mut replica) = drawn();
    replica.begin_group();
    for x in 6..100 {
        replica.submit(&[set(id(1, 1), end_at(x, x))]).unwrap();
    }
    assert!(replica.can_undo());
    assert!(replica.undo(), "ends the gesture");
    assert_eq!(first(&replica).end().x, 5);
    assert!(replica.redo());
    assert_eq!(first(&replica).end().x, 99);
}

#[test]
fn undo3_a_create_is_undone_by_its_creator_only() {
    let (mut room, mut mine) = drawn();
    let mut owner = room.replica(2);
    owner.submit(&[deleted(id(1, 1), true)]).unwrap();
    room.exchange(&mut owner);
    room.exchange(&mut mine);
    assert!(!mine.can_undo() && !mine.undo(), "it is gone already");
    assert!(owner.undo());
    room.exchange(&mut owner);
    assert!(!room.document.object(own_id(1, 1)).unwrap().deleted());
    assert!(!owner.can_undo() && !owner.undo());
}

#[test]
fn undo4_a_value_goes_back_where_it_is_the_own() {
    let (mut room, mut mine) = drawn();
    mine.begin_group();
    let ops = [set(id(1, 1), color(2)), set(id(1, 1), end_at(8, 8))];
    mine.submit(&ops).unwrap();
    mine.end_group();
    room.exchange(&mut mine);
    let mut owner = room.replica(2);
    owner.submit(&[set(id(1, 1), color(3))]).unwrap();
    room.exchange(&mut owner);
    room.exchange(&mut mine);
    assert!(mine.undo());
    assert_eq!((first(&mine).color(), first(&mine).end().x), (3, 5));
    assert!(mine.redo());
    assert_eq!((first(&mine).color(), first(&mine).end().x), (3, 8));
}

#[test]
fn undo4_the_own_last_word_is_known_after_a_snapshot() {
    let (mut room, mut mine) = drawn();
    mine.submit(&[set(id(1, 1), color(2))]).unwrap();
    room.exchange(&mut mine);
    let _ = mine.load(room.document.snapshot()).unwrap();
    assert!(mine.undo());
    assert_eq!(first(&mine).color(), 1);
    room.exchange(&mut mine);
    let mut owner = room.replica(2);
    owner.submit(&[set(id(1, 1), color(3))]).unwrap();
    room.exchange(&mut owner);
    let _ = mine.load(room.document.snapshot()).unwrap();
    assert!(!mine.can_redo() && !mine.redo());
}

#[test]
fn undo4_a_delete_is_undone() {
    let (mut room, mut replica) = drawn();
    replica.submit(&[deleted(id(1, 1), true)]).unwrap();
    room.exchange(&mut replica);
    assert!(replica.undo() && !first(&replica).deleted());
    assert!(replica.redo() && first(&replica).deleted());
}

#[test]
fn undo4_a_delete_that_another_repeated_stays() {
    let (mut room, mut mine) = drawn();
    mine.submit(&[deleted(id(1, 1), true)]).unwrap();
    room.exchange(&mut mine);
    let mut owner = room.replica(2);
    let ops = [deleted(id(1, 1), false), deleted(id(1, 1), true)];
    owner.submit(&ops).unwrap();
    room.exchange(&mut owner);
    room.exchange(&mut mine);
    assert!(!mine.can_undo() && !mine.undo());
    assert!(first(&mine).deleted());
}

#[test]
fn undo5_a_new_change_empties_redo() {
    let (_room, mut replica) = drawn();
    replica.submit(&[set(id(1, 1), color(2))]).unwrap();
    assert!(replica.undo() && replica.can_redo());
    replica.submit(&[set(id(1, 1), color(3))]).unwrap();
    assert!(!replica.can_redo() && !replica.redo());
    assert!(replica.undo());
    assert_eq!(first(&replica).color(), 1);
}

#[test]
fn undo6_dead_steps_are_passed_over() {
    let (_room, mut replica) = drawn();
    replica.submit(&[set(id(1, 1), color(2))]).unwrap();
    replica.submit(&[set(id(1, 1), color(2))]).unwrap();
    replica.submit(&[brush(id(1, 2))]).unwrap();
    let refused = (0..3).filter_map(|_| replica.take_batch(1)).last().unwrap();
    let _ = replica.rejected(refused.client_seq);
    assert!(
        replica.undo(),
        "the refused stroke and the empty change do not count"
    );
    assert_eq!(first(&replica).color(), 1);
}

#[test]
fn undo7_steps_are_bounded() {
    let (mut room, mut replica) = drawn();
    for n in 0..=UNDO_STEPS_MAX as u32 {
        replica.submit(&[set(id(1, 1), color(n + 2))]).unwrap();
    }
    room.exchange(&mut replica);
    for _ in 0..UNDO_STEPS_MAX {
        assert!(replica.undo());
    }
    assert!(!replica.can_undo() && !replica.undo());
    assert_eq!(first(&replica).color(), 2, "the oldest step is forgotten");
}
