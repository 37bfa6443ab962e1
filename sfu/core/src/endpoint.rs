//! One session's transport, with everything that belongs to it.

use crate::LinkCode;
use crate::burst::Burst;
use crate::flow::Flow;
use crate::limits::{ANSWER_TIME_MAX, CHANNEL_IN_FLIGHT_BYTES, CONNECT_TIME_MAX, SILENCE_MAX};
use crate::outbox::Outbox;
use crate::pacer::Pacer;
use crate::publication::{PublicationKey, Publications};
use crate::schedule::{Schedule, Work};
use crate::stats::Stats;
use crate::subscription::Subscription;
use crate::transport::{Channel, Mid, Outputs, Transport, TransportError};
use crate::ufrag::Place;
use fmz_proto::v1::{self, TransportStatus};
use std::time::Instant;

/// A session's transport, with its client's publications and subscriptions.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) session: u64,
    /// Number of this transport in its session.
    pub(crate) number: u32,
    pub(crate) room: String,
    /// Place that its user fragment names.
    pub(crate) place: Place,
    pub(crate) transport: Transport,
    /// Flows learned, oldest first.
    pub(crate) flows: Vec<Flow>,
    /// Candidates taken from its client.
    pub(crate) candidates: usize,
    pub(crate) status: TransportStatus,
    pub(crate) negotiation: Negotiation,
    /// Publications of its client.
    pub(crate) publications: Vec<PublicationKey>,
    pub(crate) subscriptions: Vec<Subscription>,
    outboxes: [Outbox; 2],
    pacer: Pacer,
    opened_at: Instant,
    /// Arrival of the last datagram.
    pub(crate) received_at: Instant,
    /// Time at which the transport asks to be driven again.
    driven_at: Instant,
}

/// The state of offer and answer.
#[derive(Debug, Default)]
pub(crate) struct Negotiation {
    /// Number of the last offer.
    pub(crate) offer: u64,
    /// Time since which the last offer waits for its answer; `None` if it was answered.
    pub(crate) waits_since: Option<Instant>,
    /// Lines to stop with the next offer.
    pub(crate) stops: Vec<Mid>,
    /// Media lines so far, including stopped ones.
    pub(crate) lines: usize,
}

/// A change of a channel while it was flushed.
pub(crate) enum Flushed {
    /// The channel refused a frame and is given up.
    Broken(Channel),
    /// The channel had run over, and the client has taken all that was in flight.
    Recovered(Channel),
}

impl Endpoint {
    pub(crate) fn new(
        open: v1::OpenTransport,
        place: Place,
        transport: Transport,
        now: Instant,
    ) -> Self {
        Self {
            session: open.session,
            number: open.transport,
            room: open.room,
            place,
            transport,
            flows: Vec::new(),
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
        }
    }

    pub(crate) fn outbox(&mut self, channel: Channel) -> &mut Outbox {
        match channel {
            Channel::Ops => &mut self.outboxes[0],
            Channel::Live => &mut self.outboxes[1],
        }
    }

    /// Returns the endpoint's subscription to a publication that it subscribes to.
    pub(crate) fn subscription(&mut self, key: PublicationKey) -> &mut Subscription {
        let mut subscriptions = self.subscriptions.iter_mut();
        let found = subscriptions.find(|subscription| subscription.publication == key);
        found.expect("a subscription lasts as long as its publication and its endpoint")
    }

    /// Returns the reason to end the transport if its time is up.
    pub(crate) fn overdue(&self, now: Instant) -> Option<LinkCode> {
        let (deadline, code) = self.expiry();
        (deadline <= now).then_some(code)
    }

