//! Texts that several people edit.

use crate::make::{self, create, edit, id, own_id, text};
use crate::room::{Room, check, rebase};
use fmz_annotation::limits::TEXT_CHANGES_MAX;
use fmz_annotation::version::{Revert, Scope, restores};
use fmz_annotation::{Document, Key, OpError, Replica, SnapshotError};
use fmz_proto::limits::TEXT_BYTES_MAX;
use fmz_proto::v1::{self, Kind};

const AUTHOR: u32 = 1;
const OWNER: u32 = 2;

/// A room where the author wrote a text, the author's replica and that of somebody
/// who may change it.
pub(crate) fn written(words: &str) -> (Room, Replica, Replica) {
    let mut room = Room::with_authors(2);
    room.let_own(OWNER);
    let made = create(id(1, 1), Kind::Text, vec![text(words)]);
    room.commit(AUTHOR, 1, vec![made]).expect("a new text");
    let (author, owner) = (room.replica(AUTHOR), room.replica(OWNER));
    (room, author, owner)
}

pub(crate) fn shown(replica: &Replica) -> &str {
    let object = replica.object(own_id(1, 1)).expect("created before");
    object.text()
}

pub(crate) fn change(replica: &mut Replica, at: u32, delete: u32, insert: &str) {
    let op = edit(id(1, 1), at, delete, insert);
    replica.submit(&[op]).expect("the edit fits");
}

/// Everybody gives and takes until nothing is left; all see one text.
pub(crate) fn settle(room: &mut Room, replicas: [&mut Replica; 2]) -> String {
    let [one, other] = replicas;
    for _ in 0..2 {
        room.exchange(one);
        room.exchange(other);
    }
    assert_eq!((one.pending_count(), other.pending_count()), (0, 0));
    assert_eq!(shown(one), shown(other));
    shown(one).to_owned()
}

pub(crate) fn take(replica: &mut Replica) -> v1::OpBatch {
    replica.take_batch(9).expect("ops wait")
}

#[test]
fn text4_two_people_change_one_text_and_both_count() {
    let (mut room, mut author, mut owner) = written("a cat sat");
    change(&mut author, 2, 3, "dog");
    change(&mut owner, 9, 0, " down");
    assert_eq!(
        settle(&mut room, [&mut owner, &mut author]),
        "a dog sat down"
    );
}

#[test]
fn text4_where_both_insert_the_lower_author_stands_first() {
    for owner_first in [false, true] {
        let (mut room, mut author, mut owner) = written("");
        change(&mut author, 0, 0, "one ");
        change(&mut owner, 0, 0, "two ");
        let both = match owner_first {
            true => settle(&mut room, [&mut owner, &mut author]),
            false => settle(&mut room, [&mut author, &mut owner]),
        };
        assert_eq!(both, "one two ");
    }
}

#[test]
fn text6_an_edit_that_does_not_fit_is_refused() {
    let (room, mut author, _) = written("abc");
    let past = edit(id(1, 1), 3, 1, "");
    assert_eq!(author.submit(&[past]), Err(OpError::BadTextEdit));
    let long = "x".repeat(TEXT_BYTES_MAX - 2);
    let grown = edit(id(1, 1), 0, 0, &long);
    assert_eq!(author.submit(&[grown]), Err(OpError::TextTooLong));
    let two = [edit(id(1, 1), 3, 0, "d"), edit(id(1, 1), 3, 1, "")];
    assert_eq!(check(&room.document, AUTHOR, &two), Ok(()));
    let unknown = edit(id(1, 9), 0, 0, "x");
    assert_eq!(author.submit(&[unknown]), Err(OpError::UnknownObject));
    let theirs = check(&room.document, OWNER, &[edit(id(1, 1), 0, 0, "x")]);
    assert_eq!(theirs, Err(OpError::NotYours));
}

#[test]
fn text6_a_full_text_takes_no_more_from_a_log_either() {
    let (mut room, ..) = written(&"x".repeat(TEXT_BYTES_MAX));
    let more = vec![edit(id(1, 1), 0, 0, "y")];
    let refused = room.commit(AUTHOR, 2, more).map_err(|error| error.code());
    assert_eq!(refused, Err("text_too_long"));
}

