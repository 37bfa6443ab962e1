//! The document of one who watches, taking commits and their copies as the SDKs do.

use super::totals::BatchKey;
use crate::session::Event;
use anyhow::{Context, Result, ensure};
use fmz_annotation::Replica;
use fmz_proto::v1::server_message::Message as FromServer;
use fmz_proto::v1::{Committed, CommittedBatch};
use fmz_store::last_revision;
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(super) struct Watcher {
    replica: Replica,
    /// Batches that came and are not in the document, by their last revision.
    ahead: BTreeMap<u64, BatchKey>,
}

impl Watcher {
    /// Takes what a session tells; returns the batches that are in the document now and were not before.
    pub(super) fn take(&mut self, event: &Event) -> Result<Vec<BatchKey>> {
        match event {
            Event::Snapshot(snapshot) => {
                let _ = self
                    .replica
                    .load(snapshot.clone())
                    .context("load a snapshot")?;
                Ok(Vec::new())
            }
            Event::Copy(copy) => {
                self.expect(copy);
                let _ = self.replica.receive_copy(copy).context("apply a copy")?;
                Ok(self.arrived())
            }
            Event::Message(message) => match &**message {
                FromServer::Committed(committed) => self.commit(committed),
                _ => Ok(Vec::new()),
            },
            _ => Ok(Vec::new()),
        }
    }

    fn commit(&mut self, committed: &Committed) -> Result<Vec<BatchKey>> {
        self.expect(committed);
        let received = self.replica.receive(committed).context("apply a commit")?;
        ensure!(received.gap.is_none(), "the ordered channel left a gap");
        Ok(self.arrived())
    }

    fn expect(&mut self, committed: &Committed) {
        let revision = self.replica.revision();
        let ahead = |batch: &&CommittedBatch| batch.first_revision > revision;
        let keyed =
            |batch: &CommittedBatch| (last_revision(batch), (batch.author, batch.client_seq));
        self.ahead
            .extend(committed.batches.iter().filter(ahead).map(keyed));
    }

    fn arrived(&mut self) -> Vec<BatchKey> {
        let later = self.ahead.split_off(&(self.replica.revision() + 1));
        std::mem::replace(&mut self.ahead, later)
            .into_values()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fmz_proto::v1::{AuthorAdded, Op, op};

    fn commit(revisions: impl IntoIterator<Item = u64>) -> Committed {
        let batch = |revision: u64| {
            let added = op::Op::AuthorAdded(AuthorAdded {
                author: revision as u32,
                identity: revision.to_string(),
                name: revision.to_string(),
                session_key: vec![0; 16].into(),
            });
            CommittedBatch {
                first_revision: revision,
                client_seq: revision,
                ops: vec![Op { op: Some(added) }],
                ..Default::default()
            }
        };
        Committed {
            batches: revisions.into_iter().map(batch).collect(),
        }
    }

    #[test]
    fn a_batch_arrives_once_by_whichever_way_is_first_and_in_order() {
        let mut watcher = Watcher::default();
        let mut take = |event| watcher.take(&event).expect("it takes the event");
        let ordered = |committed| Event::Message(Box::new(FromServer::Committed(committed)));
        assert_eq!(take(Event::Copy(commit([1]))), [(0, 1)]);
        assert_eq!(take(Event::Copy(commit([3]))), [], "the second is missing");
        assert_eq!(take(ordered(commit([1, 2]))), [(0, 2), (0, 3)]);
        assert_eq!(take(ordered(commit([3, 4]))), [(0, 4)]);
    }
}
