//! Decides when a busy loop rests, so that the datagrams that come meanwhile share one wake-up.
//! Network cards moderate their interrupts in the same way.

use std::time::{Duration, Instant};

/// Datagrams that should share a wake-up, which costs as much as relaying several of them.
const SHARING_DATAGRAMS: u32 = 100;
/// Longest rest: too short to be seen or heard.
const REST_MAX: Duration = Duration::from_millis(2);
/// Datagrams in that time from which on a loop counts as busy. With fewer, a wake-up for each costs
/// little, and nothing waits.
const BUSY_DATAGRAMS: u32 = 32;

/// Count of recent datagrams.
#[derive(Debug)]
pub(super) struct Moderation {
    since: Instant,
    datagrams: u32,
    rest: Option<Duration>,
}

impl Moderation {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            since: now,
            datagrams: 0,
            rest: None,
        }
    }

    /// Counts a datagram.
    pub(super) fn count(&mut self) {
        self.datagrams = self.datagrams.saturating_add(1);
    }

    /// Returns the time for which the loop should rest; `None` if it should not.
    pub(super) fn rest(&mut self, now: Instant) -> Option<Duration> {
        let elapsed = now.saturating_duration_since(self.since);
        if elapsed >= REST_MAX {
            self.rest = rest_at(self.datagrams, elapsed);
            (self.since, self.datagrams) = (now, 0);
        }
        self.rest
    }
}

/// Returns the rest of a loop that received `datagrams` in `elapsed`.
fn rest_at(datagrams: u32, elapsed: Duration) -> Option<Duration> {
    let busy = REST_MAX * datagrams >= elapsed * BUSY_DATAGRAMS;
    busy.then(|| REST_MAX.min(elapsed * SHARING_DATAGRAMS / datagrams))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the rest of a loop that receives `datagrams` in each of a few rounds, one every
    /// `each`.
    fn rest(rounds: u32, each: Duration, datagrams: u32) -> Option<Duration> {
        let start = Instant::now();
        let mut moderation = Moderation::new(start);
        (1..=rounds).fold(None, |_, round| {
            (0..datagrams).for_each(|_| moderation.count());
            moderation.rest(start + each * round)
        })
    }

    #[test]
    fn turn_socket8_a_loop_rests_where_datagrams_come_close_to_each_other() {
        assert_eq!(rest(40, REST_MAX / BUSY_DATAGRAMS, 1), Some(REST_MAX));
        assert_eq!(rest(5, REST_MAX, BUSY_DATAGRAMS), Some(REST_MAX));
    }

    #[test]
    fn turn_socket8_the_more_come_the_shorter_it_rests() {
        assert_eq!(rest(5, REST_MAX, SHARING_DATAGRAMS), Some(REST_MAX));
        assert_eq!(rest(5, REST_MAX, 4 * SHARING_DATAGRAMS), Some(REST_MAX / 4));
    }

    #[test]
    fn turn_socket8_what_came_in_rounds_between_two_rests_counts() {
        let start = Instant::now();
        let mut moderation = Moderation::new(start);
        let rounds = [128, 128, 4];
        for datagrams in rounds {
            (0..datagrams).for_each(|_| moderation.count());
        }
        let elapsed = 2 * REST_MAX;
        let expected = elapsed * SHARING_DATAGRAMS / rounds.iter().sum::<u32>();
        assert_eq!(moderation.rest(start + elapsed), Some(expected));
    }

    #[test]
    fn turn_socket8_a_loop_with_little_to_do_is_always_awake() {
        assert_eq!(rest(20, REST_MAX, BUSY_DATAGRAMS - 1), None);
        assert_eq!(rest(20, Duration::from_millis(20), 50), None);
    }

    #[test]
    fn turn_socket8_a_loop_that_was_busy_wakes_up_once_it_is_not() {
        let start = Instant::now();
        let mut moderation = Moderation::new(start);
        (0..100).for_each(|_| moderation.count());
        assert!(moderation.rest(start + REST_MAX).is_some());
        assert_eq!(moderation.rest(start + 2 * REST_MAX), None);
        moderation.count();
        assert_eq!(moderation.rest(start + Duration::from_secs(1)), None);
    }
}
