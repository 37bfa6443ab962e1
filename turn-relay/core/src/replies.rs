//! Limits the answers that a source gets without authentication.

use crate::bucket::{Bucket, Rate};
use crate::hash::Keyed;
use crate::limits::{REPLIES_PER_S, REPLY_BURST, REPLY_SOURCES};
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// The time that places count from, and the value of a place that was never asked. It is not zero:
/// the system provides zeroed memory only once it is written to, and then a flood would make the
/// relay larger. So all of the memory is there from the start.
const BEGIN: u64 = 1;

/// A fixed table of rates. A source is a place in it, by keyed hash of its address (of an IPv6 one
/// the first 64 bits). Two sources may share a place, and a flood from forged addresses makes the
/// table no larger.
#[derive(Debug)]
pub(crate) struct ReplyBudget {
    started: Instant,
    hasher: Keyed,
    /// Nanoseconds from `started`, counted from [`BEGIN`], until the place is at rest again. It
    /// answers while that is less than a burst away.
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

    /// Takes one answer to `source`, if there is one left.
    pub(crate) fn take(&mut self, source: IpAddr, per_s: u32, at: Instant) -> bool {
        let place = self.hasher.hash_one(prefix(source)) as usize % REPLY_SOURCES;
        let interval = Duration::from_secs(1) / per_s.max(1);
        let burst = (interval * (REPLY_BURST - 1)).as_nanos() as u64;
        let now = BEGIN + at.saturating_duration_since(self.started).as_nanos() as u64;
        // Each answer moves the place's time on by one interval; a burst may run ahead of now.
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
