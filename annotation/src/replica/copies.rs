//! Copies of recent batches by a path that loses and reorders, so that a loss on the
//! ordered path is not waited for.

use super::{Received, Replica};
use crate::ApplyError;
use crate::limits::{EARLY_BATCHES_MAX, EARLY_BYTES_MAX};
use crate::object::ObjectId;
use fmz_proto::limits::{COPIES_MAX, COPIES_PER_BATCH, COPY_FRAME_BYTES_MAX};
use fmz_proto::{Message, v1};
use std::collections::{BTreeMap, BTreeSet};

/// Bytes that a frame adds to the batches in it: its head and the message's field.
const FRAME_BYTES: usize = 8;
/// Bytes that the field of one batch adds to it.
const FIELD_BYTES: usize = 3;

/// Committed batches by first revision that wait for one before them.
#[derive(Debug, Clone, Default)]
pub(super) struct Early {
    batches: BTreeMap<u64, v1::CommittedBatch>,
    bytes: usize,
}

impl Early {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Keeps a batch. If there is no room the last batches give way, for they are needed last.
    fn keep(&mut self, batch: &v1::CommittedBatch) {
        if self.batches.contains_key(&batch.first_revision) {
            return;
        }
        self.bytes += batch.encoded_len();
        self.batches.insert(batch.first_revision, batch.clone());
        while self.batches.len() > EARLY_BATCHES_MAX || self.bytes > EARLY_BYTES_MAX {
            let last = self.batches.pop_last();
            self.bytes -= last.map_or(0, |(_, last)| last.encoded_len());
        }
    }

    /// Takes the batch that follows `revision`, and forgets those before it.
    fn take(&mut self, revision: u64) -> Option<v1::CommittedBatch> {
        while let Some(first) = self.batches.first_entry() {
            if *first.key() > revision + 1 {
                return None;
            }
            let batch = first.remove();
            self.bytes -= batch.encoded_len();
            if batch.first_revision == revision + 1 {
                return Some(batch);
            }
        }
        None
    }
}

impl Replica {
    /// Applies copies of what the server committed. One that is ahead waits until [`Self::receive`]
    /// or another copy has brought what is missing before it; it is never a gap.
    ///
    /// # Errors
    /// As [`Self::receive`].
    pub fn receive_copy(&mut self, committed: &v1::Committed) -> Result<Received, ApplyError> {
        let revision = self.document.revision();
        let ahead = |batch: &&v1::CommittedBatch| batch.first_revision > revision;
        for batch in committed.batches.iter().filter(ahead) {
            self.early.keep(batch);
        }
        self.receive(&v1::Committed::default())
    }

    /// Applies the copies whose turn has come.
    pub(super) fn receive_early(
        &mut self,
        changed: &mut BTreeSet<ObjectId>,
    ) -> Result<(), ApplyError> {
        while let Some(batch) = self.early.take(self.document.revision()) {
            self.receive_batches(&[batch], changed)?;
        }
        Ok(())
    }

    /// Takes the newest batches that are not acknowledged, oldest first: as many as one datagram
    /// holds, each at most [`COPIES_PER_BATCH`] times. Returns `None` if there are none.
    pub fn take_copies(&mut self) -> Option<v1::OpCopies> {
        let base = self.document.revision();
        let mut bytes = FRAME_BYTES;
        let mut batches = Vec::new();
        for sent in self.pending.sent.iter_mut().rev().take(COPIES_MAX) {
            if sent.copies == COPIES_PER_BATCH {
                continue;
            }
            let batch = sent.to_wire(base);
            let more = batch.encoded_len() + FIELD_BYTES;
            if bytes + more > COPY_FRAME_BYTES_MAX {
                break;
            }
            bytes += more;
            sent.copies += 1;
            batches.push(batch);
        }
        batches.reverse();
        (!batches.is_empty()).then_some(v1::OpCopies { batches })
    }
}
