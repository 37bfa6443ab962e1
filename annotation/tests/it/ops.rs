//! What may be committed.

use crate::make::{
    append, append_deltas, author, brush, color, create, deleted, end_at, end_of, id, own_id, set,
    text,
};
use crate::room::{Room, check, check_as};
use fmz_annotation::{Authority, Ops, Point, Writer};
use fmz_proto::limits::{APPEND_POINTS_MAX, BATCH_OPS_MAX, COORDINATE_MAX, STROKE_POINTS_MAX};
use fmz_proto::points::Delta;
use fmz_proto::v1::{self, Kind};

/// The points of stroke 1.
const DRAWN: &[(i32, i32)] = &[(10, 20), (1, -1)];

fn ended(stroke: Option<v1::ObjectId>, deltas: &[(i32, i32)]) -> v1::Op {
    end_of(stroke, &[append(stroke, deltas, &[])])
}

/// A room of two authors. Author 1 has an open stroke 1, an ended stroke 2 and a rectangle 3.
fn room() -> Room {
    let mut room = Room::with_authors(2);
    let ops = vec![
        brush(id(1, 1)),
        append(id(1, 1), DRAWN, &[]),
        brush(id(1, 2)),
        append(id(1, 2), &[(1, 1)], &[]),
        ended(id(1, 2), &[(1, 1)]),
        create(id(1, 3), Kind::Rectangle, vec![color(7), end_at(4, 4)]),
    ];
    room.commit(1, 1, ops).expect("the batch fits");
    room
}

fn code(author: u32, authority: Authority, ops: &[v1::Op]) -> &'static str {
    let room = room();
    let checked = check_as(&room.document, author, authority, ops);
    checked.map_or_else(|error| error.code(), |()| "ok")
}

