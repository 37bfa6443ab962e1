//! Sums over all people of a room.

use crate::report::Delays;
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

/// Author and number of a batch.
pub(super) type BatchKey = (u32, u64);

#[derive(Debug, Default)]
pub(crate) struct Totals {
    /// Points drawn.
    pub(crate) made: AtomicU64,
    /// Points received from others; each counts once for every person who received it.
    pub(crate) delivered: AtomicU64,
    /// Bytes of UDP payload that viewers received.
    pub(crate) viewed_bytes: AtomicU64,
    measuring: AtomicBool,
    window: Mutex<Window>,
}

#[derive(Debug, Default)]
struct Window {
    /// Time at which the first point of each batch was drawn.
    drawn: HashMap<BatchKey, Instant>,
    delays: Option<Delays>,
}

impl Totals {
    /// Starts timing the batches that are made from here on until [`Self::end`].
    pub(crate) fn begin(&self) {
        self.measuring.store(true, Ordering::Relaxed);
    }

    pub(crate) fn end(&self) {
        self.measuring.store(false, Ordering::Relaxed);
    }

    /// Notes that a batch was sent.
    pub(super) fn sent(&self, author: u32, client_seq: u64, drawn: Instant) {
        if self.measuring.load(Ordering::Relaxed) {
            self.window().drawn.insert((author, client_seq), drawn);
        }
    }

    /// Notes that a batch is in a person's document.
    pub(super) fn applied(&self, author: u32, client_seq: u64) {
        let now = Instant::now();
        let mut window = self.window();
        let Some(drawn) = window.drawn.get(&(author, client_seq)).copied() else {
            return;
        };
        let delays = window.delays.get_or_insert_with(Delays::new);
        delays.record(now.saturating_duration_since(drawn));
    }

    /// Returns the delays from drawing a batch's first point until it was in a document, for every
    /// batch and document.
    pub(crate) fn delays(&self) -> Delays {
        self.window().delays.clone().unwrap_or_else(Delays::new)
    }

    fn window(&self) -> std::sync::MutexGuard<'_, Window> {
        self.window.lock().expect("nobody panicked with it")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_batches_of_the_window_are_timed() {
        let totals = Totals::default();
        totals.sent(1, 1, Instant::now());
        totals.begin();
        totals.sent(1, 2, Instant::now());
        totals.end();
        totals.sent(1, 3, Instant::now());
        for seq in 1..=3 {
            totals.applied(1, seq);
            totals.applied(1, seq);
        }
        assert_eq!(totals.delays().len(), 2, "one batch, two documents");
    }
}
