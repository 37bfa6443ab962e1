//! When a busy loop rests, so that what comes meanwhile shares one waking, as network cards moderate their interrupts.

use std::time::{Duration, Instant};

/// How long it rests: what nobody sees or hears, and on a loaded relay 25 datagrams and more.
pub(super) const REST: Duration = Duration::from_micros(500);
/// Datagrams in that time from which on a loop counts as busy. With fewer a waking each costs little, and nothing waits.
const BUSY_DATAGRAMS: u32 = 8;

/// What has come lately.
#[derive(Debug)]
pub(super) struct Moderation {
    since: Instant,
    datagrams: u32,
    busy: bool,
}

impl Moderation {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            since: now,
            datagrams: 0,
            busy: false,
        }
    }

    /// Takes note of what a round brought, behind which nothing waits; true where the loop is to rest before the next.
    pub(super) fn rests(&mut self, datagrams: u32, now: Instant) -> bool {
        self.datagrams += datagrams;
        let elapsed = now.saturating_duration_since(self.since);
        if elapsed >= REST {
            self.busy = REST * self.datagrams >= elapsed * BUSY_DATAGRAMS;
            (self.since, self.datagrams) = (now, 0);
        }
        self.busy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a loop rests that sees so many datagrams in each of a few rounds, one every `each`.
    fn rests(rounds: u32, each: Duration, datagrams: u32) -> bool {
        let start = Instant::now();
        let mut moderation = Moderation::new(start);
        (1..=rounds).fold(false, |_, round| {
            moderation.rests(datagrams, start + each * round)
        })
    }

    #[test]
    fn turn_socket8_a_loop_rests_where_datagrams_come_close_to_each_other() {
        assert!(rests(20, REST / BUSY_DATAGRAMS, 1));
        assert!(rests(5, REST, BUSY_DATAGRAMS));
    }

    #[test]
    fn turn_socket8_a_loop_with_little_to_do_is_always_awake() {
        assert!(!rests(20, REST, BUSY_DATAGRAMS - 1));
        assert!(!rests(20, Duration::from_millis(20), 50));
    }

    #[test]
    fn turn_socket8_a_loop_that_was_busy_wakes_up_once_it_is_not() {
        let start = Instant::now();
        let mut moderation = Moderation::new(start);
        assert!(moderation.rests(100, start + REST));
        assert!(!moderation.rests(0, start + 2 * REST));
        assert!(!moderation.rests(1, start + Duration::from_secs(1)));
    }
}
