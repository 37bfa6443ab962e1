//! One session's transport with all that belongs to it.

use crate::LinkCode;
use crate::limits::{ANSWER_TIME_MAX, CHANNEL_IN_FLIGHT_BYTES, CONNECT_TIME_MAX, SILENCE_MAX};
use crate::outbox::Outbox;
use crate::pacer::Pacer;
use crate::publication::Publication;
use crate::slab::Slab;
use crate::stats::Stats;
use crate::subscription::{Subscription, SubscriptionState};
use crate::transport::{
    Channel, Format, Mid, Outputs, Packet, PayloadType, Transport, TransportError,
};
use fmz_proto::v1::TransportStatus;
use std::net::SocketAddr;
use std::time::Instant;

/// A session's transport.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) session: u64,
    /// Counts the session's transports.
    pub(crate) number: u32,
    pub(crate) room: String,
    pub(crate) transport: Transport,
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) candidates: usize,
    pub(crate) status: TransportStatus,
    pub(crate) negotiation: Negotiation,
    /// Keys of what it publishes.
    pub(crate) publications: Vec<usize>,
    pub(crate) subscriptions: Vec<Subscription>,
    outboxes: [Outbox; 2],
    pacer: Pacer,
    opened_at: Instant,
    pub(crate) received_at: Instant,
    /// When the library below wants to be driven.
    pub(crate) driven_at: Instant,
    /// The deadline under which the client stands in the timers.
    pub(crate) timer: Option<Instant>,
    /// True while the client waits to be served.
    pub(crate) ready: bool,
}

/// Offers and what they wait for.
#[derive(Debug, Default)]
pub(crate) struct Negotiation {
    /// Number of the last offer.
    pub(crate) offer: u64,
    /// Since when the last offer waits for its answer.
    pub(crate) waits_since: Option<Instant>,
    /// Lines to be ended.
    pub(crate) stops: Vec<Mid>,
    /// Media lines so far.
    pub(crate) lines: usize,
}

/// What became of a channel while it was flushed.
pub(crate) enum Flushed {
    Broken(Channel),
    Recovered(Channel),
}

impl Endpoint {
    pub(crate) fn new(
        session: u64,
        number: u32,
        room: String,
        transport: Transport,
        now: Instant,
    ) -> Self {
        Self {
            session,
            number,
            room,
            transport,
            addresses: Vec::new(),
            candidates: 0,
            status: TransportStatus::Unspecified,
            negotiation: Negotiation::default(),
            publications: Vec::new(),
            subscriptions: Vec::new(),
            outboxes: Channel::ALL.map(Outbox::new),
            pacer: Pacer::new(now),
            opened_at: now,
            received_at: now,
            driven_at: now,
            timer: None,
            ready: false,
        }
    }

    pub(crate) fn outbox(&mut self, channel: Channel) -> &mut Outbox {
        match channel {
            Channel::Ops => &mut self.outboxes[0],
            Channel::Live => &mut self.outboxes[1],
        }
    }

    /// Why the transport is to be ended now, if so.
    pub(crate) fn overdue(&self, now: Instant) -> Option<LinkCode> {
        let (deadline, code) = self.expiry();
        (deadline <= now).then_some(code)
    }

    /// When expiry ends, and with what.
    fn expiry(&self) -> (Instant, LinkCode) {
        let silence = match self.status {
            TransportStatus::Unspecified => {
                (self.opened_at + CONNECT_TIME_MAX, LinkCode::ConnectTimeout)
            }
            _ => (self.received_at + SILENCE_MAX, LinkCode::Silence),
        };
        match self.negotiation.waits_since {
            Some(since) if since + ANSWER_TIME_MAX < silence.0 => {
                (since + ANSWER_TIME_MAX, LinkCode::AnswerTimeout)
            }
            _ => silence,
        }
    }

    /// Hands queued frames to the channels, as many as may be in flight.
    pub(crate) fn flush_channels(&mut self) -> Result<Vec<Flushed>, TransportError> {
        let mut flushed = Vec::new();
        if !self.outboxes.iter().any(Outbox::has_work) {
            return Ok(flushed);
        }
        let mut in_flight = self.transport.channel_bytes()?;
        for channel in [Channel::Live, Channel::Ops] {
            if in_flight == 0 && self.outbox(channel).is_overrun() {
                self.outbox(channel).open();
                flushed.push(Flushed::Recovered(channel));
            }
            if !self.flush_channel(channel, &mut in_flight)? {
                self.outbox(channel).close();
                flushed.push(Flushed::Broken(channel));
            }
        }
        Ok(flushed)
    }

    /// False where the channel refuses its frame.
    fn flush_channel(
        &mut self,
        channel: Channel,
        in_flight: &mut usize,
    ) -> Result<bool, TransportError> {
        while *in_flight < CHANNEL_IN_FLIGHT_BYTES {
            let Some(frame) = self.outbox(channel).front().cloned() else {
                break;
            };
            match self.transport.write_channel(channel, &frame) {
                Ok(true) => {}
                Ok(false) => break,
                Err(TransportError::Refused(_)) => return Ok(false),
                Err(fault) => return Err(fault),
            }
            *in_flight += frame.len();
            self.outbox(channel).pop();
        }
        Ok(true)
    }