#[test]
fn text7_an_edit_without_effect_is_no_write() {
    let (mut room, mut author, mut owner) = written("abc");
    change(&mut author, 0, 1, "");
    change(&mut owner, 0, 1, "");
    assert_eq!(settle(&mut room, [&mut author, &mut owner]), "bc");
    let object = room.document.object(own_id(1, 1)).expect("it is there");
    assert_eq!(object.writer(Key::Text).author, AUTHOR);
    assert_eq!(room.document.snapshot().texts.len(), 1);
}

#[test]
fn text8_an_edit_on_a_forgotten_revision_is_refused() {
    let (mut room, mut author, mut owner) = written("");
    change(&mut author, 0, 0, "a");
    let mut batch = take(&mut author);
    batch.base = room.document.revision();
    for _ in 0..=TEXT_CHANGES_MAX / 2 {
        change(&mut owner, 0, 0, "b");
        room.exchange(&mut owner);
        change(&mut owner, 0, 1, "");
        room.exchange(&mut owner);
    }
    let document = &room.document;
    let moved = |base| rebase(document, AUTHOR, base, batch.ops.clone());
    assert_eq!(moved(batch.base), Err(OpError::BaseTooOld));
    assert_eq!(moved(batch.base + 1), Err(OpError::BaseTooOld));
    assert!(moved(batch.base + 2).is_ok());
    let future = moved(document.revision() + 1).map_err(|error| error.code());
    assert_eq!(future, Err("out_of_range"));
    let other = vec![make::deleted(id(1, 1), true)];
    assert_eq!(
        rebase(document, AUTHOR, batch.base, other.clone()),
        Ok(other)
    );
}

#[test]
fn text8_the_changes_are_in_snapshots() {
    let (mut room, mut author, mut owner) = written("abc");
    change(&mut owner, 0, 1, "");
    change(&mut author, 3, 0, "d");
    let late = take(&mut author);
    room.exchange(&mut owner);
    let reopened = Document::from_snapshot(room.document.snapshot()).expect("own snapshot");
    assert_eq!(reopened, room.document);
    let moved = rebase(&reopened, AUTHOR, late.base, late.ops);
    assert_eq!(moved, Ok(vec![edit(id(1, 1), 2, 0, "d")]));
}

#[test]
fn snap2_changes_of_texts_that_cannot_be_are_refused() {
    let (mut room, mut author, _) = written("abc");
    change(&mut author, 0, 1, "x");
    change(&mut author, 0, 1, "");
    room.exchange(&mut author);
    let good = room.document.snapshot();
    let refused = |spoil: fn(&mut v1::DocumentSnapshot)| {
        let mut snapshot = good.clone();
        spoil(&mut snapshot);
        Document::from_snapshot(snapshot)
            .map_err(|error| error.code())
            .err()
    };
    assert_eq!(refused(|_| {}), None);
    let out_of_range = Some("out_of_range");
    assert_eq!(refused(|it| it.texts[0].revision = 0), out_of_range);
    assert_eq!(
        refused(|it| it.texts[1].revision = it.revision + 1),
        out_of_range
    );
    assert_eq!(refused(|it| it.texts[0].author = 9), out_of_range);
    assert_eq!(
        refused(|it| it.texts_complete_after = it.revision + 1),
        out_of_range
    );
    assert_eq!(
        refused(|it| it.texts_complete_after = it.texts[0].revision),
        out_of_range
    );
    let strange = |it: &mut v1::DocumentSnapshot| {
        it.texts[0].edit.as_mut().expect("it has one").id = id(1, 7);
    };
    assert_eq!(refused(strange), out_of_range);
    let many = |it: &mut v1::DocumentSnapshot| {
        it.texts = vec![it.texts[0].clone(); TEXT_CHANGES_MAX + 1];
    };
    assert_eq!(refused(many), out_of_range);
    let mut turned = good.clone();
    turned.texts.swap(0, 1);
    let turned = Document::from_snapshot(turned);
    assert_eq!(turned, Err(SnapshotError::Order("texts")));
}

#[test]
fn text9_one_edit_of_a_text_is_on_its_way_at_a_time() {
    let (mut room, mut author, _) = written("");
    change(&mut author, 0, 0, "a");
    let first = take(&mut author);
    change(&mut author, 1, 0, "b");
    assert_eq!(author.take_batch(9), None);
    assert_eq!((author.queued_count(), shown(&author)), (1, "ab"));
    room.receive(AUTHOR, first).expect("it fits");
    let news = room.since(author.revision());
    let _ = author.receive(&news).expect("the log fits");
    assert_eq!(take(&mut author).ops, [edit(id(1, 1), 1, 0, "b")]);
}

