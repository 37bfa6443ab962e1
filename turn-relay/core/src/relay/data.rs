//! Data between clients and peers (RFC 8656 sections 11 and 12). Nothing here allocates memory.

use super::Relay;
use crate::ask::{unknown, value};
use crate::client::{AllocationId, Client};
use crate::family::Family;
use crate::limits::PAYLOAD_BYTES_MAX;
use crate::output::{Forward, Header, Icmp};
use rand_chacha::rand_core::Rng;
use std::net::SocketAddr;
use std::time::Instant;
use stun_types::message::{
    Message, MessageClass, MessageType, MessageWriteMutSlice, MessageWriteVec, TransactionId,
};
use stun_types::prelude::*;
use turn_types::attribute::{self, Data, DontFragment, XorPeerAddress};
use turn_types::message::DATA;

impl Relay {
    /// Forwards `ChannelData` from a client.
    pub(super) fn handle_channel_data<'a>(
        &mut self,
        client: Client,
        payload: &'a [u8],
        now: Instant,
    ) -> Option<Forward<'a>> {
        let Some((number, data)) = read_channel_data(payload) else {
            self.stats.malformed += 1;
            self.close_client(client);
            return None;
        };
        let slot = self.table.find(&client);
        // The policy admitted the peer when the channel was bound, and again at each reload.
        let bound = slot.and_then(|slot| Some((slot, self.table.get(slot).peer_of(number, now)?)));
        let Some((slot, peer)) = bound else {
            self.stats.dropped_permission += 1;
            return None;
        };
        self.send_to_peer(slot, peer, data, false, now)
    }

    /// Forwards a Send indication from a client.
    pub(super) fn handle_send<'a>(
        &mut self,
        client: Client,
        message: &Message<'_>,
        payload: &'a [u8],
        now: Instant,
    ) -> Option<Forward<'a>> {
        let Some(slot) = self.table.find(&client) else {
            self.stats.dropped_permission += 1;
            return None;
        };
        let peer = message.attribute::<XorPeerAddress>().ok();
        let data = value(payload, message, Data::TYPE);
        let (Some(peer), Some(data), true) = (peer, data, unknown(message).is_empty()) else {
            self.stats.malformed += 1;
            return None;
        };
        let peer = peer.addr(message.transaction_id());
        if !self.filter.admits(peer) {
            self.stats.dropped_policy += 1;
            return None;
        }
        let dont_fragment = message.has_attribute(DontFragment::TYPE);
        self.send_to_peer(slot, peer, data, dont_fragment, now)
    }

    /// Sends to a peer that the policy admits, if the client has a permission for it.
    fn send_to_peer<'a>(
        &mut self,
        slot: u32,
        peer: SocketAddr,
        payload: &'a [u8],
        dont_fragment: bool,
        now: Instant,
    ) -> Option<Forward<'a>> {
        let family = Family::of(peer.ip());
        let allocation = self.table.get(slot);
        // The allocation may have no relayed address of the peer's family.
        let port = allocation.port(family);
        let permitted = allocation.is_permitted(peer.ip(), now);
        let (Some(port), true) = (port, permitted) else {
            self.stats.dropped_permission += 1;
            return None;
        };
        // Drops what exceeds a rate of the user or of the relay.
        if !self.take_packet(slot, payload, now) {
            return None;
        }
        self.count_to_peer(slot, payload.len());
        let relayed = self.bound(family, port)?;
        let own = self.own_address(peer);
        // If the peer is an allocation of this shard, the data goes straight to its client, without
        // a socket.
        if let Some(own) = own.filter(|own| self.ports.is_of_shard(own.port())) {
            self.stats.packets_hairpin += 1;
            return self.handle_peer(own, relayed, payload, now);
        }
        Some(Forward::ToPeer {
            relayed,
            peer: own.unwrap_or(peer),
            payload,
            dont_fragment,
        })
    }

    /// Returns the bound address of a peer that is a relayed address of this relay or its other
    /// shards. A forwarding unit may hold a port in the relay's range: then a rule names it, and no
    /// allocation has it.
    fn own_address(&self, peer: SocketAddr) -> Option<SocketAddr> {
        let mut relayed = self.config.relayed.iter();
        let own = relayed.find(|own| own.announced == peer.ip())?;
        let is_taken = || {
            self.ports
                .owner(Family::of(peer.ip()), peer.port())
                .is_some()
        };
        let is_relays = self.config.ports.contains(&peer.port())
            && (is_taken() || !self.filter.names_host(peer));
        is_relays.then_some(SocketAddr::new(own.bind, peer.port()))
    }

    /// Takes data from a peer to the relayed address that is bound as `relayed`. Returns `None` if
    /// no client permitted the peer.
    pub fn handle_peer<'a>(
        &mut self,
        relayed: SocketAddr,
        peer: SocketAddr,
        payload: &'a [u8],
        now: Instant,
    ) -> Option<Forward<'a>> {
        let peer = self.as_announced(peer);
        let same_family = relayed.is_ipv4() == peer.is_ipv4();
        let Some(slot) = self.owner(relayed).filter(|_| same_family) else {
            self.stats.dropped_permission += 1;
            return None;
        };
        let allocation = self.table.get(slot);
        if !allocation.is_permitted(peer.ip(), now) {
            self.stats.dropped_permission += 1;
            return None;
        }
        let channel = allocation.channel_of(peer, now);
        // The policy was checked when a channel was bound, and again at each reload.
        if channel.is_none() && !self.filter.admits(peer) {
            self.stats.dropped_policy += 1;
            return None;
        }
        if !self.take_packet(slot, payload, now) {
            return None;
        }
        self.count_to_client(slot, payload.len());
        // A bound channel costs 4 bytes a packet, a Data indication 36 or 48.
        let header = match channel {
            Some(number) => channel_header(number, payload.len()),
            None => self.data_header(peer, payload.len()),
        };
        let client = self.table.get(slot).client;
        Some(Forward::ToClient {
            client,
            header,
            payload,
        })
    }

    fn owner(&self, relayed: SocketAddr) -> Option<u32> {
        let family = Family::of(relayed.ip());
        let slot = self.ports.owner(family, relayed.port())?;
        let is_open = self.table.get(slot).port(family) == Some(relayed.port());
        (is_open && self.bound(family, relayed.port()) == Some(relayed)).then_some(slot)
    }

    /// Returns the announced address of a peer on this machine. Another shard sends from the
    /// address that it is bound to, but clients know the announced one.
    fn as_announced(&self, peer: SocketAddr) -> SocketAddr {
        let mut relayed = self.config.relayed.iter();
        let own = relayed.find(|own| own.bind == peer.ip());
        own.map_or(peer, |own| SocketAddr::new(own.announced, peer.port()))
    }

    /// Takes an ICMP error about a datagram sent to `peer`. The client is told if it has permitted
    /// the peer (RFC 8656 section 11.5).
    pub fn handle_icmp(
        &mut self,
        allocation: AllocationId,
        peer: SocketAddr,
        icmp: Icmp,
        now: Instant,
    ) {
        let peer = self.as_announced(peer);
        let permitted = |slot: &u32| self.table.get(*slot).is_permitted(peer.ip(), now);
        let slot = self.table.resolve(allocation).filter(permitted);
        let Some(slot) = slot.filter(|_| is_told(icmp, Family::of(peer.ip()))) else {
            return;
        };
        if !self.filter.admits(peer) || !self.take_packet(slot, &[], now) {
            return;
        }
        let kind = MessageType::from_class_method(MessageClass::Indication, DATA);
        let transaction = self.transaction();
        let mut write = Message::builder(kind, transaction, MessageWriteVec::with_capacity(64));
        let attributes: [&dyn AttributeWrite; 2] = [
            &XorPeerAddress::new(peer, transaction),
            &attribute::Icmp::new(icmp.kind, icmp.code, icmp.data),
        ];
        for attribute in attributes {
            write.add_attribute(attribute).expect("a message has room");
        }
        self.transmit(self.table.get(slot).client, write.finish(), None);
    }

    fn take_packet(&mut self, slot: u32, payload: &[u8], now: Instant) -> bool {
        if payload.len() > PAYLOAD_BYTES_MAX {
            self.stats.dropped_size += 1;
            return false;
        }
        let user = self.users.get_mut(self.table.get(slot).user);
        let quotas = &self.config.quotas;
        let taken = user.take_packet(payload.len(), quotas, &mut self.total, now);
        self.stats.dropped_rate += u64::from(!taken);
        taken
    }

    fn count_to_peer(&mut self, slot: u32, bytes: usize) {
        self.stats.packets_to_peer += 1;
        self.stats.bytes_to_peer += bytes as u64;
        let traffic = &mut self.table.get_mut(slot).traffic;
        traffic.packets_to_peer += 1;
        traffic.bytes_to_peer += bytes as u64;
    }

    fn count_to_client(&mut self, slot: u32, bytes: usize) {
        self.stats.packets_to_client += 1;
        self.stats.bytes_to_client += bytes as u64;
        let traffic = &mut self.table.get_mut(slot).traffic;
        traffic.packets_to_client += 1;
        traffic.bytes_to_client += bytes as u64;
    }

    /// Writes a Data indication up to its payload. The codec writes it with an empty payload; then
    /// the lengths are corrected.
    fn data_header(&mut self, peer: SocketAddr, payload: usize) -> Header {
        let kind = MessageType::from_class_method(MessageClass::Indication, DATA);
        let transaction = self.transaction();
        let mut bytes = [0; 48];
        let mut write = Message::builder(kind, transaction, MessageWriteMutSlice::new(&mut bytes));
        let attributes: [&dyn AttributeWrite; 2] =
            [&XorPeerAddress::new(peer, transaction), &Data::new(&[])];
        for attribute in attributes {
            write.add_attribute(attribute).expect("48 bytes hold both");
        }
        let end = write.finish();
        let length = end - 20 + payload.next_multiple_of(4);
        bytes[2..4].copy_from_slice(&(length as u16).to_be_bytes());
        bytes[end - 2..end].copy_from_slice(&(payload as u16).to_be_bytes());
        Header::Data {
            bytes,
            length: end as u8,
        }
    }

    fn transaction(&mut self) -> TransactionId {
        let high = u128::from(self.rng.next_u32()) << 64;
        (high | u128::from(self.rng.next_u64())).into()
    }
}

fn read_channel_data(payload: &[u8]) -> Option<(u16, &[u8])> {
    let (header, rest) = payload.split_first_chunk::<4>()?;
    let number = u16::from_be_bytes([header[0], header[1]]);
    let length = u16::from_be_bytes([header[2], header[3]]);
    Some((number, rest.get(..usize::from(length))?))
}

fn channel_header(number: u16, payload: usize) -> Header {
    let [a, b] = number.to_be_bytes();
    let [c, d] = (payload as u16).to_be_bytes();
    Header::Channel([a, b, c, d])
}

/// Returns whether clients are told of this kind of error: unreachable, too big, time exceeded (RFC
/// 8656 section 11.5).
fn is_told(icmp: Icmp, family: Family) -> bool {
    match family {
        Family::V4 => matches!(icmp.kind, 3 | 11),
        Family::V6 => matches!(icmp.kind, 1..=3),
    }
}
