//! What each op takes, on one's own object and on somebody else's.

use crate::world::film;
use fmz_annotation::Drawn;
use fmz_proto::points::{self, Delta};
use fmz_proto::v1::{
    Add, AuthorAdded, Clear, Commit, Create, FrameStamp, Grants, Kind, MediaAdded, ObjectId, Point,
    Property, Revert, Set, SetDeleted, Status, StrokeAppend, StrokePoints, TextEdit, TextStep,
    Version, clear, op, property, text_step,
};
use std::collections::BTreeSet;

/// Author's numbers.
pub(super) const ADA: u32 = 1;
pub(super) const BEN: u32 = 2;
/// Counters of the objects that both have, see `super::DRAWN`.
pub(super) const RECTANGLE: u32 = 1;
const PIN: u32 = 2;
const TEXT: u32 = 3;
const BRUSH: u32 = 4;
const FREE: u32 = 5;

/// What an op takes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Takes {
    Annotate,
    AnnotateAndOwn,
    /// More than any grant: the code that says so.
    Nobody(&'static str),
    /// No grant helps: such an op is refused when a client's frame is read.
    Server,
}

impl Takes {
    /// The code for somebody who is in the room.
    pub(super) fn code(self, grants: Grants) -> &'static str {
        match self {
            Self::Server => "out_of_range",
            _ if !grants.annotate => "grant",
            Self::Annotate => "ok",
            Self::AnnotateAndOwn if grants.own => "ok",
            Self::AnnotateAndOwn => "not_yours",
            Self::Nobody(code) => code,
        }
    }
}

use Takes::{Annotate, AnnotateAndOwn, Nobody, Server};

pub(super) type Make = fn(u32) -> op::Op;

/// The op on an object of somebody, what it takes on one's own, and on somebody else's.
pub(super) const OPS: [(Make, Takes, Takes); 25] = [
    (
        |of| create(of, FREE, Kind::Rectangle),
        Annotate,
        Nobody("not_yours"),
    ),
    (reply, Annotate, Annotate),
    (
        |of| set(of, RECTANGLE, property::Value::Color(7)),
        Annotate,
        AnnotateAndOwn,
    ),
    (
        |of| set(of, RECTANGLE, property::Value::Width(7)),
        Annotate,
        AnnotateAndOwn,
    ),
    (
        |of| set(of, RECTANGLE, property::Value::Start(at(7))),
        Annotate,
        AnnotateAndOwn,
    ),
    (
        |of| set(of, RECTANGLE, property::Value::End(at(7))),
        Annotate,
        AnnotateAndOwn,
    ),
    (
        |of| set(of, RECTANGLE, property::Value::Softness(7)),
        Annotate,
        AnnotateAndOwn,
    ),
    (
        |of| set(of, RECTANGLE, property::Value::Hold(Default::default())),
        Annotate,
        AnnotateAndOwn,
    ),
    (
        |of| set(of, RECTANGLE, property::Value::Order(vec![7].into())),
        Annotate,
        AnnotateAndOwn,
    ),
    (
        |of| set(of, RECTANGLE, property::Value::Redaction(7)),
        Annotate,
        AnnotateAndOwn,
    ),
    (
        |of| set(of, RECTANGLE, property::Value::Stamp("ok".into())),
        Annotate,
        AnnotateAndOwn,
    ),
    (
        |of| {
            set(
                of,
                RECTANGLE,
                property::Value::Status(Status::Resolved.into()),
            )
        },
        Annotate,
        AnnotateAndOwn,
    ),
    (
        |of| set(of, PIN, property::Value::Status(Status::Resolved.into())),
        Annotate,
        Annotate,
    ),
    (
        |of| set(of, PIN, property::Value::Assignee("ben".into())),
        Annotate,
        Annotate,
    ),
    (
        |of| set(of, PIN, property::Value::Color(7)),
        Annotate,
        AnnotateAndOwn,
    ),
    (
        |of| set(of, TEXT, property::Value::Text("x".into())),
        Server,
        Server,
    ),
    (
        |of| {
            op::Op::Add(Add {
                id: id(of, RECTANGLE),
                offset: Some(at(7)),
            })
        },
        Annotate,
        AnnotateAndOwn,
    ),
    (edit_text, Annotate, AnnotateAndOwn),
    (
        |of| {
            op::Op::SetDeleted(SetDeleted {
                ids: id(of, PIN).into_iter().collect(),
                deleted: true,
            })
        },
        Annotate,
        AnnotateAndOwn,
    ),
    (append, Annotate, Nobody("not_yours")),
    (end, Annotate, Nobody("not_yours")),
    (
        |of| {
            op::Op::AuthorAdded(AuthorAdded {
                author: 9,
                identity: of.to_string(),
                name: "x".into(),
                session_key: vec![9; 16].into(),
            })
        },
        Server,
        Server,
    ),
    (
        |of| {
            op::Op::MediaAdded(MediaAdded {
                media: Some(film(&format!("of-{of}"))),
            })
        },
        Server,
        Server,
    ),
    (
        |of| {
            op::Op::Commit(Commit {
                version: Some(Version {
                    id: 1 << 30,
                    author: of,
                    ..Default::default()
                }),
            })
        },
        Server,
        Server,
    ),
    (
        |of| {
            op::Op::Revert(Revert {
                author: of,
                scope: Some(Default::default()),
                ..Default::default()
            })
        },
        Server,
        Server,
    ),
];

