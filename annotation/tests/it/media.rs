//! Media: what pictures come from, and marks hang on.

use crate::make::{self, brush, cases, clear_frames, create, film, frames_of, id, media, stamped};
use crate::revert::go_back;
use crate::room::{Room, check};
use fmz_annotation::version::Scope;
use fmz_annotation::{ApplyError, Document, FramesOf, Media, Ops, Replica};
use fmz_proto::limits::MEDIA_ID_BYTES_MAX;
use fmz_proto::v1::{self, FrameStamp, Kind, clear, op};
use proptest::prelude::*;

fn stamp(media: &str, frame: u32) -> FrameStamp {
    FrameStamp {
        media: media.into(),
        publication: "p-0-1-1".into(),
        frame_index: Some(frame),
        epoch: 1,
        ..FrameStamp::default()
    }
}

fn mark(counter: u32, media: &str, frame: u32) -> v1::Op {
    let shape = create(id(1, counter), Kind::Rectangle, vec![]);
    stamped(shape, stamp(media, frame))
}

/// A room that knows two films.
fn room() -> Room {
    let mut room = Room::with_authors(2);
    let films = vec![media(film("a")), media(film("b"))];
    room.commit(0, 0, films).expect("films are new");
    room
}

fn of(media: &str) -> FramesOf {
    FramesOf::Media(media.into())
}

fn code(document: &Document, author: u32, ops: &[v1::Op]) -> Result<(), &'static str> {
    check(document, author, ops).map_err(|error| error.code())
}

#[test]
fn media12_only_the_server_adds_a_media_and_each_once() {
    let room = room();
    let document = &room.document;
    assert_eq!(code(document, 0, &[media(film("c"))]), Ok(()));
    let refused = |author, ops: &[v1::Op]| code(document, author, ops).unwrap_err();
    assert_eq!(refused(1, &[media(film("c"))]), "server_only");
    assert_eq!(refused(0, &[media(film("a"))]), "media_exists");
    let twice = [media(film("c")), media(film("c"))];
    assert_eq!(refused(0, &twice), "media_exists");
    for bad in ["", "no id", &"x".repeat(MEDIA_ID_BYTES_MAX + 1)] {
        assert_eq!(refused(0, &[media(film(bad))]), "out_of_range", "{bad:?}");
    }
    let nothing = op::Op::MediaAdded(v1::MediaAdded::default());
    let nothing = v1::Op { op: Some(nothing) };
    assert_eq!(refused(0, &[nothing]), "missing_field");
    assert_eq!(document.media_count(), 2);
    let told = document.media("a").map(v1::Media::from);
    assert_eq!(told, Some(film("a")));
}

#[test]
fn media12_what_counts_frames_alike_is_the_same_media() {
    let like = |change: &dyn Fn(&mut v1::Media)| {
        let mut other = film("a");
        change(&mut other);
        let other = Media::try_from(&other).expect("in range");
        let first = Media::try_from(&film("a")).expect("in range");
        first.counts_like(&other)
    };
    assert!(like(&|_| {}));
    assert!(like(&|media| media.name.push('x')) && like(&|media| media.reel.push('x')));
    assert!(!like(&|media| media.num = 25) && !like(&|media| media.den = 2));
    assert!(!like(&|media| media.frames = 99) && !like(&|media| media.start_timecode = 0));
    assert!(!like(&|media| media.drop_frame = true));
}

#[test]
fn media13_a_stamp_names_a_media_that_is_known_and_a_frame_of_it() {
    let room = room();
    let of_author = |op| code(&room.document, 1, &[op]);
    assert_eq!(of_author(mark(1, "a", 99)), Ok(()));
    assert_eq!(of_author(mark(1, "a", 100)), Err("out_of_range"));
    assert_eq!(of_author(mark(1, "c", 0)), Err("unknown_media"));
    assert_eq!(of_author(brush(id(1, 1))), Ok(()), "it names none");
    let mut endless = room.clone();
    let unknown_length = v1::Media {
        frames: 0,
        ..film("c")
    };
    endless.commit(0, 0, vec![media(unknown_length)]).unwrap();
    assert_eq!(
        code(&endless.document, 1, &[mark(1, "c", u32::MAX)]),
        Ok(())
    );
    let mut broken = room.clone();
    let error = broken.commit(1, 1, vec![mark(1, "c", 0)]).unwrap_err();
    assert!(matches!(error, ApplyError::Op { .. }), "nor in a log");
}

