//! What people mean survives what others do at once.

use super::kinds::{self, Choice, Kind, choice};
use super::stage::{Made, Stage, stage};
use crate::make::{self, append, cases, clear_all, color, end, end_of, id, own_id};
use crate::room::{Room, check, rebase};
use fmz_annotation::version::{Revert, Scope, restores};
use fmz_annotation::{Document, Object, Replica};
use fmz_proto::v1::{self, op};
use proptest::prelude::*;

fn object(document: &Document, author: u32, counter: u32) -> &Object {
    let object = document.object(own_id(author, counter));
    object.expect("it is there")
}

/// Both orders of one op of author 1 and one of author 2 on a stage.
fn orders(stage: &Stage, one: (Kind, &Choice), other: (Kind, &Choice)) -> [(Made, Document); 2] {
    let (one, other) = (stage.make(1, one), stage.make(2, other));
    let first = stage.commit(&other, &one);
    let second = stage.commit(&one, &other);
    [(one, first), (other, second)]
}

/// What an op of one of the two sets.
fn set_by(made: &Made) -> v1::Set {
    match made.batch.as_ref().map(|batch| &batch.ops[0].op) {
        Some(Some(op::Op::Set(set))) => set.clone(),
        other => panic!("{other:?} is no set"),
    }
}

fn points(document: &Document, author: u32) -> usize {
    let stroke = object(document, author, 1).stroke();
    stroke.expect("it is a brush").points().len()
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn tp3_the_later_of_two_sets_counts(stage in stage(), one in choice(), value in 1..9_i32) {
        let other = Choice { value, ..one.clone() };
        for (last, end) in orders(&stage, (Kind::Set, &one), (Kind::Set, &other)) {
            let set = set_by(&last);
            let object = end.object(own_id(set.id.unwrap().author, set.id.unwrap().counter));
            let sought = set.property.unwrap();
            let found = fmz_annotation::Key::ALL.map(|key| object.unwrap().value(key));
            prop_assert!(found.iter().any(|value| v1::Property::from(value) == sought));
        }
    }

    #[test]
    fn tp3_the_later_of_delete_and_bring_back_counts(stage in stage(), one in choice()) {
        let other = Choice { flag: !one.flag, ..one.clone() };
        let deleted = [one.flag, other.flag];
        let ends = orders(&stage, (Kind::Deleted, &one), (Kind::Deleted, &other));
        for ((_, end), deleted) in ends.into_iter().zip(deleted) {
            let pick = one.pick as u32;
            let found = object(&end, pick % 2 + 1, pick / 2 % 5 + 1).deleted();
            prop_assert_eq!(found, deleted);
        }
    }

    #[test]
    fn tp4_both_moves_count(stage in stage(), one in choice(), value in 1..9_i32) {
        let other = Choice { value, ..one.clone() };
        let (author, counter) = (one.pick as u32 % 2 + 1, one.pick as u32 / 2 % 5 + 1);
        let before = object(&stage.room.document, author, counter).offset();
        for (_, end) in orders(&stage, (Kind::Add, &one), (Kind::Add, &other)) {
            let after = object(&end, author, counter).offset();
            prop_assert_eq!(after.x - before.x, one.value + value);
            prop_assert_eq!(after.y - before.y, -one.value - value);
        }
    }

    #[test]
    fn tp4_both_appends_are_kept(stage in stage(), one in choice(), other in choice()) {
        let before = [1, 2].map(|author| points(&stage.room.document, author));
        for (_, end) in orders(&stage, (Kind::Append, &one), (Kind::Append, &other)) {
            let after = [1, 2].map(|author| points(&end, author));
            prop_assert_eq!(after, before.map(|count| count + 2));
        }
    }

    #[test]
    fn tp4_what_is_done_to_a_deleted_object_counts(stage in stage(), one in choice()) {
        let delete = Choice { flag: true, ..one.clone() };
        let (author, counter) = (one.pick as u32 % 2 + 1, one.pick as u32 / 2 % 5 + 1);
        let before = object(&stage.room.document, author, counter).offset();
        for (_, end) in orders(&stage, (Kind::Add, &one), (Kind::Deleted, &delete)) {
            let object = object(&end, author, counter);
            prop_assert!(object.deleted());
            prop_assert_eq!(object.offset().x - before.x, one.value);
        }
    }

    #[test]
    fn tp4_both_edits_of_a_text_count(stage in stage(), one in choice(), value in 1..9_i32) {
        let one = Choice { flag: true, ..one };
        let other = Choice { value, ..one.clone() };
        let text = |document: &Document| object(document, one.pick as u32 % 2 + 1, 4).text().to_owned();
        let ends = orders(&stage, (Kind::Edit, &one), (Kind::Edit, &other));
        let [first, second] = ends.map(|(_, end)| text(&end));
        prop_assert_eq!(&first, &second);
        let marks = [1, 2].map(|author| first.matches(kinds::mark(author, true)).count());
        prop_assert_eq!(marks, [1, 1]);
    }

    #[test]
    fn tp5_what_a_clear_had_not_seen_survives(stage in stage(), one in choice(), other in choice()) {
        let clear = Choice { flag: true, ..other };
        for (_, end) in orders(&stage, (Kind::Create, &one), (Kind::Clear, &clear)) {
            prop_assert!(!object(&end, 1, 6).deleted());
            let others = end.objects().filter(|object| object.id() != own_id(1, 6));
            prop_assert!(others.into_iter().all(Object::deleted));
        }
    }
}

