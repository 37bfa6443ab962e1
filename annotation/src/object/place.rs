//! The identity of an object, and its place on the picture and in time.

use std::sync::Arc;

/// Identity of an object: the author's number and the author's own counter, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    author: u32,
    counter: u32,
}

impl ObjectId {
    /// Makes an id; `None` if a part is 0.
    pub fn new(author: u32, counter: u32) -> Option<Self> {
        (author > 0 && counter > 0).then_some(Self { author, counter })
    }

    /// Returns the number of the author who created the object.
    pub fn author(self) -> u32 {
        self.author
    }

    /// Returns the author's own count of objects.
    pub fn counter(self) -> u32 {
        self.counter
    }
}

/// A place on the picture: 16384 units per picture width in both directions, from the
/// upper left corner, signed.
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

/// The picture an author saw at pointer-down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FrameStamp {
    /// Media of that picture; empty when there was none, and in stamps that are older than media.
    /// The objects of a document share it.
    pub media: Arc<str>,
    /// Publication by which the picture came; empty if there was none. If there is a frame number
    /// it is a hint only. The objects of a document share it.
    pub publication: Arc<str>,
    /// Unwrapped RTP timestamp of that picture, 90 kHz.
    pub rtp_timestamp: i64,
    /// Frame number, if the publication carries a frame map.
    pub frame_index: Option<u32>,
    /// Epoch of the frame map that gave `frame_index`.
    pub epoch: u32,
    /// True if it may be the picture before or after this one.
    pub uncertain: bool,
}

impl FrameStamp {
    /// Returns what the frame number counts, and the number, if there is one.
    pub fn index(&self) -> Option<(FramesOf, u32)> {
        let of = match self.media.is_empty() {
            true => FramesOf::Publication(self.publication.clone()),
            false => FramesOf::Media(self.media.clone()),
        };
        Some((of, self.frame_index?))
    }

    /// Returns the frame number, if it counts these frames.
    pub(crate) fn index_in(&self, of: &FramesOf) -> Option<u32> {
        let (own, index) = self.index()?;
        (own == *of).then_some(index)
    }
}

/// Whose frames a frame number counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FramesOf {
    /// Those of a publication: a stamp without a media knows no more. Publications end, and their
    /// names with them.
    Publication(Arc<str>),
    /// Those of a media.
    Media(Arc<str>),
}

/// Frames from the first to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameRange {
    /// Frame number of the first.
    pub first: u32,
    /// Frame number of the last, not below the first.
    pub last: u32,
}

impl FrameRange {
    pub(crate) fn contains(self, frame: u32) -> bool {
        (self.first..=self.last).contains(&frame)
    }
}
