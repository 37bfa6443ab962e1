//! Questions about the objects and frames of a document.

use super::Document;
use crate::object::{FramesOf, Object, ObjectId};
use crate::version::FrameHistory;
use std::ops::RangeInclusive;

impl Document {
    /// Returns an object, deleted or not.
    pub fn object(&self, id: ObjectId) -> Option<&Object> {
        self.objects.get(&id)
    }

    /// Returns all objects in order of id, deleted ones included.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        self.objects.values()
    }

    /// Returns all objects in drawing order, deleted ones included.
    pub fn drawing_order(&self) -> impl Iterator<Item = &Object> {
        self.order.values().filter_map(|id| self.objects.get(id))
    }

    /// Returns what happened on one frame, if anything did.
    pub fn frame_history(&self, of: &FramesOf, frame: u32) -> Option<&FrameHistory> {
        self.frames.frame(of, frame)
    }

    /// Returns the frames within a range on which anything happened, in order.
    pub fn frames(
        &self,
        of: &FramesOf,
        range: RangeInclusive<u32>,
    ) -> impl Iterator<Item = (u32, &FrameHistory)> {
        self.frames.frames(of, range)
    }

    /// Returns the number of objects, deleted ones included.
    pub fn object_count(&self) -> usize {
        self.objects.len()
    }

    /// Bytes of points and text, see [`crate::limits::CONTENT_BYTES_MAX`].
    pub fn content_bytes(&self) -> usize {
        self.content_bytes
    }
}
