//! Keeps which ports of the relayed addresses are taken, and by which allocation.

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
    /// Even, and the next one is free and kept for another allocation.
    Pair,
}

/// A row of places for each family, one for each port of this shard.
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
        // A random beginning, then the places after it, around the end.
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
        Some(self.first + place as u16 * self.step)
    }

    fn suits(&self, family: Family, parity: Parity, place: usize) -> bool {
        let row = &self.rows[family.index()];
        let is_free = |place| row.get(place) == Some(&Place::Free);
        let is_even = (self.first + place as u16 * self.step).is_multiple_of(2);
        is_free(place)
            && match parity {
                Parity::Any => true,
                Parity::Even => is_even,
                Parity::Pair => is_even && self.step == 1 && is_free(place + 1),
            }
    }

    /// Gives a kept port to an allocation.
    pub(crate) fn claim(&mut self, family: Family, port: u16, slot: u32) {
        self.set(family, port, Place::Taken(slot));
    }

    pub(crate) fn release(&mut self, family: Family, port: u16) {
        self.set(family, port, Place::Free);
    }

    /// Returns whether the port is one of this shard's.
    pub(crate) fn is_of_shard(&self, port: u16) -> bool {
        self.place(port).is_some()
    }

    fn set(&mut self, family: Family, port: u16, place: Place) {
        if let Some(at) = self.place(port)
            && let Some(entry) = self.rows[family.index()].get_mut(at)
        {
            *entry = place;
        }
    }

    fn place(&self, port: u16) -> Option<usize> {
        let distance = port.checked_sub(self.first)?;
        distance
            .is_multiple_of(self.step)
            .then_some(usize::from(distance / self.step))
    }
}
