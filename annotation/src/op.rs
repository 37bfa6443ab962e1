//! Ops as checked types, and their way from and to the wire.

use crate::object::{FrameStamp, Kind, ObjectId, Point, Property};
use crate::stroke::Chunk;
use crate::{ApplyError, OpError};
use fmz_proto::limits::SESSION_KEY_BYTES;
use fmz_proto::{WireError, v1, validate_op};

/// One change of the document; every op touches one object at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Op {
    Create(Create),
    Set { id: ObjectId, property: Property },
    StrokeAppend { id: ObjectId, chunk: Chunk },
    StrokeEnd { id: ObjectId },
    SetDeleted { id: ObjectId, deleted: bool },
    AddAuthor(AddAuthor),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Create {
    pub(crate) id: ObjectId,
    pub(crate) kind: Kind,
    pub(crate) frame: FrameStamp,
    pub(crate) properties: Vec<Property>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AddAuthor {
    pub(crate) author: u32,
    pub(crate) identity: String,
    pub(crate) name: String,
    pub(crate) session_key: [u8; SESSION_KEY_BYTES],
}

/// Ops of one author with their place in the order: op i has revision `first_revision + i`.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    pub(crate) first_revision: u64,
    pub(crate) author: u32,
    pub(crate) client_seq: u64,
    pub(crate) committed_ms: u64,
    pub(crate) ops: Vec<Op>,
}

impl Op {
    /// The object that the op touches.
    pub(crate) fn id(&self) -> Option<ObjectId> {
        match self {
            Self::Create(create) => Some(create.id),
            Self::Set { id, .. }
            | Self::StrokeAppend { id, .. }
            | Self::StrokeEnd { id }
            | Self::SetDeleted { id, .. } => Some(*id),
            Self::AddAuthor(_) => None,
        }
    }

    pub(crate) fn many_from_wire(ops: &[v1::Op]) -> Result<Vec<Self>, OpError> {
        ops.iter().map(Self::try_from).collect()
    }
}

impl TryFrom<&v1::Op> for Op {
    type Error = OpError;

    fn try_from(op: &v1::Op) -> Result<Self, OpError> {
        let Some(v1::op::Op::AuthorAdded(added)) = &op.op else {
            validate_op(op)?;
            return Ok(from_valid(op)?);
        };
        Ok(Self::AddAuthor(added.try_into()?))
    }
}

/// Converts what [`validate_op`] passed.
fn from_valid(op: &v1::Op) -> Result<Op, WireError> {
    use v1::op::Op as Wire;
    Ok(match required("op", &op.op)? {
        Wire::Create(create) => Op::Create(create.try_into()?),
        Wire::Set(set) => Op::Set {
            id: id_from_wire(&set.id)?,
            property: required("set.property", &set.property)?.try_into()?,
        },
        Wire::StrokeAppend(append) => Op::StrokeAppend {
            id: id_from_wire(&append.id)?,
            chunk: Chunk::from_wire(required("stroke_append.points", &append.points)?)?,
        },
        Wire::StrokeEnd(end) => Op::StrokeEnd {
            id: id_from_wire(&end.id)?,
        },
        Wire::SetDeleted(set) => Op::SetDeleted {
            id: id_from_wire(&set.id)?,
            deleted: set.deleted,
        },
        Wire::AuthorAdded(added) => Op::AddAuthor(added.try_into()?),
    })
}

impl TryFrom<&v1::Create> for Create {
    type Error = WireError;

    fn try_from(create: &v1::Create) -> Result<Self, WireError> {
        let properties: Result<Vec<Property>, _> =
            create.properties.iter().map(Property::try_from).collect();
        Ok(Self {
            id: id_from_wire(&create.id)?,
            kind: Kind::from_wire(create.kind)?,
            frame: required("create.frame", &create.frame)?.into(),
            properties: last_of_each(properties?),
        })
    }
}

/// Keeps the last value of each property: what counts in the end, and a bound on the size of a create.
fn last_of_each(properties: Vec<Property>) -> Vec<Property> {
    let mut kept: Vec<Property> = Vec::new();
    for property in properties {
        kept.retain(|other| other.key() != property.key());
        kept.push(property);
    }
    kept
}

impl TryFrom<&v1::AuthorAdded> for AddAuthor {
    type Error = WireError;

    fn try_from(added: &v1::AuthorAdded) -> Result<Self, WireError> {
        let field = "author_added.author";
        Ok(Self {
            author: Some(added.author)
                .filter(|&author| author > 0)
                .ok_or(WireError::OutOfRange { field })?,
            identity: added.identity.clone(),
            name: added.name.clone(),
            session_key: session_key_from_wire(&added.session_key)?,
        })
    }
}

pub(crate) fn session_key_from_wire(key: &[u8]) -> Result<[u8; SESSION_KEY_BYTES], WireError> {
    let field = "session_key";
    key.try_into().map_err(|_| WireError::OutOfRange { field })
}

impl TryFrom<&v1::CommittedBatch> for Batch {
    type Error = ApplyError;

    fn try_from(batch: &v1::CommittedBatch) -> Result<Self, ApplyError> {
        let ops: Result<Vec<Op>, _> = (batch.first_revision..)
            .zip(&batch.ops)
            .map(|(revision, op)| {
                Op::try_from(op).map_err(|source| ApplyError::Op { revision, source })
            })
            .collect();
        Ok(Self {
            first_revision: batch.first_revision,
            author: batch.author,
            client_seq: batch.client_seq,
            committed_ms: batch.committed_ms,
            ops: ops?,
        })
    }
}

