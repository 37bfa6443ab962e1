//! Opening the log again.

use super::{Disk, Record, Stored};
use crate::plant::Plant;
use fmz_annotation::Document;
use fmz_proto::{
    EncodedBatch, Message,
    v1::{CommittedBatch, DocumentSnapshot},
};

/// The log and the document that a start of the server finds.
#[derive(Debug)]
pub(crate) struct Recovered {
    /// Every whole batch, in order.
    pub(crate) log: Vec<CommittedBatch>,
    /// The document, from the newest readable snapshot and the log after it; or the fault that was
    /// found.
    pub(crate) document: Result<Document, String>,
}

impl Disk {
    /// Cuts off the end that is no whole record, and reads the log.
    pub(crate) fn recover(&mut self) -> Recovered {
        self.repair();
        let mut log: Vec<_> = self.records.iter().filter_map(Record::read).collect();
        self.misread(&mut log);
        let document = self.open(&log);
        Recovered { log, document }
    }

    fn repair(&mut self) {
        let whole = |record: &Record| record.read().is_some();
        let kept = self
            .records
            .iter()
            .take_while(|record| whole(record))
            .count();
        let torn = self.records.drain(kept..).next();
        if self.plant == Some(Plant::ServeTornRecord)
            && let Some(half) = torn.and_then(|torn| half(&torn))
        {
            self.records.push(Record::of(&EncodedBatch::new(&half)));
        }
        for record in &mut self.records {
            record.synced = true;
        }
    }

    fn misread(&mut self, log: &mut Vec<CommittedBatch>) {
        match self.plant {
            Some(Plant::LoseLastRecord) => {
                log.pop();
                self.records.pop();
            }
            Some(Plant::DoubleRecord) => log.extend(log.last().cloned()),
            _ => {}
        }
    }

    fn open(&self, log: &[CommittedBatch]) -> Result<Document, String> {
        let mut readable = self.snapshots.iter().rev().filter_map(Stored::read);
        let mut document = readable.next().unwrap_or_default();
        if self.plant == Some(Plant::SkipTail) && document.revision() > 0 {
            return Ok(document);
        }
        let late = self.plant == Some(Plant::LateTail);
        let after = document.revision() + u64::from(late);
        for batch in log.iter().filter(|batch| batch.first_revision > after) {
            let applied = document.apply(batch);
            applied.map_err(|error| format!("revision {}: {error}", batch.first_revision))?;
        }
        Ok(document)
    }
}

impl Stored {
    pub(super) fn read(&self) -> Option<Document> {
        if crc32fast::hash(&self.body) != self.crc {
            return None;
        }
        let mut snapshot = DocumentSnapshot::decode(self.body.clone()).ok()?;
        snapshot.revision = self.revision;
        Document::from_snapshot(snapshot).ok()
    }
}

/// Returns the batch that a reader without checksums would take from a torn record.
fn half(record: &Record) -> Option<CommittedBatch> {
    let body = record.bytes.get(super::HEADER..)?;
    (0..=body.len()).rev().find_map(|end| {
        let batch = CommittedBatch::decode(&body[..end]).ok()?;
        (!batch.ops.is_empty()).then_some(batch)
    })
}
