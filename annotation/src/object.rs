//! One annotation and its parts.

use crate::Stroke;
use crate::op::{Create, Op};

/// Identity of an object: the author's number and the author's own counter, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    author: u32,
    counter: u32,
}

impl ObjectId {
    /// Makes an id; `None` where a part is 0.
    pub fn new(author: u32, counter: u32) -> Option<Self> {
        (author > 0 && counter > 0).then_some(Self { author, counter })
    }

    /// Number of the author who created the object.
    pub fn author(self) -> u32 {
        self.author
    }

    /// The author's own count of objects.
    pub fn counter(self) -> u32 {
        self.counter
    }
}

/// A place on the picture: 16384 units per picture width in both directions, from the upper left corner, signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Point {
    /// To the right.
    pub x: i32,
    /// Downward.
    pub y: i32,
}

impl Point {
    pub(crate) fn saturating_add(self, delta: Self) -> Self {
        Self {
            x: self.x.saturating_add(delta.x),
            y: self.y.saturating_add(delta.y),
        }
    }

    pub(crate) fn saturating_sub(self, from: Self) -> Self {
        Self {
            x: self.x.saturating_sub(from.x),
            y: self.y.saturating_sub(from.y),
        }
    }

    pub(crate) fn is_within(self, limit: i32) -> bool {
        (-limit..=limit).contains(&self.x) && (-limit..=limit).contains(&self.y)
    }
}

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A freehand stroke.
    Brush,
    /// A rectangle between `start` and `end`.
    Rectangle,
    /// The ellipse inside that rectangle.
    Ellipse,
    /// An arrow from `start` to `end`.
    Arrow,
    /// Text whose baseline begins at `start`.
    Text,
}

/// A [`Kind`] with what only that kind has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// See [`Kind::Brush`].
    Brush(Stroke),
    /// See [`Kind::Rectangle`].
    Rectangle,
    /// See [`Kind::Ellipse`].
    Ellipse,
    /// See [`Kind::Arrow`].
    Arrow,
    /// See [`Kind::Text`].
    Text,
}

impl Shape {
    /// Which kind this is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Brush(_) => Kind::Brush,
            Self::Rectangle => Kind::Rectangle,
            Self::Ellipse => Kind::Ellipse,
            Self::Arrow => Kind::Arrow,
            Self::Text => Kind::Text,
        }
    }

    /// The stroke, where this is a brush.
    pub fn stroke(&self) -> Option<&Stroke> {
        match self {
            Self::Brush(stroke) => Some(stroke),
            Self::Rectangle | Self::Ellipse | Self::Arrow | Self::Text => None,
        }
    }

    fn stroke_mut(&mut self) -> Option<&mut Stroke> {
        match self {
            Self::Brush(stroke) => Some(stroke),
            Self::Rectangle | Self::Ellipse | Self::Arrow | Self::Text => None,
        }
    }
}

impl From<Kind> for Shape {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Brush => Self::Brush(Stroke::default()),
            Kind::Rectangle => Self::Rectangle,
            Kind::Ellipse => Self::Ellipse,
            Kind::Arrow => Self::Arrow,
            Kind::Text => Self::Text,
        }
    }
}

/// The picture an author saw at pointer-down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FrameStamp {
    /// Publication whose picture it was; empty when there was none.
    pub publication: String,
    /// Unwrapped RTP timestamp of that picture, 90 kHz.
    pub rtp_timestamp: i64,
    /// Frame number, where the publication carries a frame map.
    pub frame_index: Option<u32>,
    /// Epoch of the frame map that gave `frame_index`.
    pub epoch: u32,
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
    /// The words of a text.
    Text(String),
}

impl Property {
    pub(crate) fn key(&self) -> Key {
        match self {
            Self::Color(_) => Key::Color,
            Self::Width(_) => Key::Width,
            Self::Start(_) => Key::Start,
            Self::End(_) => Key::End,
            Self::Text(_) => Key::Text,
        }
    }

    pub(crate) fn content_bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Color(_) | Self::Width(_) | Self::Start(_) | Self::End(_) => 0,
        }
    }
}

/// What has a last writer of its own, in the order of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// See [`Property::Color`].
    Color,
    /// See [`Property::Width`].
    Width,
    /// See [`Property::Start`].
    Start,
    /// See [`Property::End`].
    End,
    /// See [`Property::Text`].
    Text,
    /// Whether the object is deleted.
    Deleted,
}

impl Key {
    /// All of them, in order.
    pub const ALL: [Self; KEYS] = [
        Self::Color,
        Self::Width,
        Self::Start,
        Self::End,
        Self::Text,
        Self::Deleted,
    ];
}

/// How many [`Key`]s there are.
pub(crate) const KEYS: usize = 6;

