//! Parts of objects from and to the wire.

use super::{
    FrameRange, FrameStamp, FramesOf, Key, Kind, ObjectId, OrderKey, Point, Property, Status,
};
use fmz_proto::{WireError, v1, validate_property};

pub(crate) fn required<'a, T>(
    field: &'static str,
    value: &'a Option<T>,
) -> Result<&'a T, WireError> {
    value.as_ref().ok_or(WireError::Missing { field })
}

pub(crate) fn id_from_wire(id: &Option<v1::ObjectId>) -> Result<ObjectId, WireError> {
    required("id", id)?.try_into()
}

pub(crate) fn many_ids_from_wire(ids: &[v1::ObjectId]) -> Result<Vec<ObjectId>, WireError> {
    ids.iter().map(ObjectId::try_from).collect()
}

pub(crate) fn key_from_wire(key: i32) -> Result<Key, WireError> {
    use v1::Key as Wire;
    Ok(match Wire::try_from(key) {
        Ok(Wire::Color) => Key::Color,
        Ok(Wire::Width) => Key::Width,
        Ok(Wire::Start) => Key::Start,
        Ok(Wire::End) => Key::End,
        Ok(Wire::Text) => Key::Text,
        Ok(Wire::Softness) => Key::Softness,
        Ok(Wire::Hold) => Key::Hold,
        Ok(Wire::Order) => Key::Order,
        Ok(Wire::Status) => Key::Status,
        Ok(Wire::Assignee) => Key::Assignee,
        Ok(Wire::Redaction) => Key::Redaction,
        Ok(Wire::Stamp) => Key::Stamp,
        Ok(Wire::Offset) => Key::Offset,
        Ok(Wire::Deleted) => Key::Deleted,
        Ok(Wire::Unspecified) | Err(_) => return Err(WireError::OutOfRange { field: "key" }),
    })
}

impl Key {
    pub(crate) fn to_wire(self) -> i32 {
        self as i32
    }
}

/// Reads an id, of an op or of a question from outside.
impl TryFrom<&v1::ObjectId> for ObjectId {
    type Error = WireError;

    fn try_from(id: &v1::ObjectId) -> Result<Self, WireError> {
        Self::new(id.author, id.counter).ok_or(WireError::OutOfRange { field: "id" })
    }
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
        use v1::Kind as Wire;
        let out_of_range = WireError::OutOfRange { field: "kind" };
        Ok(match Wire::try_from(kind) {
            Ok(Wire::Brush) => Self::Brush,
            Ok(Wire::Rectangle) => Self::Rectangle,
            Ok(Wire::Ellipse) => Self::Ellipse,
            Ok(Wire::Arrow) => Self::Arrow,
            Ok(Wire::Text) => Self::Text,
            Ok(Wire::Line) => Self::Line,
            Ok(Wire::Polygon) => Self::Polygon,
            Ok(Wire::Pin) => Self::Pin,
            Ok(Wire::Redaction) => Self::Redaction,
            Ok(Wire::Stamp) => Self::Stamp,
            Ok(Wire::Reply) => Self::Reply,
            Ok(Wire::Unspecified) => return Err(out_of_range),
            Err(_) => Self::Other(kind.try_into().map_err(|_| out_of_range)?),
        })
    }

    pub(crate) fn to_wire(self) -> i32 {
        use v1::Kind as Wire;
        let kind = match self {
            Self::Brush => Wire::Brush,
            Self::Rectangle => Wire::Rectangle,
            Self::Ellipse => Wire::Ellipse,
            Self::Arrow => Wire::Arrow,
            Self::Text => Wire::Text,
            Self::Line => Wire::Line,
            Self::Polygon => Wire::Polygon,
            Self::Pin => Wire::Pin,
            Self::Redaction => Wire::Redaction,
            Self::Stamp => Wire::Stamp,
            Self::Reply => Wire::Reply,
            Self::Other(number) => return number.cast_signed(),
        };
        kind.into()
    }
}

impl Status {
    fn from_wire(status: i32) -> Result<Self, WireError> {
        Ok(match v1::Status::try_from(status) {
            Ok(v1::Status::Open) => Self::Open,
            Ok(v1::Status::InProgress) => Self::InProgress,
            Ok(v1::Status::Resolved) => Self::Resolved,
            Ok(v1::Status::Approved) => Self::Approved,
            Ok(v1::Status::Rejected) => Self::Rejected,
            Err(_) => return Err(WireError::OutOfRange { field: "status" }),
        })
    }

