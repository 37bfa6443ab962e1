//! The addresses of this machine that belong to a relay of this process.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

const PORTS: usize = 1 << 16;
const WORD_BITS: usize = u64::BITS as usize;
/// Addresses that are kept: the present one of each family, and earlier ones, by which old
/// allocations are still known.
const ADDRESSES_MAX: usize = 8;

/// The relayed addresses in use. Every shard of a relay writes them, and a peer in the same process
/// reads them. Ports distribute allocations over shards: shard = port mod shards.
#[derive(Debug)]
pub struct Relayed {
    addresses: RwLock<Vec<IpAddr>>,
    live: [Box<[AtomicU64]>; 2],
    shards: u16,
}

impl Relayed {
    /// Makes an empty table for a relay of `shards` shards, at least 1.
    pub fn new(shards: u16) -> Self {
        let ports = || (0..PORTS / WORD_BITS).map(|_| AtomicU64::new(0)).collect();
        Self {
            addresses: RwLock::default(),
            live: [ports(), ports()],
            shards: shards.max(1),
        }
    }

    /// Notes an address by which clients and peers know the relay.
    pub fn announce(&self, address: IpAddr) {
        let mut known = self
            .addresses
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        known.retain(|old| *old != address);
        known.insert(0, address);
        known.truncate(ADDRESSES_MAX);
    }

    /// Notes that an allocation has this relayed address.
    pub fn open(&self, relayed: SocketAddr) {
        let (word, bit) = self.place(relayed);
        word.fetch_or(bit, Ordering::Relaxed);
    }

    /// Notes that no allocation has this relayed address any more.
    pub fn close(&self, relayed: SocketAddr) {
        let (word, bit) = self.place(relayed);
        word.fetch_and(!bit, Ordering::Relaxed);
    }

    /// Returns the shard that holds the allocation with this address, if there is one.
    pub fn shard(&self, relayed: SocketAddr) -> Option<usize> {
        let (word, bit) = self.place(relayed);
        if word.load(Ordering::Relaxed) & bit == 0 {
            return None;
        }
        let known = self
            .addresses
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        known
            .contains(&relayed.ip())
            .then(|| usize::from(relayed.port() % self.shards))
    }

    fn place(&self, relayed: SocketAddr) -> (&AtomicU64, u64) {
        let port = usize::from(relayed.port());
        let word = &self.live[usize::from(relayed.is_ipv6())][port / WORD_BITS];
        (word, 1 << (port % WORD_BITS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turn_handoff4_only_live_relayed_addresses_are_the_relays() {
        let relayed = Relayed::new(3);
        let at: SocketAddr = "192.0.2.1:50000".parse().unwrap();
        relayed.open(at);
        assert_eq!(relayed.shard(at), None);
        relayed.announce(at.ip());
        assert_eq!(relayed.shard(at), Some(50000 % 3));
        for other in ["192.0.2.1:50001", "192.0.2.2:50000", "[2001:db8::1]:50000"] {
            assert_eq!(relayed.shard(other.parse().unwrap()), None, "{other}");
        }
        relayed.close(at);
        assert_eq!(relayed.shard(at), None);
    }

    #[test]
    fn turn_handoff4_addresses_before_a_change_are_kept_up_to_a_bound() {
        let relayed = Relayed::new(1);
        let at = |last: u8| SocketAddr::from(([192, 0, 2, last], 50000));
        relayed.open(at(0));
        (0..10).for_each(|last| relayed.announce(at(last).ip()));
        let known = (0..10).filter(|last| relayed.shard(at(*last)).is_some());
        assert_eq!(known.count(), ADDRESSES_MAX);
        assert_eq!(relayed.shard(at(9)), Some(0));
    }
}
