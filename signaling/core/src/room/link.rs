//! The room link as a connection: the forwarding unit comes up, goes away, and comes back.
//!
//! A message that is lost on the link may have been a batch of a participant. So nothing goes on
//! over a loss: the transports that it may concern end on both sides. Their channels then close,
//! and the clients repeat what was not acknowledged over their WebSockets.

use super::Room;
use crate::{
    LinkEpoch, SessionId,
    session::{Live, Transport},
};
use fmz_proto::v1::{HeldTransport, UnitDown, UnitUp};
use std::{collections::BTreeMap, time::Instant};

impl Room {
    /// Takes the news that messages of the forwarding unit to this room were lost, because the room
    /// did not keep up. Every transport is replaced: an offer may be among what was lost, and its
    /// client would wait for it.
    pub fn handle_link_overrun(&mut self, now: Instant) {
        tracing::warn!(room = self.info.room, "the room did not keep up with media");
        self.lose_transports(now);
        self.open_awaited(now);
        self.advance(now);
    }

    /// Takes the forwarding unit's inventory. A unit of another epoch has nothing of this room, so
    /// all transports are opened anew.
    pub(super) fn link_up(&mut self, up: &UnitUp, now: Instant) {
        let epoch = LinkEpoch(up.epoch);
        if self.link != Some(epoch) {
            self.lose_transports(now);
            self.link = Some(epoch);
        }
        self.compare(&up.transports);
        self.open_awaited(now);
    }

    /// Takes the news that the forwarding unit is gone. News of an earlier one are late.
    pub(super) fn link_down(&mut self, down: &UnitDown, now: Instant) {
        if self.link == Some(LinkEpoch(down.epoch)) {
            self.lose_transports(now);
            self.link = None;
        }
    }

    /// Returns a session's number on the link.
    pub(super) fn on_link(&self, id: SessionId) -> u64 {
        let epoch = self
            .link
            .expect("a transport is open only while the unit is up");
        id.on_link(epoch)
    }

    /// Ends on either side what the other side does not have.
    fn compare(&mut self, held: &[HeldTransport]) {
        let Some(epoch) = self.link else { return };
        let mine = held.iter().filter(|held| held.room == self.info.room);
        let mut held: BTreeMap<SessionId, &HeldTransport> = mine
            .filter_map(|held| Some((SessionId::from_link(held.session, epoch)?, held)))
            .collect();
        for id in self.with_transport() {
            let number = self.media_mut(id).map(|media| media.number);
            match held.remove(&id) {
                Some(held) if Some(held.transport) == number => self.compare_publications(id, held),
                // It is replaced by the transport that is opened next.
                _ => self.end_transport(id, |_| Transport::Awaited),
            }
        }
        for id in held.into_keys() {
            self.close_on_link(id);
        }
    }

    fn compare_publications(&mut self, id: SessionId, held: &HeldTransport) {
        let known: Vec<_> = self
            .publications_of(id)
            .filter(|found| found.asked.is_none())
            .map(|found| found.state.publication.clone())
            .collect();
        for publication in &known {
            if !held.publications.contains(publication) {
                self.end_publication(publication);
            }
        }
        for publication in &held.publications {
            if !known.contains(publication) {
                self.remove_on_link(publication);
            }
        }
    }

    /// Opens a transport for each session that waits for one.
    fn open_awaited(&mut self, now: Instant) {
        for id in self.select(|_, session| session.live().is_some_and(awaits_transport)) {
            self.open_transport(id, now);
        }
    }

    /// Gives up all transports: the next ones take their places. Clients publish all their pictures
    /// again on these, which is not to count against them.
    fn lose_transports(&mut self, now: Instant) {
        for id in self.with_transport() {
            self.end_transport(id, |_| Transport::Awaited);
            if let Some(media) = self.media_mut(id) {
                media.renew_publishing(now);
            }
        }
    }

    fn with_transport(&self) -> Vec<SessionId> {
        self.select(|_, session| session.live().and_then(Live::transport).is_some())
    }
}

fn awaits_transport(live: &Live) -> bool {
    let media = live.media.as_ref();
    media.is_some_and(|media| matches!(media.transport, Transport::Awaited))
}
