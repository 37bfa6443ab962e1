//! The TURN relay as a pure state machine (RFC 8489, RFC 8656).
//!
//! A [`Relay`] holds the allocations of one shard and is owned by one thread. It holds no socket,
//! clock, task or lock. Its owner passes the inputs ([`Relay::handle_datagram`],
//! [`Relay::handle_peer`], [`Relay::handle_opened`], [`Relay::handle_timeout`]). Data goes through
//! at once, borrowed, as a [`Forward`]. After each of these calls the owner calls
//! [`Relay::poll_transmit`] and [`Relay::poll_event`] until they return `None`, then
//! [`Relay::poll_timeout`].
//!
//! It relays UDP only. It keeps no state for a datagram that is not authenticated, and forwards
//! nothing to or from a peer that [`Policy`] refuses. Its owner does the framing of streams: the
//! relay takes one whole message at a time.
//!
//! The rules of this crate are in `docs/SPEC-turn.md`.
//!
//! # Example
//! A browser asks under which address it is seen (a STUN binding request), and the relay answers:
//!
//! ```
//! use fmz_turn_core::{Client, Config, Protocol, Relay};
//! use std::time::{Duration, Instant};
//!
//! let now = Instant::now();
//! let unix = Duration::from_secs(1_700_000_000);
//! let mut relay = Relay::new(Config::default(), [7; 32], now, unix);
//!
//! // What a shell does with each datagram that its socket gives:
//! let client = Client {
//!     protocol: Protocol::Udp,
//!     address: "192.0.2.7:40000".parse()?,
//!     local: "198.51.100.10:3478".parse()?,
//! };
//! let mut request = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
//! request.extend(*b"transaction ");
//! let forward = relay.handle_datagram(client, &request, now);
//! assert!(forward.is_none(), "data for a peer would be sent at once");
//!
//! // Then it sends what waits, does what is asked, and sleeps until the timeout.
//! let answer = relay.poll_transmit().expect("a request has an answer");
//! assert_eq!(answer.client, client);
//! assert_eq!(answer.payload[..2], [1, 1], "a binding response");
//! assert!(relay.poll_transmit().is_none());
//! assert!(relay.poll_event().is_none(), "no socket is to be opened");
//! if let Some(at) = relay.poll_timeout() {
//!     relay.handle_timeout(at);
//! }
//! # Ok::<(), std::net::AddrParseError>(())
//! ```

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
pub use output::{Answer, Command, Event, Forward, Header, Icmp, OpenError, Transmit};
pub use policy::{IpNet, PeerRule, Policy, PolicyMode};
pub use relay::Relay;
pub use relayed_ip::RelayedIp;
pub use stats::{SessionView, Stats};
