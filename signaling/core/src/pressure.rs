//! How much waits for a session on one of its paths.

use crate::limits;

/// How much waits for a session on one of its paths, in three levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pressure {
    /// The session keeps up.
    Low,
    /// The session falls behind: [`limits::PRESSURE_HIGH_BYTES`] wait.
    High,
    /// The path does not move: [`limits::PRESSURE_FULL_BYTES`] wait.
    Full,
}

impl Pressure {
    /// Returns the pressure of so many waiting bytes. Between [`limits::PRESSURE_LOW_BYTES`] and
    /// high it stays as it was, so that it does not change with every frame.
    pub fn of(bytes: usize, before: Self) -> Self {
        if bytes >= limits::PRESSURE_FULL_BYTES {
            Self::Full
        } else if bytes <= limits::PRESSURE_LOW_BYTES {
            Self::Low
        } else if bytes >= limits::PRESSURE_HIGH_BYTES {
            before.max(Self::High)
        } else {
            before
        }
    }
}