/// A clear takes only what its author may delete, so it is never refused for an owner's sake.
pub(super) const CLEAR: Make = |_| {
    op::Op::Clear(Clear {
        scope: Some(clear::Scope::All(true)),
        seen: 1 << 40,
        ids: vec![],
    })
};

fn id(author: u32, counter: u32) -> Option<ObjectId> {
    Some(ObjectId { author, counter })
}

fn at(x: i32) -> Point {
    Point { x, y: 0 }
}

pub(super) fn create(author: u32, counter: u32, kind: Kind) -> op::Op {
    op::Op::Create(Create {
        id: id(author, counter),
        kind: kind.into(),
        frame: Some(FrameStamp::default()),
        ..Create::default()
    })
}

/// Ada's reply to somebody's pin.
fn reply(of: u32) -> op::Op {
    op::Op::Create(Create {
        id: id(ADA, FREE),
        kind: Kind::Reply.into(),
        frame: Some(FrameStamp::default()),
        parent: id(of, PIN),
        ..Create::default()
    })
}

pub(super) fn set(author: u32, counter: u32, value: property::Value) -> op::Op {
    op::Op::Set(Set {
        id: id(author, counter),
        property: Some(Property { value: Some(value) }),
    })
}

fn edit_text(of: u32) -> op::Op {
    let step = text_step::Step::Insert("x".into());
    op::Op::TextEdit(TextEdit {
        id: id(of, TEXT),
        steps: vec![TextStep { step: Some(step) }],
    })
}

/// A point of a stroke: the one that both have drawn.
fn point() -> StrokePoints {
    let delta = Delta {
        x: 1,
        y: 1,
        pressure: 0,
    };
    points::encode(&[delta], false)
}

pub(super) fn append(of: u32) -> op::Op {
    op::Op::StrokeAppend(StrokeAppend {
        id: id(of, BRUSH),
        points: Some(point()),
    })
}

fn end(of: u32) -> op::Op {
    let mut drawn = Drawn::default();
    drawn.append(&point()).expect("it is near");
    let author = of;
    op::Op::StrokeEnd(drawn.end(ObjectId {
        author,
        counter: BRUSH,
    }))
}

/// Which kind an op is of. A new kind needs its lines in [`OPS`].
fn kind(op: &op::Op) -> u32 {
    match op {
        op::Op::Create(_) => 0,
        op::Op::Set(_) => 1,
        op::Op::StrokeAppend(_) => 2,
        op::Op::StrokeEnd(_) => 3,
        op::Op::SetDeleted(_) => 4,
        op::Op::AuthorAdded(_) => 5,
        op::Op::Add(_) => 6,
        op::Op::Clear(_) => 7,
        op::Op::TextEdit(_) => 8,
        op::Op::Commit(_) => 9,
        op::Op::Revert(_) => 10,
        op::Op::MediaAdded(_) => 11,
    }
}

#[test]
fn grant1_every_kind_of_op_is_in_the_table() {
    let makes = OPS.iter().map(|(make, ..)| *make).chain([CLEAR]);
    let kinds: BTreeSet<u32> = makes.map(|make| kind(&make(ADA))).collect();
    assert_eq!(kinds, (0..12).collect());
}
