//! A participant's stream. Its packets are stored once for all subscribers.

use crate::limits::{KEYFRAME_INTERVAL_MIN, PUBLICATION_PACKETS_MAX};
use crate::rate::RateMeter;
use crate::slot::Slot;
use crate::transport::{Format, Mid, Packet};
use fmz_media::Codec;
use slab::Slab;
use std::collections::{BTreeSet, VecDeque};
use std::ops::{Index, IndexMut};
use std::time::Instant;

/// The number of a publication. It is valid while the publication lives; a later one may get it
/// again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PublicationKey(usize);

/// Publications by key. Indexing panics if the publication has ended: all lists of keys forget a
/// key together with its publication.
#[derive(Debug, Default)]
pub(crate) struct Publications(Slab<Publication>);

impl Publications {
    pub(crate) fn insert(&mut self, publication: Publication) -> PublicationKey {
        PublicationKey(self.0.insert(publication))
    }

    pub(crate) fn remove(&mut self, key: PublicationKey) -> Publication {
        self.0.remove(key.0)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Publication> {
        self.0.iter().map(|(_, publication)| publication)
    }
}

impl Index<PublicationKey> for Publications {
    type Output = Publication;

    fn index(&self, key: PublicationKey) -> &Publication {
        &self.0[key.0]
    }
}

impl IndexMut<PublicationKey> for Publications {
    fn index_mut(&mut self, key: PublicationKey) -> &mut Publication {
        &mut self.0[key.0]
    }
}

/// The number of a packet in its publication, from 0, in the order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position(u64);

impl Position {
    pub(crate) const START: Self = Self(0);

    pub(crate) fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Returns the position this many packets earlier, or the first.
    pub(crate) fn back(self, packets: usize) -> Self {
        Self(self.0.saturating_sub(packets as u64))
    }

    /// Returns the number of packets from `earlier` to here.
    pub(crate) fn since(self, earlier: Self) -> usize {
        debug_assert!(earlier <= self, "{earlier:?} is not before {self:?}");
        (self.0 - earlier.0) as usize
    }
}

/// The facts of a publication's request.
#[derive(Debug)]
pub(crate) struct PublicationInfo {
    pub(crate) id: String,
    pub(crate) room: String,
    pub(crate) session: u64,
    /// The endpoint of its publisher.
    pub(crate) owner: Slot,
    /// Number of the client's request.
    pub(crate) request: u32,
    pub(crate) audio: bool,
    /// The only codec in which it may be sent, if the request named one.
    pub(crate) only: Option<Codec>,
}

/// A publication, from the request to publish to its end.
#[derive(Debug)]
pub(crate) struct Publication {
    pub(crate) info: PublicationInfo,
    /// The publisher's line, once it is offered.
    pub(crate) mid: Option<Mid>,
    /// Codec and its parameters; known from the first packet on.
    pub(crate) started: Option<(Codec, Format)>,
    /// Endpoints that receive the publication.
    pub(crate) subscribers: BTreeSet<Slot>,
    /// Whether the schedule lists the publication, because it has packets for which no subscriber
    /// was woken yet.
    pub(crate) dirty: bool,
    packets: VecDeque<Packet>,
    /// Position of the oldest packet stored.
    first: Position,
    /// Source and sequence number of the newest packet of that source.
    newest: Option<(u32, u64)>,
    rate: RateMeter,
    keyframe: KeyframeRequest,
}

/// State of the request for a keyframe.
#[derive(Debug, Default)]
struct KeyframeRequest {
    /// Whether a subscriber needs a keyframe. It stays true until a keyframe comes.
    wanted: bool,
    /// Time of the last request to the publisher.
    asked_at: Option<Instant>,
    /// Whether no packet has come since that request.
    unanswered: bool,
}

/// Changes that a packet caused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ingested {
    /// Change in the number of missing packets.
    pub(crate) missing: i64,
    /// Whether a keyframe is still wanted and the publisher may be asked again.
    pub(crate) ask_again: bool,
}

