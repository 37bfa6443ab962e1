//! Moments at which the server is killed.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::ops::RangeInclusive;

/// Acknowledged ops in one cycle before the kill: from the first moments after a restart to a
/// steady run.
const ACKNOWLEDGED: RangeInclusive<u64> = 10..=150;

/// The moment of a kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// At the first acknowledgement after this many ops: an append has just ended.
    AfterAcknowledged(u64),
    /// At the first batch made after this many ops: an append is under way or about to begin.
    AfterSubmitted(u64),
}

impl Moment {
    /// Returns the number of ops that must have been acknowledged before.
    pub(super) fn acknowledged(self) -> u64 {
        match self {
            Self::AfterAcknowledged(ops) | Self::AfterSubmitted(ops) => ops,
        }
    }
}

/// The moments of a run, drawn from its seed.
#[derive(Debug)]
pub(super) struct Plan {
    rng: ChaCha8Rng,
}

impl Plan {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            rng: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    pub(super) fn next(&mut self) -> Moment {
        let ops = self.rng.random_range(ACKNOWLEDGED);
        if self.rng.random_bool(0.5) {
            Moment::AfterAcknowledged(ops)
        } else {
            Moment::AfterSubmitted(ops)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_gives_the_same_moments_of_both_kinds() {
        let moments = |seed| {
            let mut plan = Plan::new(seed);
            (0..30).map(|_| plan.next()).collect::<Vec<_>>()
        };
        assert_eq!(moments(1), moments(1));
        assert_ne!(moments(1), moments(2));
        assert!(
            moments(1)
                .iter()
                .any(|moment| matches!(moment, Moment::AfterAcknowledged(_)))
        );
        assert!(
            moments(1)
                .iter()
                .any(|moment| matches!(moment, Moment::AfterSubmitted(_)))
        );
        assert!(
            moments(1)
                .iter()
                .all(|moment| ACKNOWLEDGED.contains(&moment.acknowledged()))
        );
    }
}
