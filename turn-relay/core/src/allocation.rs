//! One allocation: its permissions, channels and relayed addresses.

use crate::ask::Ask;
use crate::client::Client;
use crate::family::Family;
use crate::limits::{CHANNEL_HOLD, CHANNEL_LIFETIME, PERMISSION_LIFETIME};
use crate::policy::PeerFilter;
use crate::ports::Parity;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};
use stun_types::message::TransactionId;

/// An allocation: everything that a client holds.
#[derive(Debug)]
pub(crate) struct Allocation {
    pub(crate) client: Client,
    /// Key of its user.
    pub(crate) user: usize,
    pub(crate) username: Box<str>,
    /// Transaction of the request that made the allocation. If that request is sent again, it gets
    /// the same answer.
    pub(crate) transaction: TransactionId,
    pub(crate) lifetime: Duration,
    pub(crate) created_at: Instant,
    pub(crate) expires_at: Instant,
    /// Time at which the timers look at the allocation.
    pub(crate) wake_at: Instant,
    /// Relayed addresses, by family.
    pub(crate) relayed: [Relayed; 2],
    /// Present until every socket is open.
    pub(crate) opening: Option<Box<Opening>>,
    pub(crate) traffic: Traffic,
    permissions: Vec<Permission>,
    channels: Vec<Channel>,
}

/// Facts that are needed only until the sockets are open.
#[derive(Debug)]
pub(crate) struct Opening {
    pub(crate) ask: Ask,
    pub(crate) parity: Parity,
    pub(crate) dont_fragment: bool,
    pub(crate) opens: u8,
}

/// A relayed address of one family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relayed {
    /// The family was not asked for.
    None,
    /// The socket was asked for.
    Opening(u16),
    Open(u16),
    /// The family was asked for beside another, and is not available: code of the answer.
    Refused(u16),
}

#[derive(Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) packets_to_peer: u64,
    pub(crate) bytes_to_peer: u64,
    pub(crate) packets_to_client: u64,
    pub(crate) bytes_to_client: u64,
}

#[derive(Debug)]
struct Permission {
    ip: IpAddr,
    expires_at: Instant,
}

#[derive(Debug)]
struct Channel {
    number: u16,
    peer: SocketAddr,
    expires_at: Instant,
}

/// Result of a check whether a channel may be bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binding {
    New,
    Again,
    /// The number belongs to another peer, or the peer has another number.
    Conflict,
}

impl Allocation {
    pub(crate) fn new(
        ask: Ask,
        user: usize,
        username: Box<str>,
        lifetime: Duration,
        now: Instant,
    ) -> Self {
        Self {
            client: ask.client,
            user,
            username,
            transaction: ask.transaction,
            lifetime,
            created_at: now,
            expires_at: now + lifetime,
            wake_at: now + lifetime,
            relayed: [Relayed::None; 2],
            opening: None,
            traffic: Traffic::default(),
            permissions: Vec::new(),
            channels: Vec::new(),
        }
    }

    /// Returns the port of a family, if its socket is open.
    pub(crate) fn port(&self, family: Family) -> Option<u16> {
        match self.relayed[family.index()] {
            Relayed::Open(port) => Some(port),
            Relayed::None | Relayed::Opening(_) | Relayed::Refused(_) => None,
        }
    }

    pub(crate) fn is_permitted(&self, ip: IpAddr, now: Instant) -> bool {
        self.permissions
            .iter()
            .any(|permission| permission.ip == ip && permission.expires_at > now)
    }

    /// Returns the number of these addresses that have no permission, each counted once.
    pub(crate) fn new_peers(&self, peers: &[SocketAddr], now: Instant) -> usize {
        let is_new = |at: &usize| {
            let ip = peers[*at].ip();
            !self.is_permitted(ip, now) && !peers[..*at].iter().any(|earlier| earlier.ip() == ip)
        };
        (0..peers.len()).filter(is_new).count()
    }

    /// Returns the number of valid permissions, and drops those that have expired.
    pub(crate) fn count_permissions(&mut self, now: Instant) -> usize {
        self.permissions
            .retain(|permission| permission.expires_at > now);
        self.permissions.len()
    }

    pub(crate) fn permit(&mut self, ip: IpAddr, now: Instant) {
        let expires_at = now + PERMISSION_LIFETIME;
        match self
            .permissions
            .iter_mut()
            .find(|permission| permission.ip == ip)
        {
            Some(permission) => permission.expires_at = expires_at,
            None => self.permissions.push(Permission { ip, expires_at }),
        }
    }

