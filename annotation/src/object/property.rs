//! The properties of an object: the values that can be changed.

use super::{FrameRange, OrderKey, Point};

/// A property, which has a last writer of its own. The numbers are those of the wire and the order
/// everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// See [`Property::Color`].
    Color = 1,
    /// See [`Property::Width`].
    Width = 2,
    /// See [`Property::Start`].
    Start = 3,
    /// See [`Property::End`].
    End = 4,
    /// See [`Property::Text`].
    Text = 5,
    /// See [`Property::Softness`].
    Softness = 6,
    /// See [`Property::Hold`].
    Hold = 7,
    /// See [`Property::Order`].
    Order = 8,
    /// See [`Property::Status`].
    Status = 9,
    /// See [`Property::Assignee`].
    Assignee = 10,
    /// See [`Property::Redaction`].
    Redaction = 11,
    /// See [`Property::Stamp`].
    Stamp = 12,
    /// See [`Property::Offset`].
    Offset = 13,
    /// See [`Property::Deleted`].
    Deleted = 14,
}

impl Key {
    /// All of them, in order.
    pub const ALL: [Self; 14] = [
        Self::Color,
        Self::Width,
        Self::Start,
        Self::End,
        Self::Text,
        Self::Softness,
        Self::Hold,
        Self::Order,
        Self::Status,
        Self::Assignee,
        Self::Redaction,
        Self::Stamp,
        Self::Offset,
        Self::Deleted,
    ];
}

/// The state of a thread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Status {
    /// Nobody has taken it up.
    #[default]
    Open,
    /// Somebody works on it.
    InProgress,
    /// It is done.
    Resolved,
    /// It was done and accepted.
    Approved,
    /// It was done and not accepted.
    Rejected,
}

/// A property with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Property {
    /// RGBA, 8 bits each, red highest.
    Color(u32),
    /// Stroke width or text height, grid units.
    Width(u32),
    /// First corner, tail of an arrow, baseline start of a text.
    Start(Point),
    /// Opposite corner, head of an arrow.
    End(Point),
    /// The words of a text or a reply.
    Text(String),
    /// Softness of a brush's edge, percent 0..=100.
    Softness(u32),
    /// The frames on which the object is seen; `None` for its own only.
    Hold(Option<FrameRange>),
    /// Place in the drawing order.
    Order(OrderKey),
    /// State of the thread.
    Status(Status),
    /// Identity of the person who is to act; empty if nobody is.
    Assignee(String),
    /// Blur radius of a redaction in grid units; 0 for a solid one.
    Redaction(u32),
    /// Name of a built-in stamp.
    Stamp(String),
    /// Sum of all moves. Everything of the object is drawn shifted by it.
    Offset(Point),
    /// True if the object is hidden.
    Deleted(bool),
}

impl Property {
    /// Returns which property this is.
    pub fn key(&self) -> Key {
        match self {
            Self::Color(_) => Key::Color,
            Self::Width(_) => Key::Width,
            Self::Start(_) => Key::Start,
            Self::End(_) => Key::End,
            Self::Text(_) => Key::Text,
            Self::Softness(_) => Key::Softness,
            Self::Hold(_) => Key::Hold,
            Self::Order(_) => Key::Order,
            Self::Status(_) => Key::Status,
            Self::Assignee(_) => Key::Assignee,
            Self::Redaction(_) => Key::Redaction,
            Self::Stamp(_) => Key::Stamp,
            Self::Offset(_) => Key::Offset,
            Self::Deleted(_) => Key::Deleted,
        }
    }

    /// Returns the value of a property that was never set.
    pub fn unset(key: Key) -> Self {
        match key {
            Key::Color => Self::Color(0),
            // The thinnest that can be set.
            Key::Width => Self::Width(1),
            Key::Start => Self::Start(Point::default()),
            Key::End => Self::End(Point::default()),
            Key::Text => Self::Text(String::new()),
            Key::Softness => Self::Softness(0),
            Key::Hold => Self::Hold(None),
            Key::Order => Self::Order(OrderKey::default()),
            Key::Status => Self::Status(Status::default()),
            Key::Assignee => Self::Assignee(String::new()),
            Key::Redaction => Self::Redaction(0),
            Key::Stamp => Self::Stamp(String::new()),
            Key::Offset => Self::Offset(Point::default()),
            Key::Deleted => Self::Deleted(false),
        }
    }

    /// Returns true if every author may set it on a pin.
    pub(crate) fn is_of_thread(&self) -> bool {
        matches!(self, Self::Status(_) | Self::Assignee(_))
    }

    pub(crate) fn content_bytes(&self) -> usize {
        match self {
            Self::Text(text) | Self::Assignee(text) | Self::Stamp(text) => text.len(),
            _ => 0,
        }
    }
}

/// Values by key. One that was never set takes no space.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Properties(Vec<Property>);

impl Properties {
    pub(crate) fn get(&self, key: Key) -> Option<&Property> {
        self.find(key).ok().map(|at| &self.0[at])
    }

    pub(crate) fn set(&mut self, property: Property) {
        let unset = property == Property::unset(property.key());
        match (self.find(property.key()), unset) {
            (Ok(at), true) => drop(self.0.remove(at)),
            (Ok(at), false) => self.0[at] = property,
            (Err(_), true) => {}
            (Err(at), false) => self.0.insert(at, property),
        }
    }

    /// Returns all that were set, in order of their keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Property> {
        self.0.iter()
    }

    fn find(&self, key: Key) -> Result<usize, usize> {
        self.0.binary_search_by_key(&key, Property::key)
    }
}
