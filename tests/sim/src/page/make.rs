//! Ops in short form.

use fmz_annotation::ObjectId;
use fmz_proto::{
    points::{self, Delta},
    v1::{self, op, property},
};

fn wrap(op: op::Op) -> v1::Op {
    v1::Op { op: Some(op) }
}

fn id(id: ObjectId) -> Option<v1::ObjectId> {
    Some((&id).into())
}

pub(super) fn create(
    object: ObjectId,
    kind: v1::Kind,
    frame: u32,
    values: Vec<property::Value>,
) -> v1::Op {
    wrap(op::Op::Create(v1::Create {
        id: id(object),
        kind: kind.into(),
        frame: Some(v1::FrameStamp {
            publication: "p-1-1".into(),
            rtp_timestamp: i64::from(frame) * 3750,
            frame_index: Some(frame),
            epoch: 1,
        }),
        properties: values.into_iter().map(property).collect(),
        parent: None,
    }))
}

fn property(value: property::Value) -> v1::Property {
    v1::Property { value: Some(value) }
}

pub(super) fn set(object: ObjectId, value: property::Value) -> v1::Op {
    wrap(op::Op::Set(v1::Set {
        id: id(object),
        property: Some(property(value)),
    }))
}

pub(super) fn append(object: ObjectId, deltas: &[Delta]) -> v1::Op {
    wrap(op::Op::StrokeAppend(v1::StrokeAppend {
        id: id(object),
        points: Some(points::encode(deltas, true)),
    }))
}

pub(super) fn end(object: ObjectId) -> v1::Op {
    wrap(op::Op::StrokeEnd(v1::StrokeEnd { id: id(object) }))
}

pub(super) fn deleted(object: ObjectId, deleted: bool) -> v1::Op {
    wrap(op::Op::SetDeleted(v1::SetDeleted {
        ids: id(object).into_iter().collect(),
        deleted,
    }))
}
