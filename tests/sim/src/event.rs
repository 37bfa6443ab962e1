//! All events of a run.

use crate::{disk::Job, page::Ask};
use bytes::Bytes;
use fmz_signaling_core::{Path, ReadToken, Reason, StateAt};

/// Number of a connection. It is never used twice in a run.
pub(crate) type LinkId = u64;

/// A message that travels to a page.
#[derive(Debug, Clone)]
pub(crate) enum Parcel {
    /// A message of the server.
    Frame(Bytes),
    /// The server's last message on a WebSocket.
    Closing(Reason),
    /// The data channels are open.
    Open,
}

#[derive(Debug, Clone)]
pub(crate) enum Event {
    /// A page opens a WebSocket.
    Dial { page: usize },
    /// A frame reaches the server. `channels` is the life of the data channels on which it was
    /// sent, so that a frame of an earlier life is known.
    Up {
        link: LinkId,
        path: Path,
        channels: u32,
        frame: Bytes,
    },
    /// A parcel reaches the page.
    Down {
        link: LinkId,
        path: Path,
        channels: u32,
        parcel: Parcel,
    },
    /// The server's queue for a WebSocket gives its next frame to the line.
    Drain { link: LinkId },
    /// The WebSocket's own ping.
    Alive { link: LinkId },
    /// The server learns that a connection is gone.
    ServerLost { link: LinkId },
    /// The page learns that a connection is gone.
    PageLost { link: LinkId },
    /// The media server has the data channels open.
    ChannelsUp { link: LinkId, channels: u32 },
    /// The media server learns that they are gone.
    ServerLostChannels { link: LinkId, number: u32 },
    /// The page learns that its data channels are gone.
    PageLostChannels { link: LinkId, channels: u32 },
    /// A person acts.
    Act { page: usize },
    /// A request that a page makes beside its connection reaches the server.
    Ask { page: usize, ask: Ask },
    /// An older state was read for a room.
    StateRead {
        room: u32,
        token: ReadToken,
        at: StateAt,
    },
    /// The disk has a job's bytes in its cache.
    Written { life: u32, job: Job },
    /// The disk has made the bytes durable, or failed.
    Synced { life: u32, job: Job },
    /// The forwarding unit is back.
    UnitUp,
    /// The room learns that it missed messages of the forwarding unit.
    Overrun,
    /// Something goes wrong.
    Fault,
    /// The server starts.
    Boot,
}

impl Event {
    /// Returns a word and a number that stand for the event in the trace.
    pub(crate) fn name(&self) -> (&'static str, u64) {
        match self {
            Self::Dial { page } => ("dial", *page as u64),
            Self::Up { link, .. } => ("up", *link),
            Self::Down { link, .. } => ("down", *link),
            Self::Drain { link } => ("drain", *link),
            Self::Alive { link } => ("alive", *link),
            Self::ServerLost { link } => ("server-lost", *link),
            Self::PageLost { link } => ("page-lost", *link),
            Self::ChannelsUp { link, .. } => ("channels-up", *link),
            Self::ServerLostChannels { link, .. } => ("server-lost-channels", *link),
            Self::PageLostChannels { link, .. } => ("page-lost-channels", *link),
            Self::Act { page } => ("act", *page as u64),
            Self::Ask { page, .. } => ("ask", *page as u64),
            Self::StateRead { token, .. } => ("state-read", token.0),
            Self::Written { job, .. } => ("written", job.token()),
            Self::Synced { job, .. } => ("synced", job.token()),
            Self::UnitUp => ("unit-up", 0),
            Self::Overrun => ("overrun", 0),
            Self::Fault => ("fault", 0),
            Self::Boot => ("boot", 0),
        }
    }
}
