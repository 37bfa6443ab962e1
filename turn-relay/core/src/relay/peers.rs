//! CreatePermission and ChannelBind requests (RFC 8656 sections 10 and 12).

use super::Relay;
use crate::allocation::Binding;
use crate::ask::{Ask, Fault, optional};
use crate::auth::Identity;
use crate::family::Family;
use std::net::SocketAddr;
use std::time::Instant;
use stun_types::message::{Message, StunParseError};
use turn_types::attribute::{ChannelNumber, XorPeerAddress};

/// Channel numbers that are accepted. RFC 8656 ends them at 0x4FFF, RFC 5766 at 0x7FFF; clients in
/// use follow the latter.
const NUMBERS: std::ops::RangeInclusive<u16> = 0x4000..=0x7fff;

impl Relay {
    pub(super) fn handle_create_permission(
        &mut self,
        ask: &Ask,
        identity: &Identity,
        message: &Message<'_>,
        now: Instant,
    ) -> Result<(), Fault> {
        let slot = self.own_allocation(ask, identity)?;
        let peers = self.read_peers(message)?;
        for peer in &peers {
            self.check_family(slot, *peer)?;
            if !self.filter.admits_ip(peer.ip()) {
                return Err(Fault::FORBIDDEN);
            }
        }
        self.permit(slot, &peers, now)?;
        self.answer(ask, ask.success());
        Ok(())
    }

    /// Returns the peers that the request names, as many as fit into an allocation.
    fn read_peers(&self, message: &Message<'_>) -> Result<Vec<SocketAddr>, Fault> {
        let mut peers = Vec::new();
        loop {
            match message.nth_attribute::<XorPeerAddress>(peers.len()) {
                Ok(peer) => peers.push(peer.addr(message.transaction_id())),
                Err(StunParseError::MissingAttribute(_)) if !peers.is_empty() => return Ok(peers),
                Err(_) => return Err(Fault::BAD_REQUEST),
            }
            if peers.len() > self.config.quotas.permissions as usize {
                return Err(Fault::CAPACITY);
            }
        }
    }

    fn check_family(&self, slot: u32, peer: SocketAddr) -> Result<(), Fault> {
        let port = self.table.get(slot).port(Family::of(peer.ip()));
        port.map(|_| ()).ok_or(Fault::PEER_FAMILY)
    }

    /// Installs or refreshes the permissions of all these peers, or of none.
    fn permit(&mut self, slot: u32, peers: &[SocketAddr], now: Instant) -> Result<(), Fault> {
        let quotas = &self.config.quotas;
        let allocation = self.table.get_mut(slot);
        let new = allocation.new_peers(peers, now);
        if new > 0 && allocation.count_permissions(now) + new > quotas.permissions as usize {
            return Err(Fault::CAPACITY);
        }
        let user = self.users.get_mut(allocation.user);
        if !(0..new).all(|_| user.take_new_peer(quotas, now)) {
            return Err(Fault::CAPACITY);
        }
        for peer in peers {
            allocation.permit(peer.ip(), now);
        }
        Ok(())
    }

    pub(super) fn handle_channel_bind(
        &mut self,
        ask: &Ask,
        identity: &Identity,
        message: &Message<'_>,
        now: Instant,
    ) -> Result<(), Fault> {
        let slot = self.own_allocation(ask, identity)?;
        let number = optional::<ChannelNumber>(message)?.ok_or(Fault::BAD_REQUEST)?;
        let peer = optional::<XorPeerAddress>(message)?.ok_or(Fault::BAD_REQUEST)?;
        let (number, peer) = (number.channel(), peer.addr(message.transaction_id()));
        if !NUMBERS.contains(&number) {
            return Err(Fault::BAD_REQUEST);
        }
        self.check_family(slot, peer)?;
        if !self.filter.admits(peer) {
            return Err(Fault::FORBIDDEN);
        }
        self.bind(slot, number, peer, now)?;
        self.answer(ask, ask.success());
        Ok(())
    }

    /// Binds or refreshes a channel, and the permission with it.
    fn bind(
        &mut self,
        slot: u32,
        number: u16,
        peer: SocketAddr,
        now: Instant,
    ) -> Result<(), Fault> {
        let allocation = self.table.get_mut(slot);
        let count = allocation.count_channels(now);
        match allocation.binding(number, peer, now) {
            Binding::Conflict => return Err(Fault::BAD_REQUEST),
            Binding::New if count >= self.config.quotas.channels as usize => {
                return Err(Fault::CAPACITY);
            }
            Binding::New | Binding::Again => {}
        }
        self.permit(slot, &[peer], now)?;
        self.table.get_mut(slot).bind(number, peer, now);
        Ok(())
    }
}
