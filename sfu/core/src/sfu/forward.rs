//! The path of a packet: in from its publisher into the publication, and out to each subscriber.

use super::Sfu;
use crate::Datagram;
use crate::schedule::Work;
use crate::slot::Slot;
use crate::transport::{Mid, Packet};
use std::time::Instant;

impl Sfu {
    /// Gives a datagram to the transport of an endpoint. Returns false if the transport refuses it.
    pub(super) fn receive(
        &mut self,
        slot: Slot,
        named: bool,
        datagram: &Datagram<'_>,
        now: Instant,
    ) -> bool {
        let endpoint = &mut self.endpoints[slot];
        match endpoint.transport.handle_datagram(datagram, now) {
            Ok(true) => {}
            Ok(false) => return false,
            Err(fault) => {
                self.fail(slot, &fault, now);
                return true;
            }
        }
        endpoint.received_at = now;
        self.stats.bytes_in += datagram.payload.len() as u64;
        if named {
            // Only a binding request names its endpoint, and the transport has checked that the
            // request knows the password. So the flow may be trusted from here on.
            self.endpoints.learn(datagram.flow, slot);
        }
        // The datagram may have changed the time at which the transport wants to be driven.
        self.schedule.wake(slot, Work::Forward);
        let drained = self.endpoints[slot].drain(None, now, &mut self.outputs);
        self.handle_events(slot, drained, now);
        true
    }

    /// Stores a packet in its publication. Subscribers get their turns once all datagrams that have
    /// arrived are taken in.
    pub(super) fn ingest(&mut self, slot: Slot, mid: Mid, packet: Packet, now: Instant) {
        let mut own = self.endpoints[slot].publications.iter();
        let Some(key) = own.find(|key| self.publications[**key].mid == Some(mid)) else {
            // The publication has ended, and its publisher does not know it yet.
            return;
        };
        let key = *key;
        self.stats.packets_in += 1;
        let publication = &mut self.publications[key];
        let is_first = publication.started.is_none();
        let Some(ingested) = publication.ingest(packet, now) else {
            return;
        };
        let lost = self.stats.packets_lost;
        self.stats.packets_lost = lost.saturating_add_signed(ingested.missing);
        self.schedule.mark_dirty(key, &mut self.publications);
        if ingested.ask_again {
            self.schedule.wake(slot, Work::Tend);
        }
        if is_first {
            self.start(key);
        }
    }

    /// Forwards a burst of the packets that wait for an endpoint, and lets its transport send.
    pub(super) fn forward(&mut self, slot: Slot, now: Instant) {
        let Self {
            endpoints,
            publications,
            schedule,
            outputs,
            stats,
            ..
        } = self;
        let endpoint = &mut endpoints[slot];
        let burst = match endpoint.write_burst(publications, schedule, stats, now) {
            Ok(burst) => burst,
            Err(fault) => return self.fail(slot, &fault, now),
        };
        // One drain sends the whole burst, and all that tending wrote before it. The drain, with
        // its encryption, is the costly part.
        let drained = endpoint.drain(burst.oldest, now, outputs);
        schedule.arm(slot, Work::Forward, endpoint.forward_at(&burst));
        self.handle_events(slot, drained, now);
    }
}