    /// Writes the packets that may leave now: all audio, and of the videos what the pacer allows, in turn.
    /// Returns when the oldest of them came, and when the next may leave.
    pub(crate) fn forward(
        &mut self,
        publications: &mut Slab<Publication>,
        stats: &mut Stats,
        now: Instant,
    ) -> Result<Forwarded, TransportError> {
        let mut forwarded = Forwarded::default();
        let (mut waiting, mut peak_bps) = (0, 0);
        for at in 0..self.subscriptions.len() {
            let here = self.waiting(at, publications, stats);
            if self.subscriptions[at].audio {
                self.write(at, here, publications, &mut forwarded)?;
            } else if here > 0 {
                waiting += here;
                peak_bps += publications[self.subscriptions[at].publication].peak_bps();
            }
        }
        if waiting > 0 {
            let quota = self.pacer.quota(waiting, peak_bps, now);
            let before = forwarded.bytes;
            self.write_videos(quota, publications, &mut forwarded)?;
            self.pacer.spend(forwarded.bytes - before);
            forwarded.next_at = self.pacer.next_at(waiting - quota);
        }
        stats.packets_out += forwarded.packets;
        Ok(forwarded)
    }

    /// Packets that a subscription could send.
    fn waiting(
        &mut self,
        at: usize,
        publications: &mut Slab<Publication>,
        stats: &mut Stats,
    ) -> usize {
        let subscription = &mut self.subscriptions[at];
        if !matches!(subscription.state, SubscriptionState::Active(..)) {
            return 0;
        }
        let publication = &mut publications[subscription.publication];
        let waiting = subscription.waiting(publication);
        if waiting.is_none() {
            stats.queue_drops += 1;
        }
        if subscription.waits_for_keyframe() && waiting.unwrap_or(0) == 0 {
            publication.want_keyframe();
        }
        waiting.unwrap_or(0)
    }

    fn write_videos(
        &mut self,
        mut quota: usize,
        publications: &Slab<Publication>,
        forwarded: &mut Forwarded,
    ) -> Result<(), TransportError> {
        for at in 0..self.subscriptions.len() {
            if quota == 0 {
                // Whoever got its share last stands back next time.
                self.subscriptions.rotate_left(at);
                break;
            }
            if !self.subscriptions[at].audio {
                quota -= self.write(at, quota, publications, forwarded)?;
            }
        }
        Ok(())
    }

    /// Writes up to `most` packets of one subscription, each under the payload type agreed for its format.
    fn write(
        &mut self,
        at: usize,
        most: usize,
        publications: &Slab<Publication>,
        forwarded: &mut Forwarded,
    ) -> Result<usize, TransportError> {
        let SubscriptionState::Active(mid, format, payload_type) = self.subscriptions[at].state
        else {
            return Ok(0);
        };
        let publication = &publications[self.subscriptions[at].publication];
        let mut burst: Vec<(u64, &Packet)> = Vec::with_capacity(most);
        while burst.len() < most {
            let Some(next) = self.subscriptions[at].next(publication) else {
                break;
            };
            burst.push(next);
        }
        forwarded.note(&burst);
        for part in burst.chunk_by(|a, b| a.1.format == b.1.format) {
            let agreed = (part[0].1.format == format).then_some(payload_type);
            if let Some(payload_type) = self.agreed(at, mid, agreed, part[0].1.format)? {
                let packets = part.iter().copied();
                self.transport.write_packets(mid, payload_type, packets)?;
            }
        }
        Ok(burst.len())
    }

    /// The payload type for a format; another format than before (a browser may change its profile) is looked up.
    fn agreed(
        &mut self,
        at: usize,
        mid: Mid,
        known: Option<PayloadType>,
        format: Format,
    ) -> Result<Option<PayloadType>, TransportError> {
        if known.is_some() {
            return Ok(known);
        }
        let found = self.transport.payload_type(mid, format)?;
        if let Some(payload_type) = found {
            self.subscriptions[at].state = SubscriptionState::Active(mid, format, payload_type);
        }
        Ok(found)
    }

    /// Drives the transport and stamps what leaves with the time its oldest packet came.
    pub(crate) fn drain(
        &mut self,
        oldest: Option<Instant>,
        now: Instant,
        outputs: &mut Outputs,
    ) -> Result<(), TransportError> {
        let before = outputs.transmits.len();
        self.driven_at = self.transport.drain(now, outputs)?;
        let made = outputs.transmits.iter_mut().skip(before);
        made.for_each(|transmit| transmit.received_at = oldest);
        Ok(())
    }

    /// When the client has to be served again.
    pub(crate) fn next_at(
        &self,
        next_burst: Option<Instant>,
        publications: &Slab<Publication>,
        now: Instant,
    ) -> Instant {
        let keys = self.publications.iter();
        let keyframes = keys.filter_map(|key| publications[*key].keyframe_due(now));
        let others = keyframes.chain(next_burst).chain([self.expiry().0]);
        others.fold(self.driven_at, Instant::min)
    }
}

/// What [`Endpoint::forward`] did.
#[derive(Debug, Default)]
pub(crate) struct Forwarded {
    pub(crate) packets: u64,
    pub(crate) oldest: Option<Instant>,
    pub(crate) next_at: Option<Instant>,
    bytes: usize,
}

impl Forwarded {
    fn note(&mut self, burst: &[(u64, &Packet)]) {
        self.packets += burst.len() as u64;
        self.bytes += burst
            .iter()
            .map(|(_, packet)| packet.payload.len())
            .sum::<usize>();
        let came = burst.iter().map(|(_, packet)| packet.received_at);
        self.oldest = came.chain(self.oldest).min();
    }
}
