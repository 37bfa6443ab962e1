//! One participant's receipt of one publication: a cursor in its packets, a gate that opens at a
//! keyframe, and sequence numbers of its own.

use crate::burst::Burst;
use crate::limits::KEYFRAME_PACKETS_MAX;
use crate::publication::{Position, Publication, PublicationKey};
use crate::transport::{Format, Mid, Packet, PayloadType, Transport, TransportError};

/// State of a subscription's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SubscriptionState {
    /// To be offered.
    Wanted,
    /// In the offer that waits for its answer.
    Offered(Mid),
    /// The client takes packets of this format under this payload type.
    Active {
        mid: Mid,
        format: Format,
        payload_type: PayloadType,
    },
    /// The client cannot or will not receive the publication; the line is given if it was offered.
    Refused(Option<Mid>),
}

/// State of the gate, and how packets that pass are renumbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    /// Waits for the start of a keyframe.
    Shut,
    /// Packet `first` of `source` was sent with the sequence number `base`; all others keep their
    /// distance to it.
    Open { source: u32, first: u64, base: u64 },
}

/// Start of a keyframe that came late and is sent before packets that came earlier.
#[derive(Debug, Clone, Copy)]
struct LateStart {
    position: Position,
    sent: bool,
}

/// A subscription.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) publication: PublicationKey,
    pub(crate) audio: bool,
    pub(crate) state: SubscriptionState,
    /// Position of the next packet, after `late_start`.
    cursor: Position,
    gate: Gate,
    late_start: Option<LateStart>,
    /// Lowest sequence number that is not used yet. The first must be below 65,536, because SRTP
    /// counts wrap-arounds from there.
    unused: u64,
}

impl Subscription {
    pub(crate) fn new(publication: PublicationKey, audio: bool) -> Self {
        Self {
            publication,
            audio,
            state: SubscriptionState::Wanted,
            cursor: Position::START,
            gate: Gate::Shut,
            late_start: None,
            unused: 1,
        }
    }

    pub(crate) fn mid(&self) -> Option<Mid> {
        match self.state {
            SubscriptionState::Wanted => None,
            SubscriptionState::Offered(mid) | SubscriptionState::Active { mid, .. } => Some(mid),
            SubscriptionState::Refused(mid) => mid,
        }
    }

    pub(crate) fn is_active(&self) -> bool {
        matches!(self.state, SubscriptionState::Active { .. })
    }

    /// Shuts the gate: the next packet sent will be the start of a keyframe that is still to come.
    /// The caller makes sure that the publisher is asked for one.
    pub(crate) fn shut(&mut self, publication: &Publication) {
        self.cursor = publication.end();
        self.gate = Gate::Shut;
        self.late_start = None;
    }

    /// Moves the cursor to the next packet that may be sent, and returns the number of packets from
    /// there on. Returns `None` if the gate was shut because packets were dropped that had not been
    /// sent.
    pub(crate) fn waiting(&mut self, publication: &Publication) -> Option<usize> {
        if self.cursor < publication.first() {
            self.shut(publication);
            return None;
        }
        // Skip packets that must not be sent: before the first keyframe, all others; later, those
        // from before the keyframe at which the gate opened.
        while let Some(packet) = publication.packet(self.cursor) {
            if self.passes(packet) {
                if self.gate == Gate::Shut {
                    self.open(publication, packet);
                }
                break;
            }
            self.cursor = self.cursor.next();
        }
        debug_assert!(
            self.gate != Gate::Shut || self.audio || publication.wants_keyframe(),
            "the gate is shut, and nobody asks for a keyframe"
        );
        Some(publication.end().since(self.cursor))
    }

    /// Opens the gate at the start of a keyframe, to which the cursor points.
    fn open(&mut self, publication: &Publication, start: &Packet) {
        self.gate = Gate::Open {
            source: start.source,
            first: start.sequence,
            base: self.unused,
        };
        // If the start was lost and sent again, the rest of its keyframe came before it. The start
        // is sent first; then the cursor goes back to the rest.
        let oldest = self
            .cursor
            .back(KEYFRAME_PACKETS_MAX)
            .max(publication.first());
        let mut earlier = oldest;
        while earlier < self.cursor {
            if publication
                .packet(earlier)
                .is_some_and(|packet| self.passes(packet))
            {
                self.late_start = Some(LateStart {
                    position: self.cursor,
                    sent: false,
                });
                self.cursor = earlier;
                return;
            }
            earlier = earlier.next();
        }
    }

