//! Who is in which room, and how transports and publications begin and end.

use super::Sfu;
use crate::LinkCode;
use crate::endpoint::Endpoint;
use crate::limits::TRANSPORTS_MAX;
use crate::subscription::{Subscription, SubscriptionState};
use crate::transport::{Transport, TransportError};
use crate::ufrag::{Place, password};
use fmz_proto::v1::{self, TransportStatus, from_sfu};
use rand_chacha::rand_core::Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// A room that has a transport.
#[derive(Debug, Default)]
pub(super) struct Room {
    pub(super) members: BTreeSet<usize>,
    /// Keys of its publications by their names.
    pub(super) publications: BTreeMap<String, usize>,
}

impl Sfu {
    pub(super) fn open(&mut self, open: v1::OpenTransport, now: Instant) {
        if let Some(slot) = self.sessions.get(&open.session) {
            self.close(*slot, now);
        }
        if self.endpoints.len() == TRANSPORTS_MAX {
            self.emit_error(open.session, LinkCode::TooManyTransports, 0);
            return;
        }
        let slot = self.endpoints.next_key();
        match self.new_transport(slot, now) {
            Ok(transport) => self.enter(slot, open, transport, now),
            Err(fault) => {
                tracing::error!(%fault, "transport could not be made");
                self.emit_error(open.session, LinkCode::Fault, 0);
            }
        }
    }

    fn new_transport(&mut self, slot: usize, now: Instant) -> Result<Transport, TransportError> {
        self.epoch = self.epoch.wrapping_add(1);
        self.places.resize(self.places.len().max(slot + 1), 0);
        self.places[slot] = self.epoch;
        let place = Place {
            shard: self.config.shard,
            slot: slot as u32,
            epoch: self.epoch,
        };
        let mut random = [0; 32];
        self.rng.fill_bytes(&mut random);
        let candidates = &self.config.candidates;
        Transport::new(place.to_ufrag(), password(&random), candidates, now)
    }

    fn enter(&mut self, slot: usize, open: v1::OpenTransport, transport: Transport, now: Instant) {
        let room = self.rooms.entry(open.room.clone()).or_default();
        room.members.insert(slot);
        let keys: Vec<usize> = room.publications.values().copied().collect();
        let endpoint = Endpoint::new(open.session, open.transport, open.room, transport, now);
        let inserted = self.endpoints.insert(Box::new(endpoint));
        debug_assert_eq!(inserted, slot);
        self.sessions.insert(open.session, slot);
        for key in keys {
            if self.publications[key].started.is_some() {
                self.subscribe(slot, key);
            }
        }
        self.wake(slot);
    }

    /// Wants a publication offered to a transport.
    pub(super) fn subscribe(&mut self, slot: usize, key: usize) {
        let publication = &mut self.publications[key];
        if let Some(endpoint) = self.endpoints.get_mut(slot)
            && publication.owner != slot
        {
            publication.subscribers.insert(slot);
            endpoint
                .subscriptions
                .push(Subscription::new(key, publication.audio));
            self.wake(slot);
        }
    }

    /// Ends a transport: good-bye to the client, its publications end, its owner hears it.
    pub(super) fn close(&mut self, slot: usize, now: Instant) {
        let Some(endpoint) = self.endpoints.get_mut(slot) else {
            return;
        };
        for key in endpoint.publications.clone() {
            self.unpublish(key);
        }
        let Some(mut endpoint) = self.endpoints.remove(slot) else {
            return;
        };
        if endpoint.transport.close().is_ok() {
            let _ = endpoint.drain(None, now, &mut self.outputs);
            self.outputs.events.clear();
        }
        self.leave(slot, &endpoint);
        self.emit(from_sfu::Message::State(v1::TransportState {
            session: endpoint.session,
            transport: endpoint.number,
            status: TransportStatus::Closed.into(),
        }));
    }

    fn leave(&mut self, slot: usize, endpoint: &Endpoint) {
        self.addresses.forget(&endpoint.addresses, slot);
        if let Some(at) = endpoint.timer {
            self.timers.remove(&(at, slot));
        }
        if self.sessions.get(&endpoint.session) == Some(&slot) {
            self.sessions.remove(&endpoint.session);
        }
        for subscription in &endpoint.subscriptions {
            let publication = &mut self.publications[subscription.publication];
            publication.subscribers.remove(&slot);
        }
        if let Some(room) = self.rooms.get_mut(&endpoint.room) {
            room.members.remove(&slot);
            if room.members.is_empty() {
                self.rooms.remove(&endpoint.room);
            }
        }
    }

    /// Ends a publication: its lines are stopped with the next offers.
    pub(super) fn unpublish(&mut self, key: usize) {
        let Some(publication) = self.publications.remove(key) else {
            return;
        };
        if let Some(room) = self.rooms.get_mut(&publication.room) {
            room.publications.remove(&publication.id);
        }
        if let Some(owner) = self.endpoints.get_mut(publication.owner) {
            owner.publications.retain(|known| *known != key);
            owner.negotiation.stops.extend(publication.mid);
        }
        for slot in &publication.subscribers {
            if let Some(endpoint) = self.endpoints.get_mut(*slot) {
                let (ended, kept) = endpoint
                    .subscriptions
                    .drain(..)
                    .partition(|subscription| subscription.publication == key);
                endpoint.subscriptions = kept;
                let ended: Vec<Subscription> = ended;
                let lines = ended.iter().filter_map(Subscription::mid);
                endpoint.negotiation.stops.extend(lines);
            }
            self.wake(*slot);
        }
        self.wake(publication.owner);
        self.emit(from_sfu::Message::PublicationEnded(v1::PublicationEnded {
            room: publication.room,
            publication: publication.id,
            session: publication.session,
        }));
    }

    /// Gives a subscription up without ending its publication.
    pub(super) fn refuse_subscription(&mut self, slot: usize, at: usize, code: LinkCode) {
        let Some(endpoint) = self.endpoints.get_mut(slot) else {
            return;
        };
        let session = endpoint.session;
        let subscription = &mut endpoint.subscriptions[at];
        let mid = subscription.mid();
        subscription.state = SubscriptionState::Refused(mid);
        self.emit_error(session, code, 0);
    }
}