impl Publication {
    pub(crate) fn new(info: PublicationInfo, now: Instant) -> Self {
        Self {
            info,
            mid: None,
            started: None,
            subscribers: BTreeSet::new(),
            dirty: false,
            packets: VecDeque::new(),
            first: Position::START,
            newest: None,
            rate: RateMeter::new(now),
            keyframe: KeyframeRequest::default(),
        }
    }

    /// Stores a packet. A packet in another codec than the first one's is refused, because
    /// subscribers have agreed to that codec only.
    pub(crate) fn ingest(&mut self, packet: Packet, now: Instant) -> Option<Ingested> {
        let format = (packet.codec, packet.format);
        if self.started.get_or_insert(format).0 != packet.codec {
            return None;
        }
        self.rate.add(packet.payload.len(), now);
        // A keyframe answers the subscribers' wish. Any other packet at least shows that the
        // publisher still sends.
        self.keyframe.wanted &= !packet.keyframe;
        let answers = std::mem::take(&mut self.keyframe.unanswered);
        let missing = self.missing(packet.source, packet.sequence);
        // The oldest packet makes room. Subscribers that had not sent it go on at a keyframe.
        if self.packets.len() == PUBLICATION_PACKETS_MAX {
            self.packets.pop_front();
            self.first = self.first.next();
        }
        self.packets.push_back(packet);
        Some(Ingested {
            missing,
            ask_again: answers && self.keyframe.wanted,
        })
    }

    /// Returns the change in the number of missing packets. A jump of the sequence number opens a
    /// gap, and a late packet fills one; another source starts counting anew.
    fn missing(&mut self, source: u32, sequence: u64) -> i64 {
        match self.newest {
            Some((same, newest)) if same == source && sequence <= newest => -1,
            Some((same, newest)) if same == source => {
                self.newest = Some((source, sequence));
                (sequence - newest - 1) as i64
            }
            _ => {
                self.newest = Some((source, sequence));
                0
            }
        }
    }

    /// Returns the position of the oldest packet stored.
    pub(crate) fn first(&self) -> Position {
        self.first
    }

    /// Returns the position that the next packet will have.
    pub(crate) fn end(&self) -> Position {
        Position(self.first.0 + self.packets.len() as u64)
    }

    /// Returns a packet, if it has come and is still stored.
    pub(crate) fn packet(&self, position: Position) -> Option<&Packet> {
        let index = position.0.checked_sub(self.first.0)?;
        self.packets.get(usize::try_from(index).ok()?)
    }

    /// Returns the highest recent rate, bits a second.
    pub(crate) fn peak_bps(&self) -> u64 {
        self.rate.peak_bps()
    }

    /// Notes that a subscriber cannot go on without a keyframe. Returns true if this is new to the
    /// publisher's endpoint, which must then be tended.
    #[must_use]
    pub(crate) fn want_keyframe(&mut self) -> bool {
        let news = !self.info.audio && !self.keyframe.wanted;
        self.keyframe.wanted |= news;
        news
    }

    pub(crate) fn wants_keyframe(&self) -> bool {
        self.keyframe.wanted
    }

    /// Returns when to ask the publisher for a keyframe: at once, or when the last request is old
    /// enough. Requests repeat until a keyframe comes, but not while the publisher sends nothing at
    /// all.
    pub(crate) fn keyframe_due(&self, now: Instant) -> Option<Instant> {
        let due = match self.keyframe.asked_at {
            None => now,
            Some(_) if self.keyframe.unanswered => return None,
            Some(asked_at) => asked_at + KEYFRAME_INTERVAL_MIN,
        };
        self.keyframe.wanted.then_some(due)
    }

    pub(crate) fn keyframe_asked(&mut self, now: Instant) {
        self.keyframe.asked_at = Some(now);
        self.keyframe.unanswered = true;
    }
}
