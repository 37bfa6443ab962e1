//! Versions and reverts, as ops.

use crate::make::{append, brush, color, create, end_at, end_in, id, own_id, set};
use crate::room::{Room, check};
use fmz_annotation::version::{Revert, Scope, Version, VersionId, VersionIds, restores};
use fmz_annotation::{Document, Key};
use fmz_proto::v1::{self, Kind, op};

pub(crate) fn wrap(op: op::Op) -> Vec<v1::Op> {
    vec![v1::Op { op: Some(op) }]
}

pub(crate) fn revert_op(
    head: &Document,
    target: &Document,
    scope: &Scope,
    author: u32,
) -> Option<v1::Op> {
    let restores = restores(head, target, scope);
    let some = !restores.is_empty();
    let revert = Revert::new(target.revision(), scope.clone(), author, restores);
    some.then(|| v1::Op {
        op: Some(op::Op::Revert((&revert).into())),
    })
}

/// Goes back, where anything is different.
pub(crate) fn go_back(room: &mut Room, target: &Document, scope: &Scope, author: u32) {
    if let Some(op) = revert_op(&room.document, target, scope, author) {
        room.commit(0, 0, vec![op]).expect("a revert fits");
    }
}

fn version(room: &Room, ids: &mut VersionIds, base: Option<VersionId>) -> Version {
    Version {
        id: ids.next(1_700_000_000_000).expect("in time"),
        base,
        revision: room.document.revision(),
        author: 1,
        name: "Cut 1".into(),
        message: "as agreed".into(),
        committed_ms: 1_700_000_000_000,
        state_hash: room.document.state_hash(),
        automatic: false,
    }
}

fn commit_op(version: &Version) -> Vec<v1::Op> {
    wrap(op::Op::Commit(v1::Commit {
        version: Some(version.into()),
    }))
}

#[test]
fn version3_a_commit_keeps_the_state_before_it() {
    let mut room = Room::with_authors(1);
    let mut ids = VersionIds::after(1, None);
    room.commit(1, 1, vec![brush(id(1, 1))]).unwrap();
    assert_eq!(room.document.changed_revision(), 2);
    let first = version(&room, &mut ids, None);
    room.commit(0, 0, commit_op(&first)).unwrap();
    assert_eq!(
        room.document.changed_revision(),
        2,
        "a commit changes nothing"
    );
    let second = version(&room, &mut ids, Some(first.id));
    room.commit(0, 0, commit_op(&second)).unwrap();
    let document = &room.document;
    assert_eq!(document.versions().collect::<Vec<_>>(), [&first, &second]);
    assert_eq!(document.last_version(), Some(&second));
    assert_eq!(document.version(first.id), Some(&first));
    assert_eq!(
        (first.revision, second.revision, document.revision()),
        (2, 3, 4)
    );
    let read = Document::from_snapshot(document.snapshot());
    assert_eq!(read.as_ref(), Ok(document));
}

#[test]
fn version4_what_does_not_keep_the_state_is_refused() {
    let mut room = Room::with_authors(1);
    let mut ids = VersionIds::after(1, None);
    let first = version(&room, &mut ids, None);
    room.commit(0, 0, commit_op(&first)).unwrap();
    let good = version(&room, &mut ids, Some(first.id));
    let code = |author, change: &dyn Fn(&mut Version)| {
        let mut version = good.clone();
        change(&mut version);
        let checked = check(&room.document, author, &commit_op(&version));
        let applied = room.clone().commit(author, 1, commit_op(&version));
        assert_eq!(checked.is_ok(), applied.is_ok());
        checked.map_or_else(|error| error.code(), |()| "ok")
    };
    assert_eq!(code(0, &|_| {}), "ok");
    assert_eq!(code(1, &|_| {}), "server_only");
    assert_eq!(code(0, &|version| version.revision -= 1), "version_state");
    assert_eq!(code(0, &|version| version.state_hash ^= 1), "version_state");
    assert_eq!(code(0, &|version| version.id = first.id), "version_order");
    assert_eq!(code(0, &|version| version.author = 9), "unknown_author");
    assert_eq!(
        code(0, &|version| version.base = VersionId::new(77)),
        "unknown_version"
    );
    assert_eq!(
        code(0, &|version| version.name = "n".repeat(129)),
        "out_of_range"
    );
    assert_eq!(
        code(0, &|version| version.message = "n".repeat(1025)),
        "out_of_range"
    );
    let mut beside = commit_op(&good);
    beside.push(crate::make::author(2));
    assert_eq!(
        check(&room.document, 0, &beside).unwrap_err().code(),
        "not_alone"
    );
    beside.swap(0, 1);
    assert_eq!(
        check(&room.document, 0, &beside).unwrap_err().code(),
        "not_alone"
    );
}

