//! Kinds, threads, moves, clears and the drawing order.

use crate::make::{
    add, all_deleted, append, assignee, brush, clear_all, clear_frames, color, create, create_kind,
    deleted, end_of, id, order, own_id, reply, set, status, text,
};
use crate::room::{Room, check, check_as};
use fmz_annotation::{Authority, Document, Key, Kind as Known, Point, Status};
use fmz_proto::limits::{CLEAR_OBJECTS_MAX, OFFSET_MAX};
use fmz_proto::v1::{self, Kind};

/// A room of three authors, 3 with the grant `own`. Author 1 has a rectangle 1, a pin 2 and a
/// stroke 3; 2 a rectangle 1.
fn room() -> Room {
    let mut room = Room::with_authors(3);
    room.let_own(3);
    let ops = vec![
        create(id(1, 1), Kind::Rectangle, vec![]),
        create(id(1, 2), Kind::Pin, vec![]),
        brush(id(1, 3)),
    ];
    room.commit(1, 1, ops).expect("the batch fits");
    let ops = vec![create(id(2, 1), Kind::Rectangle, vec![])];
    room.commit(2, 1, ops).expect("the batch fits");
    room
}

fn code(author: u32, op: v1::Op) -> &'static str {
    let checked = check(&room().document, author, &[op]);
    checked.map_or_else(|error| error.code(), |()| "ok")
}

fn visible(document: &Document) -> Vec<(u32, u32)> {
    let objects = document.objects().filter(|object| !object.deleted());
    objects
        .map(|object| (object.id().author(), object.id().counter()))
        .collect()
}

#[test]
fn op15_an_unknown_kind_is_kept_with_all_it_has() {
    let mut room = room();
    let strange = id(1, 9);
    let points = append(strange, &[(1, 2), (3, 0), (3, 0)], &[5, 6, 7]);
    let ops = vec![
        create_kind(strange, 4711, vec![color(7), text("new")]),
        points.clone(),
        end_of(strange, &[points]),
    ];
    room.commit(1, 2, ops).unwrap();
    let copy = Document::from_snapshot(room.document.snapshot()).unwrap();
    assert_eq!(copy, room.document);
    let object = copy.object(own_id(1, 9)).unwrap();
    assert_eq!(object.kind(), Known::Other(4711));
    assert_eq!((object.color(), object.text()), (7, "new"));
    assert_eq!(
        object.stroke().map(|stroke| stroke.points().len()),
        Some(3),
        "only brushes are simplified"
    );
    assert_eq!(object.to_state().kind, 4711);
}

#[test]
fn op15_a_polygon_has_points_and_a_line_has_none() {
    for (kind, expected) in [(Kind::Polygon, "ok"), (Kind::Line, "not_a_stroke")] {
        let ops = [
            create(id(1, 9), kind, vec![]),
            append(id(1, 9), &[(1, 1)], &[]),
        ];
        let checked = check(&room().document, 1, &ops);
        let code = checked.map_or_else(|error| error.code(), |()| "ok");
        assert_eq!(code, expected);
    }
}

#[test]
fn op16_a_reply_answers_a_pin() {
    assert_eq!(code(2, reply(id(2, 2), id(1, 2), "yes")), "ok");
    assert_eq!(code(2, reply(id(2, 2), id(1, 1), "yes")), "not_a_pin");
    assert_eq!(code(2, reply(id(2, 2), id(1, 8), "yes")), "unknown_parent");
    assert_eq!(code(2, reply(id(2, 2), None, "yes")), "missing_field");
    let mut child = create(id(2, 2), Kind::Text, vec![]);
    if let Some(v1::op::Op::Create(create)) = &mut child.op {
        create.parent = id(1, 2);
    }
    assert_eq!(code(2, child), "out_of_range");
}

#[test]
fn op16_a_deleted_pin_can_be_answered() {
    let mut room = room();
    room.commit(1, 2, vec![deleted(id(1, 2), true)]).unwrap();
    room.commit(2, 2, vec![reply(id(2, 2), id(1, 2), "late")])
        .unwrap();
    let parent = room.document.object(own_id(2, 2)).unwrap().parent();
    assert_eq!(parent, Some(own_id(1, 2)));
}

#[test]
fn op17_everybody_carries_a_thread_on() {
    let resolved = || status(v1::Status::Resolved);
    for property in [resolved(), assignee("ben")] {
        assert_eq!(code(2, set(id(1, 2), property.clone())), "ok");
        assert_eq!(code(2, set(id(1, 1), property)), "not_yours");
    }
    assert_eq!(code(2, set(id(1, 2), color(1))), "not_yours");
    let mut room = room();
    room.commit(2, 2, vec![set(id(1, 2), resolved())]).unwrap();
    let pin = room.document.object(own_id(1, 2)).unwrap();
    assert_eq!(
        (pin.status(), pin.writer(Key::Status).author),
        (Status::Resolved, 2)
    );
}