    /// Returns true if a packet may be sent. From the source at which the gate opened, these are
    /// all packets from the keyframe on; from any other, only the start of a keyframe. A publisher
    /// that changes its source thus starts anew.
    fn passes(&self, packet: &Packet) -> bool {
        match self.gate {
            Gate::Open { source, first, .. } if source == packet.source => packet.sequence >= first,
            Gate::Open { .. } | Gate::Shut => packet.keyframe,
        }
    }

    /// Writes up to `most` of the packets that [`Self::waiting`] counted. Returns the number that
    /// is done, written or skipped.
    pub(crate) fn write(
        &mut self,
        most: usize,
        publication: &Publication,
        transport: &mut Transport,
        burst: &mut Burst,
    ) -> Result<usize, TransportError> {
        let mut done = 0;
        while done < most
            && let Some((position, packet)) = self.peek(publication)
        {
            match self.payload_type(packet.format, transport)? {
                Some((mid, payload_type)) => {
                    // All packets of one format go in one call, which looks the line up once.
                    let format = packet.format;
                    let packets = std::iter::from_fn(|| self.take(format, publication))
                        .take(most - done)
                        .inspect(|(_, packet)| burst.note(packet));
                    done += transport.write_packets(mid, payload_type, packets)?;
                }
                // The client does not accept this format. The publisher may return to an earlier
                // one, so the packet is skipped and the subscription goes on.
                None => {
                    self.advance(position);
                    done += 1;
                }
            }
        }
        Ok(done)
    }

    /// Returns the line and the payload type of a format. A browser may change its codec's profile
    /// at any time; a new format is looked up only once.
    fn payload_type(
        &mut self,
        wanted: Format,
        transport: &mut Transport,
    ) -> Result<Option<(Mid, PayloadType)>, TransportError> {
        let SubscriptionState::Active {
            mid,
            format,
            payload_type,
        } = self.state
        else {
            unreachable!("packets are written on active lines only");
        };
        if wanted == format {
            return Ok(Some((mid, payload_type)));
        }
        let found = transport.payload_type(mid, wanted)?;
        if let Some(payload_type) = found {
            self.state = SubscriptionState::Active {
                mid,
                format: wanted,
                payload_type,
            };
        }
        Ok(found.map(|payload_type| (mid, payload_type)))
    }

    /// Takes the next packet if it has this format, with its sequence number for the subscriber.
    fn take<'a>(
        &mut self,
        format: Format,
        publication: &'a Publication,
    ) -> Option<(u64, &'a Packet)> {
        let (position, packet) = self.peek(publication)?;
        if packet.format != format {
            return None;
        }
        self.advance(position);
        Some((self.renumber(packet), packet))
    }

    /// Returns the next packet to send. The cursor skips packets that must not be sent, and a late
    /// start that was sent before.
    fn peek<'a>(&mut self, publication: &'a Publication) -> Option<(Position, &'a Packet)> {
        if let Some(start) = self.late_start
            && !start.sent
        {
            let packet = publication.packet(start.position);
            let packet = packet.expect("it came after the cursor, whose packet is stored still");
            return Some((start.position, packet));
        }
        loop {
            let packet = publication.packet(self.cursor)?;
            let went_before = self
                .late_start
                .is_some_and(|start| start.position == self.cursor);
            if !went_before && self.passes(packet) {
                return Some((self.cursor, packet));
            }
            self.cursor = self.cursor.next();
        }
    }

    /// Notes that the packet of [`Self::peek`] is done.
    fn advance(&mut self, position: Position) {
        match &mut self.late_start {
            Some(start) if !start.sent => start.sent = true,
            _ => self.cursor = position.next(),
        }
    }

    /// Returns the sequence number of a packet for the subscriber. The publisher's gaps stay gaps,
    /// so that a late packet still fits into its own.
    fn renumber(&mut self, packet: &Packet) -> u64 {
        let (first, base) = match self.gate {
            Gate::Open {
                source,
                first,
                base,
            } if source == packet.source => (first, base),
            // A new source: its numbers continue after the highest one used.
            Gate::Open { .. } | Gate::Shut => (packet.sequence, self.unused),
        };
        self.gate = Gate::Open {
            source: packet.source,
            first,
            base,
        };
        debug_assert!(first <= packet.sequence, "only such packets pass the gate");
        let sequence = base + (packet.sequence - first);
        self.unused = self.unused.max(sequence + 1);
        sequence
    }
}
