//! What a relay is told at its start, and again at a reload.

use crate::limits::{REALM_BYTES_MAX, RULES_MAX, SECRETS_MAX, STATIC_USERS_MAX};
use crate::policy::Policy;
use crate::relayed_ip::RelayedIp;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Settings of a [`crate::Relay`].
#[derive(Clone)]
pub struct Config {
    /// The realm that credentials are for (RFC 8489 section 9.2). Fixed: a reload does not change it.
    pub realm: String,
    /// Secrets for credentials of the form `expiry:user`; each is tried in turn, at most
    /// [`crate::limits::SECRETS_MAX`]. More than one while they are rotated.
    pub secrets: Vec<String>,
    /// Users with a lasting password, at most [`crate::limits::STATIC_USERS_MAX`].
    pub users: Vec<StaticUser>,
    /// Where peers reach the allocations: at most one a family. A family without is answered 440. Fixed.
    pub relayed: Vec<RelayedIp>,
    /// Ports of relayed addresses. Fixed.
    pub ports: RangeInclusive<u16>,
    /// How many relays share `ports`, from 1 on. Fixed.
    pub shards: u16,
    /// Which of them this is, `0..shards`: it takes the ports of which the remainder by `shards` is this. Fixed.
    pub shard: u16,
    /// Which peers may be reached.
    pub policy: Policy,
    /// Where new clients are sent instead (300, RFC 8489 section 10); for those of its address family only.
    pub alternate: Option<SocketAddr>,
    /// Furthest in the future that a credential may expire: one that outlives it is refused, and a revoked user is
    /// remembered for so long.
    pub credential_lifetime_max: Duration,
    /// What one user and all together may take.
    pub quotas: Quotas,
}

impl Config {
    /// Whether the settings can be kept. A relay takes others too, but not all that they say: what is over a bound is passed
    /// over.
    ///
    /// # Errors
    /// What is wrong, for the operator.
    pub fn check(&self) -> Result<(), &'static str> {
        let families = |ipv4| {
            self.relayed
                .iter()
                .filter(|ip| ip.bind.is_ipv4() == ipv4)
                .count()
        };
        let mixed = |ip: &RelayedIp| ip.bind.is_ipv4() != ip.announced.is_ipv4();
        let rules = self.policy.platform.len() + self.policy.peers.len();
        let faults = [
            (
                self.realm.is_empty() || self.realm.len() > REALM_BYTES_MAX,
                "the realm is empty or too long",
            ),
            (self.secrets.len() > SECRETS_MAX, "too many secrets"),
            (
                self.secrets.iter().any(String::is_empty),
                "a secret is empty",
            ),
            (self.users.len() > STATIC_USERS_MAX, "too many users"),
            (
                families(true) > 1 || families(false) > 1,
                "more than one relayed address of a family",
            ),
            (
                self.relayed.iter().any(mixed),
                "a relayed address is announced as one of the other family",
            ),
            (
                self.ports.is_empty() || *self.ports.start() == 0,
                "no ports for relayed addresses",
            ),
            (self.shard >= self.shards, "no such shard"),
            (rules > RULES_MAX, "too many rules for peers"),
        ];
        let fault = faults.into_iter().find(|(wrong, _)| *wrong);
        fault.map_or(Ok(()), |(_, message)| Err(message))
    }
}

/// Without the secrets.
impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("realm", &self.realm)
            .field("users", &self.users)
            .field("relayed", &self.relayed)
            .field("ports", &self.ports)
            .field("shard", &(self.shard, self.shards))
            .field("policy", &self.policy)
            .field("alternate", &self.alternate)
            .field("quotas", &self.quotas)
            .finish_non_exhaustive()
    }
}

/// A user with a lasting password.
#[derive(Clone, PartialEq, Eq)]
pub struct StaticUser {
    /// The name, 1 to 508 bytes.
    pub name: String,
    /// The password.
    pub password: String,
}

impl std::fmt::Debug for StaticUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StaticUser")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Bounds that are an operator's choice. Each shard counts for itself, also by user: the owner of several divides. Rates count both directions together and may burst for a quarter of a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// Allocations of one user at a time; one more is answered 486.
    pub user_allocations: u32,
    /// Permissions of one allocation; one more is answered 508.
    pub permissions: u32,
    /// Channels of one allocation; one more is answered 508.
    pub channels: u32,
    /// Payload of one user, bits a second; more is dropped.
    pub user_bps: u64,
    /// Packets of one user a second; more are dropped.
    pub user_pps: u64,
    /// Peer addresses new to an allocation that one user may permit a second, and at once as many as its allocations hold; more
    /// are answered 508.
    pub user_new_peers_per_s: u32,
    /// Allocations of this relay; one more is answered 508.
    pub allocations: u32,
    /// Payload of this relay, bits a second; more is dropped.
    pub total_bps: u64,
    /// Answers a second to datagrams of one source address that are not authenticated; more are not answered. A burst of
    /// [`crate::limits::REPLY_BURST`] is: an office behind one address joins at once. Streams are not counted.
    pub replies_per_s: u32,
}

impl Default for Quotas {
    /// For one participant with a camera, a screen and a 4K stream of 25 Mbit/s, four times over.
    fn default() -> Self {
        Self {
            user_allocations: 4,
            permissions: 16,
            channels: 16,
            user_bps: 100_000_000,
            user_pps: 20_000,
            user_new_peers_per_s: 5,
            allocations: 16_384,
            total_bps: 10_000_000_000,
            replies_per_s: 10,
        }
    }
}

impl Default for Config {
    /// Nobody may use it: no secret, no user, no relayed address, no peer.
    fn default() -> Self {
        Self {
            realm: "fmz".to_owned(),
            secrets: Vec::new(),
            users: Vec::new(),
            relayed: Vec::new(),
            ports: 49152..=65535,
            shards: 1,
            shard: 0,
            policy: Policy::default(),
            alternate: None,
            credential_lifetime_max: Duration::from_secs(24 * 60 * 60),
            quotas: Quotas::default(),
        }
    }
}
