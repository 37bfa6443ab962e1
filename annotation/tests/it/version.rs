//! Differences between documents, and the history of frames.

use crate::make::{
    append, brush, cases, color, create, deleted, end_at, frames_of, id, own_id, set,
};
use crate::room::Room;
use fmz_annotation::version::{Change, Difference, Part, diff};
use fmz_annotation::{Document, Key};
use fmz_proto::v1::{self, Kind, op};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A create on another frame.
fn at(mut created: v1::Op, publication: &str, frame: Option<u32>) -> v1::Op {
    if let Some(op::Op::Create(create)) = &mut created.op {
        let stamp = create.frame.get_or_insert_default();
        stamp.publication = publication.into();
        stamp.frame_index = frame;
    }
    created
}

fn revisions(document: &Document, publication: &str, frame: u32) -> Vec<u64> {
    let history = document.frame_history(&frames_of(publication), frame);
    history.map_or(Vec::new(), |history| {
        history.revisions().into_iter().flatten().collect()
    })
}

#[test]
fn index1_a_frame_knows_its_objects_and_what_changed_them() {
    let mut room = Room::with_authors(2);
    let rectangle = |id| create(id, Kind::Rectangle, vec![]);
    room.commit(1, 1, vec![at(rectangle(id(1, 1)), "p", Some(7))])
        .unwrap();
    room.commit(2, 1, vec![at(rectangle(id(2, 1)), "p", Some(8))])
        .unwrap();
    let ops = vec![
        at(brush(id(1, 2)), "p", Some(7)),
        append(id(1, 2), &[(1, 1)], &[]),
        set(id(1, 1), color(3)),
        at(rectangle(id(1, 3)), "p", None),
        at(rectangle(id(1, 4)), "q", Some(7)),
        deleted(id(1, 1), true),
    ];
    room.commit(1, 2, ops).unwrap();
    let document = &room.document;
    assert_eq!(revisions(document, "p", 7), [3, 5, 6, 7, 10]);
    assert_eq!(revisions(document, "p", 8), [4]);
    assert_eq!(revisions(document, "q", 7), [9]);
    assert_eq!(revisions(document, "q", 8), [] as [u64; 0]);
    let seventh = document.frame_history(&frames_of("p"), 7).unwrap();
    let objects: Vec<_> = seventh.objects().collect();
    assert_eq!(objects, [own_id(1, 1), own_id(1, 2)]);
    let listed = |publication, range| -> Vec<_> {
        let of = frames_of(publication);
        let frames = document.frames(&of, range);
        frames.map(|(frame, _)| frame).collect()
    };
    assert_eq!(listed("p", 0..=u32::MAX), [7, 8]);
    assert_eq!(listed("p", 8..=8), [8]);
    let (first, last) = (9, 7);
    assert_eq!(listed("p", first..=last), [] as [u32; 0]);
}

#[test]
fn index5_a_snapshot_with_another_index_than_its_objects_have_is_refused() {
    let mut room = Room::with_authors(1);
    room.commit(
        1,
        1,
        vec![brush(id(1, 1)), at(brush(id(1, 2)), "z", Some(1))],
    )
    .unwrap();
    let code = |change: &dyn Fn(&mut Vec<v1::FrameHistory>)| {
        let mut snapshot = room.document.snapshot();
        change(&mut snapshot.frames);
        Document::from_snapshot(snapshot).map_or_else(|error| error.code(), |_| "ok")
    };
    let more = v1::FrameHistory {
        publication: "zz".into(),
        runs: vec![0, 0].into(),
        ..v1::FrameHistory::default()
    };
    assert_eq!(code(&|_| {}), "ok");
    assert_eq!(code(&|frames| frames.truncate(1)), "out_of_range");
    assert_eq!(code(&|frames| frames.push(more.clone())), "out_of_range");
    assert_eq!(code(&|frames| frames.swap(0, 1)), "out_of_order");
    assert_eq!(
        code(&|frames| frames[0].runs = vec![9, 0].into()),
        "out_of_range"
    );
}

