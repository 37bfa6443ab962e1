//! A token bucket without fractions: it remembers only when it will be full again.

use std::time::{Duration, Instant};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    full_at: Instant,
    interval: Duration,
    tolerance: Duration,
}

impl Bucket {
    pub(crate) fn new(per_s: u32, burst: u32, now: Instant) -> Self {
        let interval = Duration::from_secs(1) / per_s.max(1);
        Self {
            full_at: now,
            interval,
            tolerance: interval * burst,
        }
    }

    /// Takes `amount`, and returns true, if anything is left. The last take may overdraw, so that
    /// no amount is too large for ever.
    pub(crate) fn take(&mut self, amount: u32, now: Instant) -> bool {
        let open = now >= self.ready_at();
        if open {
            self.full_at = self.full_at.max(now) + self.interval * amount;
        }
        open
    }

    /// Returns when the next take will succeed.
    pub(crate) fn ready_at(&self) -> Instant {
        self.full_at
            .checked_sub(self.tolerance)
            .unwrap_or(self.full_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(
        clippy::disallowed_methods,
        reason = "a test needs some instant to begin with"
    )]
    fn burst_then_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10, 5, start);
        let taken = (0..100).filter(|_| bucket.take(1, start)).count();
        assert_eq!(taken, 6, "the burst, and the one that overdraws");
        assert!(!bucket.take(1, start + Duration::from_millis(99)));
        assert_eq!(bucket.ready_at(), start + Duration::from_millis(100));
        assert!(bucket.take(1000, bucket.ready_at()));
        assert_eq!(bucket.ready_at(), start + Duration::from_millis(100_100));
    }
}
