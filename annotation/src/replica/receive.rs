//! Batches that the server committed, and those of this author that they acknowledge.

use super::Replica;
use crate::ApplyError;
use crate::object::ObjectId;
use crate::op::{Batch, Op};
use crate::transform::Change;
use fmz_proto::v1;
use std::collections::BTreeSet;

/// The changes that a message from the server made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Received {
    /// Objects that may look different now.
    pub changed: BTreeSet<ObjectId>,
    /// Batches are missing: everything after this revision must be asked for.
    pub gap: Option<u64>,
}

impl Replica {
    /// Applies what the server committed. Batches that are known already are ignored. The replica's
    /// own batches among the new ones acknowledge what was pending.
    ///
    /// # Errors
    /// [`ApplyError`] if a batch does not fit the document: load a snapshot. Batches before it are
    /// applied.
    pub fn receive(&mut self, committed: &v1::Committed) -> Result<Received, ApplyError> {
        let mut changed = BTreeSet::new();
        let (cleared, before) = (self.pending.clears(), self.document.revision());
        let gap = self.receive_batches(&committed.batches, &mut changed);
        let gap = gap.and_then(|gap| self.receive_early(&mut changed).map(|()| gap));
        self.doubtful |= gap.is_err();
        // Objects that the clear hid are shown again, even if the commit of a clear names nothing.
        if cleared && self.document.revision() > before {
            changed.append(&mut self.rederive_all());
        } else {
            self.rederive(&changed);
        }
        self.touch(changed.iter().copied());
        Ok(Received { changed, gap: gap? })
    }

    pub(super) fn receive_batches(
        &mut self,
        batches: &[v1::CommittedBatch],
        changed: &mut BTreeSet<ObjectId>,
    ) -> Result<Option<u64>, ApplyError> {
        for batch in batches {
            match self.document.place(batch.first_revision) {
                Ok(()) => {}
                Err(ApplyError::Repeat { .. }) => continue,
                Err(ApplyError::Gap { .. }) => return Ok(Some(self.document.revision())),
                Err(error) => return Err(error),
            }
            let batch = Batch::try_from(batch)?;
            let base = self.document.revision();
            let texts = self.document.apply_batch(&batch)?;
            changed.extend(batch.ops.iter().flat_map(Op::ids));
            if batch.author != self.author || !self.settle(batch.client_seq, changed) {
                self.follow(texts.into_iter().map(Change::Text).collect());
                if matches!(batch.ops[..], [Op::Revert(_)]) {
                    self.follow_points(base);
                }
            }
        }
        Ok(None)
    }

    /// Settles own batches up to one that was committed. Returns false if that one is not pending
    /// here.
    fn settle(&mut self, client_seq: u64, changed: &mut BTreeSet<ObjectId>) -> bool {
        let mut known = false;
        for sent in self.pending.settle(client_seq) {
            changed.extend(sent.ops.iter().flat_map(Op::ids));
            known = sent.client_seq == client_seq;
            if !known {
                let changes = self.without(self.document.view(), &sent.ops);
                let mut rest = self.pending.take();
                self.leave_out(changes, &mut rest);
                self.pending = rest;
            }
        }
        self.catch_up_counters();
        known
    }
}
