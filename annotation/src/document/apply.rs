//! Batches of a log, checked by the rules without which they have no meaning, and applied.

use super::Document;
use crate::ApplyError;
use crate::check::{Draft, Rules};
use crate::op::Batch;
use crate::text::TextChange;
use fmz_proto::v1;
use std::cmp::Ordering;

impl Document {
    /// Applies the next batch of the log, whole or not at all.
    ///
    /// # Errors
    /// [`ApplyError`]; the document is as before. After [`ApplyError::Diverged`] it is
    /// not, and of no use any more.
    pub fn apply(&mut self, batch: &v1::CommittedBatch) -> Result<(), ApplyError> {
        self.place(batch.first_revision)?;
        self.apply_batch(&Batch::try_from(batch)?)?;
        Ok(())
    }

    /// Says whether a batch with this first revision is the next one.
    pub(crate) fn place(&self, found: u64) -> Result<(), ApplyError> {
        let expected = self.revision + 1;
        match found.cmp(&expected) {
            Ordering::Less => Err(ApplyError::Repeat { found }),
            Ordering::Equal => Ok(()),
            Ordering::Greater => Err(ApplyError::Gap { expected, found }),
        }
    }

    /// Applies the next batch and returns what it changed in texts.
    pub(crate) fn apply_batch(&mut self, batch: &Batch) -> Result<Vec<TextChange>, ApplyError> {
        self.place(batch.first_revision)?;
        self.check_batch(batch)?;
        let texts = self.write_batch(batch);
        if batch.state_hash != 0 && batch.state_hash != self.state_hash() {
            let revision = self.revision;
            return Err(ApplyError::Diverged { revision });
        }
        Ok(texts)
    }

    fn check_batch(&self, batch: &Batch) -> Result<(), ApplyError> {
        let Batch {
            author, client_seq, ..
        } = *batch;
        if batch.ops.is_empty() {
            return Err(ApplyError::Empty);
        }
        if author != 0 && client_seq <= self.last_client_seq(author) {
            return Err(ApplyError::ClientSeq { author, client_seq });
        }
        let mut draft = Draft::new(self.view(), Rules::Log, author);
        let broken = |revision| move |source| ApplyError::Op { revision, source };
        draft.sender().map_err(broken(batch.first_revision))?;
        (batch.first_revision..)
            .zip(&batch.ops)
            .try_for_each(|(revision, op)| draft.check(op).map_err(broken(revision)))
    }
}
