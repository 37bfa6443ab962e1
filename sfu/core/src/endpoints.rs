//! All endpoints, and the ways to find one: by slot, by session, by user fragment, by flow.

use crate::demux::Flows;
use crate::endpoint::Endpoint;
use crate::flow::Flow;
use crate::slot::Slot;
use crate::ufrag::Place;
use slab::Slab;
use std::collections::BTreeMap;
use std::ops::{Index, IndexMut};

/// Endpoints by slot. Indexing panics if the slot is empty: all lists of slots forget a slot
/// together with its endpoint.
#[derive(Debug, Default)]
pub(crate) struct Endpoints {
    by_slot: Slab<Box<Endpoint>>,
    by_session: BTreeMap<u64, Slot>,
    by_flow: Flows,
}

impl Endpoints {
    pub(crate) fn len(&self) -> usize {
        self.by_slot.len()
    }

    /// Returns the slot that the next [`Self::insert`] gives.
    pub(crate) fn next_slot(&self) -> Slot {
        Slot::of(self.by_slot.vacant_key())
    }

    /// Adds an endpoint. Its session must have no other, and its user fragment must name
    /// [`Self::next_slot`].
    pub(crate) fn insert(&mut self, endpoint: Endpoint) -> Slot {
        let (session, named) = (endpoint.session, endpoint.place.slot);
        let slot = Slot::of(self.by_slot.insert(Box::new(endpoint)));
        debug_assert_eq!(named, slot, "datagrams find the endpoint by this slot");
        let before = self.by_session.insert(session, slot);
        debug_assert_eq!(before, None, "a session has one transport at a time");
        slot
    }

    /// Takes an endpoint out, with all keys that lead to it.
    pub(crate) fn remove(&mut self, slot: Slot) -> Box<Endpoint> {
        let endpoint = self.by_slot.remove(slot.index());
        self.by_session.remove(&endpoint.session);
        self.by_flow.forget(&endpoint.flows, slot);
        endpoint
    }

    pub(crate) fn contains(&self, slot: Slot) -> bool {
        self.by_slot.contains(slot.index())
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> {
        self.by_slot.iter().map(|(index, _)| Slot::of(index))
    }

    /// Returns the endpoint of a session.
    pub(crate) fn of_session(&self, session: u64) -> Option<Slot> {
        self.by_session.get(&session).copied()
    }

    /// Returns the endpoint that a user fragment names; `None` if the fragment belongs to an
    /// earlier endpoint of the slot.
    pub(crate) fn of_place(&self, place: Place) -> Option<Slot> {
        let endpoint = self.by_slot.get(place.slot.index())?;
        (endpoint.place == place).then_some(place.slot)
    }

    /// Returns the endpoint that owns a flow.
    pub(crate) fn of_flow(&self, flow: &Flow) -> Option<Slot> {
        self.by_flow.owner(flow)
    }

    /// Gives a flow to an endpoint whose transport has checked a request on it.
    pub(crate) fn learn(&mut self, flow: Flow, slot: Slot) {
        let known = &mut self.by_slot[slot.index()].flows;
        self.by_flow.learn(flow, slot, known);
    }
}

impl Index<Slot> for Endpoints {
    type Output = Endpoint;

    fn index(&self, slot: Slot) -> &Endpoint {
        &self.by_slot[slot.index()]
    }
}

impl IndexMut<Slot> for Endpoints {
    fn index_mut(&mut self, slot: Slot) -> &mut Endpoint {
        &mut self.by_slot[slot.index()]
    }
}
