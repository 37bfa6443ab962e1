//! Settings of a relay, at its start and again at a reload.

use crate::limits::{REALM_BYTES_MAX, RULES_MAX, SECRETS_MAX, STATIC_USERS_MAX};
use crate::policy::Policy;
use crate::relayed_ip::RelayedIp;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Settings of a [`crate::Relay`].
#[derive(Clone)]
pub struct Config {
    /// The realm that credentials are for (RFC 8489 section 9.2). Fixed: a reload does not change
    /// it.
    pub realm: String,
    /// Secrets for credentials of the form `expiry:user`; each is tried in turn, at most
    /// [`crate::limits::SECRETS_MAX`]. There is more than one while secrets are rotated.
    pub secrets: Vec<String>,
    /// Users with a lasting password, at most [`crate::limits::STATIC_USERS_MAX`].
    pub users: Vec<StaticUser>,
    /// The addresses at which peers reach the allocations: at most one a family. A family without
    /// one is answered 440. Fixed.
    pub relayed: Vec<RelayedIp>,
    /// Ports of relayed addresses. Fixed.
    pub ports: RangeInclusive<u16>,
    /// Number of relays that share `ports`, at least 1. Fixed.
    pub shards: u16,
    /// Number of this relay among them, `0..shards`: it takes the ports whose remainder by `shards`
    /// is this number. Fixed.
    pub shard: u16,
    /// The peers that clients may reach.
    pub policy: Policy,
    /// The server that new clients are sent to instead (300, RFC 8489 section 10); only those of
    /// its address family.
    pub alternate: Option<SocketAddr>,
    /// Furthest time in the future at which a credential may expire. A credential that expires
    /// later is refused, and a revoked user is remembered for that long.
    pub credential_lifetime_max: Duration,
    /// The limits of one user, and of all together.
    pub quotas: Quotas,
}

impl Config {
    /// Checks whether the settings can be honoured. A relay also takes settings that cannot, but
    /// ignores the parts beyond a bound.
    ///
    /// # Errors
    /// Names the fault and the allowed values, for the operator.
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
                "the realm must be 1 to 128 bytes",
            ),
            (
                self.secrets.len() > SECRETS_MAX,
                "at most 4 secrets are allowed",
            ),
            (
                self.secrets.iter().any(String::is_empty),
                "a secret must not be empty",
            ),
            (
                self.users.len() > STATIC_USERS_MAX,
                "at most 256 users with a lasting password are allowed",
            ),
            (
                families(true) > 1 || families(false) > 1,
                "at most one relayed address of each family is allowed",
            ),
            (
                self.relayed.iter().any(mixed),
                "a relayed address and its announced address must be of one family",
            ),
            (
                self.ports.is_empty() || *self.ports.start() == 0,
                "the ports for relayed addresses must be a range within 1 to 65535",
            ),
            (self.shard >= self.shards, "shard must be below shards"),
            (
                rules > RULES_MAX,
                "at most 1024 rules for peers are allowed",
            ),
        ];
        let fault = faults.into_iter().find(|(wrong, _)| *wrong);
        fault.map_or(Ok(()), |(_, message)| Err(message))
    }
}

/// Prints everything except the secrets.
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

/// Bounds that are an operator's choice. Each shard counts separately, also by user: the owner of
/// several divides. Rates count both directions together and may burst for a quarter of a second.
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
    /// Peer addresses new to an allocation that one user may permit a second, after a burst of as
    /// many as its allocations hold; more are answered 508.
    pub user_new_peers_per_s: u32,
    /// Allocations of this relay; one more is answered 508.
    pub allocations: u32,
    /// Payload of this relay, bits a second; more is dropped.
    pub total_bps: u64,
    /// Unauthenticated datagrams of one source address that are answered a second; more are not
    /// answered. [`crate::limits::REPLY_BURST`] are answered at once: an office behind one address
    /// joins at once. Streams are not counted.
    pub replies_per_s: u32,
}

impl Default for Quotas {
    /// Allows one participant with a camera, a screen and a 4K stream of 25 Mbit/s, four times
    /// over.
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
    /// Allows nobody: no secret, no user, no relayed address, no peer.
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
