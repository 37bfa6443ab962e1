//! What a room asks its surroundings to do.

use crate::{CommandId, Outcome, ReadToken, Reason, SessionId, StateAt};
use bytes::Bytes;
use fmz_proto::v1::{CommittedBatch, to_sfu};
use std::time::Duration;

/// Names one append; the answer brings it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AppendToken(pub u64);

/// By which way a message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// The WebSocket.
    Socket,
    /// The data channel `ops`, ordered and reliable.
    Ops,
    /// The data channel `live`, neither.
    Live,
}

/// How much waits for a session on one of its ways, by
/// [`crate::limits::PRESSURE_LOW_BYTES`] and the two above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pressure {
    /// It keeps up.
    Low,
    /// It falls behind.
    High,
    /// It does not move.
    Full,
}

impl Pressure {
    /// The pressure of so many waiting bytes. Between low and high it stays as it was.
    pub fn of(bytes: usize, before: Self) -> Self {
        if bytes >= crate::limits::PRESSURE_FULL_BYTES {
            Self::Full
        } else if bytes <= crate::limits::PRESSURE_LOW_BYTES {
            Self::Low
        } else if bytes >= crate::limits::PRESSURE_HIGH_BYTES {
            before.max(Self::High)
        } else {
            before
        }
    }
}

/// What a frame for a WebSocket is, where its queue is long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Must arrive.
    Must,
    /// Must arrive; the room keeps these frames anyway, so they cost a session's
    /// queue little, however many.
    CatchUp,
    /// May be dropped: the next one says the same, newer.
    Presence,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Append to the room's log and answer with [`crate::Room::handle_appended`].
    /// One is on its way at a time.
    Append {
        /// Brought back by the answer.
        token: AppendToken,
        /// Revision behind which the batches come.
        expected_revision: u64,
        /// Batches with consecutive revisions.
        batches: Vec<CommittedBatch>,
    },
    /// Send frames, in order, over the WebSockets of some sessions.
    SendSocket {
        /// To whom.
        sessions: Vec<SessionId>,
        /// What they are.
        class: Class,
        /// Whole frames, see [`fmz_proto::encode`].
        frames: Vec<Bytes>,
    },
    /// Tell the media server.
    ToSfu(to_sfu::Message),
    /// Send `Closing` behind all that was sent before, then close. The room knows
    /// the session no more.
    Close {
        /// Whose.
        session: SessionId,
        /// Why.
        reason: Reason,
    },
    /// Read an older state from the log and answer with [`crate::Room::handle_state`].
    ReadState {
        /// Brought back by the answer.
        token: ReadToken,
        /// Which state.
        at: StateAt,
    },
    /// Answer a command.
    Answer {
        /// Which command.
        command: CommandId,
        /// What came of it, of the command's kind.
        outcome: Outcome,
    },
    /// A client found its document to be another one, for the metrics.
    Diverged,
    /// Ops were handed out: how long each batch took from its arrival, for the metrics.
    HandedOut {
        /// Ops in all batches.
        ops: u64,
        /// One for each batch.
        waits: Vec<Duration>,
    },
}
