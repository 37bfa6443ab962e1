//! Times as people write them.

use std::time::Duration;

/// Reads a whole number of seconds, minutes, hours or days: `90s`, `30m`, `12h`, `7d`.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let seconds = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 24 * 3600,
        _ => return None,
    };
    let count: u64 = text[..text.len() - 1].parse().ok()?;
    count.checked_mul(seconds).map(Duration::from_secs)
}