    /// Returns the peer of a bound channel.
    pub(crate) fn peer_of(&self, number: u16, now: Instant) -> Option<SocketAddr> {
        let is = |channel: &&Channel| channel.number == number && channel.expires_at > now;
        self.channels.iter().find(is).map(|channel| channel.peer)
    }

    /// Returns the bound channel of a peer.
    pub(crate) fn channel_of(&self, peer: SocketAddr, now: Instant) -> Option<u16> {
        let is = |channel: &&Channel| channel.peer == peer && channel.expires_at > now;
        self.channels.iter().find(is).map(|channel| channel.number)
    }

    /// Returns the number of channels that are bound or held, and drops others.
    pub(crate) fn count_channels(&mut self, now: Instant) -> usize {
        self.channels
            .retain(|channel| channel.expires_at + CHANNEL_HOLD > now);
        self.channels.len()
    }

    pub(crate) fn binding(&self, number: u16, peer: SocketAddr, now: Instant) -> Binding {
        let held = |channel: &&Channel| channel.expires_at + CHANNEL_HOLD > now;
        let touched = |channel: &&Channel| channel.number == number || channel.peer == peer;
        let mut channels = self.channels.iter().filter(held).filter(touched);
        match channels.next() {
            None => Binding::New,
            Some(channel) if channel.number == number && channel.peer == peer => Binding::Again,
            Some(_) => Binding::Conflict,
        }
    }

    pub(crate) fn bind(&mut self, number: u16, peer: SocketAddr, now: Instant) {
        let expires_at = now + CHANNEL_LIFETIME;
        match self
            .channels
            .iter_mut()
            .find(|channel| channel.number == number)
        {
            Some(channel) => channel.expires_at = expires_at,
            None => self.channels.push(Channel {
                number,
                peer,
                expires_at,
            }),
        }
    }

    /// Drops permissions and channels that the policy refuses, and those that have expired.
    pub(crate) fn revoke_refused(&mut self, filter: &PeerFilter, now: Instant) {
        self.count_permissions(now);
        self.count_channels(now);
        self.permissions
            .retain(|permission| filter.admits_ip(permission.ip));
        self.channels.retain(|channel| filter.admits(channel.peer));
    }

    /// Gives up the relayed address of a family, with its permissions and channels.
    pub(crate) fn drop_family(&mut self, family: Family) {
        self.relayed[family.index()] = Relayed::None;
        self.permissions
            .retain(|permission| Family::of(permission.ip) != family);
        self.channels
            .retain(|channel| Family::of(channel.peer.ip()) != family);
    }

    /// Returns the numbers of permissions and of channels, including those that expired since they
    /// were last counted.
    pub(crate) fn sizes(&self) -> (usize, usize) {
        (self.permissions.len(), self.channels.len())
    }

    /// Returns the bytes of memory that the allocation takes with all its permissions and channels.
    #[cfg(test)]
    pub(crate) fn bytes_with(permissions: usize, channels: usize, username: usize) -> usize {
        size_of::<Option<Self>>()
            + size_of::<Opening>()
            + permissions.next_power_of_two() * size_of::<Permission>()
            + channels.next_power_of_two() * size_of::<Channel>()
            + username
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Quotas;
    use crate::limits::{ALLOCATION_BYTES_MAX, USERNAME_BYTES_MAX};

    /// Indexes: 5-tuple and slot, with at worst twice as many places as entries; user name by hash;
    /// two times.
    const INDEX_BYTES: usize = 2 * size_of::<(Client, u32)>()
        + 2 * size_of::<([u8; 32], (Box<str>, u32))>()
        + 2 * size_of::<(Instant, crate::client::AllocationId)>();

    #[test]
    fn turn20_an_allocation_is_small() {
        let quotas = Quotas::default();
        let (permissions, channels) = (quotas.permissions as usize, quotas.channels as usize);
        // The name is kept twice: here and by hash, at its full length.
        let names = 2 * USERNAME_BYTES_MAX;
        let bytes = Allocation::bytes_with(permissions, channels, names) + INDEX_BYTES;
        assert!(bytes <= ALLOCATION_BYTES_MAX, "{bytes}");
    }
}
