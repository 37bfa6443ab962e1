//! The allocations of a relay, by number, by client and by time.

use crate::allocation::Allocation;
use crate::client::{AllocationId, Client};
use crate::hash::{Keyed, Map};
use crate::slab::Slab;
use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// All allocations. A heap holds the times at which they may expire. It is corrected only if a time
/// is reached or moves earlier.
#[derive(Debug)]
pub(crate) struct Table {
    allocations: Slab<Allocation>,
    epochs: Vec<u32>,
    by_client: Map<Client, u32>,
    /// The client that was found last: datagrams come in bursts, so the next lookup is often for
    /// the same client.
    found: Cell<Option<(Client, u32)>>,
    timers: BinaryHeap<Reverse<(Instant, AllocationId)>>,
}

impl Table {
    pub(crate) fn new(hasher: Keyed) -> Self {
        Self {
            allocations: Slab::default(),
            epochs: Vec::new(),
            by_client: Map::with_hasher(hasher),
            found: Cell::new(None),
            timers: BinaryHeap::new(),
        }
    }

    pub(crate) fn insert(&mut self, allocation: Allocation) -> AllocationId {
        let (client, wake_at) = (allocation.client, allocation.wake_at);
        let slot = self.allocations.insert(allocation) as u32;
        if self.epochs.len() == slot as usize {
            self.epochs.push(0);
        }
        self.by_client.insert(client, slot);
        let id = self.id(slot);
        self.timers.push(Reverse((wake_at, id)));
        id
    }

    pub(crate) fn remove(&mut self, slot: u32) -> Option<Allocation> {
        let allocation = self.allocations.remove(slot as usize)?;
        // From now on, ids of the ended allocation find nothing.
        self.epochs[slot as usize] = self.epochs[slot as usize].wrapping_add(1);
        self.by_client.remove(&allocation.client);
        self.found.set(None);
        self.compact();
        Some(allocation)
    }

    pub(crate) fn find(&self, client: &Client) -> Option<u32> {
        if let Some((found, slot)) = self.found.get()
            && found == *client
        {
            return Some(slot);
        }
        let slot = self.by_client.get(client).copied()?;
        self.found.set(Some((*client, slot)));
        Some(slot)
    }

    pub(crate) fn id(&self, slot: u32) -> AllocationId {
        AllocationId {
            slot,
            epoch: self.epochs[slot as usize],
        }
    }

    /// Returns the slot of an allocation that has not ended.
    pub(crate) fn resolve(&self, id: AllocationId) -> Option<u32> {
        let live = self.epochs.get(id.slot as usize) == Some(&id.epoch)
            && self.allocations.get(id.slot as usize).is_some();
        live.then_some(id.slot)
    }

    /// Returns the allocation of a slot.
    ///
    /// # Panics
    /// If the slot is empty.
    pub(crate) fn get(&self, slot: u32) -> &Allocation {
        let allocation = self.allocations.get(slot as usize);
        allocation.expect("a slot is held only while its allocation lives")
    }

    /// Returns the allocation of a slot.
    ///
    /// # Panics
    /// If the slot is empty.
    pub(crate) fn get_mut(&mut self, slot: u32) -> &mut Allocation {
        let allocation = self.allocations.get_mut(slot as usize);
        allocation.expect("a slot is held only while its allocation lives")
    }

    pub(crate) fn len(&self) -> usize {
        self.allocations.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (AllocationId, &Allocation)> {
        let allocations = self.allocations.iter();
        allocations.map(|(slot, allocation)| (self.id(slot as u32), allocation))
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut Allocation> {
        self.allocations.values_mut()
    }

    /// Sets the time at which an allocation expires.
    pub(crate) fn set_expiry(&mut self, slot: u32, expires_at: Instant) {
        let allocation = self.get_mut(slot);
        allocation.expires_at = expires_at;
        // A later time needs no new entry: `next_expired` corrects the old entry once it is
        // reached.
        if expires_at < allocation.wake_at {
            allocation.wake_at = expires_at;
            let id = self.id(slot);
            self.timers.push(Reverse((expires_at, id)));
        }
    }

    /// Returns the next allocation that has expired. It stays until it is removed.
    pub(crate) fn next_expired(&mut self, now: Instant) -> Option<u32> {
        while let Some(&Reverse((wake_at, id))) = self.timers.peek()
            && wake_at <= now
        {
            self.timers.pop();
            let Some(slot) = self
                .resolve(id)
                .filter(|slot| self.get(*slot).wake_at == wake_at)
            else {
                // The allocation has ended, or an earlier entry has replaced this one.
                continue;
            };
            let expires_at = self.get(slot).expires_at;
            if expires_at <= now {
                return Some(slot);
            }
            // It was refreshed since: look at it again at its new time.
            self.get_mut(slot).wake_at = expires_at;
            self.timers.push(Reverse((expires_at, id)));
        }
        None
    }

    /// Returns when the next allocation may expire. If it was refreshed, the time is too early.
    pub(crate) fn next_wake(&self) -> Option<Instant> {
        self.timers.peek().map(|Reverse((wake_at, _))| *wake_at)
    }

    /// Drops the entries of allocations that ended early, once they are most of the heap.
    fn compact(&mut self) {
        const SPARE: usize = 64;
        if self.len() > 0 && self.timers.len() <= 2 * self.len() + SPARE {
            return;
        }
        let timers = self
            .iter()
            .map(|(id, allocation)| Reverse((allocation.wake_at, id)));
        self.timers = timers.collect();
    }
}
