//! Users with an allocation, and the unused part of their rates.

use crate::bucket::{Bucket, Rate};
use crate::config::Quotas;
use crate::hash::{Keyed, Map};
use crate::limits::{USER_LINGER, USERS_LINGERING_MAX};
use crate::slab::Slab;
use std::collections::VecDeque;
use std::time::Instant;

/// One user: all clients whose credentials name the same participant.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) name: Box<str>,
    pub(crate) allocations: u32,
    bits: Bucket,
    packets: Bucket,
    new_peers: Bucket,
    left_at: Instant,
}

impl User {
    /// Takes one packet of `bytes` from the user's rates and the relay's, if none of them is used
    /// up.
    pub(crate) fn take_packet(
        &mut self,
        bytes: usize,
        quotas: &Quotas,
        total: &mut Bucket,
        now: Instant,
    ) -> bool {
        let bits = 8.0 * bytes as f64;
        // `&`, not `&&`: every bucket is filled up to now before one of them decides.
        let open = self.bits.is_open(Rate::smooth(quotas.user_bps), now)
            & self.packets.is_open(Rate::smooth(quotas.user_pps), now)
            & total.is_open(Rate::smooth(quotas.total_bps), now);
        if open {
            self.bits.take(bits);
            self.packets.take(1.0);
            total.take(bits);
        }
        open
    }

    /// Takes one permission for an address that is new to an allocation.
    pub(crate) fn take_new_peer(&mut self, quotas: &Quotas, now: Instant) -> bool {
        self.new_peers.take_one(new_peers(quotas), now)
    }
}

/// Returns the rate of new peers. All allocations of a user may meet all their peers at once, as at
/// the start of a call.
fn new_peers(quotas: &Quotas) -> Rate {
    let burst = quotas.permissions.saturating_mul(quotas.user_allocations);
    Rate::new(quotas.user_new_peers_per_s, burst)
}

/// Users by name. After its last allocation a user stays for [`USER_LINGER`], so that it cannot
/// come back at once with full buckets.
#[derive(Debug)]
pub(crate) struct Users {
    users: Slab<User>,
    by_name: Map<Box<str>, usize>,
    leaving: VecDeque<(Instant, usize)>,
    /// Users with an allocation.
    pub(crate) present: u64,
}

impl Users {
    pub(crate) fn new(hasher: Keyed) -> Self {
        Self {
            users: Slab::default(),
            by_name: Map::with_hasher(hasher),
            leaving: VecDeque::new(),
            present: 0,
        }
    }

    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn get(&self, key: usize) -> &User {
        self.users.get(key).expect("an allocation holds its user")
    }

    pub(crate) fn get_mut(&mut self, key: usize) -> &mut User {
        self.users
            .get_mut(key)
            .expect("an allocation holds its user")
    }

    pub(crate) fn allocations_of(&self, name: &str) -> u32 {
        self.find(name).map_or(0, |key| self.get(key).allocations)
    }

    /// Counts one more allocation of `name`.
    pub(crate) fn enter(&mut self, name: &str, quotas: &Quotas, now: Instant) -> usize {
        self.forget(now);
        let key = self
            .find(name)
            .unwrap_or_else(|| self.insert(name, quotas, now));
        let user = self.get_mut(key);
        user.allocations += 1;
        self.present += u64::from(user.allocations == 1);
        key
    }

    fn insert(&mut self, name: &str, quotas: &Quotas, now: Instant) -> usize {
        let key = self.users.insert(User {
            name: name.into(),
            allocations: 0,
            bits: Bucket::full(Rate::smooth(quotas.user_bps), now),
            packets: Bucket::full(Rate::smooth(quotas.user_pps), now),
            new_peers: Bucket::full(new_peers(quotas), now),
            left_at: now,
        });
        self.by_name.insert(name.into(), key);
        key
    }

    /// Counts one allocation less.
    pub(crate) fn leave(&mut self, key: usize, now: Instant) {
        let user = self.get_mut(key);
        user.allocations -= 1;
        if user.allocations == 0 {
            user.left_at = now;
            self.present -= 1;
            self.leaving.push_back((now, key));
            self.forget(now);
        }
    }

    fn forget(&mut self, now: Instant) {
        while let Some(&(left_at, key)) = self.leaving.front() {
            let lingers = now.saturating_duration_since(left_at) < USER_LINGER;
            if lingers && self.leaving.len() <= USERS_LINGERING_MAX {
                return;
            }
            self.leaving.pop_front();
            self.remove_left(key, left_at);
        }
    }

    /// Removes a user, unless it has come back or another user has its place.
    fn remove_left(&mut self, key: usize, left_at: Instant) {
        let left = |user: &&User| user.allocations == 0 && user.left_at == left_at;
        if self.users.get(key).filter(left).is_some()
            && let Some(user) = self.users.remove(key)
        {
            self.by_name.remove(&user.name);
        }
    }
}
