//! Short forms of ops.

use fmz_annotation::{ObjectId, text::Edit};
use fmz_proto::{
    points::{self, Delta},
    v1::{self, op, property},
};

/// Publication of marks that are drawn while no picture is on the screen.
pub(super) const PUBLICATION: &str = "p-1-1";

fn wrap(op: op::Op) -> v1::Op {
    v1::Op { op: Some(op) }
}

fn id(id: ObjectId) -> Option<v1::ObjectId> {
    Some((&id).into())
}

/// Returns the stamp of a frame. One stamp in three is uncertain.
pub(super) fn stamp(frame: u32) -> v1::FrameStamp {
    v1::FrameStamp {
        publication: PUBLICATION.into(),
        rtp_timestamp: i64::from(frame) * 3750,
        frame_index: Some(frame),
        epoch: 1,
        uncertain: frame % 3 == 1,
        ..v1::FrameStamp::default()
    }
}

pub(super) fn create(
    object: ObjectId,
    kind: i32,
    frame: u32,
    values: Vec<property::Value>,
) -> v1::Op {
    wrap(op::Op::Create(v1::Create {
        id: id(object),
        kind,
        frame: Some(stamp(frame)),
        properties: values.into_iter().map(property).collect(),
        parent: None,
    }))
}

/// Returns the ops with every stamp marked as certain.
pub(super) fn certain(ops: &[v1::Op]) -> Vec<v1::Op> {
    let mut ops = ops.to_vec();
    for op in &mut ops {
        if let Some(op::Op::Create(v1::Create {
            frame: Some(stamp), ..
        })) = &mut op.op
        {
            stamp.uncertain = false;
        }
    }
    ops
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
    let id = id(object);
    wrap(op::Op::StrokeEnd(v1::StrokeEnd {
        id,
        ..v1::StrokeEnd::default()
    }))
}

pub(super) fn edit(object: ObjectId, edit: Edit) -> v1::Op {
    wrap(op::Op::TextEdit(edit.to_wire(object)))
}

pub(super) fn deleted(objects: &[ObjectId], deleted: bool) -> v1::Op {
    wrap(op::Op::SetDeleted(v1::SetDeleted {
        ids: objects.iter().map(Into::into).collect(),
        deleted,
    }))
}

pub(super) fn add(object: ObjectId, offset: v1::Point) -> v1::Op {
    wrap(op::Op::Add(v1::Add {
        id: id(object),
        offset: Some(offset),
    }))
}

pub(super) fn reply(object: ObjectId, pin: ObjectId, words: String) -> v1::Op {
    let mut reply = create(
        object,
        v1::Kind::Reply.into(),
        0,
        vec![property::Value::Text(words)],
    );
    if let Some(op::Op::Create(create)) = &mut reply.op {
        create.parent = id(pin);
    }
    reply
}

/// Returns a clear; the replica fills in what its author has seen.
pub(super) fn clear(scope: v1::clear::Scope) -> v1::Op {
    wrap(op::Op::Clear(v1::Clear {
        scope: Some(scope),
        seen: 0,
        ids: Vec::new(),
    }))
}
