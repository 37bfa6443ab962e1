//! Helpers for unit tests of several modules.

use std::time::Instant;

/// Returns a moment from which tests count.
#[expect(clippy::disallowed_methods, reason = "a test needs one first moment")]
pub(crate) fn epoch() -> Instant {
    Instant::now()
}
