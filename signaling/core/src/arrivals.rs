//! Batches of one author in their order, on whichever of two paths they came.

use crate::limits::EARLY_BATCHES_MAX;
use fmz_annotation::Ops;
use fmz_proto::ClientBatch;
use std::{collections::BTreeMap, time::Instant};

/// A batch that came, and waits for its turn.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) batch: ClientBatch<Ops>,
    pub(crate) at: Instant,
}

/// The batches of one author that came in one session.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    /// Number of the last batch that was taken.
    last: u64,
    /// Copies that came ahead of a batch that is missing.
    early: BTreeMap<u64, Received>,
}

impl Arrivals {
    /// Begins behind the last batch that the log holds.
    pub(crate) fn after(last: u64) -> Self {
        Self {
            last,
            early: BTreeMap::new(),
        }
    }

    /// Takes a batch of the ordered path. Returns it, with the copies that follow it. A batch on
    /// this path is always the next one, even if its author left numbers out.
    pub(crate) fn ordered(&mut self, received: Received) -> Vec<Received> {
        let seq = received.batch.client_seq;
        if seq <= self.last {
            // It came as a copy before, or in an earlier session.
            return Vec::new();
        }
        self.last = seq;
        let mut next = vec![received];
        next.append(&mut self.follow());
        next
    }

    /// Takes a copy. Returns the batches whose turn has come. A copy that is ahead waits for the
    /// ordered path. If too many wait, the ordered path brings its batch later.
    pub(crate) fn copy(&mut self, received: Received) -> Vec<Received> {
        let seq = received.batch.client_seq;
        let room = self.early.len() < EARLY_BATCHES_MAX || seq == self.last.saturating_add(1);
        if seq > self.last && room {
            self.early.entry(seq).or_insert(received);
        }
        self.follow()
    }

    /// Returns the copies whose turn has come, and drops those of batches that are known.
    fn follow(&mut self) -> Vec<Received> {
        let mut next = Vec::new();
        while let Some(first) = self.early.first_entry() {
            let seq = *first.key();
            if seq > self.last.saturating_add(1) {
                break;
            }
            let received = first.remove();
            if seq > self.last {
                self.last = seq;
                next.push(received);
            }
        }
        next
    }
}