#[test]
fn text9_other_ops_go_until_one_must_wait() {
    let (_room, mut author, _) = written("");
    change(&mut author, 0, 0, "a");
    let _first = take(&mut author);
    author
        .submit(&[make::deleted(id(1, 1), true), edit(id(1, 1), 1, 0, "b")])
        .expect("both fit");
    assert_eq!(take(&mut author).ops.len(), 1);
    assert_eq!((author.take_batch(9), author.queued_count()), (None, 1));
}

#[test]
fn text10_what_waits_and_what_is_sent_again_follow_what_others_wrote() {
    let (mut room, mut author, mut owner) = written("abc");
    change(&mut author, 3, 0, "d");
    let _lost_on_the_way = take(&mut author);
    change(&mut author, 4, 0, "e");
    change(&mut owner, 0, 0, "__");
    room.exchange(&mut owner);
    let _ = author
        .receive(&room.since(author.revision()))
        .expect("the log fits");
    assert_eq!(shown(&author), "__abcde");
    let again = author.unacked();
    assert_eq!(again[0].base, room.document.revision());
    assert_eq!(again[0].ops, [edit(id(1, 1), 5, 0, "d")]);
    assert_eq!(settle(&mut room, [&mut author, &mut owner]), "__abcde");
}

#[test]
fn text10_a_refused_edit_is_taken_out_of_those_after_it() {
    let (mut room, mut author, mut owner) = written("abc");
    change(&mut author, 0, 0, "XX");
    let refused = take(&mut author);
    change(&mut author, 5, 0, "d");
    let lost = author.rejected(refused.client_seq);
    assert_eq!(
        (lost.batches, shown(&author)),
        (vec![refused.client_seq], "abcd")
    );
    assert_eq!(settle(&mut room, [&mut author, &mut owner]), "abcd");
    assert!(!author.undo(), "undo would rest on what never was");
}

#[test]
fn text10_a_batch_passed_over_was_refused() {
    let (mut room, mut author, mut owner) = written("abc");
    change(&mut author, 0, 0, "XX");
    let _refused = take(&mut author);
    author
        .submit(&[make::set(id(1, 1), make::color(7))])
        .expect("it fits");
    let second = take(&mut author);
    change(&mut author, 5, 0, "d");
    room.receive(AUTHOR, second).expect("it fits");
    let _ = author
        .receive(&room.since(author.revision()))
        .expect("the log fits");
    assert_eq!(settle(&mut room, [&mut author, &mut owner]), "abcd");
}

#[test]
fn text10_a_snapshot_moves_what_is_pending() {
    let (mut room, mut author, mut owner) = written("abc");
    change(&mut author, 3, 0, "d");
    room.receive(AUTHOR, take(&mut author)).expect("it fits");
    change(&mut author, 4, 0, "e");
    change(&mut owner, 0, 0, "__");
    room.exchange(&mut owner);
    let lost = author.load(room.document.snapshot()).expect("own snapshot");
    assert_eq!((lost.queued_ops, shown(&author)), (0, "__abcde"));
    assert!(author.undo());
    assert_eq!(shown(&author), "__abcd");
    assert!(author.undo());
    assert_eq!(settle(&mut room, [&mut author, &mut owner]), "__abc");
}

#[test]
fn revert7_what_is_pending_moves_over_a_way_back() {
    let (mut room, mut author, mut owner) = written("a cat");
    let target = room.document.clone();
    change(&mut owner, 0, 1, "one black");
    settle(&mut room, [&mut author, &mut owner]);
    change(&mut author, 13, 0, " sat");
    let late = take(&mut author);
    let restores = restores(&room.document, &target, &Scope::default());
    let revert = Revert::new(target.revision(), Scope::default(), OWNER, restores);
    let op = Some(v1::op::Op::Revert((&revert).into()));
    room.commit(0, 0, vec![v1::Op { op }])
        .expect("a revert fits");
    let snapshot = Document::from_snapshot(room.document.snapshot());
    assert_eq!(snapshot.as_ref(), Ok(&room.document), "with its change");
    let moved = rebase(&room.document, AUTHOR, late.base, late.ops);
    assert_eq!(moved, Ok(vec![edit(id(1, 1), 5, 0, " sat")]));
    assert_eq!(settle(&mut room, [&mut author, &mut owner]), "a cat sat");
}
