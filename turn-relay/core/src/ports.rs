//! Ports of the relayed addresses, and the allocations that hold them.

use crate::config::Config;
use crate::family::Family;
use crate::limits::PORT_PROBES_MAX;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::Rng;

/// A request's wish for a port (EVEN-PORT, RFC 8656 section 18.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parity {
    Any,
    Even,
    /// An even port, of which the next is free and is kept for another allocation.
    Pair,
}

/// Rows of places, one row for each family, one place for each port of this shard.
#[derive(Debug)]
pub(crate) struct Ports {
    first: u16,
    step: u16,
    rows: [Vec<Place>; 2],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Free,
    Kept,
    Taken(u32),
}

impl Ports {
    pub(crate) fn new(config: &Config) -> Self {
        let step = config.shards.max(1);
        let (start, end) = (
            u32::from(*config.ports.start()),
            u32::from(*config.ports.end()),
        );
        let shift =
            (u32::from(config.shard) + u32::from(step) - start % u32::from(step)) % u32::from(step);
        let first = start + shift;
        let count = (end + 1).saturating_sub(first).div_ceil(step.into());
        // A shard beyond the last port has no row, and its `first` is never used.
        debug_assert!(count == 0 || u16::try_from(first).is_ok());
        let row = |family: Family| {
            let has = config
                .relayed
                .iter()
                .any(|relayed| Family::of(relayed.bind) == family);
            vec![Place::Free; if has { count as usize } else { 0 }]
        };
        Self {
            first: first as u16,
            step,
            rows: Family::BOTH.map(row),
        }
    }

    /// Returns the slot of the allocation that has the port.
    pub(crate) fn owner(&self, family: Family, port: u16) -> Option<u32> {
        match self.rows[family.index()].get(self.place(port)?)? {
            Place::Taken(slot) => Some(*slot),
            Place::Free | Place::Kept => None,
        }
    }

    /// Takes a free port at random.
    pub(crate) fn take(
        &mut self,
        family: Family,
        parity: Parity,
        slot: u32,
        rng: &mut ChaCha20Rng,
    ) -> Option<u16> {
        let count = self.rows[family.index()].len();
        // Probing starts at a random place and goes on, around the end if need be.
        let start = rng.next_u32() as usize % count.max(1);
        let places = (0..count.min(PORT_PROBES_MAX)).map(|probe| (start + probe) % count);
        let place = places
            .into_iter()
            .find(|place| self.suits(family, parity, *place))?;
        let row = &mut self.rows[family.index()];
        row[place] = Place::Taken(slot);
        if parity == Parity::Pair {
            row[place + 1] = Place::Kept;
        }
        Some(self.port(place))
    }

    /// Returns the port at a place of a row. Rows end at the last port of the range, so the result
    /// is a port.
    fn port(&self, place: usize) -> u16 {
        let port = usize::from(self.first) + place * usize::from(self.step);
        debug_assert!(port <= usize::from(u16::MAX), "place {place} of a row");
        port as u16
    }

    fn suits(&self, family: Family, parity: Parity, place: usize) -> bool {
        let row = &self.rows[family.index()];
        let is_free = |place| row.get(place) == Some(&Place::Free);
        let is_even = || self.port(place).is_multiple_of(2);
        is_free(place)
            && match parity {
                Parity::Any => true,
                Parity::Even => is_even(),
                Parity::Pair => is_even() && self.step == 1 && is_free(place + 1),
            }
    }

    /// Gives a kept port to an allocation.
    pub(crate) fn claim(&mut self, family: Family, port: u16, slot: u32) {
        let before = self.set(family, port, Place::Taken(slot));
        debug_assert_eq!(before, Some(Place::Kept), "port {port} was kept for it");
    }

    pub(crate) fn release(&mut self, family: Family, port: u16) {
        let before = self.set(family, port, Place::Free);
        let was_used = before.is_some_and(|before| before != Place::Free);
        debug_assert!(was_used, "port {port} is given back once");
    }

    /// Returns whether the port is one of this shard's.
    pub(crate) fn is_of_shard(&self, port: u16) -> bool {
        self.place(port).is_some()
    }

    /// Sets a place and returns its former value; `None` if the port does not belong to this shard.
    fn set(&mut self, family: Family, port: u16, place: Place) -> Option<Place> {
        let at = self.place(port)?;
        let entry = self.rows[family.index()].get_mut(at)?;
        Some(std::mem::replace(entry, place))
    }

    fn place(&self, port: u16) -> Option<usize> {
        let distance = port.checked_sub(self.first)?;
        distance
            .is_multiple_of(self.step)
            .then_some(usize::from(distance / self.step))
    }
}
