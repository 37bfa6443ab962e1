//! One object on the wire.

use super::in_range;
use crate::object::{
    Counted, Kind, Object, ObjectId, PENDING, Point, Properties, Property, Writer, Writers,
    id_from_wire, key_from_wire, required,
};
use crate::stroke::{Chunk, Stroke};
use fmz_proto::v1::property::Value;
use fmz_proto::{WireError, v1};

impl Object {
    /// The object on the wire, with its writers.
    pub fn to_state(&self) -> v1::ObjectState {
        let writers = self.writers.iter().map(|(key, writer)| v1::PropertyWriter {
            key: key.to_wire(),
            revision: writer.revision,
            author: writer.author,
        });
        v1::ObjectState {
            writers: writers.collect(),
            points_restored: self.points_restored,
            ..self.to_shown(false)
        }
    }

    /// The object as a page shows it: without writers, revision 0 while the server
    /// has not created it.
    pub(crate) fn to_shown(&self, pending: bool) -> v1::ObjectState {
        let stroke = self.stroke.as_ref();
        v1::ObjectState {
            id: Some((&self.id).into()),
            kind: self.kind.to_wire(),
            frame: Some((&self.frame).into()),
            created_revision: Some(self.created_revision)
                .filter(|&revision| revision != PENDING)
                .unwrap_or_default(),
            created_ms: self.created_ms,
            color: self.color(),
            width: self.width(),
            start: point_to_wire(self.start()),
            end: point_to_wire(self.end()),
            text: self.text().into(),
            points: stroke.and_then(|stroke| stroke.to_chunk().to_wire()),
            ended: stroke.is_some_and(Stroke::ended),
            deleted: self.deleted(),
            writers: Vec::new(),
            points_restored: 0,
            pending,
            offset: point_to_wire(self.offset()),
            softness: self.softness(),
            hold: self.hold().map(Into::into),
            order: self
                .order()
                .map(|key| key.0.clone().into())
                .unwrap_or_default(),
            status: self.status().to_wire(),
            assignee: self.assignee().into(),
            redaction: self.redaction(),
            stamp: self.stamp().into(),
            parent: self.parent.as_ref().map(Into::into),
        }
    }

    pub(super) fn from_state(state: v1::ObjectState) -> Result<Self, WireError> {
        in_range("object.pending", !state.pending)?;
        let kind = Kind::from_wire(state.kind)?;
        Ok(Self {
            id: id_from_wire(&state.id)?,
            kind,
            frame: required("object.frame", &state.frame)?.into(),
            parent: state.parent.as_ref().map(ObjectId::try_from).transpose()?,
            created_revision: state.created_revision,
            created_ms: state.created_ms,
            stroke: stroke_from_state(kind, &state)?,
            points_restored: state.points_restored,
            writers: writers_from_wire(&state.writers)?,
            properties: properties_from_state(state)?,
            counted: Counted::default(),
        })
    }
}

fn stroke_from_state(kind: Kind, state: &v1::ObjectState) -> Result<Option<Stroke>, WireError> {
    if kind.has_points() {
        let chunk = state.points.as_ref().map(Chunk::from_wire).transpose()?;
        let stroke = Stroke::from_chunk(&chunk.unwrap_or_default(), state.ended)?;
        return Ok(Some(stroke));
    }
    in_range("object.points", state.points.is_none() && !state.ended)?;
    Ok(None)
}

fn properties_from_state(state: v1::ObjectState) -> Result<Properties, WireError> {
    let values = [
        Value::Color(state.color),
        Value::Width(state.width),
        Value::Start(point_from_wire("object.start", state.start)?),
        Value::End(point_from_wire("object.end", state.end)?),
        Value::Text(state.text),
        Value::Softness(state.softness),
        Value::Hold(v1::Hold { range: state.hold }),
        Value::Order(state.order),
        Value::Status(state.status),
        Value::Assignee(state.assignee),
        Value::Redaction(state.redaction),
        Value::Stamp(state.stamp),
        Value::Offset(point_from_wire("object.offset", state.offset)?),
        Value::Deleted(state.deleted),
    ];
    let mut properties = Properties::default();
    for value in values {
        let value = v1::Property { value: Some(value) };
        properties.set(Property::try_from(&value)?);
    }
    Ok(properties)
}

/// Absent for 0,0.
fn point_to_wire(point: Point) -> Option<v1::Point> {
    (point != Point::default()).then(|| point.into())
}

fn point_from_wire(field: &'static str, point: Option<v1::Point>) -> Result<v1::Point, WireError> {
    let zero = v1::Point::default();
    in_range(field, point != Some(zero))?;
    Ok(point.unwrap_or(zero))
}

fn writers_from_wire(wire: &[v1::PropertyWriter]) -> Result<Writers, WireError> {
    in_range(
        "object.writers",
        wire.is_sorted_by(|before, after| before.key < after.key),
    )?;
    let mut writers = Writers::default();
    for writer in wire {
        let v1::PropertyWriter {
            key,
            revision,
            author,
        } = *writer;
        writers.set(key_from_wire(key)?, Writer { revision, author });
    }
    Ok(writers)
}
