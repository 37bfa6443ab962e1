//! Checks the range of every field that a client writes.

mod check;
mod media;
mod object;
mod text;

use crate::v1::{
    Answer, Create, FrameMap, FrameStamp, Hello, IceCandidate, ObjectId, Op, OpBatch, Publish, Set,
    StrokeAppend, StrokeEnd, client_message::Message, op, property,
};
use crate::{WireError, limits, points};
use check::{Checked, at_most, in_range};
pub use media::{LIVE_MEDIA_PREFIX, is_film_id, is_media_id, validate_media};
use media::{validate_film, validate_map_rate, validate_reference};
pub use object::validate_property;
use object::{validate_add, validate_clear, validate_deleted, validate_point};
pub use text::validate_text_edit;

pub(crate) fn validate_client(message: &Message) -> Checked {
    match message {
        Message::Hello(hello) => validate_hello(hello),
        Message::Answer(Answer { sdp, .. }) => {
            at_most("answer.sdp", sdp.len(), limits::SDP_BYTES_MAX)
        }
        Message::Candidate(candidate) => validate_candidate(candidate),
        Message::Publish(publish) => validate_publish(publish),
        Message::Unpublish(message) => validate_publication(&message.publication),
        Message::Mute(message) => validate_publication(&message.publication),
        Message::Ops(batch) => validate_batch(batch),
        Message::Copies(copies) => validate_copies(&copies.batches),
        Message::Presence(presence) => presence.pointer.as_ref().map_or(Ok(()), validate_point),
        Message::FrameMap(map) => validate_frame_map(map),
        Message::Ping(_)
        | Message::Resync(_)
        | Message::RestartTransport(_)
        | Message::Leave(_) => Ok(()),
    }
}

fn validate_hello(hello: &Hello) -> Checked {
    at_most("hello.token", hello.token.len(), limits::TOKEN_BYTES_MAX)?;
    at_most("hello.name", hello.name.len(), limits::NAME_BYTES_MAX)?;
    in_range(
        "hello.session_key",
        hello.session_key.len() == limits::SESSION_KEY_BYTES,
    )
}

fn validate_candidate(candidate: &IceCandidate) -> Checked {
    at_most(
        "candidate.candidate",
        candidate.candidate.len(),
        limits::CANDIDATE_BYTES_MAX,
    )?;
    at_most("candidate.mid", candidate.mid.len(), 16)
}

fn validate_publish(publish: &Publish) -> Checked {
    in_range("publish.kind", matches!(publish.kind, 1 | 2))?;
    in_range("publish.source", matches!(publish.source, 1..=6))?;
    in_range("publish.width", publish.width <= 16_384)?;
    in_range("publish.height", publish.height <= 16_384)?;
    in_range(
        "publish.codec",
        matches!(
            publish.codec.as_str(),
            "" | "VP8" | "VP9" | "AV1" | "H264" | "opus"
        ),
    )?;
    validate_film(publish)
}

fn validate_publication(publication: &str) -> Checked {
    at_most(
        "publication",
        publication.len(),
        limits::PUBLICATION_BYTES_MAX,
    )
}

fn validate_frame_map(map: &FrameMap) -> Checked {
    validate_publication(&map.publication)?;
    validate_map_rate(map)?;
    in_range("frame_map.state", matches!(map.state, 1 | 2))
}

/// Checks a batch of ops as a client sends it.
///
/// # Errors
/// [`WireError`] for the first field that is missing or out of range.
pub fn validate_batch(batch: &OpBatch) -> Checked {
    in_range("ops.client_seq", batch.client_seq > 0)?;
    validate_ops(&batch.ops)
}

pub(crate) fn validate_ops(ops: &[Op]) -> Checked {
    in_range("ops.ops", (1..=limits::BATCH_OPS_MAX).contains(&ops.len()))?;
    ops.iter().try_for_each(validate_op)
}

fn validate_copies(batches: &[OpBatch]) -> Checked {
    let count = 1..=limits::COPIES_MAX;
    in_range("copies.batches", count.contains(&batches.len()))?;
    batches.iter().try_for_each(validate_batch)
}