#[test]
fn op18_words_are_not_set() {
    assert_eq!(code(1, set(id(1, 1), text("late"))), "out_of_range");
    let moved = crate::make::property(v1::property::Value::Offset(v1::Point { x: 1, y: 1 }));
    assert_eq!(code(1, set(id(1, 1), moved.clone())), "out_of_range");
    let created = create(id(1, 9), Kind::Text, vec![moved]);
    assert_eq!(code(1, created), "out_of_range");
}

#[test]
fn op19_moves_add_up_in_any_order() {
    let offset = |batches: [(u32, v1::Op); 2]| {
        let mut room = room();
        for (author, op) in batches {
            room.commit(author, 2, vec![op]).unwrap();
        }
        room.document.object(own_id(1, 3)).unwrap().offset()
    };
    let mine = || (1, add(id(1, 3), 5, -2));
    let theirs = || (3, add(id(1, 3), 10, 10));
    assert_eq!(offset([mine(), theirs()]), Point { x: 15, y: 8 });
    assert_eq!(offset([theirs(), mine()]), Point { x: 15, y: 8 });
}

#[test]
fn op19_a_move_stays_in_range_and_is_the_owners() {
    assert_eq!(code(2, add(id(1, 1), 1, 1)), "not_yours");
    assert_eq!(code(1, add(id(1, 8), 1, 1)), "unknown_object");
    assert_eq!(code(1, add(id(1, 1), OFFSET_MAX, 0)), "ok");
    assert_eq!(code(1, add(id(1, 1), OFFSET_MAX + 1, 0)), "out_of_range");
    let twice = [add(id(1, 1), OFFSET_MAX, 0), add(id(1, 1), 1, 0)];
    let checked = check(&room().document, 1, &twice);
    assert_eq!(checked.map_err(|error| error.code()), Err("out_of_range"));
}

#[test]
fn op20_an_op_deletes_many_or_none() {
    let ids = vec![id(1, 1).unwrap(), id(2, 1).unwrap()];
    let op = || all_deleted(ids.clone(), true);
    assert_eq!(code(1, op()), "not_yours");
    let mut room = room();
    check_as(&room.document, 3, Authority::Owner, &[op()]).unwrap();
    room.commit(3, 1, vec![op()]).unwrap();
    assert_eq!(visible(&room.document), [(1, 2), (1, 3)]);
}

/// What is left when this author's clear, made at a revision, reaches the server.
fn left_after(room: &mut Room, author: u32, seen: u64, mut clear: v1::Op) -> Vec<(u32, u32)> {
    if let Some(v1::op::Op::Clear(clear)) = &mut clear.op {
        clear.seen = seen;
    }
    let client_seq = room.document.last_client_seq(author) + 1;
    let batch = v1::OpBatch {
        client_seq,
        base: seen,
        ops: vec![clear],
    };
    room.receive(author, batch)
        .expect("a clear is never refused");
    visible(&room.document)
}

#[test]
fn op21_a_clear_deletes_what_its_author_may() {
    let mut room = room();
    let now = room.document.revision();
    assert_eq!(
        left_after(&mut room, 2, now, clear_all()),
        [(1, 1), (1, 2), (1, 3)]
    );
    assert_eq!(left_after(&mut room, 3, now, clear_all()), []);
}

#[test]
fn op21_a_clear_leaves_what_came_meanwhile() {
    let mut room = room();
    let seen = room.document.revision();
    room.commit(2, 2, vec![brush(id(2, 2))]).unwrap();
    room.commit(3, 1, vec![brush(id(3, 1))]).unwrap();
    assert_eq!(left_after(&mut room, 3, seen, clear_all()), [(2, 2)]);
}

#[test]
fn op21_a_clear_of_frames_leaves_the_others() {
    let mut room = room();
    let now = room.document.revision();
    let all = visible(&room.document);
    assert_eq!(left_after(&mut room, 3, now, clear_frames(0, 23)), all);
    assert_eq!(left_after(&mut room, 3, now, clear_frames(24, 24)), []);
}

#[test]
fn op21_only_the_server_names_what_is_cleared() {
    let mut clear = clear_all();
    if let Some(v1::op::Op::Clear(clear)) = &mut clear.op {
        clear.ids = vec![id(1, 1).unwrap()];
    }
    assert_eq!(code(1, clear), "server_only");
}

#[test]
fn op21_a_clear_is_bounded() {
    let mut room = Room::with_authors(1);
    let count = CLEAR_OBJECTS_MAX as u32 + 1;
    let ops = (1..=count).map(|n| create(id(1, n), Kind::Line, vec![]));
    room.commit(1, 1, ops.collect()).unwrap();
    let now = room.document.revision();
    assert_eq!(left_after(&mut room, 1, now, clear_all()), [(1, count)]);
    assert_eq!(left_after(&mut room, 1, now, clear_all()), []);
}