/// A stroke of author 1 with two points at the target and four now, and the room of it.
fn longer() -> (Room, Document, Replica) {
    let mut room = Room::with_authors(2);
    let stroke = id(1, 1);
    let some = || append(stroke, &[(9, 0), (0, 9)], &[]);
    room.commit(1, 1, vec![make::brush(stroke), some()])
        .expect("it fits");
    let target = room.document.clone();
    room.commit(1, 2, vec![some()]).expect("it fits");
    let replica = room.replica(1);
    (room, target, replica)
}

fn go_back(room: &mut Room, target: &Document) {
    let restores = restores(&room.document, target, &Scope::default());
    let revert = Revert::new(target.revision(), Scope::default(), 2, restores);
    let op = Some(op::Op::Revert((&revert).into()));
    room.commit(0, 0, vec![v1::Op { op }]).expect("it fits");
}

/// What the end of the stroke, its last pending op, says.
fn claimed(replica: &Replica) -> Option<v1::Op> {
    replica.pending_ops().pop()
}

#[test]
fn tp6_a_stroke_goes_on_and_ends_as_a_way_back_left_it() {
    let (mut room, target, mut author) = longer();
    let more = append(id(1, 1), &[(7, 7)], &[]);
    author.submit(&[more.clone(), end(id(1, 1))]).unwrap();
    let late = author.take_batch(9).unwrap();
    go_back(&mut room, &target);
    let _ = author.receive(&room.since(author.revision())).unwrap();
    let drawn = [append(id(1, 1), &[(9, 0), (0, 9)], &[]), more];
    assert_eq!(claimed(&author), Some(end_of(id(1, 1), &drawn)));
    assert_ne!(late.ops.last(), claimed(&author).as_ref());
    room.receive(1, late).expect("the server moves it as well");
    room.exchange(&mut author);
    assert_eq!(author.document(), &room.document);
    assert!(object(&room.document, 1, 1).stroke().unwrap().ended());
}

#[test]
fn tp6_a_stroke_of_which_a_way_back_took_all_points_is_still_ended() {
    let mut room = Room::with_authors(2);
    let stroke = id(1, 1);
    room.commit(1, 1, vec![make::brush(stroke)]).unwrap();
    let target = room.document.clone();
    let drawn = append(stroke, &[(9, 0)], &[]);
    room.commit(1, 2, vec![drawn]).unwrap();
    let mut author = room.replica(1);
    author.submit(&[end(stroke)]).unwrap();
    go_back(&mut room, &target);
    let _ = author.receive(&room.since(author.revision())).unwrap();
    let batch = author.take_batch(9).unwrap();
    let message = v1::client_message::Message::Ops(batch.clone());
    let read = fmz_proto::decode_client(&fmz_proto::encode_client(message.clone()));
    assert_eq!(read.unwrap(), message, "the wire takes it");
    room.receive(1, batch).unwrap();
    assert!(object(&room.document, 1, 1).stroke().unwrap().ended());
}

#[test]
fn tp6_a_snapshot_with_a_way_back_does_the_same() {
    let (mut room, target, mut author) = longer();
    author.submit(&[end(id(1, 1))]).unwrap();
    let late = author.take_batch(9).unwrap();
    go_back(&mut room, &target);
    let lost = author.load(room.document.snapshot()).unwrap();
    assert_eq!((lost.batches, author.pending_count()), (vec![], 1));
    let reopened = Document::from_snapshot(room.document.snapshot()).unwrap();
    let moved = rebase(&reopened, 1, late.base, late.ops).unwrap();
    assert_eq!(moved.last(), claimed(&author).as_ref());
    room.exchange(&mut author);
    assert_eq!(author.document(), &room.document);
}

#[test]
fn tp6_an_end_that_knew_the_way_back_is_held_to_its_word() {
    let (mut room, target, _) = longer();
    go_back(&mut room, &target);
    let wrong = end_of(id(1, 1), &[append(id(1, 1), &[(1, 1)], &[])]);
    let rebased = |base| {
        let moved = rebase(&room.document, 1, base, vec![wrong.clone()]).unwrap();
        let checked = check(&room.document, 1, &moved);
        checked.map_err(|error| error.code())
    };
    assert_eq!(rebased(room.document.revision()), Err("stroke_mismatch"));
    assert_eq!(rebased(room.document.revision() - 1), Ok(()));
}

#[test]
fn tp6_points_that_were_refused_are_taken_out_of_the_end() {
    let (mut room, _, mut author) = longer();
    author.submit(&[append(id(1, 1), &[(7, 7)], &[])]).unwrap();
    let refused = author.take_batch(9).unwrap();
    author.submit(&[end(id(1, 1))]).unwrap();
    let lost = author.rejected(refused.client_seq);
    assert_eq!((lost.batches.len(), lost.queued_ops), (1, 0));
    room.exchange(&mut author);
    assert!(object(&room.document, 1, 1).stroke().unwrap().ended());
    assert_eq!(author.document(), &room.document);
}

#[test]
fn tp5_a_clear_hides_what_was_brought_back_before_it() {
    let (mut room, _, _) = longer();
    room.let_own(2);
    room.commit(
        1,
        3,
        vec![make::deleted(id(1, 1), true), make::brush(id(1, 2))],
    )
    .unwrap();
    let mut other = room.replica(2);
    other.submit(&[clear_all()]).unwrap();
    let late = other.take_batch(1).unwrap();
    room.commit(
        1,
        4,
        vec![
            make::deleted(id(1, 1), false),
            make::set(id(1, 2), color(4)),
        ],
    )
    .unwrap();
    room.receive(2, late).unwrap();
    assert!(object(&room.document, 1, 1).deleted());
    let second = object(&room.document, 1, 2);
    assert_eq!((second.deleted(), second.color()), (true, 4));
}