#[test]
fn media13_a_replica_does_not_lose_a_mark_on_a_media_that_it_will_hear_of() {
    let mut room = Room::with_authors(1);
    let mut replica = room.replica(1);
    replica
        .submit(&[mark(1, "a", 3)])
        .expect("it may be told later");
    let new = stamp("a", 4);
    assert!(replica.restamp(make::own_id(1, 1), &new));
    room.commit(0, 0, vec![media(film("a"))]).unwrap();
    room.exchange(&mut replica);
    let held = room.document.object(make::own_id(1, 1)).unwrap();
    assert_eq!(FrameStamp::from(held.frame()), new);
    replica.submit(&[mark(2, "a", 5)]).unwrap();
    let gone = stamp("a", 100);
    assert!(!replica.restamp(make::own_id(1, 2), &gone), "no such frame");
}

#[test]
fn media13_a_media_that_nobody_adds_is_refused_by_the_server() {
    let room = Room::with_authors(1);
    let mut replica = room.replica(1);
    replica.submit(&[mark(1, "a", 3)]).unwrap();
    let batch = replica.take_batch(9).unwrap();
    let refused = room.clone().receive(1, batch.clone()).unwrap_err();
    assert_eq!(refused.code(), "unknown_media");
    let _ = replica.rejected(batch.client_seq);
    assert_eq!(replica.pending_count(), 0);
}

#[test]
fn media14_a_document_without_media_has_the_hash_it_had() {
    let hash = |ops: Vec<v1::Op>| {
        let mut room = room();
        room.commit(1, 1, ops).expect("it fits");
        room.document.state_hash()
    };
    let without = FrameStamp {
        media: String::new(),
        ..stamp("", 7)
    };
    let plain = stamped(brush(id(1, 1)), without);
    let hashes = [
        hash(vec![plain]),
        hash(vec![stamped(brush(id(1, 1)), stamp("a", 7))]),
        hash(vec![stamped(brush(id(1, 1)), stamp("b", 7))]),
    ];
    let different: std::collections::BTreeSet<_> = hashes.iter().collect();
    assert_eq!(different.len(), hashes.len());
}

#[test]
fn media14_every_field_of_a_media_counts() {
    let hash_with = |change: &dyn Fn(&mut v1::Media)| {
        let mut room = Room::with_authors(1);
        let mut one = film("a");
        change(&mut one);
        room.commit(0, 0, vec![media(one)]).unwrap();
        room.document.state_hash()
    };
    let hashes = [
        hash_with(&|_| {}),
        hash_with(&|media| media.id.push('x')),
        hash_with(&|media| media.name.push('x')),
        hash_with(&|media| media.num = 25),
        hash_with(&|media| media.den = 2),
        hash_with(&|media| media.start_timecode = 0),
        hash_with(&|media| media.drop_frame = true),
        hash_with(&|media| media.frames = 0),
        hash_with(&|media| media.reel.push('x')),
    ];
    let different: std::collections::BTreeSet<_> = hashes.iter().collect();
    assert_eq!(different.len(), hashes.len());
}

#[test]
fn media15_frames_are_those_of_a_media() {
    let mut room = room();
    let old = FrameStamp {
        media: String::new(),
        publication: "a".into(),
        ..stamp("", 7)
    };
    let ops = vec![
        mark(1, "a", 7),
        mark(2, "b", 7),
        stamped(mark(3, "a", 7), old),
    ];
    room.commit(1, 1, ops).unwrap();
    let on = |of: &FramesOf| -> Vec<_> {
        let frames = room.document.frames(of, 0..=99);
        let objects = frames.flat_map(|(_, history)| history.objects());
        objects.map(|id| id.counter()).collect()
    };
    assert_eq!((on(&of("a")), on(&of("b"))), (vec![1], vec![2]));
    // Named like the media, and yet no mark on it.
    assert_eq!(on(&frames_of("a")), [3]);
    assert_eq!(on(&frames_of("p-0-1-1")), [] as [u32; 0], "a hint only");
}

