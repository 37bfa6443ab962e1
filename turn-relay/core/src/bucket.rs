//! Token buckets.

use std::time::Instant;

/// The unused part of a rate. The rate is given with each use, so a reload need not visit buckets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    level: f64,
    filled_at: Instant,
}

/// Speed at which a bucket fills, and the amount that it holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    per_s: f64,
    burst: f64,
}

impl Rate {
    /// Returns a rate that may burst for a quarter of a second.
    pub(crate) fn smooth(per_s: u64) -> Self {
        let per_s = per_s as f64;
        Self {
            per_s,
            burst: (per_s / 4.0).max(1.0),
        }
    }

    pub(crate) fn new(per_s: u32, burst: u32) -> Self {
        Self {
            per_s: per_s.into(),
            burst: f64::from(burst).max(1.0),
        }
    }
}

impl Bucket {
    pub(crate) fn full(rate: Rate, now: Instant) -> Self {
        Self {
            level: rate.burst,
            filled_at: now,
        }
    }

    /// Returns whether anything is left. The next take may overdraw the bucket, so that even an
    /// amount larger than the bucket passes at some time.
    pub(crate) fn is_open(&mut self, rate: Rate, now: Instant) -> bool {
        // Datagrams that are received together have one time.
        if now > self.filled_at {
            let elapsed = now.duration_since(self.filled_at).as_secs_f64();
            self.level += elapsed * rate.per_s;
            self.filled_at = now;
        }
        self.level = self.level.min(rate.burst);
        self.level > 0.0
    }

    pub(crate) fn take(&mut self, amount: f64) {
        self.level -= amount;
    }

    /// Takes one unit.
    pub(crate) fn take_one(&mut self, rate: Rate, now: Instant) -> bool {
        let open = self.is_open(rate, now) && self.level >= 1.0;
        if open {
            self.take(1.0);
        }
        open
    }
}
