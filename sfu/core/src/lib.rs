//! The forwarding unit as a pure state machine.
//!
//! An [`Sfu`] holds rooms; a room has transports (one a session) and publications; every transport receives every
//! publication of its room but its own. It holds no socket, clock, task or lock: give it what happened
//! ([`Sfu::handle_datagram`], [`Sfu::handle_message`], [`Sfu::handle_timeout`]), any number of times, then take what
//! follows: [`Sfu::poll_transmit`] until it has nothing more, then [`Sfu::poll_event`] and [`Sfu::poll_timeout`].
//! It looks into no data channel and no picture: it tells only where a keyframe starts.
//!
//! The rules it keeps are in `docs/SPEC-sfu.md`.

mod burst;
mod demux;
mod endpoint;
mod endpoints;
mod error;
mod flow;
pub mod limits;
mod outbox;
mod pacer;
mod publication;
mod rate;
mod schedule;
mod sfu;
mod slot;
mod stats;
mod subscription;
#[cfg(test)]
mod tests;
mod transport;
mod ufrag;

pub use error::LinkCode;
pub use flow::{Flow, Protocol};
pub use sfu::{Config, Sfu};
pub use stats::Stats;

use std::time::Instant;

/// A datagram that came.
#[derive(Debug, Clone, Copy)]
pub struct Datagram<'a> {
    /// The client's address, and the announced address that the datagram came to.
    pub flow: Flow,
    /// What it carries.
    pub payload: &'a [u8],
}

/// A datagram to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// The announced address to send it from, and the client's address.
    pub flow: Flow,
    /// What it carries.
    pub payload: Vec<u8>,
    /// When the oldest packet forwarded with it was received; `None` if nothing was forwarded.
    pub received_at: Option<Instant>,
}