    /// Returns the time at which the transport ends unless it hears from its client, and the reason
    /// that it then has.
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
        if !self.has_queued_frames() {
            return Ok(flushed);
        }
        let mut in_flight = self.transport.channel_bytes()?;
        for channel in [Channel::Live, Channel::Ops] {
            // A channel that ran over opens again once the client has acknowledged all that was in
            // flight.
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

    /// Hands one channel's queued frames over. Returns false if the channel refuses a frame.
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

    /// Writes the packets that may leave now to the transport: all sound, and as many pictures as
    /// the pacer allows. A drain sends them.
    pub(crate) fn write_burst(
        &mut self,
        publications: &mut Publications,
        schedule: &mut Schedule,
        stats: &mut Stats,
        now: Instant,
    ) -> Result<Burst, TransportError> {
        let mut burst = Burst::default();
        let (mut waiting, mut peak_bps) = (0, 0);
        // Sound leaves at once. Pictures are only counted here: they share the client's socket, so
        // the pacer decides over all of them together.
        for subscription in active(&mut self.subscriptions) {
            let publication = &mut publications[subscription.publication];
            let Some(packets) = subscription.waiting(publication) else {
                // Packets that this subscriber had not received were dropped. It needs a keyframe
                // to go on.
                stats.queue_drops += 1;
                if publication.want_keyframe() {
                    schedule.wake(publication.info.owner, Work::Tend);
                }
                continue;
            };
            if subscription.audio {
                subscription.write(packets, publication, &mut self.transport, &mut burst)?;
            } else if packets > 0 {
                waiting += packets;
                peak_bps += publication.peak_bps();
            }
        }
        if waiting > 0 {
            let quota = self.pacer.quota(waiting, peak_bps, now);
            // Sound uses up no tokens of the pacer.
            let sound_bytes = burst.bytes;
            self.write_pictures(quota, publications, &mut burst)?;
            self.pacer.spend(burst.bytes - sound_bytes);
            burst.next_at = self.pacer.next_at(waiting - quota);
        }
        stats.packets_out += burst.packets;
        Ok(burst)
    }

    fn write_pictures(
        &mut self,
        mut quota: usize,
        publications: &Publications,
        burst: &mut Burst,
    ) -> Result<(), TransportError> {
        for at in 0..self.subscriptions.len() {
            if quota == 0 {
                // The next turn begins with the subscriptions that got no share in this one.
                self.subscriptions.rotate_left(at);
                break;
            }
            let subscription = &mut self.subscriptions[at];
            if subscription.is_active() && !subscription.audio {
                let publication = &publications[subscription.publication];
                quota -= subscription.write(quota, publication, &mut self.transport, burst)?;
            }
        }
        Ok(())
    }

    /// Drives the transport. Each datagram that it makes is stamped with the arrival of the oldest
    /// packet in the burst.
    pub(crate) fn drain(
        &mut self,
        oldest: Option<Instant>,
        now: Instant,
        outputs: &mut Outputs,
    ) -> Result<(), TransportError> {
        let before = outputs.transmits.len();
        self.driven_at = self.transport.drain(now, outputs)?;
        for transmit in outputs.transmits.range_mut(before..) {
            transmit.received_at = oldest;
        }
        Ok(())
    }

    /// Returns when to forward to this endpoint again even if no packet comes before: when the next
    /// burst may leave, or when the transport asks to be driven.
    pub(crate) fn forward_at(&self, burst: &Burst) -> Instant {
        burst
            .next_at
            .map_or(self.driven_at, |at| at.min(self.driven_at))
    }

    /// Returns when to tend this endpoint again: when its client is to be asked for a keyframe, or
    /// when its time is up.
    pub(crate) fn tend_at(&self, publications: &Publications, now: Instant) -> Instant {
        let keys = self.publications.iter();
        let keyframes = keys.filter_map(|key| publications[*key].keyframe_due(now));
        keyframes.fold(self.expiry().0, Instant::min)
    }

    /// Returns true if frames wait for a data channel, or a channel that ran over may have
    /// recovered.
    pub(crate) fn has_queued_frames(&self) -> bool {
        self.outboxes.iter().any(Outbox::has_work)
    }
}

fn active(subscriptions: &mut [Subscription]) -> impl Iterator<Item = &mut Subscription> {
    let subscriptions = subscriptions.iter_mut();
    subscriptions.filter(|subscription| subscription.is_active())
}
