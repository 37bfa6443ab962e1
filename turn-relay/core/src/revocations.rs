//! Users that are refused although their credentials are valid.

use crate::hash::{Keyed, Map};
use crate::limits::REVOCATIONS_MAX;
use std::collections::VecDeque;
use std::time::Duration;

/// Revoked users, each with the Unix time until which it is refused, and in the order of their
/// revocation.
#[derive(Debug)]
pub(crate) struct Revocations {
    until: Map<Box<str>, (Duration, u64)>,
    /// Order of the revocations. A user that was revoked twice is in it twice; the later number
    /// counts.
    order: VecDeque<(u64, Box<str>)>,
    count: u64,
}

impl Revocations {
    pub(crate) fn new(hasher: Keyed) -> Self {
        Self {
            until: Map::with_hasher(hasher),
            order: VecDeque::new(),
            count: 0,
        }
    }

    pub(crate) fn contains(&self, user: &str, unix: Duration) -> bool {
        self.until.get(user).is_some_and(|(until, _)| *until > unix)
    }

    /// Refuses `user` until `until`. Returns the number of users that had to be forgotten early for
    /// it, the oldest first.
    pub(crate) fn insert(&mut self, user: &str, until: Duration, unix: Duration) -> u64 {
        self.count += 1;
        self.until.insert(user.into(), (until, self.count));
        self.order.push_back((self.count, user.into()));
        let mut forgotten = 0;
        while let Some((number, user)) = self.order.front() {
            let current = self
                .until
                .get(user)
                .filter(|(_, current)| current == number);
            let lives = current.is_some_and(|(until, _)| *until > unix);
            if lives && self.order.len() <= REVOCATIONS_MAX {
                break;
            }
            if current.is_some() {
                self.until.remove(user);
            }
            forgotten += u64::from(lives);
            self.order.pop_front();
        }
        forgotten
    }
}
