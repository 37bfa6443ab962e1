//! Helpers for unit tests of several modules.

use std::time::Instant;

/// A moment to count from.
#[expect(clippy::disallowed_methods, reason = "a test needs one first moment")]
pub(crate) fn epoch() -> Instant {
    Instant::now()
}
