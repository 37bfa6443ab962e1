//! The TURN relay on sockets: shards, which are threads with a UDP socket and a
//! [`fmz_turn_core::Relay`] each, and streams, which are tasks that bring whole messages to a
//! shard.
//!
//! [`start()`] it with a [`Config`]. The resulting [`Turn`] takes streams that others accepted,
//! commands, and new settings. [`admin::router`] offers the same to operators. An [`Issuer`] makes
//! credentials that the relay takes. This crate has no policy of its own: that is in
//! [`fmz_turn_core`].

pub mod admin;
pub mod check;
mod config;
mod issuer;
mod metrics;
mod secret;
mod session;
mod shard;
mod start;
mod stream;
mod turn;

pub use config::{Config, Neighbour, StartError};
pub use fmz_turn_core::{
    Command, Config as RelayConfig, Credentials, IpNet, PeerRule, Policy, PolicyMode, Protocol,
    Quotas, RelayedIp, StaticUser,
};
pub use issuer::Issuer;
pub use secret::{SecretError, open_secret};
pub use session::{Session, SessionId};
pub use shard::Stopped;
pub use start::start;
pub use stream::{CONNECTIONS_MAX, CONNECTIONS_PER_SOURCE_MAX, HELLO_TIME_MAX};
pub use turn::Turn;