/// Who wrote something, and by which revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writer {
    /// Revision of the op; [`PENDING`] while the server has not given one.
    pub revision: u64,
    /// Number of the author; 0 is the server.
    pub author: u32,
}

/// The revision of what the server has not confirmed: later than all others.
pub const PENDING: u64 = u64::MAX;

/// Width of an object that was created without one: the thinnest that can be set.
const WIDTH_UNSET: u32 = 1;

/// An annotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    pub(crate) id: ObjectId,
    pub(crate) shape: Shape,
    pub(crate) frame: FrameStamp,
    pub(crate) created_revision: u64,
    pub(crate) created_ms: u64,
    pub(crate) color: u32,
    pub(crate) width: u32,
    pub(crate) start: Point,
    pub(crate) end: Point,
    pub(crate) text: String,
    pub(crate) deleted: bool,
    pub(crate) writers: [Writer; KEYS],
}

impl Object {
    /// Makes the object that a create describes. `ms` is the server's time, milliseconds since 1970.
    pub(crate) fn new(create: &Create, writer: Writer, ms: u64) -> Self {
        let mut object = Self {
            id: create.id,
            shape: create.kind.into(),
            frame: create.frame.clone(),
            created_revision: writer.revision,
            created_ms: ms,
            color: 0,
            width: WIDTH_UNSET,
            start: Point::default(),
            end: Point::default(),
            text: String::new(),
            deleted: false,
            writers: [writer; KEYS],
        };
        for property in &create.properties {
            object.set(property, writer);
        }
        object
    }

    /// Applies an op on this object; a create, and points for what is no stroke, change nothing.
    pub(crate) fn write(&mut self, op: &Op, writer: Writer) {
        match op {
            Op::Set { property, .. } => self.set(property, writer),
            Op::SetDeleted { deleted, .. } => {
                self.deleted = *deleted;
                self.writers[Key::Deleted as usize] = writer;
            }
            Op::StrokeAppend { chunk, .. } => {
                if let Some(stroke) = self.shape.stroke_mut() {
                    stroke.append(chunk);
                }
            }
            Op::StrokeEnd { .. } => {
                if let Some(stroke) = self.shape.stroke_mut() {
                    stroke.end();
                }
            }
            Op::Create(_) | Op::AddAuthor(_) => {}
        }
    }

    fn set(&mut self, property: &Property, writer: Writer) {
        match property {
            Property::Color(color) => self.color = *color,
            Property::Width(width) => self.width = *width,
            Property::Start(start) => self.start = *start,
            Property::End(end) => self.end = *end,
            Property::Text(text) => self.text.clone_from(text),
        }
        self.writers[property.key() as usize] = writer;
    }

    /// The value that the given property has here.
    pub(crate) fn value_like(&self, property: &Property) -> Property {
        match property {
            Property::Color(_) => Property::Color(self.color),
            Property::Width(_) => Property::Width(self.width),
            Property::Start(_) => Property::Start(self.start),
            Property::End(_) => Property::End(self.end),
            Property::Text(_) => Property::Text(self.text.clone()),
        }
    }

    /// Whether both have the same value there.
    pub(crate) fn same(&self, other: &Self, key: Key) -> bool {
        match key {
            Key::Color => self.color == other.color,
            Key::Width => self.width == other.width,
            Key::Start => self.start == other.start,
            Key::End => self.end == other.end,
            Key::Text => self.text == other.text,
            Key::Deleted => self.deleted == other.deleted,
        }
    }

    pub(crate) fn content_bytes(&self) -> usize {
        self.text.len() + self.shape.stroke().map_or(0, Stroke::content_bytes)
    }

    /// Identity.
    pub fn id(&self) -> ObjectId {
        self.id
    }

    /// Kind, with the points where it is a brush.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The picture it was drawn on.
    pub fn frame(&self) -> &FrameStamp {
        &self.frame
    }

    /// Revision of its create; [`PENDING`] while the server has not given one.
    pub fn created_revision(&self) -> u64 {
        self.created_revision
    }

    /// Server time of its create, milliseconds since 1970; 0 while pending.
    pub fn created_ms(&self) -> u64 {
        self.created_ms
    }

    /// See [`Property::Color`].
    pub fn color(&self) -> u32 {
        self.color
    }

    /// See [`Property::Width`].
    pub fn width(&self) -> u32 {
        self.width
    }

    /// See [`Property::Start`].
    pub fn start(&self) -> Point {
        self.start
    }

    /// See [`Property::End`].
    pub fn end(&self) -> Point {
        self.end
    }

    /// See [`Property::Text`].
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is deleted: kept, not shown.
    pub fn deleted(&self) -> bool {
        self.deleted
    }

    /// Who wrote a property last.
    pub fn writer(&self, key: Key) -> Writer {
        self.writers[key as usize]
    }
}
