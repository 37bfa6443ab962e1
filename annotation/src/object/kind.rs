//! The kinds of objects.

/// The kind of an object.
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
    /// A line from `start` to `end`.
    Line,
    /// A closed polygon; the points of its stroke are its vertices.
    Polygon,
    /// A place at `start` where a thread of replies begins.
    Pin,
    /// A rectangle between `start` and `end` that hides the picture below it.
    Redaction,
    /// A built-in picture between `start` and `end`.
    Stamp,
    /// Text in the thread of a pin.
    Reply,
    /// A kind that this build does not know, by its number on the wire. It is kept as it is.
    Other(u32),
}

impl Kind {
    /// Returns true if an object of this kind has points. An object of an unknown kind may have
    /// some.
    pub fn has_points(self) -> bool {
        matches!(self, Self::Brush | Self::Polygon | Self::Other(_))
    }
}
