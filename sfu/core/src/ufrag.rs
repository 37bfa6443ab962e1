//! The place of an endpoint, written into its ICE user fragment, so that a datagram finds it
//! without a search.
//!
//! ```text
//! 0        2            6            10
//! +--------+------------+------------+
//! | shard  | slot       | epoch      |   big endian, base32 (RFC 4648, lower case): 16 characters
//! +--------+------------+------------+
//! ```

use crate::slot::Slot;

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const BYTES: usize = 10;
const CHARACTERS: usize = 16;

/// The place of an endpoint. A slot is used again, each time with another epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) shard: u16,
    pub(crate) slot: Slot,
    pub(crate) epoch: u32,
}

impl Place {
    pub(crate) fn to_ufrag(self) -> String {
        let mut bytes = [0; 16];
        bytes[6..8].copy_from_slice(&self.shard.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.slot.0.to_be_bytes());
        bytes[12..].copy_from_slice(&self.epoch.to_be_bytes());
        let number = u128::from_be_bytes(bytes);
        let digit = |at: usize| (number >> (5 * (CHARACTERS - 1 - at))) as usize % 32;
        (0..CHARACTERS)
            .map(|at| char::from(ALPHABET[digit(at)]))
            .collect()
    }

    pub(crate) fn from_ufrag(ufrag: &[u8]) -> Option<Self> {
        if ufrag.len() != CHARACTERS {
            return None;
        }
        let number = ufrag.iter().try_fold(0u128, |number, character| {
            let digit = ALPHABET.iter().position(|known| known == character)?;
            Some(number << 5 | digit as u128)
        })?;
        let bytes = number.to_be_bytes();
        let (head, tail) = bytes[bytes.len() - BYTES..].split_at(2);
        let (slot, epoch) = tail.split_at(4);
        Some(Self {
            shard: u16::from_be_bytes(head.try_into().ok()?),
            slot: Slot(u32::from_be_bytes(slot.try_into().ok()?)),
            epoch: u32::from_be_bytes(epoch.try_into().ok()?),
        })
    }
}

/// Writes 32 characters of base32 from random bytes: 160 bits for an ICE password (RFC 8445 asks
/// for 128).
pub(crate) fn password(random: &[u8; 32]) -> String {
    random
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sfu2_a_ufrag_names_one_place(shard: u16, slot: u32, epoch: u32) {
            let place = Place { shard, slot: Slot(slot), epoch };
            prop_assert_eq!(Place::from_ufrag(place.to_ufrag().as_bytes()), Some(place));
        }

        #[test]
        fn sfu2_any_bytes_give_a_place_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..20)) {
            let _ = Place::from_ufrag(&bytes);
        }
    }

    #[test]
    fn sfu2_passwords_have_160_bits() {
        assert_eq!(password(&[255; 32]), "7".repeat(32));
        assert_eq!(password(&[32; 32]), "a".repeat(32));
    }
}
