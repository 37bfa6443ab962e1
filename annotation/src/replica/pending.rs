//! A replica's ops that the server has not confirmed, in the order they were made.

use crate::limits::BATCH_BYTES_MAX;
use crate::object::ObjectId;
use crate::op::{Create, Op};
use fmz_proto::limits::BATCH_OPS_MAX;
use fmz_proto::{Message, v1};
use std::collections::{BTreeSet, VecDeque};

/// A batch that was given out under a number.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) client_seq: u64,
    pub(super) ops: Vec<Op>,
    /// Number of times that it was given out as a copy.
    pub(super) copies: u32,
}

impl Sent {
    pub(super) fn to_wire(&self, base: u64) -> v1::OpBatch {
        v1::OpBatch {
            client_seq: self.client_seq,
            base,
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

    pub(super) fn ops_mut(&mut self) -> impl Iterator<Item = &mut Op> {
        let sent = self.sent.iter_mut().flat_map(|batch| &mut batch.ops);
        sent.chain(&mut self.queue)
    }

    /// Returns the create of an object that is in no batch yet.
    pub(super) fn queued_create(&mut self, id: ObjectId) -> Option<&mut Create> {
        self.queue.iter_mut().find_map(|op| match op {
            Op::Create(create) if create.id == id => Some(create),
            _ => None,
        })
    }

    /// Returns the ops of the batches up to a number.
    pub(super) fn ops_up_to(&self, client_seq: u64) -> impl Iterator<Item = &Op> {
        let settled = move |batch: &&Sent| batch.client_seq <= client_seq;
        self.sent
            .iter()
            .take_while(settled)
            .flat_map(|batch| &batch.ops)
    }

    pub(super) fn len(&self) -> usize {
        let sent: usize = self.sent.iter().map(|batch| batch.ops.len()).sum();
        sent + self.queue.len()
    }

    /// Numbers from now on are above this one.
    pub(super) fn number_above(&mut self, client_seq: u64) {
        self.next_client_seq = self.next_client_seq.max(client_seq.saturating_add(1));
    }

    /// Moves ops from the queue into the next batch, up to one that is held: the first always, then
    /// what fits.
    pub(super) fn take_batch(
        &mut self,
        ops_max: usize,
        base: u64,
        held: &BTreeSet<ObjectId>,
    ) -> Option<v1::OpBatch> {
        let mut wire: Vec<v1::Op> = Vec::new();
        let mut bytes = 0;
        let is_held = |op: &Op| matches!(op, Op::Create(create) if held.contains(&create.id));
        let ready = self
            .queue
            .iter()
            .take_while(|op| !self.must_wait(op) && !is_held(op));
        for op in ready.take(ops_max.clamp(1, BATCH_OPS_MAX)) {
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
            ops,
            copies: 0,
        });
        Some(v1::OpBatch {
            client_seq,
            base,
            ops: wire,
        })
    }

    pub(super) fn unacked(&self, base: u64) -> Vec<v1::OpBatch> {
        self.sent.iter().map(|sent| sent.to_wire(base)).collect()
    }

    /// Returns true if an op waits whose objects are known only when it is committed.
    pub(super) fn clears(&self) -> bool {
        self.ops().any(|op| matches!(op, Op::Clear(_)))
    }

    /// Forgets the batches up to a number: the server takes them in order, so it
    /// has them, or refused them.
    pub(super) fn settle(&mut self, client_seq: u64) -> Vec<Sent> {
        let settled = |batch: &&Sent| batch.client_seq <= client_seq;
        let count = self.sent.iter().take_while(settled).count();
        self.sent.drain(..count).collect()
    }

    /// Takes everything out; the numbers go on.
    pub(super) fn take(&mut self) -> Self {
        let next_client_seq = self.next_client_seq;
        let empty = Self {
            next_client_seq,
            ..Self::default()
        };
        std::mem::replace(self, empty)
    }

    /// Returns true if an edit of the same text is on its way. The server moves a batch over what
    /// others did since its base, but not over this author's own edits: so only one batch is on its
    /// way at a time.
    fn must_wait(&self, op: &Op) -> bool {
        let id = op.edited();
        let mut sent = self.sent.iter().flat_map(|sent| &sent.ops);
        id.is_some() && sent.any(|other| other.edited() == id)
    }
}