impl From<&Op> for v1::Op {
    fn from(op: &Op) -> Self {
        use v1::op::Op as Wire;
        let op = match op {
            Op::Create(create) => Wire::Create(create.into()),
            Op::Set { id, property } => Wire::Set(v1::Set {
                id: Some(id.into()),
                property: Some(property.into()),
            }),
            Op::StrokeAppend { id, chunk } => Wire::StrokeAppend(v1::StrokeAppend {
                id: Some(id.into()),
                points: chunk.to_wire(),
            }),
            Op::StrokeEnd { id } => Wire::StrokeEnd(v1::StrokeEnd {
                id: Some(id.into()),
            }),
            Op::SetDeleted { id, deleted } => Wire::SetDeleted(v1::SetDeleted {
                id: Some(id.into()),
                deleted: *deleted,
            }),
            Op::AddAuthor(added) => Wire::AuthorAdded(added.into()),
        };
        Self { op: Some(op) }
    }
}

impl From<&Create> for v1::Create {
    fn from(create: &Create) -> Self {
        Self {
            id: Some((&create.id).into()),
            kind: create.kind.to_wire(),
            frame: Some((&create.frame).into()),
            properties: create.properties.iter().map(Into::into).collect(),
        }
    }
}

impl From<&AddAuthor> for v1::AuthorAdded {
    fn from(added: &AddAuthor) -> Self {
        Self {
            author: added.author,
            identity: added.identity.clone(),
            name: added.name.clone(),
            session_key: added.session_key.to_vec().into(),
        }
    }
}

pub(crate) fn required<'a, T>(
    field: &'static str,
    value: &'a Option<T>,
) -> Result<&'a T, WireError> {
    value.as_ref().ok_or(WireError::Missing { field })
}

pub(crate) fn id_from_wire(id: &Option<v1::ObjectId>) -> Result<ObjectId, WireError> {
    let id = required("id", id)?;
    ObjectId::new(id.author, id.counter).ok_or(WireError::OutOfRange { field: "id" })
}

impl From<&ObjectId> for v1::ObjectId {
    fn from(id: &ObjectId) -> Self {
        Self {
            author: id.author(),
            counter: id.counter(),
        }
    }
}

impl Kind {
    pub(crate) fn from_wire(kind: i32) -> Result<Self, WireError> {
        match v1::Kind::try_from(kind) {
            Ok(v1::Kind::Brush) => Ok(Self::Brush),
            Ok(v1::Kind::Rectangle) => Ok(Self::Rectangle),
            Ok(v1::Kind::Ellipse) => Ok(Self::Ellipse),
            Ok(v1::Kind::Arrow) => Ok(Self::Arrow),
            Ok(v1::Kind::Text) => Ok(Self::Text),
            Ok(v1::Kind::Unspecified) | Err(_) => Err(WireError::OutOfRange { field: "kind" }),
        }
    }

    pub(crate) fn to_wire(self) -> i32 {
        let kind = match self {
            Self::Brush => v1::Kind::Brush,
            Self::Rectangle => v1::Kind::Rectangle,
            Self::Ellipse => v1::Kind::Ellipse,
            Self::Arrow => v1::Kind::Arrow,
            Self::Text => v1::Kind::Text,
        };
        kind.into()
    }
}

impl From<&v1::FrameStamp> for FrameStamp {
    fn from(stamp: &v1::FrameStamp) -> Self {
        Self {
            publication: stamp.publication.clone(),
            rtp_timestamp: stamp.rtp_timestamp,
            frame_index: stamp.frame_index,
            epoch: stamp.epoch,
        }
    }
}

impl From<&FrameStamp> for v1::FrameStamp {
    fn from(stamp: &FrameStamp) -> Self {
        Self {
            publication: stamp.publication.clone(),
            rtp_timestamp: stamp.rtp_timestamp,
            frame_index: stamp.frame_index,
            epoch: stamp.epoch,
        }
    }
}

impl From<v1::Point> for Point {
    fn from(point: v1::Point) -> Self {
        Self {
            x: point.x,
            y: point.y,
        }
    }
}

impl From<Point> for v1::Point {
    fn from(point: Point) -> Self {
        Self {
            x: point.x,
            y: point.y,
        }
    }
}

impl TryFrom<&v1::Property> for Property {
    type Error = WireError;

    fn try_from(property: &v1::Property) -> Result<Self, WireError> {
        use v1::property::Value;
        Ok(match required("property.value", &property.value)? {
            Value::Color(color) => Self::Color(*color),
            Value::Width(width) => Self::Width(*width),
            Value::Start(start) => Self::Start((*start).into()),
            Value::End(end) => Self::End((*end).into()),
            Value::Text(text) => Self::Text(text.clone()),
        })
    }
}

impl From<&Property> for v1::Property {
    fn from(property: &Property) -> Self {
        use v1::property::Value;
        let value = match property {
            Property::Color(color) => Value::Color(*color),
            Property::Width(width) => Value::Width(*width),
            Property::Start(start) => Value::Start((*start).into()),
            Property::End(end) => Value::End((*end).into()),
            Property::Text(text) => Value::Text(text.clone()),
        };
        Self { value: Some(value) }
    }
}
