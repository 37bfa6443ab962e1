//! One connection's life, as the room sees it.
//!
//! A session is joining until it is welcomed, then it is live until the room forgets it. A live
//! session has a [`Pen`] if it may draw, [`Media`] if it asked for a transport, and a [`Feed`] that
//! says how committed ops reach it.

use crate::{
    Pressure, RoomLimits, SessionId,
    arrivals::{Arrivals, Received},
    bucket::Bucket,
    limits::{PALETTE, PUBLISH_BURST, PUBLISH_PER_S, REFUSED_MAX},
};
use bytes::Bytes;
use fmz_annotation::Authority;
use fmz_proto::v1::{Grants, Participant, Rejected};
use std::{collections::VecDeque, num::NonZeroU32, time::Instant};

/// A person or program whose token was found good, and who asks to come in.
#[derive(Debug, Clone)]
pub struct Join {
    /// The new session.
    pub session: SessionId,
    /// Subject of the token.
    pub subject: String,
    /// The name shown to others.
    pub name: String,
    /// What the token allows.
    pub grants: Grants,
    /// True for a program that sends a stream.
    pub machine: bool,
    /// When the token ends.
    pub expires: Instant,
    /// The page's own key, [`fmz_proto::limits::SESSION_KEY_BYTES`] long.
    pub session_key: Bytes,
    /// The last revision that the client holds.
    pub revision: u64,
    /// True if it wants media and data channels.
    pub transport: bool,
}

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) join: Join,
    /// When something last came from the client.
    pub(crate) heard: Instant,
    /// Frames that could not be read.
    pub(crate) strikes: u32,
    /// Messages that the client may still send.
    pub(crate) messages: Bucket,
    pub(crate) stage: Stage,
}

/// The stage of a session. There is none for leaving: a session that ends is forgotten at once.
#[derive(Debug)]
pub(crate) enum Stage {
    /// Not welcomed yet: its author's number is being made durable, or an append is on its way.
    Joining,
    /// Welcomed.
    Live(Box<Live>),
}

/// A session that takes part.
#[derive(Debug)]
pub(crate) struct Live {
    /// `None` if the token does not allow to draw.
    pub(crate) pen: Option<Pen>,
    /// `None` if the client asked for no transport.
    pub(crate) media: Option<Media>,
    pub(crate) feed: Feed,
    /// How much waits on the path that commits take.
    pub(crate) pressure: Pressure,
    /// When the last snapshot was sent.
    pub(crate) snapshot: Option<Instant>,
    /// The revision that the client is known to hold.
    pub(crate) known: u64,
}

/// How committed ops reach a live session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Feed {
    /// Not at all, until a snapshot was sent over the WebSocket.
    Snapshot,
    /// As they are committed.
    Following { path: OpsPath, pace: Pace },
}

/// The path of committed ops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpsPath {
    Socket,
    /// The data channel `ops`. All commits up to `from` went over the WebSocket before.
    Channel {
        from: u64,
    },
}

/// How often committed ops are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// With every tick.
    Tick,
    /// Every [`crate::limits::WIDE_TICK`], in one frame.
    Wide,
    /// Not until what waits is gone; all commits after `from` are missing.
    Held { from: u64, since: Instant },
}

/// What a session has that may draw.
#[derive(Debug)]
pub(crate) struct Pen {
    /// The number of its author, which the document holds.
    pub(crate) author: NonZeroU32,
    /// Whose objects the author may change.
    pub(crate) authority: Authority,
    /// Ops that the author may still send to the log.
    pub(crate) ops: Bucket,
    arrivals: Arrivals,
    inbox: VecDeque<Received>,
    inbox_ops: usize,
}

/// What a session has that asked for a transport.
#[derive(Debug)]
pub(crate) struct Media {
    /// Number of the newest transport; 0 before the first.
    pub(crate) number: u32,
    pub(crate) transport: Transport,
    /// Pictures that the participant may still publish.
    pub(crate) publishing: Bucket,
    /// Publications so far.
    pub(crate) published: u32,
}

/// The newest transport of a session.
#[derive(Debug)]
pub(crate) enum Transport {
    /// There is none while the forwarding unit is away; one is opened when it is up.
    Awaited,
    Open(OpenTransport),
    /// It ended alone. Its client asks for another when it notices.
    Ended {
        opened: Instant,
    },
}

