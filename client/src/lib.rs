//! A participant in Rust: joins a room, publishes, annotates.
//!
//! Start at [`Client::connect`]. The session runs on a task of its own and reconnects by itself
//! after every break; [`Events`] gives its events. The protocol itself is implemented by
//! [`fmz_participant::Participant`]; this crate adds the socket, the transport and the clock. The
//! document is an [`fmz_annotation::Replica`], reached through [`Client::edit`].

mod backoff;
mod client;
pub mod clip;
mod error;
mod events;
mod options;
mod publication;
mod publisher;
mod relay;
mod room;
mod session;
mod socket;
mod transport;

pub use client::Client;
pub use error::ClientError;
pub use events::{Event, Events};
pub use options::{Options, RelayTransport};
pub use publication::{Binding, LocalTrack, OutgoingPacket};
pub use publisher::{FilmError, FilmOptions, PublishError, publish_file};
pub use room::Room;
pub use transport::{Packet, Subscription};
