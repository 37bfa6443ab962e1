//! Reverts in random documents.

use crate::make::{
    add, append, brush, cases, color, create, deleted, end_at, end_in, frames_of, id, order, set,
};
use crate::revert::go_back;
use crate::room::Room;
use fmz_annotation::version::{Scope, diff, restores};
use fmz_annotation::{Document, Key, Object, ObjectId, Property, Stroke};
use fmz_proto::v1::{self, Kind, op};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

const AUTHORS: u32 = 3;
const PUBLICATION: &str = "p";

fn at(mut created: v1::Op, frame: u32) -> v1::Op {
    if let Some(op::Op::Create(create)) = &mut created.op {
        let stamp = create.frame.get_or_insert_default();
        stamp.publication = PUBLICATION.into();
        stamp.frame_index = Some(frame);
    }
    created
}

/// One author's step: who, which object, what.
type Step = (u32, u32, u32, i32);

fn step() -> impl Strategy<Value = Step> {
    (1..=AUTHORS, 1..6_u32, 0..10_u32, -9..9_i32)
}

fn op_of(document: &Document, &(author, counter, what, value): &Step) -> v1::Op {
    let (own, other) = (
        id(author, counter),
        id(value.unsigned_abs() % AUTHORS + 1, counter),
    );
    match what {
        0 => at(brush(own), counter),
        1 => at(
            create(own, Kind::Text, vec![crate::make::text("words")]),
            counter,
        ),
        2 => append(
            own,
            &[(value, 1), (2, value)],
            &[7, 8][..usize::from(value > 0) * 2],
        ),
        3 => end_in(document, own),
        4 => deleted(other, true),
        5 => deleted(other, false),
        6 => add(other, value, 1),
        7 => set(other, order(&[value.unsigned_abs() as u8 + 1])),
        8 => set(other, end_at(value, value)),
        _ => set(other, color(value.unsigned_abs())),
    }
}

fn run(room: &mut Room, steps: &[Step]) {
    for step in steps {
        let client_seq = room.document.last_client_seq(step.0) + 1;
        // Not all fit; what does not is refused and changes nothing.
        let op = op_of(&room.document, step);
        let _ = room.commit(step.0, client_seq, vec![op]);
    }
}

type Values = (Vec<Property>, Option<Stroke>);

fn values(object: &Object) -> Values {
    let properties = Key::ALL.into_iter().map(|key| object.value(key));
    (properties.collect(), object.stroke().cloned())
}

fn all_values(document: &Document) -> Vec<(ObjectId, Values)> {
    document
        .objects()
        .map(|object| (object.id(), values(object)))
        .collect()
}

/// What an object must be after going back, said once more in other words.
fn expected(head: &Object, target: Option<&Object>, scope: &Scope) -> Values {
    let frame = head.frame().frame_index.unwrap_or_default();
    let in_frames = scope
        .frames
        .as_ref()
        .is_none_or(|(_, range)| range.contains(&frame));
    let taken = |author| {
        in_frames
            && scope
                .authors
                .as_ref()
                .is_none_or(|all| all.contains(&author))
    };
    let value = |key| match (taken(head.writer(key).author), target) {
        (true, Some(target)) => target.value(key),
        (true, None) if key == Key::Deleted => Property::Deleted(true),
        _ => head.value(key),
    };
    let stroke = match target {
        Some(target) if taken(head.id().author()) => target.stroke(),
        _ => head.stroke(),
    };
    (Key::ALL.into_iter().map(value).collect(), stroke.cloned())
}

fn scope() -> impl Strategy<Value = Scope> {
    let authors = option::of(proptest::collection::btree_set(1..=AUTHORS, 1..3));
    let frames = option::of((1..6_u32, 0..3_u32));
    (authors, frames).prop_map(|(authors, frames)| Scope {
        authors,
        frames: frames.map(|(first, more)| (frames_of(PUBLICATION), first..=first + more)),
    })
}