fn refused(cases: &[(u32, &[v1::Op], &'static str)]) {
    for (author, ops, expected) in cases {
        assert_eq!(code(*author, Authority::Author, ops), *expected, "{ops:?}");
    }
}

#[test]
fn op1_unknown_authors_are_refused() {
    refused(&[(3, &[brush(id(3, 1))], "unknown_author")]);
}

#[test]
fn op2_an_id_carries_its_author() {
    refused(&[
        (2, &[brush(id(1, 9))], "not_yours"),
        (0, &[brush(id(1, 9))], "not_yours"),
        (1, &[brush(id(1, 9))], "ok"),
    ]);
}

#[test]
fn op3_an_object_is_created_once() {
    refused(&[
        (1, &[brush(id(1, 1))], "exists"),
        (1, &[brush(id(1, 4)), brush(id(1, 4))], "exists"),
    ]);
    let mut room = room();
    room.commit(1, 2, vec![deleted(id(1, 1), true)]).unwrap();
    let again = check(&room.document, 1, &[brush(id(1, 1))]);
    assert_eq!(again.map_err(|error| error.code()), Err("exists"));
}

#[test]
fn op4_the_last_value_of_a_property_counts() {
    let mut room = room();
    let properties = vec![color(1), text("a"), color(2)];
    let ops = vec![create(id(2, 1), Kind::Text, properties)];
    room.commit(2, 1, ops).unwrap();
    let object = room.document.object(own_id(2, 1)).unwrap();
    assert_eq!((object.color(), object.text(), object.width()), (2, "a", 1));
    assert_eq!(object.start(), Point::default());
}

#[test]
fn op5_the_last_writer_of_a_property_wins() {
    refused(&[(1, &[set(id(1, 9), color(1))], "unknown_object")]);
    let mut room = room();
    room.let_own(2);
    room.commit(1, 2, vec![set(id(1, 3), color(1))]).unwrap();
    room.commit(2, 1, vec![set(id(1, 3), color(2))]).unwrap();
    room.commit(1, 3, vec![set(id(1, 3), end_at(9, 9))])
        .unwrap();
    let object = room.document.object(own_id(1, 3)).unwrap();
    assert_eq!((object.color(), object.end()), (2, Point { x: 9, y: 9 }));
    let revision = room.document.revision() - 1;
    let writer = Writer {
        revision,
        author: 2,
    };
    assert_eq!(object.writer(fmz_annotation::Key::Color), writer);
}

#[test]
fn op6_only_an_owner_changes_what_belongs_to_others() {
    let ops = [set(id(1, 3), color(1)), deleted(id(1, 3), true)];
    for op in ops {
        let op = std::slice::from_ref(&op);
        assert_eq!(code(1, Authority::Author, op), "ok");
        assert_eq!(code(2, Authority::Author, op), "not_yours");
        assert_eq!(code(2, Authority::Owner, op), "ok");
    }
    let foreign = [brush(id(1, 9))];
    assert_eq!(code(2, Authority::Owner, &foreign), "not_yours");
}

#[test]
fn op7_points_go_on_an_own_open_stroke() {
    refused(&[
        (1, &[append(id(1, 1), &[(1, 1)], &[])], "ok"),
        (1, &[append(id(1, 2), &[(1, 1)], &[])], "stroke_ended"),
        (1, &[ended(id(1, 2), &[(1, 1)])], "stroke_ended"),
        (1, &[append(id(1, 3), &[(1, 1)], &[])], "not_a_stroke"),
        (1, &[ended(id(1, 3), &[(1, 1)])], "not_a_stroke"),
        (1, &[append(id(1, 9), &[(1, 1)], &[])], "unknown_object"),
        (1, &[ended(id(1, 9), &[(1, 1)])], "unknown_object"),
    ]);
    for op in [append(id(1, 1), &[(1, 1)], &[]), ended(id(1, 1), DRAWN)] {
        let op = std::slice::from_ref(&op);
        assert_eq!(code(2, Authority::Author, op), "not_yours");
        assert_eq!(code(2, Authority::Owner, op), "not_yours");
    }
}

#[test]
fn op8_points_follow_each_other_across_appends() {
    let mut room = room();
    let ops = vec![append(id(1, 1), &[(5, 5), (-20, 0)], &[9, 10])];
    room.commit(1, 2, ops).unwrap();
    let ops = vec![append(id(1, 1), &[(0, 1)], &[])];
    room.commit(1, 3, ops).unwrap();
    let object = room.document.object(own_id(1, 1)).unwrap();
    let stroke = object.stroke().unwrap();
    let points = [(10, 20), (11, 19), (16, 24), (-4, 24), (-4, 25)];
    assert_eq!(stroke.points(), points.map(|(x, y)| Point { x, y }));
    assert_eq!(stroke.pressure(), [128, 128, 9, 10, 128]);
}

#[test]
fn op8_points_stay_in_range() {
    let far = COORDINATE_MAX;
    let hard = |pressure| {
        let delta = Delta {
            pressure,
            ..Delta::default()
        };
        append_deltas(id(1, 1), &[delta], true)
    };
    refused(&[
        (1, &[append(id(1, 1), &[(far - 11, 0)], &[])], "ok"),
        (
            1,
            &[append(id(1, 1), &[(far - 10, 0)], &[])],
            "out_of_range",
        ),
        (
            1,
            &[append(id(1, 1), &[(0, 5), (0, -far - 25)], &[])],
            "out_of_range",
        ),
        (
            1,
            &[append(id(1, 1), &[(far, 0), (far, 0)], &[])],
            "out_of_range",
        ),
        (1, &[hard(127)], "ok"),
        (1, &[hard(128)], "out_of_range"),
        (1, &[hard(-128)], "ok"),
        (1, &[hard(-129)], "out_of_range"),
    ]);
}

#[test]
fn op9_a_stroke_holds_so_many_points() {
    let mut room = room();
    let chunk = vec![(0, 0); APPEND_POINTS_MAX];
    let full = STROKE_POINTS_MAX / APPEND_POINTS_MAX;
    let mut ops = vec![brush(id(1, 4))];
    ops.extend((0..full).map(|_| append(id(1, 4), &chunk, &[])));
    assert_eq!(check(&room.document, 1, &ops), Ok(()));
    let one_more = append(id(1, 4), &[(0, 0)], &[]);
    let too_many = Err("too_many_points");
    let code = |error: fmz_annotation::OpError| error.code();
    let in_batch = [ops.clone(), vec![one_more.clone()]].concat();
    assert_eq!(check(&room.document, 1, &in_batch).map_err(code), too_many);
    room.commit(1, 2, ops).unwrap();
    assert_eq!(
        check(&room.document, 1, &[one_more]).map_err(code),
        too_many
    );
}

#[test]
fn op11_changes_of_a_hidden_object_count() {
    let mut room = room();
    let ops = vec![deleted(id(1, 3), true), set(id(1, 3), color(5))];
    room.commit(1, 2, ops).unwrap();
    assert!(room.document.object(own_id(1, 3)).unwrap().deleted());
    room.commit(1, 3, vec![deleted(id(1, 3), false)]).unwrap();
    let object = room.document.object(own_id(1, 3)).unwrap();
    assert_eq!((object.deleted(), object.color()), (false, 5));
    refused(&[(1, &[deleted(id(1, 9), true)], "unknown_object")]);
}

#[test]
fn op12_ops_of_a_batch_see_each_other() {
    let fresh = id(2, 1);
    let points = append(fresh, &[(1, 1)], &[]);
    refused(&[
        (
            2,
            &[
                brush(fresh),
                points.clone(),
                ended(fresh, &[(1, 1)]),
                set(fresh, color(1)),
            ],
            "ok",
        ),
        (
            2,
            &[
                brush(fresh),
                points.clone(),
                ended(fresh, &[(1, 1)]),
                points.clone(),
            ],
            "stroke_ended",
        ),
        (
            2,
            &[create(fresh, Kind::Arrow, vec![]), points.clone()],
            "not_a_stroke",
        ),
        (2, &[points, brush(fresh)], "unknown_object"),
        (
            1,
            &[ended(id(1, 1), DRAWN), ended(id(1, 1), DRAWN)],
            "stroke_ended",
        ),
    ]);
}

#[test]
fn op13_only_the_server_adds_authors() {
    refused(&[
        (1, &[author(3)], "server_only"),
        (0, &[author(3)], "ok"),
        (0, &[author(2)], "author_exists"),
        (0, &[author(3), author(3)], "author_exists"),
        (0, &[author(0)], "out_of_range"),
    ]);
    let document = room().document;
    assert_eq!(document.next_author(), 3);
    let key = crate::make::session_key(2);
    assert_eq!(document.author_by_session("person-2", &key), Some(2));
    assert_eq!(document.author_by_session("person-1", &key), None);
    assert_eq!(
        document.author(2).map(|author| author.name()),
        Some("Person 2")
    );
}

#[test]
fn op14_fields_are_checked() {
    let no_kind = create(id(1, 9), Kind::Unspecified, vec![]);
    let no_value = v1::Property { value: None };
    refused(&[
        (1, &[v1::Op { op: None }], "missing_field"),
        (1, &[brush(None)], "missing_field"),
        (1, &[brush(id(0, 1))], "out_of_range"),
        (1, &[no_kind], "out_of_range"),
        (1, &[set(id(1, 3), no_value)], "missing_field"),
        (1, &[append(id(1, 1), &[], &[])], "out_of_range"),
    ]);
}

#[test]
fn op22_an_end_tells_what_was_drawn() {
    let stroke = id(1, 1);
    let end = |spoil: fn(&mut v1::StrokeEnd)| {
        let mut op = ended(stroke, DRAWN);
        let Some(v1::op::Op::StrokeEnd(end)) = &mut op.op else {
            panic!("an end is an end");
        };
        spoil(end);
        [op]
    };
    let more = || append(stroke, &[(3, 3)], &[]);
    let all = end_of(stroke, &[append(stroke, DRAWN, &[]), more()]);
    refused(&[
        (1, &end(|_| ()), "ok"),
        (1, &end(|end| end.points += 1), "stroke_mismatch"),
        (1, &end(|end| end.hash ^= 1), "stroke_mismatch"),
        (1, &end(|end| end.points = 0), "stroke_mismatch"),
        (1, &end(|end| end.hash = 0), "missing_field"),
        (1, &[more(), all.clone()], "ok"),
        (1, std::slice::from_ref(&all), "stroke_mismatch"),
        (1, &[more(), more(), all.clone()], "stroke_mismatch"),
    ]);
    let mut room = room();
    let lost = room.commit(1, 2, vec![all]).map_err(|error| error.code());
    assert_eq!(lost, Err("stroke_mismatch"), "of a log too");
}

#[test]
fn op22_pressure_and_its_absence_count_alike_where_they_are_alike() {
    let mut room = room();
    let stroke = id(1, 4);
    let unpressed = append(stroke, &[(5, 5)], &[]);
    let pressed = append(stroke, &[(5, 5)], &[128]);
    let hard = append(stroke, &[(5, 5)], &[129]);
    let ops = vec![brush(stroke), unpressed];
    room.commit(1, 2, ops).unwrap();
    let code = |op| check(&room.document, 1, &[op]).map_err(|error| error.code());
    assert_eq!(code(end_of(stroke, &[pressed])), Ok(()));
    assert_eq!(code(end_of(stroke, &[hard])), Err("stroke_mismatch"));
}

#[test]
#[should_panic(expected = "what they were checked against")]
fn prepared_ops_are_not_committed_on_another_revision() {
    let mut room = room();
    let ops = Ops::check(vec![deleted(id(1, 1), true)]).unwrap();
    let prepared = room.document.prepare(1, Authority::Author, ops).unwrap();
    room.commit(2, 1, vec![brush(id(2, 1))]).unwrap();
    let _ = room.document.commit(prepared, 2, 0, false);
}

#[test]
#[should_panic(expected = "what they were checked against")]
fn prepared_ops_are_not_committed_on_another_document() {
    let (room, mut other) = (room(), Room::with_authors(4));
    while other.document.revision() < room.document.revision() {
        let author = author(other.document.next_author());
        other.commit(0, 0, vec![author]).unwrap();
    }
    assert_eq!(other.document.revision(), room.document.revision());
    let ops = Ops::check(vec![deleted(id(1, 1), true)]).unwrap();
    let prepared = room.document.prepare(1, Authority::Author, ops).unwrap();
    let _ = other.document.commit(prepared, 2, 0, false);
}

#[test]
#[should_panic(expected = "committed once, in its turn")]
fn an_authors_batch_is_not_committed_twice() {
    let mut room = room();
    for _ in 0..2 {
        let ops = Ops::check(vec![deleted(id(1, 1), true)]).unwrap();
        let prepared = room.document.prepare(1, Authority::Author, ops).unwrap();
        let _ = room.document.commit(prepared, 2, 0, false);
    }
}

#[test]
fn no_ops_and_too_many_are_none() {
    let op = || deleted(id(1, 1), true);
    let code = |count| {
        let ops = Ops::check(vec![op(); count]);
        ops.map(|ops| ops.len()).map_err(|error| error.code())
    };
    assert_eq!(code(0), Err("out_of_range"));
    assert_eq!(code(BATCH_OPS_MAX), Ok(BATCH_OPS_MAX));
    assert_eq!(code(BATCH_OPS_MAX + 1), Err("out_of_range"));
}
