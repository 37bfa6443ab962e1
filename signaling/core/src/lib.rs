//! The room as a pure state machine: its participants, their grants, and one order for all that
//! they draw.
//!
//! A [`Room`] is driven by verbs: `handle_*` takes an event and the time, [`Room::poll_effect`]
//! returns what is to be done about it, [`Room::poll_timeout`] says when to call
//! [`Room::handle_timeout`]. A room holds no clock, socket, task, lock or file. After any
//! `handle_*`, poll effects until there are none.
//!
//! The rules it keeps have ids in `docs/SPEC-signaling.md`; the tests carry them.
//!
//! # Example
//! A person who may only view joins a new room, and is welcomed:
//!
//! ```
//! use fmz_annotation::Document;
//! use fmz_proto::v1::{Grants, server_message::Message};
//! use fmz_signaling_core::{Effect, Join, Room, RoomInfo, RoomLimits, SessionId};
//! use std::time::{Duration, Instant};
//!
//! let now = Instant::now();
//! let info = RoomInfo {
//!     room: "dailies".into(),
//!     title: "Dailies".into(),
//!     server: "example".into(),
//!     limits: RoomLimits::default(),
//! };
//! let unix_ms = 1_700_000_000_000;
//! let mut room = Room::new(info, Document::new(), unix_ms, now);
//!
//! // What a shell does with whatever happens:
//! let join = Join {
//!     session: SessionId(1),
//!     subject: "ada".into(),
//!     name: "Ada".into(),
//!     grants: Grants { view: true, ..Grants::default() },
//!     machine: false,
//!     expires: now + Duration::from_secs(3600),
//!     session_key: vec![1; 16].into(),
//!     revision: 0,
//!     transport: false,
//! };
//! room.handle_joined(join, now);
//!
//! // Then it carries out every effect, and sleeps until the timeout.
//! let mut welcomed = false;
//! while let Some(effect) = room.poll_effect() {
//!     if let Effect::SendSocket { frames, .. } = effect {
//!         let message = fmz_proto::decode_server(&frames[0])?;
//!         welcomed |= matches!(message, Some(Message::Welcome(_)));
//!     }
//! }
//! assert!(welcomed);
//! let at = room.poll_timeout(now).expect("silence has to be noticed");
//! room.handle_timeout(at);
//! # Ok::<(), fmz_proto::WireError>(())
//! ```

mod arrivals;
mod bucket;
mod command;
mod copies;
mod effect;
mod frame;
mod id;
pub mod limits;
mod pressure;
mod publication;
mod reason;
mod recent;
mod room;
mod sequencer;
mod session;

pub use command::{
    Asker, Command, Commit, Committed, Outcome, Question, Refusal, Restore, Restored, StateAt,
    Target, Whose,
};
pub use effect::{Class, Effect, Path};
pub use frame::read_client;
pub use id::{AppendToken, CommandId, LinkEpoch, LinkSession, ReadToken, SessionId};
pub use limits::RoomLimits;
pub use pressure::Pressure;
pub use reason::Reason;
pub use room::{Room, RoomInfo};
pub use session::Join;