proptest! {
    #![proptest_config(cases(150))]
    #[test]
    fn revert2_the_scope_gets_the_values_of_the_target_and_all_else_stays(
        before in vec(step(), 0..30), after in vec(step(), 0..30), scope in scope(),
    ) {
        let mut room = Room::with_authors(AUTHORS);
        run(&mut room, &before);
        let target = room.document.clone();
        run(&mut room, &after);
        let head = room.document.clone();
        go_back(&mut room, &target, &scope, 1);
        for object in room.document.objects() {
            let old = head.object(object.id()).unwrap();
            let wanted = expected(old, target.object(object.id()), &scope);
            prop_assert_eq!(values(object), wanted);
        }
        prop_assert!(restores(&room.document, &target, &Scope::default()).is_empty()
            || scope != Scope::default());
    }

    #[test]
    fn revert3_a_way_back_can_be_gone_back(
        before in vec(step(), 0..30), after in vec(step(), 0..30), scope in scope(),
    ) {
        let mut room = Room::with_authors(AUTHORS);
        run(&mut room, &before);
        let target = room.document.clone();
        run(&mut room, &after);
        let head = room.document.clone();
        go_back(&mut room, &target, &scope, 1);
        go_back(&mut room, &head, &Scope::default(), 2);
        prop_assert_eq!(all_values(&room.document), all_values(&head));
        let read = Document::from_snapshot(room.document.snapshot()).expect("its own snapshot is good");
        prop_assert_eq!(read.state_hash(), room.document.state_hash(), "hash1: points cut and drawn again");
        prop_assert_eq!(diff(&head, &room.document), vec![]);
    }

    #[test]
    fn revert3_going_back_on_ones_own_revert_keeps_what_others_did_since(
        before in vec(step(), 0..20), after in vec(step(), 0..20), since in vec(step(), 0..20),
    ) {
        let mut room = Room::with_authors(AUTHORS + 1);
        let reverter = AUTHORS + 1;
        run(&mut room, &before);
        let target = room.document.clone();
        run(&mut room, &after);
        let head = room.document.clone();
        go_back(&mut room, &target, &Scope::default(), reverter);
        run(&mut room, &since);
        let now = room.document.clone();
        let own = Scope { authors: Some([reverter].into()), frames: None };
        go_back(&mut room, &head, &own, reverter);
        for object in room.document.objects() {
            let old = now.object(object.id()).unwrap();
            for key in Key::ALL {
                let others = old.writer(key).author != reverter;
                if others {
                    prop_assert_eq!(object.value(key), old.value(key));
                } else if let Some(was) = head.object(object.id()) {
                    prop_assert_eq!(object.value(key), was.value(key));
                }
            }
        }
    }

    #[test]
    fn revert6_replay_snapshot_and_replicas_hold_the_same(
        before in vec(step(), 0..30), after in vec(step(), 0..30), scope in scope(), mine in step(),
    ) {
        let mut room = Room::with_authors(AUTHORS);
        run(&mut room, &before);
        let target = room.document.clone();
        let mut replica = room.replica(mine.0);
        run(&mut room, &after);
        // What is pending meanwhile may have become impossible; that is reported, not lost.
        let _ = replica.submit(&[op_of(replica.document(), &mine)]);
        go_back(&mut room, &target, &scope, 1);
        let mut replayed = Document::new();
        for batch in &room.log {
            replayed.apply(batch).unwrap();
        }
        prop_assert_eq!(&replayed, &room.document);
        let read = Document::from_snapshot(room.document.snapshot()).unwrap();
        prop_assert_eq!(&read, &room.document);
        room.exchange(&mut replica);
        prop_assert_eq!(replica.document(), &room.document);
        let shown = replica.objects();
        let mut fresh = room.replica(mine.0);
        room.exchange(&mut fresh);
        prop_assert_eq!(shown, fresh.objects());
    }
}
