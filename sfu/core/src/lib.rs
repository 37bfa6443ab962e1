//! The forwarding unit as a pure state machine.
//!
//! An [`Sfu`] holds rooms; a room has transports (one a session) and publications; every transport receives every
//! publication of its room but its own. It holds no socket, clock, task or lock: give it what happened
//! ([`Sfu::handle_datagram`], [`Sfu::handle_message`], [`Sfu::handle_timeout`]), any number of times, then take what
//! follows: [`Sfu::poll_transmit`] until it has nothing more, then [`Sfu::poll_event`] and [`Sfu::poll_timeout`].
//! It looks into no data channel and no picture: it tells only where a keyframe starts.
//!
//! The rules it keeps are in `docs/SPEC-sfu.md`.

mod demux;
mod endpoint;
mod error;
pub mod limits;
mod outbox;
mod pacer;
mod publication;
mod rate;
mod sfu;
mod slab;
mod stats;
mod subscription;
#[cfg(test)]
mod tests;
mod transport;
mod ufrag;

pub use error::LinkCode;
pub use sfu::{Config, Sfu};
pub use stats::Stats;

use std::net::SocketAddr;
use std::time::Instant;

/// A datagram that came.
#[derive(Debug, Clone, Copy)]
pub struct Datagram<'a> {
    /// Where it came from.
    pub source: SocketAddr,
    /// The announced address it came to.
    pub local: SocketAddr,
    /// What it carries.
    pub payload: &'a [u8],
}

/// A datagram to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// The announced address to send it from.
    pub source: SocketAddr,
    /// Where to send it.
    pub destination: SocketAddr,
    /// What it carries.
    pub payload: Vec<u8>,
    /// When the oldest packet forwarded with it was received; `None` where nothing was forwarded.
    pub received_at: Option<Instant>,
}
