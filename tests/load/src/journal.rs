//! Actions of a run's writers and answers to them, in the order in which they happened.

use fmz_proto::v1::OpBatch;
use std::collections::HashMap;

/// Name of one op of a run: its author, that author's batch, and its place in the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct OpKey {
    pub(crate) author: u32,
    pub(crate) client_seq: u64,
    pub(crate) index: u32,
}

/// One line of the journal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Entry {
    /// A batch is about to leave its writer for the first time.
    Submitted { author: u32, batch: OpBatch },
    /// A writer saw its own batch committed.
    Acknowledged {
        author: u32,
        client_seq: u64,
        first_revision: u64,
    },
    /// A writer that came back learned from a snapshot that the log holds its batch.
    Stored { author: u32, client_seq: u64 },
}

/// Size of a journal, in ops.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) submitted: u64,
    pub(crate) acknowledged: u64,
}

/// The journal of a run. Entries stand in the order of real time, across all writers.
#[derive(Debug, Default, Clone)]
pub(crate) struct Journal {
    pub(crate) entries: Vec<Entry>,
}

impl Journal {
    pub(crate) fn submitted(&mut self, author: u32, batch: OpBatch) {
        self.entries.push(Entry::Submitted { author, batch });
    }

    pub(crate) fn acknowledged(&mut self, author: u32, client_seq: u64, first_revision: u64) {
        self.entries.push(Entry::Acknowledged {
            author,
            client_seq,
            first_revision,
        });
    }

    /// Counts the ops that were made, and those that a writer was told are held.
    pub(crate) fn tally(&self) -> Tally {
        let mut sizes = HashMap::new();
        let mut tally = Tally::default();
        for entry in &self.entries {
            match entry {
                Entry::Submitted { author, batch } => {
                    tally.submitted += batch.ops.len() as u64;
                    sizes.insert((*author, batch.client_seq), batch.ops.len() as u64);
                }
                Entry::Acknowledged {
                    author, client_seq, ..
                }
                | Entry::Stored { author, client_seq } => {
                    tally.acknowledged += sizes.remove(&(*author, *client_seq)).unwrap_or(0);
                }
            }
        }
        tally
    }

    pub(crate) fn stored(&mut self, author: u32, client_seq: u64) {
        self.entries.push(Entry::Stored { author, client_seq });
    }
}

/// Returns the keys of a batch's ops, in order.
pub(crate) fn keys(author: u32, batch: &OpBatch) -> impl Iterator<Item = OpKey> {
    let client_seq = batch.client_seq;
    (0..batch.ops.len() as u32).map(move |index| OpKey {
        author,
        client_seq,
        index,
    })
}