    pub(crate) fn to_wire(self) -> i32 {
        let status = match self {
            Self::Open => v1::Status::Open,
            Self::InProgress => v1::Status::InProgress,
            Self::Resolved => v1::Status::Resolved,
            Self::Approved => v1::Status::Approved,
            Self::Rejected => v1::Status::Rejected,
        };
        status.into()
    }
}

impl From<&v1::FrameStamp> for FrameStamp {
    fn from(stamp: &v1::FrameStamp) -> Self {
        Self {
            media: stamp.media.as_str().into(),
            publication: stamp.publication.as_str().into(),
            rtp_timestamp: stamp.rtp_timestamp,
            frame_index: stamp.frame_index,
            epoch: stamp.epoch,
            uncertain: stamp.uncertain,
        }
    }
}

impl From<&FrameStamp> for v1::FrameStamp {
    fn from(stamp: &FrameStamp) -> Self {
        Self {
            media: stamp.media.as_ref().into(),
            publication: stamp.publication.as_ref().into(),
            rtp_timestamp: stamp.rtp_timestamp,
            frame_index: stamp.frame_index,
            epoch: stamp.epoch,
            uncertain: stamp.uncertain,
        }
    }
}

impl FramesOf {
    /// Reads what names either of both. A media wins: nobody writes the two.
    pub(crate) fn from_wire(publication: &str, media: &str) -> Self {
        match media {
            "" => Self::Publication(publication.into()),
            media => Self::Media(media.into()),
        }
    }

    /// Returns publication and media as messages have them.
    pub(crate) fn names(&self) -> (String, String) {
        match self {
            Self::Publication(publication) => (publication.as_ref().into(), String::new()),
            Self::Media(media) => (String::new(), media.as_ref().into()),
        }
    }

    pub(crate) fn to_wire(&self, frames: FrameRange) -> v1::FrameScope {
        let (publication, media) = self.names();
        v1::FrameScope {
            publication,
            frames: Some(frames.into()),
            media,
        }
    }
}

impl From<&v1::FrameScope> for FramesOf {
    fn from(scope: &v1::FrameScope) -> Self {
        Self::from_wire(&scope.publication, &scope.media)
    }
}

impl From<v1::FrameRange> for FrameRange {
    fn from(range: v1::FrameRange) -> Self {
        let v1::FrameRange { first, last } = range;
        Self { first, last }
    }
}

impl From<FrameRange> for v1::FrameRange {
    fn from(range: FrameRange) -> Self {
        let FrameRange { first, last } = range;
        Self { first, last }
    }
}

impl From<v1::Point> for Point {
    fn from(point: v1::Point) -> Self {
        let v1::Point { x, y } = point;
        Self { x, y }
    }
}

impl From<Point> for v1::Point {
    fn from(point: Point) -> Self {
        let Point { x, y } = point;
        Self { x, y }
    }
}

impl TryFrom<&v1::Property> for Property {
    type Error = WireError;

    fn try_from(property: &v1::Property) -> Result<Self, WireError> {
        use v1::property::Value;
        validate_property(property)?;
        Ok(match required("property.value", &property.value)? {
            Value::Color(color) => Self::Color(*color),
            Value::Width(width) => Self::Width(*width),
            Value::Start(start) => Self::Start((*start).into()),
            Value::End(end) => Self::End((*end).into()),
            Value::Text(text) => Self::Text(text.clone()),
            Value::Softness(percent) => Self::Softness(*percent),
            Value::Hold(hold) => Self::Hold(hold.range.map(Into::into)),
            Value::Order(key) => Self::Order(OrderKey(key.to_vec())),
            Value::Status(status) => Self::Status(Status::from_wire(*status)?),
            Value::Assignee(who) => Self::Assignee(who.clone()),
            Value::Redaction(radius) => Self::Redaction(*radius),
            Value::Stamp(name) => Self::Stamp(name.clone()),
            Value::Offset(offset) => Self::Offset((*offset).into()),
            Value::Deleted(deleted) => Self::Deleted(*deleted),
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
            Property::Softness(percent) => Value::Softness(*percent),
            Property::Hold(range) => Value::Hold(v1::Hold {
                range: range.map(Into::into),
            }),
            Property::Order(key) => Value::Order(key.0.clone().into()),
            Property::Status(status) => Value::Status(status.to_wire()),
            Property::Assignee(who) => Value::Assignee(who.clone()),
            Property::Redaction(radius) => Value::Redaction(*radius),
            Property::Stamp(name) => Value::Stamp(name.clone()),
            Property::Offset(offset) => Value::Offset((*offset).into()),
            Property::Deleted(deleted) => Value::Deleted(*deleted),
        };
        Self { value: Some(value) }
    }
}
