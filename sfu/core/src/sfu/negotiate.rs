//! Offers. One offer takes in all changes since the last one, and never are two under way.

use super::Sfu;
use crate::LinkCode;
use crate::endpoint::Endpoint;
use crate::limits::LINES_MAX;
use crate::publication::{PublicationKey, Publications};
use crate::schedule::Work;
use crate::slot::Slot;
use crate::subscription::SubscriptionState;
use crate::transport::{LineChange, Mid, TransportError};
use fmz_proto::v1::{self, from_sfu};
use std::time::Instant;

/// Purpose of a new line in an offer.
#[derive(Debug, Clone, Copy)]
enum Target {
    /// A publication of the client's own.
    Publication(PublicationKey),
    /// The client's subscription to this publication.
    Subscription(PublicationKey),
}

impl Sfu {
    /// Makes an offer if something changed, unless another offer waits for its answer.
    pub(super) fn negotiate(&mut self, slot: Slot, now: Instant) -> Result<(), TransportError> {
        let endpoint = &mut self.endpoints[slot];
        if endpoint.negotiation.waits_since.is_some() {
            return Ok(());
        }
        let is_first = endpoint.negotiation.offer == 0;
        let stops = std::mem::take(&mut endpoint.negotiation.stops);
        let mut changes: Vec<LineChange> = stops.into_iter().map(LineChange::Stop).collect();
        let stopped = changes.len();
        let (targets, refused) = add_lines(endpoint, &self.publications, &mut changes);
        for target in refused {
            self.refuse_line(slot, target);
        }
        // The first offer is made even without a line, for the data channels.
        if changes.is_empty() && !is_first {
            return Ok(());
        }
        if let Some(offered) = self.endpoints[slot].transport.offer(&changes)? {
            let lines = offered.lines.into_iter().skip(stopped);
            let lines = self.set_lines(slot, targets.into_iter().zip(lines));
            self.send_offer(slot, offered.sdp, lines, now);
        }
        Ok(())
    }

    /// Notes the lines that were offered, and returns those on which the client may publish.
    fn set_lines(
        &mut self,
        slot: Slot,
        lines: impl Iterator<Item = (Target, Mid)>,
    ) -> Vec<v1::PublishLine> {
        let mut publish = Vec::new();
        for (target, mid) in lines {
            match target {
                Target::Publication(key) => {
                    let publication = &mut self.publications[key];
                    publication.mid = Some(mid);
                    publish.push(v1::PublishLine {
                        request: publication.info.request,
                        mid: mid.to_string(),
                        publication: publication.info.id.clone(),
                    });
                }
                Target::Subscription(key) => {
                    let subscription = self.endpoints[slot].subscription(key);
                    subscription.state = SubscriptionState::Offered(mid);
                }
            }
        }
        publish
    }

    fn send_offer(&mut self, slot: Slot, sdp: String, lines: Vec<v1::PublishLine>, now: Instant) {
        let endpoint = &mut self.endpoints[slot];
        endpoint.negotiation.offer += 1;
        endpoint.negotiation.waits_since = Some(now);
        let message = v1::TransportOffer {
            room: endpoint.room.clone(),
            session: endpoint.session,
            offer: Some(v1::Offer {
                offer: endpoint.negotiation.offer,
                sdp,
                lines,
                transport: endpoint.number,
            }),
        };
        self.emit(from_sfu::Message::Offer(message));
    }

    /// Gives up a publication or subscription for which no line was left.
    fn refuse_line(&mut self, slot: Slot, target: Target) {
        match target {
            Target::Publication(key) => self.refuse_publication(key, LinkCode::TooManyLines),
            Target::Subscription(key) => {
                self.refuse_subscription(slot, key, LinkCode::TooManyLines);
            }
        }
    }

