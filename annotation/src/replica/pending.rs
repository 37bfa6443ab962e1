//! A replica's ops that the server has not confirmed, in the order they were made.

use crate::limits::BATCH_BYTES_MAX;
use crate::object::ObjectId;
use crate::op::Op;
use fmz_proto::limits::BATCH_OPS_MAX;
use fmz_proto::{Message, v1};
use std::collections::{BTreeSet, VecDeque};

/// A batch that was given out under a number.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) client_seq: u64,
    base: u64,
    pub(super) ops: Vec<Op>,
    /// How often it was given out as a copy.
    pub(super) copies: u32,
}

impl Sent {
    pub(super) fn to_wire(&self) -> v1::OpBatch {
        v1::OpBatch {
            client_seq: self.client_seq,
            base: self.base,
            ops: self.ops.iter().map(Into::into).collect(),
        }
    }
}

/// Batches given out, then ops that wait for a batch.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) sent: VecDeque<Sent>,
    pub(super) queue: VecDeque<Op>,
    next_client_seq: u64,
}

impl Default for Pending {
    fn default() -> Self {
        Self {
            sent: VecDeque::new(),
            queue: VecDeque::new(),
            next_client_seq: 1,
        }
    }
}

impl Pending {
    pub(super) fn ops(&self) -> impl Iterator<Item = &Op> {
        let sent = self.sent.iter().flat_map(|batch| &batch.ops);
        sent.chain(&self.queue)
    }

    pub(super) fn len(&self) -> usize {
        let sent: usize = self.sent.iter().map(|batch| batch.ops.len()).sum();
        sent + self.queue.len()
    }

    /// Numbers from now on are above this one.
    pub(super) fn number_above(&mut self, client_seq: u64) {
        self.next_client_seq = self.next_client_seq.max(client_seq.saturating_add(1));
    }

    /// Moves ops from the queue into the next batch: the first always, then what fits.
    pub(super) fn take_batch(&mut self, ops_max: usize, base: u64) -> Option<v1::OpBatch> {
        let mut wire: Vec<v1::Op> = Vec::new();
        let mut bytes = 0;
        for op in self.queue.iter().take(ops_max.clamp(1, BATCH_OPS_MAX)) {
            let op = v1::Op::from(op);
            bytes += op.encoded_len();
            if bytes > BATCH_BYTES_MAX && !wire.is_empty() {
                break;
            }
            wire.push(op);
        }
        if wire.is_empty() {
            return None;
        }
        let ops = self.queue.drain(..wire.len()).collect();
        let client_seq = self.next_client_seq;
        self.next_client_seq = client_seq.saturating_add(1);
        self.sent.push_back(Sent {
            client_seq,
            base,
            ops,
            copies: 0,
        });
        Some(v1::OpBatch {
            client_seq,
            base,
            ops: wire,
        })
    }

    pub(super) fn unacked(&self) -> Vec<v1::OpBatch> {
        self.sent.iter().map(Sent::to_wire).collect()
    }

    /// Whether an op waits whose objects are known only when it is committed.
    pub(super) fn clears(&self) -> bool {
        self.ops().any(|op| matches!(op, Op::Clear(_)))
    }

    /// Forgets the batches up to a number: the server takes them in order, so it has them, or refused them.
    pub(super) fn settle(&mut self, client_seq: u64) -> BTreeSet<ObjectId> {
        let settled = self
            .sent
            .iter()
            .take_while(|batch| batch.client_seq <= client_seq)
            .count();
        let batches = self.sent.drain(..settled);
        let mut ids = BTreeSet::new();
        for op in batches.flat_map(|batch| batch.ops) {
            ids.extend(op.ids());
        }
        ids
    }

    /// Takes back one batch.
    pub(super) fn remove(&mut self, client_seq: u64) -> bool {
        let count = self.sent.len();
        self.sent.retain(|batch| batch.client_seq != client_seq);
        self.sent.len() < count
    }
}
