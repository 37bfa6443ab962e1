//! Reverts that delete and show again, and nothing else.

use crate::make::{color, create, deleted, id};
use crate::revert::{go_back, revert_op, wrap};
use crate::room::{Room, check};
use fmz_annotation::Object;
use fmz_annotation::version::Scope;
use fmz_proto::v1::{self, Kind, op};

fn run(author: u32, first: u32, count: u32) -> v1::DeletedRun {
    v1::DeletedRun {
        author,
        first,
        count,
        deleted: true,
    }
}

/// Authors 1 and 2 have drawn three rectangles each.
fn drawn_in_turn() -> Room {
    let mut room = Room::with_authors(2);
    for counter in 1..=3 {
        for author in [1, 2] {
            let rectangle = create(id(author, counter), Kind::Rectangle, vec![]);
            room.commit(author, u64::from(counter), vec![rectangle])
                .expect("drawn");
        }
    }
    room
}

#[test]
fn revert8_what_is_deleted_and_nothing_else_is_named_as_runs() {
    let empty = Room::with_authors(2).document;
    let mut room = drawn_in_turn();
    let full = room.document.clone();
    room.commit(1, 4, vec![deleted(id(1, 2), true)]).unwrap();
    let wire = |room: &Room, target| {
        let op = revert_op(&room.document, target, &Scope::default(), 1).unwrap();
        match op.op {
            Some(op::Op::Revert(revert)) => revert,
            other => panic!("{other:?}"),
        }
    };
    let back = wire(&room, &empty);
    assert_eq!(back.deleted, [run(1, 1, 1), run(1, 3, 1), run(2, 1, 3)]);
    assert!(back.restores.is_empty());
    go_back(&mut room, &empty, &Scope::default(), 1);
    assert!(room.document.objects().all(Object::deleted));
    let shown = |run| v1::DeletedRun {
        deleted: false,
        ..run
    };
    let back = wire(&room, &full);
    assert_eq!(back.deleted, [run(1, 1, 3), run(2, 1, 3)].map(shown));
    go_back(&mut room, &full, &Scope::default(), 1);
    assert!(!room.document.objects().any(Object::deleted));
}

#[test]
fn revert8_runs_that_no_way_back_writes_are_refused() {
    let room = drawn_in_turn();
    let good = v1::Revert {
        scope: Some(v1::RevertScope::default()),
        author: 1,
        deleted: vec![run(1, 1, 3)],
        ..v1::Revert::default()
    };
    let code = |restores: &[u32], deleted: Vec<v1::DeletedRun>| {
        let restore = |&counter: &u32| v1::ObjectRestore {
            id: id(1, counter),
            properties: vec![color(1)],
            stroke: None,
        };
        let revert = v1::Revert {
            restores: restores.iter().map(restore).collect(),
            deleted,
            ..good.clone()
        };
        let checked = check(&room.document, 0, &wrap(op::Op::Revert(revert)));
        checked.map_or_else(|error| error.code(), |()| "ok")
    };
    assert_eq!(code(&[], vec![run(1, 1, 3), run(2, 2, 2)]), "ok");
    assert_eq!(code(&[1, 3], vec![run(1, 2, 1)]), "ok");
    for (restores, deleted, expected) in [
        (vec![], vec![], "out_of_range"),
        (vec![], vec![run(1, 1, 0)], "out_of_range"),
        (vec![], vec![run(0, 1, 1)], "out_of_range"),
        (vec![], vec![run(1, 0, 1)], "out_of_range"),
        (vec![], vec![run(1, u32::MAX, 2)], "out_of_range"),
        (vec![], vec![run(1, 1, u32::MAX)], "out_of_range"),
        (vec![], vec![run(1, 1, 2), run(1, 2, 1)], "out_of_range"),
        (vec![], vec![run(2, 1, 1), run(1, 1, 1)], "out_of_range"),
        (vec![2], vec![run(1, 1, 3)], "out_of_range"),
        (vec![], vec![run(1, 1, 4)], "unknown_object"),
        (vec![], vec![run(3, 1, 1)], "unknown_object"),
    ] {
        let said = format!("{restores:?} {deleted:?}");
        assert_eq!(code(&restores, deleted), expected, "{said}");
    }
}
