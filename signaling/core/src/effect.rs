//! What a room asks its surroundings to do.

use crate::{AppendToken, CommandId, Outcome, ReadToken, Reason, SessionId, StateAt};
use bytes::Bytes;
use fmz_proto::{EncodedBatch, v1::to_sfu};
use std::time::Duration;

/// The path on which a message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// The WebSocket.
    Socket,
    /// The data channel `ops`, ordered and reliable.
    Ops,
    /// The data channel `live`, neither.
    Live,
}

/// How a long queue to a WebSocket treats a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The frame must arrive.
    Must,
    /// The frame must arrive. The room keeps these frames anyway, so they cost a session's queue
    /// little, however many they are.
    CatchUp,
    /// The frame may be dropped: the next one says the same, newer.
    Presence,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Append to the room's log, and answer with [`crate::Room::handle_appended`]. One append is on
    /// its way at a time.
    Append {
        /// Names this append in the answer.
        token: AppendToken,
        /// The revision that the log ends with before this append.
        expected_revision: u64,
        /// Batches with consecutive revisions.
        batches: Vec<EncodedBatch>,
    },
    /// Send frames, in order, over the WebSockets of some sessions.
    SendSocket {
        /// The sessions.
        sessions: Vec<SessionId>,
        /// How a long queue treats the frames.
        class: Class,
        /// Whole frames, see [`fmz_proto::encode`].
        frames: Vec<Bytes>,
    },
    /// Send a message to the forwarding unit. It is of the epoch of the unit that was last up.
    ToSfu(to_sfu::Message),
    /// Send `Closing` behind all that was sent before, then close the connection. The room has
    /// forgotten the session.
    Close {
        /// The session.
        session: SessionId,
        /// Why it ends.
        reason: Reason,
    },
    /// Read an older state from the log and answer with [`crate::Room::handle_state`].
    ReadState {
        /// Names this reading in the answer.
        token: ReadToken,
        /// The state to read.
        at: StateAt,
    },
    /// Answer a command.
    Answer {
        /// The command.
        command: CommandId,
        /// What came of it, of the command's kind.
        outcome: Outcome,
    },
    /// Count a client that found its document to differ from the server's.
    Diverged,
    /// Count ops that were handed out, and how long each batch took from its arrival.
    HandedOut {
        /// Ops in all batches.
        ops: u64,
        /// One time for each batch.
        waits: Vec<Duration>,
    },
}
