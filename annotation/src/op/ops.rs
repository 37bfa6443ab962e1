//! Ops of one sender, converted from the wire once.

use super::{Op, wire};
use crate::OpError;
use fmz_proto::limits::BATCH_OPS_MAX;
use fmz_proto::{EncodedOps, ValidOps, WireError, v1};

/// Ops of one sender, at least one, with their one encoding beside them.
///
/// Each field was checked and converted when they were made, so a document checks no more than
/// whether they fit what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ops {
    ops: Vec<Op>,
    encoded: EncodedOps,
}

impl Ops {
    /// Converts ops that were checked when a client's frame was read.
    ///
    /// # Errors
    /// [`WireError`] for the first op that is none. What the checks passed never is one.
    pub fn read(valid: ValidOps) -> Result<Self, WireError> {
        Self::convert(valid.into_inner(), wire::from_valid)
    }

    /// Checks and converts ops that came by another way: from a command, or from the server
    /// itself.
    ///
    /// # Errors
    /// [`OpError::Field`] if there is no op or more than [`BATCH_OPS_MAX`], and for the first field
    /// that is missing or out of range.
    pub fn check(ops: Vec<v1::Op>) -> Result<Self, OpError> {
        if !(1..=BATCH_OPS_MAX).contains(&ops.len()) {
            return Err(WireError::OutOfRange { field: "ops.ops" }.into());
        }
        Self::convert(ops, |op| Op::try_from(op))
    }

    fn convert<E>(
        wire: Vec<v1::Op>,
        convert: impl Fn(&v1::Op) -> Result<Op, E>,
    ) -> Result<Self, E> {
        let ops: Result<Vec<_>, _> = wire.iter().map(convert).collect();
        Ok(Self {
            ops: ops?,
            encoded: EncodedOps::new(wire),
        })
    }

    /// Changes the ops, and encodes them again. Their number stays.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut [Op])) {
        change(&mut self.ops);
        self.encoded = EncodedOps::new(self.to_wire());
    }

    /// Returns how many ops there are, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "there is always an op")]
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// Returns the ops as messages.
    pub fn to_wire(&self) -> Vec<v1::Op> {
        self.ops.iter().map(Into::into).collect()
    }

    pub(crate) fn as_slice(&self) -> &[Op] {
        &self.ops
    }

    pub(crate) fn into_parts(self) -> (Vec<Op>, EncodedOps) {
        (self.ops, self.encoded)
    }
}
