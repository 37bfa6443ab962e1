//! What one participant sends: its packets are kept once for all who receive them.

use crate::limits::{KEYFRAME_INTERVAL_MIN, PUBLICATION_PACKETS_MAX};
use crate::rate::RateMeter;
use crate::transport::{Format, Mid, Packet};
use fmz_media::Codec;
use std::collections::{BTreeSet, VecDeque};
use std::time::Instant;

/// A publication, from the wish to publish to its end.
#[derive(Debug)]
pub(crate) struct Publication {
    pub(crate) id: String,
    pub(crate) room: String,
    pub(crate) session: u64,
    pub(crate) request: u32,
    pub(crate) audio: bool,
    /// The only codec it may be sent in.
    pub(crate) only: Option<Codec>,
    /// Slot of its publisher.
    pub(crate) owner: usize,
    /// The publisher's line, once it is offered.
    pub(crate) mid: Option<Mid>,
    /// Codec and its parameters, once the first packet came.
    pub(crate) started: Option<(Codec, Format)>,
    /// Slots of those who receive it.
    pub(crate) subscribers: BTreeSet<usize>,
    /// True while new packets wait to be forwarded.
    pub(crate) dirty: bool,
    packets: VecDeque<Packet>,
    /// Number of the oldest packet kept; every packet has one, in order of arrival.
    first: u64,
    newest: Option<(u32, u64)>,
    rate: RateMeter,
    keyframe: Keyframe,
}

#[derive(Debug, Default)]
struct Keyframe {
    wanted: bool,
    asked_at: Option<Instant>,
    /// True where a packet came since it was asked.
    heard: bool,
}

impl Publication {
    #[expect(clippy::too_many_arguments, reason = "each is a field")]
    pub(crate) fn new(
        id: String,
        room: String,
        session: u64,
        owner: usize,
        request: u32,
        audio: bool,
        only: Option<Codec>,
        now: Instant,
    ) -> Self {
        Self {
            id,
            room,
            session,
            request,
            audio,
            only,
            owner,
            mid: None,
            started: None,
            subscribers: BTreeSet::new(),
            dirty: false,
            packets: VecDeque::new(),
            first: 0,
            newest: None,
            rate: RateMeter::new(now),
            keyframe: Keyframe::default(),
        }
    }

    /// Takes a packet; returns by how much the number of missing ones changed. A packet in another codec than the
    /// first is not taken.
    pub(crate) fn ingest(&mut self, packet: Packet, now: Instant) -> i64 {
        let format = (packet.codec, packet.format);
        if self.started.get_or_insert(format).0 != packet.codec {
            return 0;
        }
        self.rate.add(packet.payload.len(), now);
        self.keyframe.heard = true;
        if packet.keyframe {
            self.keyframe.wanted = false;
        }
        let missing = self.missing(packet.source, packet.sequence);
        if self.packets.len() == PUBLICATION_PACKETS_MAX {
            self.packets.pop_front();
            self.first += 1;
        }
        self.packets.push_back(packet);
        missing
    }

    /// A jump opens a gap, a late packet fills one; another source begins anew.
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

    /// Number of the oldest packet kept.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// Number that the next packet will have.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.packets.len() as u64
    }

    /// The packet of this number, where it is kept.
    pub(crate) fn packet(&self, number: u64) -> Option<&Packet> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.packets.get(at)
    }

    /// Highest rate of late, bits a second.
    pub(crate) fn peak_bps(&self) -> u64 {
        self.rate.peak_bps()
    }

    /// Notes that somebody cannot go on without a keyframe.
    pub(crate) fn want_keyframe(&mut self) {
        self.keyframe.wanted = !self.audio;
    }

    /// When the publisher is to be asked for a keyframe: at once, or when the last request is old enough. It is asked
    /// again until a keyframe comes, as long as it sends at all.
    pub(crate) fn keyframe_due(&self, now: Instant) -> Option<Instant> {
        let due = match self.keyframe.asked_at {
            None => now,
            Some(_) if !self.keyframe.heard => return None,
            Some(asked_at) => asked_at + KEYFRAME_INTERVAL_MIN,
        };
        self.keyframe.wanted.then_some(due)
    }

    pub(crate) fn keyframe_asked(&mut self, now: Instant) {
        self.keyframe.asked_at = Some(now);
        self.keyframe.heard = false;
    }
}
