//! A clock moved by hand, and the queue of events by their times.

use crate::event::Event;
use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
    time::{Duration, Instant},
};

/// Microseconds since the run began.
pub(crate) type Micros = u64;

/// A millisecond.
pub(crate) const MS: Micros = 1_000;
/// A second.
pub(crate) const S: Micros = 1_000 * MS;

#[derive(Debug)]
struct Entry {
    at: Micros,
    order: u64,
    event: Event,
}

impl Entry {
    fn key(&self) -> (Micros, u64) {
        (self.at, self.order)
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

/// The clock and the queue of events. Events of one time come in the order in which they were
/// entered.
#[derive(Debug)]
pub(crate) struct Agenda {
    now: Micros,
    base: Instant,
    entered: u64,
    due: BinaryHeap<Reverse<Entry>>,
}

impl Agenda {
    pub(crate) fn new() -> Self {
        Self {
            now: 0,
            base: Instant::now(),
            entered: 0,
            due: BinaryHeap::new(),
        }
    }

    pub(crate) fn now(&self) -> Micros {
        self.now
    }

    /// Returns the present time in the form that a core takes.
    pub(crate) fn instant(&self) -> Instant {
        self.base + Duration::from_micros(self.now)
    }

    /// Converts a core's time to this clock's, rounded up: a timeout is then due at the time
    /// returned.
    pub(crate) fn of(&self, instant: Instant) -> Micros {
        let since = instant.saturating_duration_since(self.base);
        since.as_nanos().div_ceil(1000) as Micros
    }

    pub(crate) fn at(&mut self, at: Micros, event: Event) {
        let at = at.max(self.now);
        self.entered += 1;
        let order = self.entered;
        self.due.push(Reverse(Entry { at, order, event }));
    }

    pub(crate) fn after(&mut self, delay: Micros, event: Event) {
        self.at(self.now + delay, event);
    }

    pub(crate) fn next_at(&self) -> Option<Micros> {
        self.due.peek().map(|Reverse(entry)| entry.at)
    }

    pub(crate) fn pop(&mut self) -> Option<Event> {
        let Reverse(entry) = self.due.pop()?;
        self.now = self.now.max(entry.at);
        Some(entry.event)
    }

    pub(crate) fn advance(&mut self, to: Micros) {
        self.now = self.now.max(to);
    }
}