#[derive(Debug)]
pub(crate) struct OpenTransport {
    pub(crate) opened: Instant,
    /// True while the channel `live` is open.
    pub(crate) live: bool,
    /// Refusals that were sent on the channel `ops` since it opened. They may be lost with it.
    refused: VecDeque<Rejected>,
}

impl Session {
    pub(crate) fn new(join: Join, limits: &RoomLimits, now: Instant) -> Self {
        Self {
            heard: now,
            strikes: 0,
            messages: Bucket::new(limits.messages_per_s, limits.messages_burst, now),
            stage: Stage::Joining,
            join,
        }
    }

    /// Returns true if a join comes from the page that this session belongs to.
    pub(crate) fn same_page(&self, join: &Join) -> bool {
        self.join.subject == join.subject && self.join.session_key == join.session_key
    }

    pub(crate) fn live(&self) -> Option<&Live> {
        match &self.stage {
            Stage::Live(live) => Some(live),
            Stage::Joining => None,
        }
    }

    pub(crate) fn live_mut(&mut self) -> Option<&mut Live> {
        match &mut self.stage {
            Stage::Live(live) => Some(live),
            Stage::Joining => None,
        }
    }

    pub(crate) fn is_live(&self) -> bool {
        self.live().is_some()
    }

    /// Returns how often commits are sent to the session, if they are.
    pub(crate) fn pace(&self) -> Option<Pace> {
        match self.live()?.feed {
            Feed::Following { pace, .. } => Some(pace),
            Feed::Snapshot => None,
        }
    }

    /// Returns true if commits are sent to the session.
    pub(crate) fn is_fed(&self) -> bool {
        self.pace().is_some()
    }

    /// Returns true if commits go by the data channel.
    pub(crate) fn is_on_channel(&self) -> bool {
        self.live().is_some_and(Live::is_on_channel)
    }

    /// Returns true if the client has this transport now.
    pub(crate) fn is_on_transport(&self, number: u32) -> bool {
        let media = self.live().and_then(|live| live.media.as_ref());
        media.is_some_and(|media| media.number == number && media.open().is_some())
    }

    /// Returns true if copies of commits reach the client: they go beside commits that go by
    /// channel.
    pub(crate) fn takes_copies(&self) -> bool {
        self.is_on_channel() && self.has_live_channel()
    }

    /// Returns true if the channel `live` is open.
    pub(crate) fn has_live_channel(&self) -> bool {
        let open = self.live().and_then(Live::transport);
        open.is_some_and(|transport| transport.live)
    }

    /// Returns the session's author, if it has one.
    pub(crate) fn author(&self) -> Option<NonZeroU32> {
        Some(self.live()?.pen.as_ref()?.author)
    }

    /// Returns what others are told of this participant.
    pub(crate) fn participant(&self) -> Participant {
        let Join {
            session,
            name,
            grants,
            machine,
            ..
        } = &self.join;
        // An author keeps the colour over reconnects; a participant without a pen has only the
        // session.
        let author = self.author();
        let number = author.map_or(session.0, |author| author.get() - 1);
        Participant {
            participant: session.0,
            name: name.clone(),
            author: author.map_or(0, NonZeroU32::get),
            color: number % PALETTE,
            annotate: grants.annotate,
            publish: grants.publish,
            machine: *machine,
        }
    }
}

impl Live {
    pub(crate) fn new(pen: Option<Pen>, media: Option<Media>) -> Self {
        Self {
            pen,
            media,
            feed: Feed::Following {
                path: OpsPath::Socket,
                pace: Pace::Tick,
            },
            pressure: Pressure::Low,
            snapshot: None,
            known: 0,
        }
    }

    pub(crate) fn is_on_channel(&self) -> bool {
        matches!(
            self.feed,
            Feed::Following {
                path: OpsPath::Channel { .. },
                ..
            }
        )
    }

    /// Returns the transport that is open, if one is.
    pub(crate) fn transport(&self) -> Option<&OpenTransport> {
        self.media.as_ref()?.open()
    }

