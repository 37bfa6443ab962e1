use std::ops::Add;
use std::time::Duration;

/// A moment on a monotonic clock: the time since a beginning that the shell chose.
///
/// It is a type of its own because `std::time::Instant` cannot be made in a browser.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Duration);

impl Moment {
    /// Makes the moment that lies `elapsed` after the shell's beginning.
    pub const fn after_beginning(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// Returns the time since the shell's beginning.
    pub const fn since_beginning(self) -> Duration {
        self.0
    }

    /// Returns the time that passed since `earlier`; zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, delay: Duration) -> Self {
        Self(self.0.saturating_add(delay))
    }
}
