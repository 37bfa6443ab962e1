//! Random numbers from a seed.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The only source of randomness in a run.
#[derive(Debug)]
pub(crate) struct Random(ChaCha8Rng);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Draws a number in `from..to`; returns `from` if the range is empty.
    pub(crate) fn between(&mut self, from: u64, to: u64) -> u64 {
        if from < to {
            self.0.random_range(from..to)
        } else {
            from
        }
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.between(0, bound as u64) as usize
    }

    pub(crate) fn signed(&mut self, bound: i32) -> i32 {
        self.0.random_range(-bound..=bound)
    }

    /// Returns true `percent` times in a hundred.
    pub(crate) fn percent(&mut self, percent: u32) -> bool {
        self.between(0, 100) < u64::from(percent)
    }

    /// Returns true `permille` times in a thousand.
    pub(crate) fn permille(&mut self, permille: u32) -> bool {
        self.between(0, 1000) < u64::from(permille)
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        (!of.is_empty()).then(|| &of[self.below(of.len())])
    }
}
