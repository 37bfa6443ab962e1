//! Members of rooms; begin and end of endpoints and publications.

use super::Sfu;
use crate::LinkCode;
use crate::endpoint::Endpoint;
use crate::limits::TRANSPORTS_MAX;
use crate::publication::PublicationKey;
use crate::schedule::Work;
use crate::slot::Slot;
use crate::subscription::Subscription;
use crate::transport::Transport;
use crate::ufrag::{Place, password};
use fmz_proto::v1::{self, TransportStatus, from_sfu};
use rand_chacha::rand_core::Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// A room. It lasts as long as it has an endpoint.
#[derive(Debug, Default)]
pub(super) struct Room {
    pub(super) members: BTreeSet<Slot>,
    /// Publications of the room by their names.
    pub(super) publications: BTreeMap<String, PublicationKey>,
}

impl Sfu {
    pub(super) fn open(&mut self, open: v1::OpenTransport, now: Instant) {
        if let Some(slot) = self.endpoints.of_session(open.session) {
            self.close(slot, now);
        }
        if self.endpoints.len() == TRANSPORTS_MAX {
            self.emit_refusal(open.room, open.session, LinkCode::TooManyTransports, 0);
            return;
        }
        let place = self.next_place();
        let mut random = [0; 32];
        self.rng.fill_bytes(&mut random);
        let candidates = &self.config.candidates;
        match Transport::new(place.to_ufrag(), password(&random), candidates, now) {
            Ok(transport) => self.join(Endpoint::new(open, place, transport, now)),
            Err(fault) => {
                tracing::error!(%fault, "transport could not be made");
                self.emit_refusal(open.room, open.session, LinkCode::Fault, 0);
            }
        }
    }

    /// Returns the place of the next endpoint, which no other endpoint had before.
    fn next_place(&mut self) -> Place {
        self.epoch = self.epoch.wrapping_add(1);
        Place {
            shard: self.config.shard,
            slot: self.endpoints.next_slot(),
            epoch: self.epoch,
        }
    }

    fn join(&mut self, endpoint: Endpoint) {
        let name = endpoint.room.clone();
        let slot = self.endpoints.insert(endpoint);
        let room = self.rooms.entry(name).or_default();
        room.members.insert(slot);
        let keys: Vec<PublicationKey> = room.publications.values().copied().collect();
        for key in keys {
            // A publication without a packet has no codec that could be offered yet.
            if self.publications[key].started.is_some() {
                self.subscribe(slot, key);
            }
        }
        self.schedule.wake(slot, Work::Tend);
    }

    /// Subscribes an endpoint to a publication that has started, unless it publishes it itself.
    pub(super) fn subscribe(&mut self, slot: Slot, key: PublicationKey) {
        let publication = &mut self.publications[key];
        if publication.info.owner == slot {
            return;
        }
        publication.subscribers.insert(slot);
        let subscription = Subscription::new(key, publication.info.audio);
        self.endpoints[slot].subscriptions.push(subscription);
        self.schedule.wake(slot, Work::Tend);
    }

    /// Ends an endpoint with its publications; says goodbye to its client and reports the end to
    /// the owner.
    pub(super) fn close(&mut self, slot: Slot, now: Instant) {
        for key in std::mem::take(&mut self.endpoints[slot].publications) {
            self.unpublish(key);
        }
        let mut endpoint = self.endpoints.remove(slot);
        self.schedule.forget(slot);
        self.leave(slot, &endpoint);
        // A transport that failed can send nothing any more.
        if endpoint.transport.close().is_ok() {
            let _ = endpoint.drain(None, now, &mut self.outputs);
            self.outputs.events.clear();
        }
        self.emit(from_sfu::Message::State(v1::TransportState {
            room: endpoint.room,
            session: endpoint.session,
            transport: endpoint.number,
            status: TransportStatus::Closed.into(),
        }));
    }

    fn leave(&mut self, slot: Slot, endpoint: &Endpoint) {
        for subscription in &endpoint.subscriptions {
            let publication = &mut self.publications[subscription.publication];
            publication.subscribers.remove(&slot);
        }
        let room = self.rooms.get_mut(&endpoint.room);
        let room = room.expect("a room lasts as long as it has an endpoint");
        room.members.remove(&slot);
        if room.members.is_empty() {
            debug_assert!(
                room.publications.is_empty(),
                "they end with their endpoints"
            );
            self.rooms.remove(&endpoint.room);
        }
    }

    /// Ends a publication: its lines are stopped with the next offers.
    pub(super) fn unpublish(&mut self, key: PublicationKey) {
        let publication = self.publications.remove(key);
        self.schedule.forget_publication(key);
        let info = publication.info;
        let room = self.rooms.get_mut(&info.room);
        let room = room.expect("a room lasts as long as it has an endpoint");
        room.publications.remove(&info.id);
        let owner = &mut self.endpoints[info.owner];
        owner.publications.retain(|known| *known != key);
        owner.negotiation.stops.extend(publication.mid);
        self.schedule.wake(info.owner, Work::Tend);
        for slot in publication.subscribers {
            let subscriber = &mut self.endpoints[slot];
            let ended = subscriber
                .subscriptions
                .extract_if(.., |subscription| subscription.publication == key);
            let lines = ended.filter_map(|subscription| subscription.mid());
            subscriber.negotiation.stops.extend(lines);
            self.schedule.wake(slot, Work::Tend);
        }
        self.emit(from_sfu::Message::PublicationEnded(v1::PublicationEnded {
            room: info.room,
            publication: info.id,
            session: info.session,
        }));
    }
}
