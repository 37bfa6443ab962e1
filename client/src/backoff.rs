use std::time::Duration;

/// Delay before the first attempt to reconnect, before jitter.
const FIRST: Duration = Duration::from_millis(250);
/// Longest delay before jitter. After the server is back, people look at a "reconnecting" sign for
/// this long at most.
const LONGEST: Duration = Duration::from_secs(10);

/// Delays between attempts to reconnect. They double up to a bound, and each has jitter, so that
/// the clients of a room do not all come back in the same instant.
#[derive(Debug, Clone, Default)]
pub(crate) struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// Returns the next delay; `jitter` in 0.0..1.0 picks a point in its upper half.
    pub(crate) fn next(&mut self, jitter: f64) -> Duration {
        let doubled = FIRST.saturating_mul(1 << self.attempts.min(16));
        self.attempts = self.attempts.saturating_add(1);
        doubled
            .min(LONGEST)
            .mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
    }

    /// Notes that a connection ended which stood for `lived`. After [`LONGEST`] or more the next
    /// delay is the first again; a connection that breaks sooner counts as a failed attempt.
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
