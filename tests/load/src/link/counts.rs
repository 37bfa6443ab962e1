//! Counts of carried and lost datagrams, readable while a link runs.

use crate::report::announce;
use std::sync::atomic::{AtomicU64, Ordering};

/// Datagrams of all peers.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// From peers to the server.
    pub(super) up: Count,
    /// From the server to peers.
    pub(super) down: Count,
}

/// Datagrams of one direction.
#[derive(Debug, Default)]
pub(super) struct Count {
    carried: AtomicU64,
    lost: AtomicU64,
}

impl Count {
    pub(super) fn add(&self, carried: bool) {
        let count = if carried { &self.carried } else { &self.lost };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the numbers of carried and lost datagrams.
    pub(super) fn figures(&self) -> (u64, u64) {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (read(&self.carried), read(&self.lost))
    }
}

impl Counts {
    /// Prints all four numbers.
    pub(super) fn tell(&self) {
        for (way, count) in [("up", &self.up), ("down", &self.down)] {
            let (carried, lost) = count.figures();
            announce(&format!("{way}_carried"), &carried.to_string());
            announce(&format!("{way}_lost"), &lost.to_string());
        }
    }
}
