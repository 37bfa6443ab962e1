//! A stroke as its author knows it.

use super::{Chunk, StrokeTip};
use fmz_proto::{WireError, v1};

/// A stroke as its author draws it, for programs that write ops without a replica.
#[derive(Debug, Clone, Default)]
pub struct Drawn(StrokeTip);

impl Drawn {
    /// Takes note of the points of an append, in the order of the appends.
    ///
    /// # Errors
    /// [`WireError`] if they are malformed or out of range.
    pub fn append(&mut self, points: &v1::StrokePoints) -> Result<(), WireError> {
        self.0.walk(&Chunk::from_wire(points)?)
    }

    /// Returns the end of the stroke: how many points it has, and their hash.
    pub fn end(&self, id: v1::ObjectId) -> v1::StrokeEnd {
        self.0.sum().to_wire(id)
    }
}