#[test]
fn version5_a_snapshot_with_versions_out_of_order_is_refused() {
    let mut room = Room::with_authors(1);
    let mut ids = VersionIds::after(1, None);
    for _ in 0..2 {
        let base = room.document.last_version().map(|version| version.id);
        let next = version(&room, &mut ids, base);
        room.commit(0, 0, commit_op(&next)).unwrap();
    }
    let code = |change: &dyn Fn(&mut v1::DocumentSnapshot)| {
        let mut snapshot = room.document.snapshot();
        change(&mut snapshot);
        Document::from_snapshot(snapshot).map_or_else(|error| error.code(), |_| "ok")
    };
    assert_eq!(code(&|_| {}), "ok");
    assert_eq!(code(&|s| s.versions.swap(0, 1)), "out_of_range");
    assert_eq!(code(&|s| s.versions[1].revision = 1), "out_of_order");
    assert_eq!(
        code(&|s| s.versions[1].id = s.versions[0].id),
        "out_of_order"
    );
    assert_eq!(code(&|s| s.versions[1].revision = 9), "out_of_range");
    assert_eq!(code(&|s| s.versions[0].author = 9), "out_of_range");
    assert_eq!(code(&|s| s.changed_revision = 9), "out_of_range");
}

#[test]
fn revert1_a_way_back_is_the_servers_and_stands_alone() {
    let mut room = Room::with_authors(1);
    let drawn = vec![brush(id(1, 1)), append(id(1, 1), &[(1, 1)], &[])];
    room.commit(1, 1, drawn).unwrap();
    let target = room.document.clone();
    room.commit(1, 2, vec![set(id(1, 1), color(2))]).unwrap();
    let scope = Scope::default();
    let good = revert_op(&room.document, &target, &scope, 1).unwrap();
    let code = |author, change: &dyn Fn(&mut v1::Revert)| {
        let mut op = good.clone();
        if let Some(op::Op::Revert(revert)) = &mut op.op {
            change(revert);
        }
        let checked = check(&room.document, author, &[op]);
        checked.map_or_else(|error| error.code(), |()| "ok")
    };
    let stroke = |keep| {
        move |revert: &mut v1::Revert| {
            revert.restores[0].stroke = Some(v1::StrokeRestore {
                keep,
                rest: None,
                ended: false,
            });
        }
    };
    assert_eq!(code(0, &|_| {}), "ok");
    assert_eq!(code(1, &|_| {}), "server_only");
    assert_eq!(code(0, &|r| r.author = 9), "unknown_author");
    assert_eq!(code(0, &|r| r.target_revision = 99), "out_of_range");
    assert_eq!(code(0, &|r| r.restores[0].id = id(1, 9)), "unknown_object");
    assert_eq!(
        code(0, &|r| r.restores.push(r.restores[0].clone())),
        "out_of_range"
    );
    assert_eq!(code(0, &|r| r.restores.clear()), "out_of_range");
    assert_eq!(
        code(0, &|r| r.restores[0].properties.clear()),
        "out_of_range"
    );
    assert_eq!(
        code(0, &|r| r.restores[0].properties.push(color(1))),
        "out_of_range"
    );
    assert_eq!(code(0, &|r| r.scope = None), "missing_field");
    assert_eq!(code(0, &stroke(1)), "ok");
    assert_eq!(code(0, &stroke(2)), "out_of_range");
    let both = [good.clone(), good.clone()];
    assert_eq!(
        check(&room.document, 0, &both).unwrap_err().code(),
        "not_alone"
    );
}

#[test]
fn revert4_only_the_author_is_taken_back_where_others_wrote_too() {
    let mut room = Room::with_authors(2);
    room.let_own(2);
    room.commit(1, 1, vec![create(id(1, 1), Kind::Arrow, vec![color(1)])])
        .unwrap();
    let target = room.document.clone();
    room.commit(
        1,
        2,
        vec![set(id(1, 1), color(2)), set(id(1, 1), end_at(5, 5))],
    )
    .unwrap();
    room.commit(2, 1, vec![set(id(1, 1), color(3)), brush(id(2, 1))])
        .unwrap();
    room.commit(1, 3, vec![brush(id(1, 2))]).unwrap();
    let scope = Scope {
        authors: Some([1].into()),
        frames: None,
    };
    go_back(&mut room, &target, &scope, 1);
    let arrow = room.document.object(own_id(1, 1)).unwrap();
    assert_eq!(
        (arrow.color(), arrow.end().x),
        (3, 0),
        "the other's colour stays"
    );
    assert_eq!(arrow.writer(Key::End).revision, room.document.revision());
    let gone = |author, counter| {
        room.document
            .object(own_id(author, counter))
            .unwrap()
            .deleted()
    };
    assert_eq!((gone(1, 2), gone(2, 1)), (true, false));
}

#[test]
fn revert5_a_stroke_gets_back_the_points_it_had() {
    let mut room = Room::with_authors(1);
    room.commit(
        1,
        1,
        vec![
            brush(id(1, 1)),
            append(id(1, 1), &[(1, 1), (2, 1)], &[9, 8]),
        ],
    )
    .unwrap();
    let half = room.document.clone();
    let many: Vec<_> = (0..50).map(|_| (3, 0)).collect();
    room.commit(1, 2, vec![append(id(1, 1), &many, &[])])
        .unwrap();
    let end = end_in(&room.document, id(1, 1));
    room.commit(1, 3, vec![end]).unwrap();
    let whole = room.document.clone();
    let stroke = |document: &Document| document.object(own_id(1, 1)).unwrap().stroke().cloned();
    go_back(&mut room, &half, &Scope::default(), 1);
    assert_eq!(stroke(&room.document), stroke(&half));
    go_back(&mut room, &whole, &Scope::default(), 1);
    assert_eq!(stroke(&room.document), stroke(&whole));
    assert_eq!(room.document.content_bytes(), whole.content_bytes());
}
