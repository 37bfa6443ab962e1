//! When a batch goes on the ordered path, if copies of it go first.

use crate::Moment;
use crate::limits::ORDERED_AFTER;
use fmz_annotation::Replica;
use fmz_proto::v1::{OpBatch, OpCopies};
use std::collections::VecDeque;

/// The batches that have not gone on the ordered path yet: those of the last 200 ms.
///
/// What waits there to be sent again holds up the copies, for both share one window. So it is used
/// only for what the copies did not bring, and for what is larger than a datagram.
#[derive(Debug, Default)]
pub(crate) struct Deferred {
    /// Numbers with the time when each is due: at most one for each batch under way.
    waiting: VecDeque<(u64, Moment)>,
    /// Last number that went on the ordered path.
    ordered: u64,
}

impl Deferred {
    /// Begins behind batches that all went on the ordered path just now.
    pub(crate) fn after(sent: &[OpBatch]) -> Self {
        Self {
            waiting: VecDeque::new(),
            ordered: sent.last().map_or(0, |batch| batch.client_seq),
        }
    }

    /// Takes note of a batch that was taken. If it is not among the copies that leave with it, it
    /// is due at once.
    pub(crate) fn note(&mut self, taken: u64, copies: Option<&OpCopies>, now: Moment) {
        let mut copied = copies.into_iter().flat_map(|copies| &copies.batches);
        let due = match copied.any(|batch| batch.client_seq == taken) {
            true => now + ORDERED_AFTER,
            false => now,
        };
        self.waiting.push_back((taken, due));
    }

    /// Returns when something is due, if ever.
    pub(crate) fn due_at(&self) -> Option<Moment> {
        self.waiting.iter().map(|(_, due)| *due).min()
    }

    /// Takes what is due and has no answer, and what has none before it, in order.
    pub(crate) fn take_due(&mut self, replica: &Replica, now: Moment) -> Vec<OpBatch> {
        let Some(last) = self.waiting.iter().rposition(|(_, due)| *due <= now) else {
            return Vec::new();
        };
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
