//! The ops of one brush stroke.

use fmz_proto::v1::{
    Create, FrameStamp, Kind, ObjectId, Op, Property, StrokeAppend, op, property::Value,
};

const COLOR: u32 = 0xff33_66ff;
const WIDTH: u32 = 64;

pub(crate) fn id(author: u32, counter: u32) -> ObjectId {
    ObjectId { author, counter }
}

pub(crate) fn begin(id: ObjectId) -> Op {
    let values = [Value::Color(COLOR), Value::Width(WIDTH)];
    let properties = values.map(|value| Property { value: Some(value) }).into();
    made(op::Op::Create(Create {
        id: Some(id),
        kind: Kind::Brush.into(),
        frame: Some(FrameStamp::default()),
        properties,
    }))
}

/// One point more, as the difference to the point before (to 0,0 for the first).
pub(crate) fn append(id: ObjectId, dx: i32, dy: i32) -> Op {
    made(op::Op::StrokeAppend(StrokeAppend {
        id: Some(id),
        dx: vec![dx],
        dy: vec![dy],
        pressure: Default::default(),
    }))
}

fn made(op: op::Op) -> Op {
    Op { op: Some(op) }
}