fn seen(room: &Room) -> Document {
    room.document.clone()
}

#[test]
fn diff1_each_difference_has_its_name() {
    let mut room = Room::with_authors(1);
    let ops = vec![
        brush(id(1, 1)),
        create(id(1, 2), Kind::Arrow, vec![]),
        create(id(1, 3), Kind::Text, vec![]),
        create(id(1, 4), Kind::Ellipse, vec![]),
        deleted(id(1, 4), true),
    ];
    room.commit(1, 1, ops).unwrap();
    let before = seen(&room);
    let ops = vec![
        append(id(1, 1), &[(4, 4)], &[]),
        set(id(1, 2), color(9)),
        set(id(1, 2), end_at(1, 1)),
        deleted(id(1, 3), true),
        deleted(id(1, 4), false),
        set(id(1, 4), color(7)),
        brush(id(1, 5)),
        brush(id(1, 6)),
        deleted(id(1, 6), true),
    ];
    room.commit(1, 2, ops).unwrap();
    let change = |counter, difference, parts: &[Part]| Change {
        id: own_id(1, counter),
        difference,
        parts: parts.to_vec(),
    };
    let gone = Part::Property(Key::Deleted);
    let expected = [
        change(1, Difference::Changed, &[Part::Points]),
        change(
            2,
            Difference::Changed,
            &[Part::Property(Key::Color), Part::Property(Key::End)],
        ),
        change(3, Difference::Deleted, &[gone]),
        change(4, Difference::Restored, &[Part::Property(Key::Color), gone]),
        change(5, Difference::Added, &[]),
    ];
    assert_eq!(diff(&before, &room.document), expected);
    let back: Vec<_> = diff(&room.document, &before)
        .into_iter()
        .map(|change| change.difference)
        .collect();
    assert_eq!(
        back,
        [
            Difference::Changed,
            Difference::Changed,
            Difference::Restored,
            Difference::Deleted,
            Difference::Deleted
        ]
    );
}

proptest! {
    #![proptest_config(cases(60))]
    #[test]
    fn index2_diff2_index_and_difference_are_those_of_the_log(
        steps in vec((1..3_u32, 0..5_u32, 0..4_u32, 0..6_u32), 1..60),
        cut in 0..60_usize,
    ) {
        let mut room = Room::with_authors(2);
        let mut scanned: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
        let mut before = seen(&room);
        for (seq, &(author, counter, frame, what)) in steps.iter().enumerate() {
            let object = id(author, counter + 1);
            let op = match what {
                0 | 1 => at(brush(object), "p", Some(frame)),
                2 => append(object, &[(1, 2)], &[]),
                3 => deleted(object, true),
                4 => deleted(object, false),
                _ => set(object, color(frame)),
            };
            if room.commit(author, seq as u64 + 1, vec![op]).is_ok() {
                let touched = room.document.object(own_id(author, counter + 1)).unwrap();
                let frame = touched.frame().frame_index.unwrap();
                scanned.entry(frame).or_default().push(room.document.revision());
            }
            if seq == cut {
                before = seen(&room);
            }
        }
        for frame in 0..4 {
            let expected = scanned.remove(&frame).unwrap_or_default();
            prop_assert_eq!(revisions(&room.document, "p", frame), expected);
        }
        let after = &room.document;
        prop_assert_eq!(diff(after, after), vec![]);
        let changes = diff(&before, after);
        let ids = |changes: &[Change]| changes.iter().map(|change| change.id).collect::<Vec<_>>();
        prop_assert_eq!(ids(&changes), ids(&diff(after, &before)));
        for object in after.objects() {
            let unseen = !ids(&changes).contains(&object.id());
            let old = before.object(object.id());
            let hidden = object.deleted() && old.is_none_or(|old| old.deleted());
            let same = old.is_some_and(|old| {
                (old.deleted(), old.color(), old.stroke()) == (object.deleted(), object.color(), object.stroke())
            });
            prop_assert_eq!(unseen, hidden || same);
        }
    }
}
