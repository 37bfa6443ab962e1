//! A client's half of the protocol as a pure state machine: it joins a room, holds the document,
//! and sends ops.
//!
//! A [`Participant`] is driven by verbs. Each `handle_*` takes an input and the time;
//! [`Participant::edit`] changes the document. After each of them, call
//! [`Participant::poll_transmit`] for the frames to send and [`Participant::poll_event`] for the
//! events, each until it returns `None`; [`Participant::poll_timeout`] returns when to call
//! [`Participant::handle_timeout`]. The crate holds no clock, socket, task or lock, and compiles
//! for browsers.
//!
//! Sockets, WebRTC and the pause before a new connection belong to the shell. So do messages that
//! are not about the document: they come out as [`Event::Message`].
//!
//! The rules of this crate have ids in `docs/SPEC-wire.md` (`client` and `loss`); the tests carry
//! them.

mod deferred;
mod error;
mod event;
mod keepalive;
pub mod limits;
mod moment;
mod outbox;
mod participant;
mod pointer;
mod snapshot;

pub use error::ProtocolError;
pub use event::{Channel, Event, Missed, Path, Transmit};
pub use moment::Moment;
pub use participant::{Introduction, Participant};
