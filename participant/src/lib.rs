//! A client's half of the protocol as a pure state machine: it joins a room, holds the document,
//! and sends what is drawn.
//!
//! A [`Participant`] is driven by verbs. `handle_*` takes what happened and the time,
//! [`Participant::edit`] changes the document. Afterwards [`Participant::poll_transmit`] gives the
//! frames to send and [`Participant::poll_event`] what the application has to know, each until
//! there are none; [`Participant::poll_timeout`] says when to call [`Participant::handle_timeout`].
//! It holds no clock, socket, task or lock, and compiles for browsers.
//!
//! Sockets, WebRTC and waiting before a new connection belong to the shell. So do the messages that
//! are not about the document: they come out as [`Event::Message`].
//!
//! The rules it keeps have ids in `docs/SPEC-wire.md` (`client` and `loss`); the tests carry them.

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
