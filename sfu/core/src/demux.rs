//! Finds the endpoint to which a datagram belongs: by the user fragment in a STUN binding request,
//! else by the datagram's flow.
//!
//! A flow is learned only from a request whose integrity the transport has checked.

use crate::flow::Flow;
use crate::limits::FLOWS_MAX;
use crate::slot::Slot;
use crate::ufrag::Place;
use std::collections::BTreeMap;

const STUN_HEADER_BYTES: usize = 20;
const STUN_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const STUN_BINDING_REQUEST: [u8; 2] = [0, 1];
const STUN_USERNAME: [u8; 2] = [0, 6];

/// The endpoint that a datagram names itself.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Label {
    /// A binding request for the transport at this place.
    Named(Place),
    /// A binding request with a user fragment that this unit never issued.
    Foreign,
    /// Any other datagram: only its flow can tell.
    Plain,
}

/// Reads the label of a datagram.
pub(crate) fn label(payload: &[u8]) -> Label {
    if !payload.starts_with(&STUN_BINDING_REQUEST) || payload.get(4..8) != Some(&STUN_COOKIE) {
        return Label::Plain;
    }
    username(payload)
        .and_then(|name| name.split(|byte| *byte == b':').next())
        .and_then(Place::from_ufrag)
        .map_or(Label::Foreign, Label::Named)
}

/// Returns the USERNAME attribute (RFC 8489 section 14.3).
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

/// The flows learned so far, each with the endpoint that owns it.
#[derive(Debug, Default)]
pub(crate) struct Flows {
    owners: BTreeMap<Flow, Slot>,
}

impl Flows {
    pub(crate) fn owner(&self, flow: &Flow) -> Option<Slot> {
        self.owners.get(flow).copied()
    }

    /// Gives a flow to `slot`. `known` lists the slot's flows, oldest first; if the list is full,
    /// the oldest is forgotten.
    pub(crate) fn learn(&mut self, flow: Flow, slot: Slot, known: &mut Vec<Flow>) {
        if self.owners.insert(flow, slot) == Some(slot) {
            return;
        }
        if known.len() == FLOWS_MAX {
            let oldest = known.remove(0);
            self.forget(&[oldest], slot);
        }
        known.push(flow);
    }

    /// Forgets those of `flows` that `slot` still owns: another endpoint may have taken one over.
    pub(crate) fn forget(&mut self, flows: &[Flow], slot: Slot) {
        for flow in flows {
            if self.owners.get(flow) == Some(&slot) {
                self.owners.remove(flow);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Returns the flow between a port of one client and one of our addresses.
    fn flow(local: u8, port: u16) -> Flow {
        Flow::udp(
            ([10, 0, 0, local], 4000).into(),
            ([127, 0, 0, 1], port).into(),
        )
    }

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
            slot: Slot(77),
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
    fn sfu2_flows_of_a_transport_are_bounded() {
        let mut flows = Flows::default();
        let mut known = Vec::new();
        let slot = Slot(3);
        for port in 0..100 {
            flows.learn(flow(1, port), slot, &mut known);
        }
        assert_eq!((flows.owners.len(), known.len()), (FLOWS_MAX, FLOWS_MAX));
        assert_eq!(flows.owner(&flow(1, 99)), Some(slot));
        assert_eq!(flows.owner(&flow(1, 0)), None);
    }

    #[test]
    fn sfu2_a_flow_is_both_addresses_and_the_last_to_prove_itself_owns_it() {
        let (mut flows, mut first, mut second) = (Flows::default(), Vec::new(), Vec::new());
        flows.learn(flow(1, 7), Slot(1), &mut first);
        flows.learn(flow(2, 7), Slot(2), &mut second);
        assert_eq!(flows.owner(&flow(1, 7)), Some(Slot(1)));
        assert_eq!(flows.owner(&flow(2, 7)), Some(Slot(2)));
        assert_eq!(flows.owner(&flow(3, 7)), None);
        flows.learn(flow(1, 7), Slot(2), &mut second);
        flows.forget(&first, Slot(1));
        assert_eq!(flows.owner(&flow(1, 7)), Some(Slot(2)));
    }

    proptest! {
        #[test]
        fn sfu2_any_datagram_has_a_label(payload in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = label(&payload);
            let _ = label(&[request(&[]), payload].concat());
        }
    }
}
