//! One participant receiving one publication: a position in its packets, a gate, and a sequence of its own.

use crate::limits::KEYFRAME_PACKETS_MAX;
use crate::publication::Publication;
use crate::transport::{Format, Mid, Packet, PayloadType};

/// How far a subscription is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SubscriptionState {
    /// To be offered.
    Wanted,
    /// In the offer that waits for its answer.
    Offered(Mid),
    /// Agreed.
    Active(Mid, Format, PayloadType),
    /// The client cannot or will not receive it.
    Refused(Option<Mid>),
}

/// Whether packets pass, and what becomes of their sequence numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    /// Waits for the start of a keyframe.
    Shut,
    /// The packet `first` of `source` was sent as `base`.
    Open { source: u32, first: u64, base: u64 },
}

/// A subscription.
#[derive(Debug)]
pub(crate) struct Subscription {
    /// Key of the publication.
    pub(crate) publication: usize,
    pub(crate) audio: bool,
    pub(crate) state: SubscriptionState,
    /// Number of the publication's packet that comes next.
    cursor: u64,
    gate: Gate,
    /// Number of a keyframe's start that goes before what the cursor points at, and whether it has gone.
    start: Option<(u64, bool)>,
    /// Lowest sequence number not used yet. The first has to be below 65,536: SRTP counts wrap-arounds from there.
    unused: u64,
}

impl Subscription {
    pub(crate) fn new(publication: usize, audio: bool) -> Self {
        Self {
            publication,
            audio,
            state: SubscriptionState::Wanted,
            cursor: 0,
            gate: Gate::Shut,
            start: None,
            unused: 1,
        }
    }

    pub(crate) fn mid(&self) -> Option<Mid> {
        match self.state {
            SubscriptionState::Wanted => None,
            SubscriptionState::Offered(mid) | SubscriptionState::Active(mid, ..) => Some(mid),
            SubscriptionState::Refused(mid) => mid,
        }
    }

    /// Begins with the next packet that comes.
    pub(crate) fn begin(&mut self, publication: &Publication) {
        self.cursor = publication.end();
        self.gate = Gate::Shut;
        self.start = None;
    }

    pub(crate) fn waits_for_keyframe(&self) -> bool {
        self.gate == Gate::Shut
    }

    /// Passes over what must not be sent. Returns how many packets wait, or `None` where the subscriber fell so far
    /// behind that it can only go on at the next keyframe.
    pub(crate) fn waiting(&mut self, publication: &Publication) -> Option<usize> {
        if self.cursor < publication.first() {
            self.begin(publication);
            return None;
        }
        while let Some(packet) = publication.packet(self.cursor) {
            if self.passes(packet) {
                if self.gate == Gate::Shut {
                    self.open(publication, packet);
                }
                break;
            }
            self.cursor += 1;
        }
        usize::try_from(publication.end() - self.cursor).ok()
    }

    /// Opens the gate at the start of a keyframe. What follows it but came before it, as the start had to be sent
    /// again, is gone back to.
    fn open(&mut self, publication: &Publication, start: &Packet) {
        self.gate = Gate::Open {
            source: start.source,
            first: start.sequence,
            base: self.unused,
        };
        let oldest = self.cursor.saturating_sub(KEYFRAME_PACKETS_MAX);
        let follows = |number: &u64| {
            publication
                .packet(*number)
                .is_some_and(|packet| self.passes(packet))
        };
        let mut earlier = oldest.max(publication.first())..self.cursor;
        if let Some(number) = earlier.find(follows) {
            self.start = Some((self.cursor, false));
            self.cursor = number;
        }
    }

    fn passes(&self, packet: &Packet) -> bool {
        match self.gate {
            Gate::Open { source, first, .. } if source == packet.source => packet.sequence >= first,
            Gate::Open { .. } | Gate::Shut => packet.keyframe,
        }
    }

    /// The next packet and its sequence number here, after [`Subscription::waiting`].
    pub(crate) fn next<'a>(&mut self, publication: &'a Publication) -> Option<(u64, &'a Packet)> {
        if let Some((number, false)) = self.start {
            self.start = Some((number, true));
            let packet = publication.packet(number)?;
            return Some((self.sequence(packet), packet));
        }
        loop {
            let packet = publication.packet(self.cursor)?;
            self.cursor += 1;
            let gone = self.start == Some((self.cursor - 1, true));
            if self.passes(packet) && !gone {
                return Some((self.sequence(packet), packet));
            }
        }
    }

    fn sequence(&mut self, packet: &Packet) -> u64 {
        let (first, base) = match self.gate {
            Gate::Open {
                source,
                first,
                base,
            } if source == packet.source => (first, base),
            Gate::Open { .. } | Gate::Shut => (packet.sequence, self.unused),
        };
        self.gate = Gate::Open {
            source: packet.source,
            first,
            base,
        };
        let sequence = base + (packet.sequence - first);
        self.unused = self.unused.max(sequence + 1);
        sequence
    }
}
