use std::time::Duration;

/// Delay before the first new attempt.
const FIRST: Duration = Duration::from_millis(250);
/// Longest delay: people look at a "reconnecting" sign no longer than this after
/// the server is back.
const LONGEST: Duration = Duration::from_secs(10);

/// Delays between attempts to reconnect: doubling, bounded, each with jitter so that a room
/// does not come back at once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// The next delay; `jitter` in 0.0..1.0 picks a point in its upper half.
    pub(crate) fn next(&mut self, jitter: f64) -> Duration {
        let doubled = FIRST.saturating_mul(1 << self.attempts.min(16));
        self.attempts = self.attempts.saturating_add(1);
        doubled
            .min(LONGEST)
            .mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
    }

    /// A connection ended that stood so long: after a good while the next delay is the first again.
    /// One that breaks at once counts as a failed attempt.
    pub(crate) fn ended_after(&mut self, lived: Duration) {
        if lived >= LONGEST {
            self.attempts = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_to_a_bound_and_start_anew() {
        let mut backoff = Backoff::default();
        let delays: Vec<_> = (0..8).map(|_| backoff.next(1.0).as_millis()).collect();
        assert_eq!(delays, [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
        for _ in 0..100 {
            assert_eq!(backoff.next(0.0), LONGEST / 2);
        }
        backoff.ended_after(LONGEST / 2);
        assert_eq!(backoff.next(0.0), LONGEST / 2);
        backoff.ended_after(LONGEST);
        assert_eq!(backoff.next(0.0), FIRST / 2);
    }
}
