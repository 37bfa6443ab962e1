//! The room as a pure state machine: who is in it, what they may do, and the one order of what they draw.
//!
//! A [`Room`] is driven by verbs: `handle_*` takes what happened and the time, [`Room::poll_effect`] gives what is to
//! be done about it, [`Room::poll_timeout`] says when to call [`Room::handle_timeout`]. It holds no clock, socket,
//! task, lock or file. After any `handle_*` poll effects until there are none.
//!
//! The rules it keeps have ids in `docs/SPEC-signaling.md`; the tests carry them.

mod arrivals;
mod bucket;
mod command;
mod copies;
mod effect;
pub mod limits;
mod publication;
mod reason;
mod recent;
mod room;
mod sequencer;
mod session;

pub use command::{
    Asker, Command, CommandId, Commit, Outcome, ReadToken, Refusal, Rollback, StateAt, Target,
    Whose,
};
pub use effect::{AppendToken, Class, Effect, Path, Pressure};
pub use limits::RoomLimits;
pub use reason::Reason;
pub use room::{Room, RoomInfo};
pub use session::{Join, SessionId};
