//! Reads an older state, as `signaling/server/src/history.rs` does: from a snapshot before it and
//! the log after that.

use super::{Disk, Record, Stored, last_revision, until};
use crate::plant::Plant;
use fmz_annotation::Document;
use fmz_proto::v1::CommittedBatch;
use fmz_signaling_core::StateAt;

impl Disk {
    /// Returns the state, read from durable records.
    pub(crate) fn state_at(&self, at: StateAt) -> Result<Document, String> {
        if self.broken {
            return Err("the disk failed before".into());
        }
        let synced = self.records.iter().take_while(|record| record.synced);
        let log: Vec<_> = synced.filter_map(Record::read).collect();
        let revision = match at {
            StateAt::Revision(revision) => revision,
            StateAt::Time { ms, from } => revision_at(&log, ms, from),
        };
        let document = self.document_at(&log, revision)?;
        if document.revision() < revision {
            return Err(format!("the log ends before {revision}"));
        }
        Ok(document)
    }

    fn document_at(&self, log: &[CommittedBatch], to: u64) -> Result<Document, String> {
        let mut readable = self.snapshots.iter().rev().filter(|stored| stored.synced);
        let near = readable.find(|stored| stored.revision <= to);
        let mut document = near.and_then(Stored::read).unwrap_or_default();
        for batch in log {
            let (first, next) = (batch.first_revision, document.revision() + 1);
            if first < next || first > to {
                continue;
            }
            let applied = match self.plant {
                Some(Plant::ReadWholeBatch) => document.apply(batch),
                _ => document.apply(&until(batch, to)),
            };
            applied.map_err(|error| format!("revision {first}: {error}"))?;
        }
        Ok(document)
    }
}

/// Returns the revision before the first batch after `from` that was committed later than `ms`.
fn revision_at(log: &[CommittedBatch], ms: u64, from: u64) -> u64 {
    let behind = log.iter().filter(|batch| batch.first_revision > from);
    let mut before = behind.take_while(|batch| batch.committed_ms <= ms);
    before.by_ref().last().map_or(from, last_revision)
}
