//! The TURN relay as a pure state machine (RFC 8489, RFC 8656).
//!
//! A [`Relay`] holds the allocations of one shard and is owned by one thread. It holds no socket, clock, task or lock: give
//! it what happened ([`Relay::handle_datagram`], [`Relay::handle_peer`], [`Relay::handle_opened`], [`Relay::handle_timeout`]).
//! Data goes through at once, borrowed, as a [`Forward`]; all else is taken after any of these calls: [`Relay::poll_transmit`] and
//! [`Relay::poll_event`] until they have nothing more, then [`Relay::poll_timeout`].
//!
//! It relays UDP only. It keeps no state for a datagram that is not authenticated, and forwards nothing to or from a peer that
//! [`Policy`] refuses. Framing of streams is its owner's work: it takes one whole message at a time.
//!
//! The rules it keeps are in `docs/SPEC-turn.md`.

mod allocation;
mod ask;
mod auth;
mod bucket;
mod client;
mod config;
mod credentials;
mod family;
mod hash;
mod integrity;
pub mod limits;
mod nonce;
mod output;
mod policy;
mod ports;
mod relay;
mod relayed_ip;
mod replies;
mod reservations;
mod revocations;
mod slab;
mod stats;
mod table;
mod users;

pub use client::{AllocationId, Client, Protocol};
pub use config::{Config, Quotas, StaticUser};
pub use credentials::Credentials;
pub use output::{Command, Event, Forward, Header, Icmp, OpenError, Transmit};
pub use policy::{IpNet, PeerRule, Policy, PolicyMode};
pub use relay::Relay;
pub use relayed_ip::RelayedIp;
pub use stats::{SessionView, Stats};
