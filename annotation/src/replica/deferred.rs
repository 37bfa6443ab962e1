//! When a batch goes on the ordered path, where copies of it go first.

use super::Replica;
use fmz_proto::v1::{OpBatch, OpCopies};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Time after which a batch of which copies left goes on the ordered path: by then the last copy has its answer wherever a
/// round trip takes up to 130 ms. On slower paths batches go both ways.
const ORDERED_AFTER: Duration = Duration::from_millis(200);

/// The batches that have not gone on the ordered path yet: those of the last 200 ms.
///
/// What waits there to be sent again holds up the copies, for both share one window. So it is used only for what the copies did not
/// bring, and for what is larger than a datagram.
#[derive(Debug, Default)]
pub struct Deferred {
    /// By number, with the time when each is due.
    waiting: VecDeque<(u64, Instant)>,
    /// Last number that went on the ordered path.
    ordered: u64,
}

impl Deferred {
    /// Begins behind batches that all went on the ordered path just now.
    pub fn after(sent: &[OpBatch]) -> Self {
        Self {
            waiting: VecDeque::new(),
            ordered: sent.last().map_or(0, |batch| batch.client_seq),
        }
    }

    /// Takes note of batches that were taken; what is not among the copies that leave with them is due at once.
    pub fn note(&mut self, taken: &[u64], copies: Option<&OpCopies>, now: Instant) {
        let copied = |seq: &u64| {
            let mut batches = copies.into_iter().flat_map(|copies| &copies.batches);
            batches.any(|batch| batch.client_seq == *seq)
        };
        for seq in taken {
            let due = if copied(seq) {
                now + ORDERED_AFTER
            } else {
                now
            };
            self.waiting.push_back((*seq, due));
        }
    }

    /// When something is due, if ever.
    pub fn due_at(&self) -> Option<Instant> {
        self.waiting.iter().map(|(_, due)| *due).min()
    }

    /// What is due and has no answer, and what has none before it, in order.
    pub fn take_due(&mut self, replica: &Replica, now: Instant) -> Vec<OpBatch> {
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
