//! Ops as JSON, the size with which the wire is compared. It is the JSON that protobuf gives a
//! message, without spaces, but with points as a list of objects with whole coordinates.

use fmz_proto::points::{self, PRESSURE_UNKNOWN};
use fmz_proto::v1::{
    Create, FrameStamp, ObjectId, Op, Point, Property, StrokeAppend, op, property,
};
use std::collections::BTreeMap;

/// Writes ops. It remembers the end of each stroke, because the JSON has absolute coordinates.
#[derive(Debug, Default)]
pub(super) struct Json {
    tips: BTreeMap<(u32, u32), (i32, i32, i32)>,
}

impl Json {
    pub(super) fn op(&mut self, op: &Op) -> String {
        let op::Op::StrokeAppend(append) = op.op.as_ref().expect("the session has no empty ops")
        else {
            return other_op(op);
        };
        let points = self.points(append).join(",");
        let id = id(append.id);
        format!(r#"{{"strokeAppend":{{"id":{id},"points":[{points}]}}}}"#)
    }

    fn points(&mut self, append: &StrokeAppend) -> Vec<String> {
        let id = append.id.expect("every op has an id");
        let start = (0, 0, PRESSURE_UNKNOWN.into());
        let (x, y, pressure) = self.tips.entry((id.author, id.counter)).or_insert(start);
        let points = append.points.as_ref().expect("an append has points");
        let deltas = points::decode(points, usize::MAX)
            .expect("just encoded")
            .deltas;
        let point = deltas.into_iter().map(|delta| {
            (*x, *y, *pressure) = (*x + delta.x, *y + delta.y, *pressure + delta.pressure);
            format!(r#"{{"x":{x},"y":{y},"pressure":{pressure}}}"#)
        });
        point.collect()
    }
}

fn other_op(op: &Op) -> String {
    match op.op.as_ref().expect("the session has no empty ops") {
        op::Op::Create(create) => format!(r#"{{"create":{}}}"#, create_json(create)),
        op::Op::Set(set) => {
            let value = value(set.property.as_ref());
            format!(r#"{{"set":{{"id":{},"property":{value}}}}}"#, id(set.id))
        }
        op::Op::StrokeEnd(end) => {
            let (id, points, hash) = (id(end.id), end.points, end.hash);
            format!(r#"{{"strokeEnd":{{"id":{id},"points":{points},"hash":"{hash}"}}}}"#)
        }
        op::Op::SetDeleted(set) => {
            let ids: Vec<String> = set.ids.iter().map(|&one| id(Some(one))).collect();
            let (ids, deleted) = (ids.join(","), set.deleted);
            format!(r#"{{"setDeleted":{{"ids":[{ids}],"deleted":{deleted}}}}}"#)
        }
        op::Op::Add(add) => {
            let Point { x, y } = add.offset.expect("a move has an offset");
            let id = id(add.id);
            format!(r#"{{"add":{{"id":{id},"offset":{{"x":{x},"y":{y}}}}}}}"#)
        }
        other => panic!("the session has no {other:?}"),
    }
}

fn create_json(create: &Create) -> String {
    let values: Vec<String> = create
        .properties
        .iter()
        .map(|one| value(Some(one)))
        .collect();
    format!(
        r#"{{"id":{},"kind":"{}","frame":{},"properties":[{}]}}"#,
        id(create.id),
        create.kind().as_str_name(),
        frame(create.frame.as_ref().expect("a create has a frame")),
        values.join(",")
    )
}

fn frame(stamp: &FrameStamp) -> String {
    let uncertain = if stamp.uncertain {
        r#","uncertain":true"#
    } else {
        ""
    };
    format!(
        r#"{{"publication":"{}","rtpTimestamp":"{}","frameIndex":{},"epoch":{}{uncertain}}}"#,
        stamp.publication,
        stamp.rtp_timestamp,
        stamp.frame_index.unwrap_or_default(),
        stamp.epoch
    )
}

fn id(id: Option<ObjectId>) -> String {
    let ObjectId { author, counter } = id.expect("every op has an id");
    format!(r#"{{"author":{author},"counter":{counter}}}"#)
}

fn value(property: Option<&Property>) -> String {
    use property::Value;
    match property.and_then(|property| property.value.as_ref()) {
        Some(Value::Color(color)) => format!(r#"{{"color":{color}}}"#),
        Some(Value::Width(width)) => format!(r#"{{"width":{width}}}"#),
        Some(Value::Start(Point { x, y })) => format!(r#"{{"start":{{"x":{x},"y":{y}}}}}"#),
        Some(Value::End(Point { x, y })) => format!(r#"{{"end":{{"x":{x},"y":{y}}}}}"#),
        Some(Value::Text(text)) => format!(r#"{{"text":"{text}"}}"#),
        other => panic!("the session has no {other:?}"),
    }
}
