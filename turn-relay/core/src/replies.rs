//! Limits the answers that a source may get without authentication.

use crate::bucket::{Bucket, Rate};
use crate::hash::Keyed;
use crate::limits::{REPLIES_PER_S, REPLY_BURST, REPLY_SOURCES};
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Start of the time of the places, and the value of a place that was never used. It is not zero:
/// the system provides zeroed memory only when it is first written, and then a flood would make the
/// relay grow. With this value, all of the memory is there from the start.
const BEGIN: u64 = 1;

/// A fixed table of rates. A source is a place in it, by keyed hash of its address (for IPv6, of
/// the first 64 bits). Two sources may share a place. A flood from forged addresses does not make
/// the table larger.
#[derive(Debug)]
pub(crate) struct ReplyBudget {
    started: Instant,
    hasher: Keyed,
    /// Time at which each place is idle again, in nanoseconds since `started`, counted from
    /// [`BEGIN`]. The place answers as long as this is less than a burst ahead.
    busy_until: Box<[u64]>,
    /// The unused part of all sources together.
    together: Bucket,
}

fn together() -> Rate {
    Rate::smooth(REPLIES_PER_S.into())
}

impl ReplyBudget {
    pub(crate) fn new(hasher: Keyed, now: Instant) -> Self {
        Self {
            started: now,
            hasher,
            busy_until: vec![BEGIN; REPLY_SOURCES].into(),
            together: Bucket::full(together(), now),
        }
    }

    /// Takes one answer to `source`, if its rate and the common one allow it.
    pub(crate) fn take(&mut self, source: IpAddr, per_s: u32, at: Instant) -> bool {
        let place = self.hasher.hash_one(prefix(source)) as usize % REPLY_SOURCES;
        let interval = Duration::from_secs(1) / per_s.max(1);
        let burst = (interval * (REPLY_BURST - 1)).as_nanos() as u64;
        let now = BEGIN + at.saturating_duration_since(self.started).as_nanos() as u64;
        // Each answer moves the place's time on by one interval. A burst may run ahead of now.
        let busy = self.busy_until[place].max(now);
        let open = busy <= now + burst && self.together.take_one(together(), at);
        if open {
            self.busy_until[place] = busy + interval.as_nanos() as u64;
        }
        open
    }
}

/// Returns the part of an address that its holder can hardly vary.
fn prefix(ip: IpAddr) -> u64 {
    match ip {
        IpAddr::V4(ip) => ip.to_bits().into(),
        IpAddr::V6(ip) => (ip.to_bits() >> 64) as u64,
    }
}