    pub(super) fn take_answer(&mut self, message: v1::TransportAnswer, now: Instant) {
        let session = message.session;
        let Some(slot) = self.endpoints.of_session(session) else {
            self.emit_refusal(message.room, session, LinkCode::UnknownSession, 0);
            return;
        };
        let answer = message.answer.unwrap_or_default();
        let endpoint = &mut self.endpoints[slot];
        let expected = endpoint.negotiation.waits_since.is_some()
            && answer.offer == endpoint.negotiation.offer
            && answer.transport == endpoint.number;
        if !expected {
            self.emit_error(slot, LinkCode::StaleAnswer, 0);
            return;
        }
        endpoint.negotiation.waits_since = None;
        match endpoint.transport.answer(&answer.sdp) {
            Ok(()) => {
                if let Err(fault) = self.apply_answer(slot) {
                    self.fail(slot, &fault, now);
                }
            }
            Err(TransportError::Panicked) => self.fail(slot, &TransportError::Panicked, now),
            Err(error) => {
                tracing::info!(session, %error, "answer refused");
                self.end(slot, LinkCode::BadAnswer, now);
            }
        }
    }

    /// Starts the subscriptions to which the answer agreed, and ends the publications that it
    /// refused.
    fn apply_answer(&mut self, slot: Slot) -> Result<(), TransportError> {
        for key in self.endpoints[slot].publications.clone() {
            if let Some(mid) = self.publications[key].mid
                && self.endpoints[slot].transport.is_rejected(mid)?
            {
                self.refuse_publication(key, LinkCode::LineRefused);
            }
        }
        for at in 0..self.endpoints[slot].subscriptions.len() {
            let subscription = &self.endpoints[slot].subscriptions[at];
            if let SubscriptionState::Offered(mid) = subscription.state {
                self.activate(slot, subscription.publication, mid)?;
            }
        }
        // Changes made while the offer waited for this answer are offered now.
        self.schedule.wake(slot, Work::Tend);
        Ok(())
    }

    /// Makes a subscription active, or gives it up if the client refuses it.
    fn activate(
        &mut self,
        slot: Slot,
        key: PublicationKey,
        mid: Mid,
    ) -> Result<(), TransportError> {
        let endpoint = &mut self.endpoints[slot];
        let publication = &self.publications[key];
        let (_, format) = publication
            .started
            .expect("only what has started is offered");
        if !endpoint.transport.is_sending(mid)? {
            self.refuse_subscription(slot, key, LinkCode::LineRefused);
            return Ok(());
        }
        let Some(payload_type) = endpoint.transport.payload_type(mid, format)? else {
            self.refuse_subscription(slot, key, LinkCode::CodecUnsupported);
            return Ok(());
        };
        endpoint.transport.keep_for_retransmission(mid)?;
        let subscription = endpoint.subscription(key);
        subscription.state = SubscriptionState::Active {
            mid,
            format,
            payload_type,
        };
        subscription.shut(publication);
        self.want_keyframe(key);
        Ok(())
    }

    fn refuse_publication(&mut self, key: PublicationKey, code: LinkCode) {
        let info = &self.publications[key].info;
        let (owner, request) = (info.owner, info.request);
        self.emit_error(owner, code, request);
        self.unpublish(key);
    }

    /// Gives a subscription up without ending its publication.
    fn refuse_subscription(&mut self, slot: Slot, key: PublicationKey, code: LinkCode) {
        let subscription = self.endpoints[slot].subscription(key);
        subscription.state = SubscriptionState::Refused(subscription.mid());
        self.emit_error(slot, code, 0);
    }
}

/// Adds a line for each publication and subscription that has none yet. Returns the purpose of each
/// new line, and those for which no line was left.
fn add_lines(
    endpoint: &mut Endpoint,
    publications: &Publications,
    changes: &mut Vec<LineChange>,
) -> (Vec<Target>, Vec<Target>) {
    let (mut targets, mut refused) = (Vec::new(), Vec::new());
    let mut add = |change, target| {
        if endpoint.negotiation.lines == LINES_MAX {
            refused.push(target);
        } else {
            endpoint.negotiation.lines += 1;
            changes.push(change);
            targets.push(target);
        }
    };
    for key in &endpoint.publications {
        let publication = &publications[*key];
        if publication.mid.is_none() {
            let change = LineChange::Receive {
                audio: publication.info.audio,
                codec: publication.info.only,
            };
            add(change, Target::Publication(*key));
        }
    }
    for subscription in &endpoint.subscriptions {
        if subscription.state == SubscriptionState::Wanted {
            let key = subscription.publication;
            let publication = &publications[key];
            let (codec, _) = publication
                .started
                .expect("only what has started is subscribed to");
            let change = LineChange::Send {
                publication: publication.info.id.clone(),
                codec,
            };
            add(change, Target::Subscription(key));
        }
    }
    (targets, refused)
}
