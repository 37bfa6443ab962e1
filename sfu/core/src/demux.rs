//! Which transport a datagram belongs to: by the user fragment in a STUN request, else by its source address.
//!
//! An address is learned only from a request whose integrity the transport has checked.

use crate::limits::ADDRESSES_MAX;
use crate::ufrag::Place;
use std::collections::BTreeMap;
use std::net::SocketAddr;

const STUN_HEADER_BYTES: usize = 20;
const STUN_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const STUN_BINDING_REQUEST: [u8; 2] = [0, 1];
const STUN_USERNAME: [u8; 2] = [0, 6];

/// What a datagram says about its destination.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Label {
    /// A binding request for the transport at this place.
    Named(Place),
    /// A binding request for something that was never ours.
    Foreign,
    /// Only the address can tell.
    Plain,
}

/// Reads a datagram's label.
pub(crate) fn label(payload: &[u8]) -> Label {
    if !payload.starts_with(&STUN_BINDING_REQUEST) || payload.get(4..8) != Some(&STUN_COOKIE) {
        return Label::Plain;
    }
    username(payload)
        .and_then(|name| name.split(|byte| *byte == b':').next())
        .and_then(Place::from_ufrag)
        .map_or(Label::Foreign, Label::Named)
}

/// The USERNAME attribute (RFC 8489 section 14.3).
fn username(message: &[u8]) -> Option<&[u8]> {
    let mut rest = message.get(STUN_HEADER_BYTES..)?;
    loop {
        let (kind, length) = (rest.get(..2)?, rest.get(2..4)?);
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        let value = rest.get(4..4 + length)?;
        if kind == STUN_USERNAME {
            return Some(value);
        }
        rest = rest.get(4 + length.next_multiple_of(4)..)?;
    }
}

/// Addresses learned, and the slot of each.
#[derive(Debug, Default)]
pub(crate) struct Addresses {
    slots: BTreeMap<SocketAddr, usize>,
}

impl Addresses {
    pub(crate) fn slot(&self, source: SocketAddr) -> Option<usize> {
        self.slots.get(&source).copied()
    }

    /// Notes that `source` speaks for `slot`. `known` lists the slot's addresses; the oldest goes where it is full.
    pub(crate) fn learn(&mut self, source: SocketAddr, slot: usize, known: &mut Vec<SocketAddr>) {
        if self.slots.insert(source, slot) == Some(slot) {
            return;
        }
        if known.len() == ADDRESSES_MAX {
            let oldest = known.remove(0);
            self.forget(&[oldest], slot);
        }
        known.push(source);
    }

    /// Forgets those of `addresses` that still are `slot`'s.
    pub(crate) fn forget(&mut self, addresses: &[SocketAddr], slot: usize) {
        for address in addresses {
            if self.slots.get(address) == Some(&slot) {
                self.slots.remove(address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn request(attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut message = [&STUN_BINDING_REQUEST[..], &[0, 0], &STUN_COOKIE, &[7; 12]].concat();
        for (kind, value) in attributes {
            message.extend(kind.to_be_bytes());
            message.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
            message.extend(*value);
            message.resize(message.len().next_multiple_of(4), 0);
        }
        message
    }

    #[test]
    fn sfu2_a_request_names_its_place() {
        let place = Place {
            shard: 1,
            slot: 77,
            epoch: 9,
        };
        let name = format!("{}:peer", place.to_ufrag());
        let message = request(&[(0x8022, b"abc"), (6, name.as_bytes())]);
        assert_eq!(label(&message), Label::Named(place));
    }

    #[test]
    fn sfu2_other_requests_are_foreign_and_other_datagrams_plain() {
        assert_eq!(label(&request(&[(6, b"abcd:peer")])), Label::Foreign);
        assert_eq!(label(&request(&[])), Label::Foreign);
        assert_eq!(label(&[22, 254, 253]), Label::Plain);
        assert_eq!(label(&[]), Label::Plain);
    }

    #[test]
    fn sfu2_addresses_of_a_transport_are_bounded() {
        let mut addresses = Addresses::default();
        let mut known = Vec::new();
        let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
        for port in 0..100 {
            addresses.learn(address(port), 3, &mut known);
        }
        assert_eq!(
            (addresses.slots.len(), known.len()),
            (ADDRESSES_MAX, ADDRESSES_MAX)
        );
        assert_eq!(addresses.slot(address(99)), Some(3));
        assert_eq!(addresses.slot(address(0)), None);
    }

    proptest! {
        #[test]
        fn sfu2_any_datagram_has_a_label(payload in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = label(&payload);
            let _ = label(&[request(&[]), payload].concat());
        }
    }
}
