//! Batches of one author in their order, whichever of two paths brought them.

use crate::{limits::EARLY_BATCHES_MAX, session::Received};
use std::collections::BTreeMap;

/// What came of one author in one session.
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

    /// Takes a batch of the ordered path, and the copies that follow it. What comes there is next,
    /// whatever numbers its author left out.
    pub(crate) fn ordered(&mut self, received: Received) -> Vec<Received> {
        let seq = received.batch.client_seq;
        if seq <= self.last {
            return Vec::new();
        }
        self.last = seq;
        let mut next = vec![received];
        next.append(&mut self.follow());
        next
    }

    /// Takes a copy. One that is ahead waits for the ordered path; where there is
    /// no room it is left to it.
    pub(crate) fn copy(&mut self, received: Received) -> Vec<Received> {
        let seq = received.batch.client_seq;
        let room = self.early.len() < EARLY_BATCHES_MAX || seq == self.last.saturating_add(1);
        if seq > self.last && room {
            self.early.entry(seq).or_insert(received);
        }
        self.follow()
    }

    /// The copies whose turn has come; those before them are known.
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
