//! Rooms over WebSocket and REST: the shell around [`fmz_signaling_core::Room`].
//!
//! Start at [`Server::new`]. One task owns each open room and carries out its effects; each
//! WebSocket has a task of its own. `problem` and `session_key` import no other file, `rooms` knows
//! neither sockets nor HTTP, and `api` and `socket` stand above it. The room link to the media
//! server is two bounded queues of
//! [`fmz_proto::v1::to_sfu::Message`] and [`fmz_proto::v1::from_sfu::Message`].

mod api;
mod assets;
mod config;
mod error;
mod headers;
mod health;
mod history;
mod link;
mod metrics;
mod origin;
mod problem;
pub mod relay;
mod rooms;
mod server;
mod session_key;
mod socket;
mod state;
pub mod token;
mod web;

pub use config::Config;
pub use error::ServerError;
pub use fmz_signaling_core::RoomLimits;
pub use server::Server;