#[test]
fn media15_a_clear_and_a_way_back_of_frames_leave_other_films_alone() {
    let mut room = room();
    let ops = vec![mark(1, "a", 7), mark(2, "b", 7)];
    let before = room.document.clone();
    room.commit(1, 1, ops).unwrap();
    let scope = |media: &str| {
        clear::Scope::Frames(v1::FrameScope {
            media: media.into(),
            frames: Some(v1::FrameRange { first: 0, last: 99 }),
            ..v1::FrameScope::default()
        })
    };
    let cleared = |op: v1::Op| -> Vec<u32> {
        let mut document = room.document.clone();
        let ops = Ops::check(vec![op]).unwrap();
        let prepared = document.prepare(1, Default::default(), ops).unwrap();
        let committed = document.commit(prepared, 2, 0, false).decode();
        let Some(op::Op::Clear(clear)) = committed.ops[0].op.clone() else {
            panic!()
        };
        clear.ids.iter().map(|id| id.counter).collect()
    };
    assert_eq!(cleared(make::clear(scope("b"))), [2]);
    assert_eq!(cleared(clear_frames(0, 99)), [] as [u32; 0]);
    let back = Scope {
        authors: None,
        frames: Some((of("a"), 0..=99)),
    };
    go_back(&mut room, &before, &back, 1);
    let shown = |counter| {
        let object = room.document.object(make::own_id(1, counter));
        !object.unwrap().deleted()
    };
    assert_eq!((shown(1), shown(2)), (false, true));
    let read = Document::from_snapshot(room.document.snapshot()).expect("own snapshot");
    assert_eq!(read, room.document);
}

#[test]
fn media16_a_snapshot_holds_the_media_in_order() {
    let mut room = room();
    room.commit(1, 1, vec![mark(1, "a", 7), mark(2, "b", 8)])
        .unwrap();
    let read = Document::from_snapshot(room.document.snapshot()).expect("own snapshot");
    assert_eq!(read, room.document);
    let code = |change: &dyn Fn(&mut v1::DocumentSnapshot)| {
        let mut snapshot = room.document.snapshot();
        change(&mut snapshot);
        Document::from_snapshot(snapshot).map_or_else(|error| error.code(), |_| "ok")
    };
    assert_eq!(code(&|_| {}), "ok");
    assert_eq!(code(&|snapshot| snapshot.media.swap(0, 1)), "out_of_order");
    assert_eq!(code(&|snapshot| snapshot.media.truncate(1)), "out_of_range");
    assert_eq!(code(&|snapshot| snapshot.media[0].den = 0), "out_of_range");
    assert_eq!(
        code(&|snapshot| snapshot.media[0].frames = 7),
        "out_of_range"
    );
    let both = |snapshot: &mut v1::DocumentSnapshot| snapshot.frames[0].publication = "p".into();
    assert_eq!(code(&both), "out_of_range");
}

#[test]
fn media16_undo_and_redo_know_nothing_of_media() {
    let mut room = room();
    let mut replica = room.replica(1);
    replica.submit(&[mark(1, "a", 7)]).unwrap();
    room.exchange(&mut replica);
    room.commit(0, 0, vec![media(film("c"))]).unwrap();
    room.exchange(&mut replica);
    assert!(replica.undo() && replica.redo());
    room.exchange(&mut replica);
    let held = room.document.object(make::own_id(1, 1)).unwrap();
    assert_eq!((held.deleted(), &*held.frame().media), (false, "a"));
    assert_eq!(room.document.media_count(), 3);
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn media16_replicas_snapshots_and_the_log_hold_the_same(
        picks in proptest::collection::vec((0u8..4, 0u32..4, 0u32..100), 1..40)
    ) {
        let mut room = Room::with_authors(1);
        let mut late = Replica::new();
        let mut known: Vec<String> = Vec::new();
        for (seq, (pick, which, frame)) in (1..).zip(picks) {
            let id = format!("film-{which}");
            if pick == 0 && !known.contains(&id) {
                room.commit(0, 0, vec![media(film(&id))]).expect("it is new");
                known.push(id);
            } else {
                let name = known.get(which as usize).map_or("", String::as_str);
                let counter = u32::try_from(seq).expect("few");
                room.commit(1, seq, vec![mark(counter, name, frame)]).expect("it fits");
            }
        }
        let read = Document::from_snapshot(room.document.snapshot()).expect("own snapshot");
        prop_assert_eq!(&read, &room.document);
        prop_assert_eq!(read.state_hash(), room.document.state_hash());
        let committed = v1::Committed { batches: room.log.clone() };
        let received = late.receive(&committed).expect("the log fits");
        prop_assert_eq!(received.gap, None);
        prop_assert_eq!(late.document(), &room.document);
    }
}