    pub(crate) fn transport_mut(&mut self) -> Option<&mut OpenTransport> {
        match &mut self.media.as_mut()?.transport {
            Transport::Open(open) => Some(open),
            Transport::Awaited | Transport::Ended { .. } => None,
        }
    }

    /// Has all commits from now on sent by this path, with every tick.
    pub(crate) fn follow(&mut self, path: OpsPath) {
        let before = self.is_on_channel();
        let pace = Pace::Tick;
        self.feed = Feed::Following { path, pace };
        self.note_path_change(before);
    }

    /// Stops sending commits until a snapshot was sent.
    pub(crate) fn await_snapshot(&mut self) {
        let before = self.is_on_channel();
        self.feed = Feed::Snapshot;
        self.note_path_change(before);
    }

    /// What waits on one path says nothing about the other.
    fn note_path_change(&mut self, was_on_channel: bool) {
        if was_on_channel != self.is_on_channel() {
            self.pressure = Pressure::Low;
        }
    }
}

impl Pen {
    /// Makes the pen of an author whose last batch in the log is `last`.
    pub(crate) fn new(
        (author, authority): (NonZeroU32, Authority),
        last: u64,
        limits: &RoomLimits,
        now: Instant,
    ) -> Self {
        Self {
            author,
            authority,
            ops: Bucket::new(limits.ops_per_s, limits.ops_burst, now),
            arrivals: Arrivals::after(last),
            inbox: VecDeque::new(),
            inbox_ops: 0,
        }
    }

    /// Has a batch arrive, and puts those whose turn has come into the inbox.
    pub(crate) fn receive(&mut self, arrive: impl FnOnce(&mut Arrivals) -> Vec<Received>) {
        for received in arrive(&mut self.arrivals) {
            self.inbox_ops += received.batch.ops.len();
            self.inbox.push_back(received);
        }
    }

    /// Returns true if more waits than an author may send at once.
    pub(crate) fn is_flooded(&self) -> bool {
        self.inbox_ops > crate::limits::INBOX_OPS_MAX
            || self.inbox.len() > crate::limits::INBOX_BATCHES_MAX
    }

    /// Returns true if a batch waits for its turn.
    pub(crate) fn has_waiting(&self) -> bool {
        !self.inbox.is_empty()
    }

    /// Takes the next batch out of the inbox, if its author may send as many ops now.
    pub(crate) fn next_batch(&mut self, now: Instant) -> Option<Received> {
        let ops = self.inbox.front()?.batch.ops.len();
        if !self.ops.take(ops as u32, now) {
            return None;
        }
        self.inbox_ops -= ops;
        self.inbox.pop_front()
    }
}

impl Media {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            number: 0,
            transport: Transport::Awaited,
            publishing: Bucket::new(PUBLISH_PER_S, PUBLISH_BURST, now),
            published: 0,
        }
    }

    /// Lets the participant publish as much as a new one may.
    pub(crate) fn renew_publishing(&mut self, now: Instant) {
        self.publishing = Bucket::new(PUBLISH_PER_S, PUBLISH_BURST, now);
    }

    /// Returns the transport that is open, if one is.
    pub(crate) fn open(&self) -> Option<&OpenTransport> {
        match &self.transport {
            Transport::Open(open) => Some(open),
            Transport::Awaited | Transport::Ended { .. } => None,
        }
    }

    /// Notes that the next transport is opened, and returns its number.
    pub(crate) fn begin_transport(&mut self, now: Instant) -> u32 {
        self.number += 1;
        self.transport = Transport::Open(OpenTransport {
            opened: now,
            live: false,
            refused: VecDeque::new(),
        });
        self.number
    }
}

impl OpenTransport {
    /// Keeps a refusal that was sent on the channel `ops`.
    pub(crate) fn keep_refusal(&mut self, rejected: Rejected) {
        let surplus = (self.refused.len() + 1).saturating_sub(REFUSED_MAX);
        self.refused.drain(..surplus);
        self.refused.push_back(rejected);
    }

    /// Returns the refusals that may be lost with the channel `ops`, and forgets them.
    pub(crate) fn take_refused(&mut self) -> VecDeque<Rejected> {
        std::mem::take(&mut self.refused)
    }
}
