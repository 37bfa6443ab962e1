//! One connection's life, as the room sees it.

use crate::{
    Pressure, RoomLimits,
    arrivals::Arrivals,
    bucket::Bucket,
    limits::{PUBLISH_BURST, PUBLISH_PER_S},
};
use bytes::Bytes;
use fmz_annotation::Ops;
use fmz_proto::{
    ClientBatch,
    v1::{Grants, Participant, Rejected},
};
use std::{collections::VecDeque, time::Instant};

/// Number of a session, from 1, not used twice while the server runs. It is also
/// its participant's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u32);

impl SessionId {
    /// The number on the room link.
    pub fn link(self) -> u64 {
        u64::from(self.0)
    }

    /// The session that the room link means, if it can be one.
    pub fn from_link(session: u64) -> Option<Self> {
        u32::try_from(session).ok().map(Self)
    }
}

/// Somebody whose token was found good and who asks to come in.
#[derive(Debug, Clone)]
pub struct Join {
    /// The new session.
    pub session: SessionId,
    /// Subject of the token.
    pub subject: String,
    /// Shown name.
    pub name: String,
    /// What the token allows.
    pub grants: Grants,
    /// True for a program that sends a stream.
    pub machine: bool,
    /// When the token ends.
    pub expires: Instant,
    /// The page's own key, [`fmz_proto::limits::SESSION_KEY_BYTES`] long.
    pub session_key: Bytes,
    /// Last revision that the client holds.
    pub revision: u64,
    /// Whether it wants media and data channels.
    pub transport: bool,
}

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Not welcomed yet: an author's number is being made durable, or appends are on their way.
    Joining,
    /// Takes part.
    Live,
}

/// By which way committed ops reach a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpsPath {
    Socket,
    /// All up to this revision went over the WebSocket before.
    Channel {
        from: u64,
    },
}

/// Whether committed ops reach a session as they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Feed {
    Live,
    /// A snapshot comes first.
    Snapshot,
}

/// How often committed ops reach a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// With every tick.
    Tick,
    /// Every [`crate::limits::WIDE_TICK`], in one frame.
    Wide,
    /// Not until what waits is gone; everything behind `from` is missing.
    Held { from: u64, since: Instant },
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Transport {
    pub(crate) number: u32,
    pub(crate) opened: Instant,
    pub(crate) live: bool,
}

/// A batch that waits for its turn.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) batch: ClientBatch<Ops>,
    pub(crate) at: Instant,
}

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) join: Join,
    pub(crate) stage: Stage,
    /// 0 until the document holds it, and without the grant.
    pub(crate) author: u32,
    pub(crate) heard: Instant,
    pub(crate) strikes: u32,
    pub(crate) messages: Bucket,
    pub(crate) ops: Bucket,
    pub(crate) publishing: Bucket,
    pub(crate) arrivals: Arrivals,
    pub(crate) inbox: VecDeque<Received>,
    pub(crate) inbox_ops: usize,
    /// Said on the channel `ops` since it opened.
    pub(crate) refused: VecDeque<Rejected>,
    pub(crate) transport: Option<Transport>,
    pub(crate) path: OpsPath,
    pub(crate) feed: Feed,
    pub(crate) pace: Pace,
    pub(crate) pressure: Pressure,
    /// Last snapshot sent.
    pub(crate) snapshot: Option<Instant>,
    /// Revision that the client is known to hold.
    pub(crate) known: u64,
    pub(crate) published: u32,
}

impl Session {
    pub(crate) fn new(join: Join, limits: &RoomLimits, now: Instant) -> Self {
        Self {
            stage: Stage::Joining,
            author: 0,
            heard: now,
            strikes: 0,
            messages: Bucket::new(limits.messages_per_s, limits.messages_burst, now),
            ops: Bucket::new(limits.ops_per_s, limits.ops_burst, now),
            arrivals: Arrivals::default(),
            inbox: VecDeque::new(),
            inbox_ops: 0,
            refused: VecDeque::new(),
            transport: None,
            path: OpsPath::Socket,
            feed: Feed::Live,
            pace: Pace::Tick,
            pressure: Pressure::Low,
            snapshot: None,
            known: 0,
            publishing: Bucket::new(PUBLISH_PER_S, PUBLISH_BURST, now),
            published: 0,
            join,
        }
    }

    pub(crate) fn same_page(&self, join: &Join) -> bool {
        self.join.subject == join.subject && self.join.session_key == join.session_key
    }

    pub(crate) fn is_live(&self) -> bool {
        self.stage == Stage::Live
    }

    /// Whether it gets committed ops.
    pub(crate) fn is_fed(&self) -> bool {
        self.is_live() && self.feed == Feed::Live
    }

    /// Whether the client has this transport now.
    pub(crate) fn on_transport(&self, number: u32) -> bool {
        self.transport
            .is_some_and(|transport| transport.number == number)
    }

    /// Whether copies of commits reach it: they go where commits go by channel, beside them.
    pub(crate) fn takes_copies(&self) -> bool {
        self.path != OpsPath::Socket && self.live_channel()
    }

    pub(crate) fn live_channel(&self) -> bool {
        self.transport.is_some_and(|transport| transport.live)
    }

    pub(crate) fn participant(&self) -> Participant {
        let Join {
            session,
            name,
            grants,
            machine,
            ..
        } = &self.join;
        // An author keeps the colour over reconnects; who cannot draw has only the session.
        let number = if self.author > 0 {
            self.author - 1
        } else {
            session.0
        };
        Participant {
            participant: session.0,
            name: name.clone(),
            author: self.author,
            color: number % crate::limits::PALETTE,
            annotate: grants.annotate,
            publish: grants.publish,
            machine: *machine,
        }
    }
}
