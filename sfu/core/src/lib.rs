//! The forwarding unit as a pure state machine.
//!
//! An [`Sfu`] holds rooms. A room has transports (one for each session) and publications; every
//! transport receives every publication of its room except its own. The crate holds no socket,
//! clock, task or lock. It reads neither data channels nor pictures, except to find the start of a
//! keyframe.
//!
//! A shell passes its inputs ([`Sfu::handle_datagram`], [`Sfu::handle_message`],
//! [`Sfu::handle_timeout`]), any number of them, and then takes the outputs: [`Sfu::poll_transmit`]
//! until it returns `None`, then [`Sfu::poll_event`] until it returns `None`, then
//! [`Sfu::poll_timeout`]:
//!
//! ```
//! use fmz_proto::v1::{OpenTransport, from_sfu, to_sfu};
//! use fmz_sfu_core::{Config, Datagram, Flow, LinkCode, Sfu};
//! use std::net::SocketAddr;
//! use std::time::Instant;
//!
//! /// Takes what follows from the inputs so far, and returns when there is more.
//! fn take(sfu: &mut Sfu, now: Instant, events: &mut Vec<from_sfu::Message>) -> Option<Instant> {
//!     while let Some(transmit) = sfu.poll_transmit(now) {
//!         // A shell sends the payload from `flow.local` to `flow.remote`.
//!         assert!(!transmit.payload.is_empty());
//!     }
//!     while let Some(event) = sfu.poll_event() {
//!         events.push(event);
//!     }
//!     sfu.poll_timeout()
//! }
//!
//! let address = SocketAddr::from(([192, 0, 2, 1], 4000));
//! let config = Config { candidates: vec![address], ..Config::default() };
//! let mut sfu = Sfu::new(config, [7; 32]);
//! let mut events = Vec::new();
//! // From this first moment on, the clock is moved by hand.
//! let mut now = Instant::now();
//!
//! // The rooms' owner opens a transport, which is offered.
//! let open = OpenTransport { room: "cinema".into(), session: 1, transport: 1 };
//! sfu.handle_message(to_sfu::Message::Open(open), now);
//! let mut deadline = take(&mut sfu, now, &mut events);
//! assert!(matches!(events[..], [from_sfu::Message::Offer(_)]));
//!
//! // A datagram of a stranger is refused.
//! let flow = Flow::udp(address, SocketAddr::from(([198, 51, 100, 9], 9)));
//! sfu.handle_datagram(Datagram { flow, payload: b"hello" }, now);
//! assert_eq!(sfu.stats().datagrams_refused, 1);
//!
//! // Nobody answers the offer: time passes from deadline to deadline, until the transport ends.
//! while let Some(at) = deadline {
//!     now = at;
//!     sfu.handle_timeout(now);
//!     deadline = take(&mut sfu, now, &mut events);
//! }
//! let [_, from_sfu::Message::Error(error), from_sfu::Message::State(_)] = &events[..] else {
//!     panic!("an offer, an error and a state: {events:?}");
//! };
//! assert_eq!(error.code, LinkCode::AnswerTimeout.code());
//! assert_eq!(sfu.stats().transports, 0);
//! ```
//!
//! The rules of this crate are in `docs/SPEC-sfu.md`.

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

/// A datagram that was received.
#[derive(Debug, Clone, Copy)]
pub struct Datagram<'a> {
    /// The client's address, and the announced address to which the datagram came.
    pub flow: Flow,
    /// Bytes of the datagram.
    pub payload: &'a [u8],
}

/// A datagram to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// The announced address from which to send, and the client's address.
    pub flow: Flow,
    /// Bytes of the datagram.
    pub payload: Vec<u8>,
    /// Arrival of the oldest packet that was forwarded with it; `None` if nothing was forwarded.
    pub received_at: Option<Instant>,
}
