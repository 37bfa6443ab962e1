//! Batches that are in the document of a person who watches.

use super::totals::BatchKey;
use fmz_proto::v1::{Committed, CommittedBatch};
use fmz_store::last_revision;
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(super) struct Watcher {
    /// Batches that came and are not in the document yet, by their last revision.
    ahead: BTreeMap<u64, BatchKey>,
}

impl Watcher {
    /// Notes commits that were handed to a document, whose revision was `before` and is now
    /// `revision`. Returns the batches that it contains now and did not before.
    pub(super) fn take(
        &mut self,
        committed: &Committed,
        before: u64,
        revision: u64,
    ) -> Vec<BatchKey> {
        let ahead = |batch: &&CommittedBatch| batch.first_revision > before;
        let keyed =
            |batch: &CommittedBatch| (last_revision(batch), (batch.author, batch.client_seq));
        self.ahead
            .extend(committed.batches.iter().filter(ahead).map(keyed));
        let later = self.ahead.split_off(&(revision + 1));
        std::mem::replace(&mut self.ahead, later)
            .into_values()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fmz_proto::v1::Op;

    fn commit(revisions: impl IntoIterator<Item = u64>) -> Committed {
        let batch = |revision: u64| CommittedBatch {
            first_revision: revision,
            client_seq: revision,
            ops: vec![Op::default()],
            ..Default::default()
        };
        Committed {
            batches: revisions.into_iter().map(batch).collect(),
        }
    }

    #[test]
    fn a_batch_arrives_once_by_whichever_way_is_first_and_in_order() {
        let mut watcher = Watcher::default();
        assert_eq!(watcher.take(&commit([1]), 0, 1), [(0, 1)]);
        assert_eq!(
            watcher.take(&commit([3]), 1, 1),
            [],
            "the second is missing"
        );
        assert_eq!(watcher.take(&commit([1, 2]), 1, 3), [(0, 2), (0, 3)]);
        assert_eq!(watcher.take(&commit([3, 4]), 3, 4), [(0, 4)]);
    }
}
