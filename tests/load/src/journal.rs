//! What the writers of a run did and were told, in the order in which it happened.

use fmz_proto::v1::{OpBatch, op};

/// Names one op of a run: its author, that author's batch, and its place in the batch.
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
}

/// The journal of a run. Entries stand in real time order, whoever made them.
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
}

/// The keys of a batch's ops, in order.
pub(crate) fn keys(author: u32, batch: &OpBatch) -> impl Iterator<Item = OpKey> {
    let client_seq = batch.client_seq;
    (0..batch.ops.len() as u32).map(move |index| OpKey {
        author,
        client_seq,
        index,
    })
}

/// Whether a snapshot shows this op by itself: the others only change what a later op may change again.
pub(crate) fn leaves_trace(op: &op::Op) -> bool {
    matches!(op, op::Op::Create(_) | op::Op::StrokeAppend(_))
}