#[test]
fn op21_clears_of_one_batch_name_each_object_once_and_share_the_bound() {
    let mut room = Room::with_authors(1);
    let count = CLEAR_OBJECTS_MAX as u32 + 2;
    let ops = (1..=count).map(|n| create(id(1, n), Kind::Line, vec![]));
    room.commit(1, 1, ops.collect()).unwrap();
    // The first clear names as many as a batch may, and leaves none to the second.
    assert_eq!(named_by_two_clears(&mut room), [CLEAR_OBJECTS_MAX, 0]);
    // If few objects are left, the second finds none that the first did not name.
    assert_eq!(named_by_two_clears(&mut room), [2, 0]);
}

/// Sends two clears in one batch. Returns how many objects each of them names in the log.
fn named_by_two_clears(room: &mut Room) -> Vec<usize> {
    let batch = v1::OpBatch {
        client_seq: room.document.last_client_seq(1) + 1,
        base: room.document.revision(),
        ops: vec![clear_all(), clear_all()],
    };
    room.receive(1, batch).expect("a clear is never refused");
    let committed = room.log.last().expect("it was just written");
    let named = committed.ops.iter().map(|op| match &op.op {
        Some(v1::op::Op::Clear(clear)) => clear.ids.len(),
        other => panic!("{other:?}"),
    });
    named.collect()
}

#[test]
fn op21_a_clear_is_undone_as_one() {
    let mut room = room();
    let mut owner = room.replica(3);
    owner.submit(&[clear_all()]).unwrap();
    assert!(owner.objects().objects.is_empty());
    room.exchange(&mut owner);
    assert_eq!(visible(&room.document), []);
    assert!(owner.undo());
    assert_eq!(owner.pending_count(), 1);
    room.exchange(&mut owner);
    assert_eq!(visible(&room.document).len(), 4);
    assert!(owner.redo() && owner.objects().objects.is_empty());
}

#[test]
fn undo8_undo_takes_back_the_own_way_only() {
    let mut room = room();
    let mut mine = room.replica(1);
    mine.begin_group();
    for _ in 0..5 {
        mine.submit(&[add(id(1, 1), 2, 0)]).unwrap();
    }
    mine.end_group();
    room.exchange(&mut mine);
    room.commit(3, 1, vec![add(id(1, 1), 100, 7)]).unwrap();
    let _ = mine.receive(&room.since(mine.revision())).unwrap();
    assert!(mine.undo());
    let offset = |replica: &fmz_annotation::Replica| {
        let object = replica.object(own_id(1, 1));
        object.map(|object| object.offset())
    };
    assert_eq!(offset(&mine), Some(Point { x: 100, y: 7 }));
    assert!(mine.redo());
    assert_eq!(offset(&mine), Some(Point { x: 110, y: 7 }));
}

#[test]
fn order6_an_order_key_says_where_an_object_is_drawn() {
    let mut room = room();
    let drawn = |room: &Room| -> Vec<_> {
        let drawn = room.document.drawing_order().map(|object| object.id());
        drawn.collect()
    };
    let [first, pin, stroke, other] = [(1, 1), (1, 2), (1, 3), (2, 1)].map(|(a, n)| own_id(a, n));
    let ops = vec![set(id(1, 1), order(&[1])), set(id(1, 3), order(&[0, 1]))];
    room.commit(1, 2, ops).unwrap();
    assert_eq!(drawn(&room), [pin, other, stroke, first]);
    room.commit(1, 3, vec![set(id(1, 3), order(&[1]))]).unwrap();
    assert_eq!(
        drawn(&room),
        [pin, other, first, stroke],
        "as created where keys are equal"
    );
    room.commit(1, 4, vec![set(id(1, 1), order(&[]))]).unwrap();
    assert_eq!(drawn(&room), [first, pin, other, stroke]);
    let copy = Document::from_snapshot(room.document.snapshot()).unwrap();
    assert_eq!(copy, room.document);
}

#[test]
fn view2_a_clear_that_deleted_nothing_hides_nothing() {
    let mut room = room();
    room.commit(2, 2, vec![deleted(id(2, 1), true)]).unwrap();
    let mut replica = room.replica(2);
    replica.set_authority(Authority::Owner);
    let shown = replica.objects();
    replica.submit(&[clear_all()]).expect("an owner may clear");
    assert_ne!(replica.objects(), shown);
    let batch = replica.take_batch(1).expect("the clear waits");
    // The server knows of no such right, and nothing visible is this author's own.
    room.receive(2, batch).expect("the clear may be committed");
    let received = replica.receive(&room.since(replica.revision())).unwrap();
    assert_eq!(received.gap, None);
    assert_eq!(replica.objects(), shown);
}
