//! How committed batches are applied.

use crate::make::{append, batch, brush, color, create, deleted, id, own_id, set};
use crate::room::Room;
use fmz_proto::v1::{self, Kind};

fn code(room: &Room, batch: &v1::CommittedBatch) -> &'static str {
    let mut document = room.document.clone();
    let result = document.apply(batch);
    assert!(
        result.is_ok() || document == room.document,
        "whole or not at all"
    );
    result.map_or_else(|error| error.code(), |()| "ok")
}

#[test]
fn order1_to_order3_only_the_next_revision_is_applied() {
    let room = Room::with_authors(2);
    let ops = || vec![brush(id(1, 1))];
    for (revision, expected) in [
        (3, "ok"),
        (2, "repeat"),
        (1, "repeat"),
        (0, "repeat"),
        (4, "gap"),
        (u64::MAX, "gap"),
    ] {
        assert_eq!(
            code(&room, &batch(revision, 1, 1, ops())),
            expected,
            "{revision}"
        );
    }
}

#[test]
fn order1_every_op_has_a_revision() {
    let mut room = Room::with_authors(1);
    let ops = vec![brush(id(1, 1)), brush(id(1, 2)), set(id(1, 1), color(3))];
    room.commit(1, 1, ops).unwrap();
    assert_eq!(room.document.revision(), 4);
    let second = room.document.object(own_id(1, 2)).unwrap();
    assert_eq!(
        (second.created_revision(), second.created_ms()),
        (3, 1_700_000_000_002)
    );
}

#[test]
fn order4_a_batch_counts_once() {
    let mut room = Room::with_authors(2);
    room.commit(1, 5, vec![brush(id(1, 1))]).unwrap();
    assert_eq!(room.document.last_client_seq(1), 5);
    for (client_seq, expected) in [
        (4, "client_seq_repeated"),
        (5, "client_seq_repeated"),
        (7, "ok"),
    ] {
        let batch = batch(4, 1, client_seq, vec![brush(id(1, 2))]);
        assert_eq!(code(&room, &batch), expected, "{client_seq}");
    }
    assert_eq!(code(&room, &batch(4, 2, 1, vec![brush(id(2, 1))])), "ok");
}

#[test]
fn order5_a_broken_batch_changes_nothing() {
    let room = Room::with_authors(1);
    let first = || brush(id(1, 1));
    let cases = [
        (vec![], "empty_batch"),
        (vec![first(), set(id(1, 9), color(1))], "unknown_object"),
        (vec![first(), first()], "exists"),
        (vec![first(), v1::Op { op: None }], "missing_field"),
    ];
    for (ops, expected) in cases {
        assert_eq!(code(&room, &batch(2, 1, 1, ops)), expected);
    }
    assert_eq!(
        code(&room, &batch(2, 9, 1, vec![first()])),
        "unknown_author"
    );
}

#[test]
fn order5_a_log_is_read_whatever_the_grants() {
    let mut room = Room::with_authors(2);
    room.commit(1, 1, vec![brush(id(1, 1))]).unwrap();
    let ops = vec![deleted(id(1, 1), true), append(id(1, 1), &[(1, 1)], &[])];
    assert_eq!(code(&room, &batch(4, 2, 1, ops)), "ok");
}

#[test]
fn order6_objects_are_drawn_as_they_were_created() {
    let mut room = Room::with_authors(2);
    room.commit(2, 1, vec![brush(id(2, 1))]).unwrap();
    room.commit(1, 1, vec![brush(id(1, 2)), brush(id(1, 1))])
        .unwrap();
    let drawn: Vec<_> = room
        .document
        .drawing_order()
        .map(|object| object.id())
        .collect();
    assert_eq!(drawn, [own_id(2, 1), own_id(1, 2), own_id(1, 1)]);
    let by_id: Vec<_> = room.document.objects().map(|object| object.id()).collect();
    assert_eq!(by_id, [own_id(1, 1), own_id(1, 2), own_id(2, 1)]);
}

#[test]
fn order6_content_is_counted() {
    let mut room = Room::with_authors(1);
    let words = || crate::make::text("four");
    let ops = vec![
        create(id(1, 1), Kind::Text, vec![words()]),
        set(id(1, 1), crate::make::assignee("ab")),
        brush(id(1, 2)),
        append(id(1, 2), &[(0, 0); 10], &[]),
    ];
    room.commit(1, 1, ops).unwrap();
    assert_eq!(room.document.content_bytes(), 4 + 2 + 10 * 9);
    assert_eq!(room.document.object_count(), 2);
}
