//! Where a stroke has come to.

use super::Chunk;
use super::nib::{Nib, PointsHash};
use crate::OpError;
use fmz_proto::{WireError, v1};

/// What must be known of a stroke to judge the next points.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StrokeTip {
    pub(crate) count: usize,
    pub(super) nib: Nib,
    pub(super) hash: PointsHash,
    pub(super) ended: bool,
}

/// What a stroke's end says of its points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StrokeSum {
    points: u32,
    hash: u64,
}

impl StrokeSum {
    pub(crate) fn to_wire(self, id: v1::ObjectId) -> v1::StrokeEnd {
        let Self { points, hash } = self;
        v1::StrokeEnd {
            id: Some(id),
            points,
            hash,
        }
    }
}

impl From<&v1::StrokeEnd> for StrokeSum {
    fn from(end: &v1::StrokeEnd) -> Self {
        let v1::StrokeEnd { points, hash, .. } = *end;
        Self { points, hash }
    }
}

impl StrokeTip {
    pub(crate) fn append(&mut self, chunk: &Chunk) -> Result<(), OpError> {
        if self.ended {
            return Err(OpError::StrokeEnded);
        }
        Ok(self.walk(chunk)?)
    }

    pub(crate) fn end(&mut self, sum: StrokeSum) -> Result<(), OpError> {
        if self.ended {
            return Err(OpError::StrokeEnded);
        }
        if sum != self.sum() {
            return Err(OpError::StrokeMismatch);
        }
        self.ended = true;
        Ok(())
    }

    pub(crate) fn walk(&mut self, chunk: &Chunk) -> Result<(), WireError> {
        let hash = &mut self.hash;
        chunk.walk(&mut self.nib, |nib| hash.push(nib))?;
        self.count += chunk.len();
        Ok(())
    }

    pub(crate) fn sum(&self) -> StrokeSum {
        StrokeSum {
            points: u32::try_from(self.count).unwrap_or(u32::MAX),
            hash: self.hash.value(),
        }
    }
}
