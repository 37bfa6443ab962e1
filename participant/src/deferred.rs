//! Times at which batches go on the ordered path, if copies of them go first.

use crate::Moment;
use crate::limits::ORDERED_AFTER;
use fmz_annotation::Replica;
use fmz_proto::v1::{OpBatch, OpCopies};
use std::collections::VecDeque;

/// The batches of the last 200 ms that have not gone on the ordered path yet.
///
/// The ordered path and the copies share one congestion window, so a batch that waits to be
/// retransmitted on `ops` holds up the copies. The ordered path is therefore used only for batches
/// that the copies did not bring through, and for those larger than a datagram.
#[derive(Debug, Default)]
pub(crate) struct Deferred {
    /// Numbers of batches, each with the time when it is due: at most one for each batch under way.
    waiting: VecDeque<(u64, Moment)>,
    /// Number of the last batch that went on the ordered path.
    ordered: u64,
}

impl Deferred {
    /// Makes a list in which nothing waits, after `sent` went on the ordered path.
    pub(crate) fn after(sent: &[OpBatch]) -> Self {
        Self {
            waiting: VecDeque::new(),
            ordered: sent.last().map_or(0, |batch| batch.client_seq),
        }
    }

    /// Notes that a batch was taken from the queue. If the copies that leave now do not hold it, it
    /// is due at once.
    pub(crate) fn note(&mut self, taken: u64, copies: Option<&OpCopies>, now: Moment) {
        let mut copied = copies.into_iter().flat_map(|copies| &copies.batches);
        let due = match copied.any(|batch| batch.client_seq == taken) {
            true => now + ORDERED_AFTER,
            false => now,
        };
        self.waiting.push_back((taken, due));
    }

    /// Returns when the next batch is due, if any waits.
    pub(crate) fn due_at(&self) -> Option<Moment> {
        self.waiting.iter().map(|(_, due)| *due).min()
    }

    /// Takes all batches up to the last one that is due, in order, but only those without an
    /// answer.
    pub(crate) fn take_due(&mut self, replica: &Replica, now: Moment) -> Vec<OpBatch> {
        let Some(last) = self.waiting.iter().rposition(|(_, due)| *due <= now) else {
            return Vec::new();
        };
        // A batch before the due one goes too, for the ordered path must keep the order. The list
        // forgets them all: a batch that has its answer needs no second path.
        let up_to = self.waiting.drain(..=last).next_back();
        let up_to = up_to.map_or(0, |(seq, _)| seq);
        let mut batches = replica.unacked();
        batches.retain(|batch| (self.ordered + 1..=up_to).contains(&batch.client_seq));
        self.ordered = batches
            .last()
            .map_or(self.ordered, |batch| batch.client_seq);
        batches
    }
}