/// Checks one op as a client sends it. An op that only the server writes is out of range.
///
/// # Errors
/// [`WireError`] for the first field that is missing or out of range.
pub fn validate_op(op: &Op) -> Checked {
    match op.op.as_ref().ok_or(WireError::Missing { field: "op" })? {
        op::Op::Create(create) => validate_create(create),
        op::Op::Set(set) => validate_set(set),
        op::Op::StrokeAppend(append) => validate_append(append),
        op::Op::StrokeEnd(end) => validate_end(end),
        op::Op::SetDeleted(deleted) => validate_deleted(deleted),
        op::Op::Add(add) => validate_add(add),
        op::Op::Clear(clear) => validate_clear(clear),
        op::Op::AuthorAdded(_) | op::Op::MediaAdded(_) | op::Op::Commit(_) | op::Op::Revert(_) => {
            Err(WireError::OutOfRange { field: "op" })
        }
        op::Op::TextEdit(edit) => validate_text_edit(edit),
    }
}

fn validate_create(create: &Create) -> Checked {
    validate_id(create.id.as_ref())?;
    in_range("create.kind", create.kind > 0)?;
    create
        .parent
        .as_ref()
        .map_or(Ok(()), |parent| validate_id(Some(parent)))?;
    validate_stamp(create.frame.as_ref().ok_or(WireError::Missing {
        field: "create.frame",
    })?)?;
    at_most(
        "create.properties",
        create.properties.len(),
        limits::PROPERTIES_MAX,
    )?;
    create.properties.iter().try_for_each(|property| {
        use property::Value::{Deleted, Offset};
        let later = matches!(property.value, Some(Offset(_) | Deleted(_)));
        in_range("create.properties", !later)?;
        validate_property(property)
    })
}

fn validate_set(set: &Set) -> Checked {
    use property::Value::{Deleted, Offset, Text};
    validate_id(set.id.as_ref())?;
    let property = set.property.as_ref().ok_or(WireError::Missing {
        field: "set.property",
    })?;
    let by_other_ops = matches!(property.value, Some(Text(_) | Offset(_) | Deleted(_)));
    in_range("set.property", !by_other_ops)?;
    validate_property(property)
}

fn validate_append(append: &StrokeAppend) -> Checked {
    validate_id(append.id.as_ref())?;
    let points = append.points.as_ref().ok_or(WireError::Missing {
        field: "stroke_append.points",
    })?;
    points::check(points, limits::APPEND_POINTS_MAX)
}

fn validate_end(end: &StrokeEnd) -> Checked {
    validate_id(end.id.as_ref())?;
    some("stroke_end.hash", end.hash != 0)
}

fn some(field: &'static str, there: bool) -> Checked {
    there.then_some(()).ok_or(WireError::Missing { field })
}

fn validate_id(id: Option<&ObjectId>) -> Checked {
    let id = id.ok_or(WireError::Missing { field: "id" })?;
    in_range("id", id.author > 0 && id.counter > 0)
}

