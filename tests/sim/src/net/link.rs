//! One connection of a page: a WebSocket, and the data channels beside it.

use super::{Lane, Queue};
use crate::{agenda::Micros, plan::Quality};
use fmz_signaling_core::SessionId;

/// The data channels of a connection.
#[derive(Debug, Default)]
pub(crate) struct Channels {
    /// The transport's number in its session.
    pub(crate) number: u32,
    /// Number of the channels' life. Messages on their way at a break belong to an older life.
    pub(crate) life: u32,
    /// Whether messages pass.
    pub(crate) alive: bool,
    /// Whether the media server takes the channels for open.
    pub(crate) server_open: bool,
    pub(crate) up: Lane,
    pub(crate) down: Lane,
}

#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) page: usize,
    /// Session of the server, as long as it has one.
    pub(crate) session: Option<SessionId>,
    pub(crate) quality: Quality,
    pub(crate) up: Lane,
    pub(crate) down: Lane,
    pub(crate) queue: Queue,
    /// Whether a `Drain` is due.
    pub(crate) draining: bool,
    pub(crate) stalled_until: Micros,
    /// Whether the connection is broken, even if no end has noticed.
    pub(crate) broken: bool,
    pub(crate) channels: Channels,
}

impl Link {
    pub(crate) fn new(page: usize, quality: Quality, queue: Queue) -> Self {
        Self {
            page,
            session: None,
            quality,
            up: Lane::default(),
            down: Lane::default(),
            queue,
            draining: false,
            stalled_until: 0,
            broken: false,
            channels: Channels::default(),
        }
    }
}
