//! The values of an object's properties.

use super::{FrameRange, Key, Object, OrderKey, Point, Property, Status};

/// Reads the value of a property, or what it is while unset.
macro_rules! value {
    ($object:expr, $key:ident, $unset:expr) => {
        match $object.properties.get(Key::$key) {
            Some(Property::$key(value)) => value.clone(),
            _ => $unset,
        }
    };
}

impl Object {
    /// Returns the value of a property.
    pub fn value(&self, key: Key) -> Property {
        let value = self.properties.get(key).cloned();
        value.unwrap_or_else(|| Property::unset(key))
    }

    /// Returns true if a property has the same value in both.
    pub(crate) fn same(&self, other: &Self, key: Key) -> bool {
        self.properties.get(key) == other.properties.get(key)
    }

    /// See [`Property::Color`].
    pub fn color(&self) -> u32 {
        value!(self, Color, 0)
    }

    /// See [`Property::Width`].
    pub fn width(&self) -> u32 {
        value!(self, Width, 1)
    }

    /// See [`Property::Start`].
    pub fn start(&self) -> Point {
        value!(self, Start, Point::default())
    }

    /// See [`Property::End`].
    pub fn end(&self) -> Point {
        value!(self, End, Point::default())
    }

    /// See [`Property::Text`].
    pub fn text(&self) -> &str {
        self.words(Key::Text)
    }

    /// See [`Property::Softness`].
    pub fn softness(&self) -> u32 {
        value!(self, Softness, 0)
    }

    /// See [`Property::Hold`].
    pub fn hold(&self) -> Option<FrameRange> {
        value!(self, Hold, None)
    }

    /// See [`Property::Order`]; `None`: as created.
    pub fn order(&self) -> Option<&OrderKey> {
        match self.properties.get(Key::Order) {
            Some(Property::Order(key)) => Some(key),
            _ => None,
        }
    }

    /// See [`Property::Status`].
    pub fn status(&self) -> Status {
        value!(self, Status, Status::default())
    }

    /// See [`Property::Assignee`].
    pub fn assignee(&self) -> &str {
        self.words(Key::Assignee)
    }

    /// See [`Property::Redaction`].
    pub fn redaction(&self) -> u32 {
        value!(self, Redaction, 0)
    }

    /// See [`Property::Stamp`].
    pub fn stamp(&self) -> &str {
        self.words(Key::Stamp)
    }

    /// See [`Property::Offset`].
    pub fn offset(&self) -> Point {
        value!(self, Offset, Point::default())
    }

    /// Returns true if it is deleted: kept, not shown.
    pub fn deleted(&self) -> bool {
        value!(self, Deleted, false)
    }

    fn words(&self, key: Key) -> &str {
        match self.properties.get(key) {
            Some(Property::Text(words) | Property::Assignee(words) | Property::Stamp(words)) => {
                words
            }
            _ => "",
        }
    }
}
