//! Batches that pages made, and what is known of their fate.

use fmz_proto::v1::{Op, OpBatch};
use std::collections::BTreeMap;

/// An author's number and the number of its batch.
pub(super) type Key = (u32, u64);

#[derive(Debug)]
pub(super) struct Claim {
    pub(super) ops: Vec<Op>,
    /// Highest revision that any page had been shown when this batch was sent first.
    pub(super) floor: u64,
    /// Whether the batch is in the judge's log.
    pub(super) committed: bool,
    /// Whether the server refused the batch.
    pub(super) refused: bool,
    /// Whether the page was told of the refusal.
    pub(super) told: bool,
    /// Whether the page dropped the batch by itself because it had become impossible.
    pub(super) dropped: bool,
}

#[derive(Debug, Default)]
pub(super) struct Claims {
    pub(super) made: BTreeMap<Key, Claim>,
    /// Highest revision that an author knows to be its own.
    pub(super) acknowledged: u64,
}

impl Claims {
    pub(super) fn make(&mut self, author: u32, batch: &OpBatch) {
        let claim = Claim {
            ops: batch.ops.clone(),
            floor: self.acknowledged,
            committed: false,
            refused: false,
            told: false,
            dropped: false,
        };
        self.made.insert((author, batch.client_seq), claim);
    }

    pub(super) fn get(&mut self, author: u32, client_seq: u64) -> Option<&mut Claim> {
        self.made.get_mut(&(author, client_seq))
    }
}
