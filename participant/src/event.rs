use bytes::Bytes;
use fmz_annotation::{ApplyError, Lost, ObjectId};
use fmz_proto::v1::{Rejected, Welcome, server_message};
use std::collections::BTreeSet;
use std::time::Duration;

/// A data channel of the transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// Ordered and reliable.
    Ops,
    /// Unordered; a message is given up after 100 ms.
    Live,
}

/// The path on which a frame travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Path {
    /// The WebSocket.
    Socket,
    /// A data channel.
    Channel(Channel),
}

/// A frame to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transmit {
    /// Path to use. If the shell finds a channel closed, it drops the frame and reports it by
    /// [`crate::Participant::handle_channel`]; batches without an answer are then sent again.
    pub path: Path,
    /// The whole frame, see [`fmz_proto::encode`].
    pub frame: Bytes,
}

/// Reasons for which commits or the document were asked for again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missed {
    /// Commits after this revision are missing.
    Behind(u64),
    /// A commit does not fit the document, so a snapshot is needed.
    Unfit(ApplyError),
}

/// An event for the application.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The server let this participant in, for the first time or on a new connection.
    Welcomed(Box<Welcome>),
    /// A message that is not about the document.
    Message(Box<server_message::Message>),
    /// A snapshot replaced the document: everything may look different.
    Loaded,
    /// These objects may look different.
    Changed(BTreeSet<ObjectId>),
    /// The server refused a batch. The batch and the ops that depended on it are taken back.
    Refused {
        /// The server's answer.
        rejected: Rejected,
        /// Ops that were taken back.
        lost: Lost,
    },
    /// Ops of this participant cannot be committed any more and were dropped.
    Lost(Lost),
    /// Something was missing and was asked for.
    Missed(Missed),
    /// The server answered a ping; this is the round trip.
    RoundTrip(Duration),
    /// The server was silent for [`crate::limits::SILENCE_MAX`]: close the connection and make
    /// another.
    Silent,
}
