//! Offers: what changed since the last one, in one, and never two at once.

use super::Sfu;
use crate::LinkCode;
use crate::limits::LINES_MAX;
use crate::subscription::SubscriptionState;
use crate::transport::{LineChange, TransportError};
use fmz_proto::v1::{self, from_sfu};
use std::time::Instant;

/// Whom a line of an offer is for.
#[derive(Debug, Clone, Copy)]
enum Target {
    /// Key of a publication of the client's own.
    Publication(usize),
    /// Position of a subscription.
    Subscription(usize),
    None,
}

impl Sfu {
    /// Makes an offer where something changed and no other offer waits for its answer.
    pub(super) fn negotiate(&mut self, slot: usize, now: Instant) -> Result<(), TransportError> {
        let Some(endpoint) = self.endpoints.get(slot) else {
            return Ok(());
        };
        let first = endpoint.negotiation.offer == 0;
        if endpoint.negotiation.waits_since.is_some() {
            return Ok(());
        }
        let (changes, targets) = self.changes(slot);
        if changes.is_empty() && !first {
            return Ok(());
        }
        let endpoint = &mut self.endpoints[slot];
        endpoint.negotiation.stops.clear();
        let Some(offered) = endpoint.transport.offer(&changes)? else {
            return Ok(());
        };
        endpoint.negotiation.offer += 1;
        endpoint.negotiation.waits_since = Some(now);
        let mut lines = Vec::new();
        for (target, mid) in targets.into_iter().zip(offered.lines) {
            match target {
                Target::Publication(key) => {
                    let publication = &mut self.publications[key];
                    publication.mid = Some(mid);
                    lines.push(v1::PublishLine {
                        request: publication.request,
                        mid: mid.to_string(),
                        publication: publication.id.clone(),
                    });
                }
                Target::Subscription(at) => {
                    endpoint.subscriptions[at].state = SubscriptionState::Offered(mid)
                }
                Target::None => {}
            }
        }
        let message = v1::TransportOffer {
            session: endpoint.session,
            offer: Some(v1::Offer {
                offer: endpoint.negotiation.offer,
                sdp: offered.sdp,
                lines,
                transport: endpoint.number,
            }),
        };
        self.emit(from_sfu::Message::Offer(message));
        Ok(())
    }

    /// What is to be offered to a transport. What finds no room for a line is given up with a code.
    fn changes(&mut self, slot: usize) -> (Vec<LineChange>, Vec<Target>) {
        let (mut changes, mut targets, mut full) = (Vec::new(), Vec::new(), Vec::new());
        let endpoint = &mut self.endpoints[slot];
        for mid in &endpoint.negotiation.stops {
            changes.push(LineChange::Stop(*mid));
            targets.push(Target::None);
        }
        let mut wanted = Vec::new();
        for key in &endpoint.publications {
            let publication = &self.publications[*key];
            if publication.mid.is_none() {
                let (audio, codec) = (publication.audio, publication.only);
                wanted.push((
                    LineChange::Receive { audio, codec },
                    Target::Publication(*key),
                ));
            }
        }
        for (at, subscription) in endpoint.subscriptions.iter().enumerate() {
            let publication = &self.publications[subscription.publication];
            if let (SubscriptionState::Wanted, Some((codec, _))) =
                (subscription.state, publication.started)
            {
                let publication = publication.id.clone();
                let change = LineChange::Send { publication, codec };
                wanted.push((change, Target::Subscription(at)));
            }
        }
        for (change, target) in wanted {
            if endpoint.negotiation.lines == LINES_MAX {
                full.push(target);
                continue;
            }
            endpoint.negotiation.lines += 1;
            changes.push(change);
            targets.push(target);
        }
        full.into_iter()
            .for_each(|target| self.drop_line(slot, target));
        (changes, targets)
    }

    fn drop_line(&mut self, slot: usize, target: Target) {
        match target {
            Target::Publication(key) => {
                let publication = &self.publications[key];
                let (session, request) = (publication.session, publication.request);
                self.emit_error(session, LinkCode::TooManyLines, request);
                self.unpublish(key);
            }
            Target::Subscription(at) => self.refuse_subscription(slot, at, LinkCode::TooManyLines),
            Target::None => {}
        }
    }

    pub(super) fn take_answer(&mut self, message: v1::TransportAnswer, now: Instant) {
        let session = message.session;
        let Some(slot) = self.sessions.get(&session).copied() else {
            self.emit_error(session, LinkCode::UnknownSession, 0);
            return;
        };
        let answer = message.answer.unwrap_or_default();
        let endpoint = &mut self.endpoints[slot];
        let expected = endpoint.negotiation.waits_since.is_some()
            && answer.offer == endpoint.negotiation.offer
            && answer.transport == endpoint.number;
        if !expected {
            self.emit_error(session, LinkCode::StaleAnswer, 0);
            return;
        }
        endpoint.negotiation.waits_since = None;
        match endpoint.transport.answer(&answer.sdp) {
            Ok(()) => self.apply_answer(slot, now),
            Err(TransportError::Panicked) => self.fail(slot, &TransportError::Panicked, now),
            Err(error) => {
                tracing::info!(session, %error, "answer refused");
                self.end(slot, LinkCode::BadAnswer, now);
            }
        }
    }

    /// Begins the subscriptions that the answer agreed to, and ends the publications it refused.
    fn apply_answer(&mut self, slot: usize, now: Instant) {
        if let Err(fault) = self.end_refused(slot) {
            self.fail(slot, &fault, now);
            return;
        }
        for at in 0..self.endpoints[slot].subscriptions.len() {
            match self.activate(slot, at) {
                Ok(None) => {}
                Ok(Some(code)) => self.refuse_subscription(slot, at, code),
                Err(fault) => {
                    self.fail(slot, &fault, now);
                    return;
                }
            }
        }
        self.wake(slot);
    }

    fn end_refused(&mut self, slot: usize) -> Result<(), TransportError> {
        for key in self.endpoints[slot].publications.clone() {
            let endpoint = &mut self.endpoints[slot];
            if let Some(mid) = self.publications[key].mid
                && endpoint.transport.is_rejected(mid)?
            {
                let request = self.publications[key].request;
                let session = endpoint.session;
                self.emit_error(session, LinkCode::LineRefused, request);
                self.unpublish(key);
            }
        }
        Ok(())
    }

    fn activate(&mut self, slot: usize, at: usize) -> Result<Option<LinkCode>, TransportError> {
        let endpoint = &mut self.endpoints[slot];
        let subscription = &mut endpoint.subscriptions[at];
        let publication = &mut self.publications[subscription.publication];
        let (SubscriptionState::Offered(mid), Some((_, format))) =
            (subscription.state, publication.started)
        else {
            return Ok(None);
        };
        if !endpoint.transport.is_sending(mid)? {
            return Ok(Some(LinkCode::LineRefused));
        }
        let Some(payload_type) = endpoint.transport.payload_type(mid, format)? else {
            return Ok(Some(LinkCode::CodecUnsupported));
        };
        endpoint.transport.keep_for_retransmission(mid)?;
        subscription.state = SubscriptionState::Active(mid, format, payload_type);
        subscription.begin(publication);
        publication.want_keyframe();
        Ok(None)
    }
}