/// Checks the stamp of a create as a client sends it.
///
/// # Errors
/// [`WireError`] for the first field that is out of range.
pub fn validate_stamp(stamp: &FrameStamp) -> Checked {
    validate_publication(&stamp.publication)?;
    validate_reference("frame.media", &stamp.media)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::points::Delta;
    use crate::v1::{Kind, Point, Property, SetDeleted};
    use crate::{decode_client, encode_client};

    const ID: ObjectId = ObjectId {
        author: 1,
        counter: 1,
    };

    const DELTA: Delta = Delta {
        x: 1,
        y: -1,
        pressure: 0,
    };

    fn code(op: op::Op) -> Result<(), &'static str> {
        let batch = OpBatch {
            client_seq: 1,
            base: 0,
            ops: vec![Op { op: Some(op) }],
        };
        let frame = encode_client(Message::Ops(batch));
        decode_client(&frame)
            .map(|_| ())
            .map_err(|error| error.code())
    }

    fn set(value: property::Value) -> op::Op {
        op::Op::Set(Set {
            id: Some(ID),
            property: Some(Property { value: Some(value) }),
        })
    }

    fn append(deltas: &[Delta]) -> op::Op {
        op::Op::StrokeAppend(StrokeAppend {
            id: Some(ID),
            points: Some(points::encode(deltas, true)),
        })
    }

    #[test]
    fn wire7_values_at_the_bound_pass_and_over_it_do_not() {
        let far = limits::COORDINATE_MAX;
        let cases = [
            (set(property::Value::Width(limits::WIDTH_MAX)), Ok(())),
            (
                set(property::Value::Width(limits::WIDTH_MAX + 1)),
                Err("out_of_range"),
            ),
            (set(property::Value::Width(0)), Err("out_of_range")),
            (
                set(property::Value::Start(Point { x: far, y: -far })),
                Ok(()),
            ),
            (
                set(property::Value::End(Point { x: far + 1, y: 0 })),
                Err("out_of_range"),
            ),
            (append(&[DELTA; limits::APPEND_POINTS_MAX]), Ok(())),
            (
                append(&[DELTA; limits::APPEND_POINTS_MAX + 1]),
                Err("out_of_range"),
            ),
            (append(&[]), Err("out_of_range")),
            (
                op::Op::StrokeAppend(StrokeAppend {
                    id: Some(ID),
                    points: None,
                }),
                Err("missing_field"),
            ),
            (
                op::Op::SetDeleted(SetDeleted {
                    ids: vec![],
                    deleted: true,
                }),
                Err("out_of_range"),
            ),
            (
                op::Op::AuthorAdded(crate::v1::AuthorAdded::default()),
                Err("out_of_range"),
            ),
            (
                op::Op::MediaAdded(crate::v1::MediaAdded::default()),
                Err("out_of_range"),
            ),
        ];
        for (number, (op, expected)) in cases.into_iter().enumerate() {
            assert_eq!(code(op), expected, "case {number}");
        }
    }

    #[test]
    fn wire7_create_needs_a_kind_and_a_stamp() {
        let create = |kind: i32, frame| {
            op::Op::Create(Create {
                id: Some(ID),
                kind,
                frame,
                properties: vec![],
                parent: None,
            })
        };
        let stamp = Some(FrameStamp::default());
        assert_eq!(code(create(Kind::Brush as i32, stamp.clone())), Ok(()));
        let of = |media: &str| {
            let media = media.into();
            Some(FrameStamp {
                media,
                ..FrameStamp::default()
            })
        };
        assert_eq!(code(create(Kind::Brush as i32, of("film"))), Ok(()));
        let bad = create(Kind::Brush as i32, of("no id"));
        assert_eq!(code(bad), Err("out_of_range"));
        assert_eq!(code(create(99, stamp.clone())), Ok(()));
        assert_eq!(code(create(0, stamp.clone())), Err("out_of_range"));
        assert_eq!(code(create(-1, stamp)), Err("out_of_range"));
        assert_eq!(code(create(Kind::Brush as i32, None)), Err("missing_field"));
    }

    #[test]
    fn wire7_batches_are_bounded() {
        let op = Op {
            op: Some(set(property::Value::Color(1))),
        };
        let batch = |client_seq, count| OpBatch {
            client_seq,
            base: 0,
            ops: vec![op.clone(); count],
        };
        assert!(validate_batch(&batch(1, limits::BATCH_OPS_MAX)).is_ok());
        for refused in [
            batch(1, limits::BATCH_OPS_MAX + 1),
            batch(1, 0),
            batch(0, 1),
        ] {
            assert!(validate_batch(&refused).is_err());
        }
    }
    #[test]
    fn loss3_copies_are_bounded_and_checked_like_batches() {
        let set = Op {
            op: Some(set(property::Value::Color(1))),
        };
        let batch = OpBatch {
            client_seq: 1,
            base: 0,
            ops: vec![set],
        };
        let said = |batches| {
            let frame = encode_client(Message::Copies(crate::v1::OpCopies { batches }));
            decode_client(&frame)
                .map(|_| ())
                .map_err(|error| error.code())
        };
        let many = |count| vec![batch.clone(); count];
        assert_eq!(said(many(limits::COPIES_MAX)), Ok(()));
        assert_eq!(said(many(limits::COPIES_MAX + 1)), Err("out_of_range"));
        assert_eq!(said(Vec::new()), Err("out_of_range"));
        assert_eq!(said(vec![OpBatch::default()]), Err("out_of_range"));
    }
}
