//! What transports tell, and what follows from it.

use super::Sfu;
use crate::LinkCode;
use crate::transport::{Channel, Mid, Packet, TransportError, TransportEvent};
use fmz_proto::v1::{self, TransportStatus, from_sfu};
use std::time::Instant;

impl Sfu {
    /// Acts on what a drain of this transport brought, or on its failure.
    pub(super) fn handle_events(
        &mut self,
        slot: usize,
        drained: Result<(), TransportError>,
        now: Instant,
    ) {
        for event in std::mem::take(&mut self.outputs.events) {
            self.handle_event(slot, event, now);
        }
        if let Err(fault) = drained {
            self.fail(slot, &fault, now);
        }
    }

    fn handle_event(&mut self, slot: usize, event: TransportEvent, now: Instant) {
        match event {
            TransportEvent::Connected => self.set_status(slot, TransportStatus::Connected),
            TransportEvent::Disconnected => self.set_status(slot, TransportStatus::Disconnected),
            TransportEvent::Closed => self.close(slot, now),
            TransportEvent::ChannelOpened(channel) => {
                self.set_channel(slot, channel, true);
            }
            TransportEvent::ChannelClosed(channel) => {
                self.set_channel(slot, channel, false);
            }
            TransportEvent::Data(channel, data) => self.take_data(slot, channel, data, now),
            TransportEvent::Packet(mid, packet) => self.ingest(slot, mid, packet, now),
            TransportEvent::KeyframeWanted(mid) => self.take_keyframe_request(slot, mid),
            TransportEvent::Nacks(count) => self.stats.nacks += count,
        }
    }

    pub(super) fn set_status(&mut self, slot: usize, status: TransportStatus) {
        let Some(endpoint) = self.endpoints.get_mut(slot) else {
            return;
        };
        if endpoint.status == status {
            return;
        }
        endpoint.status = status;
        let message = v1::TransportState {
            session: endpoint.session,
            transport: endpoint.number,
            status: status.into(),
        };
        self.emit(from_sfu::Message::State(message));
    }

    /// Opens or closes a channel's queue and says so.
    pub(super) fn set_channel(&mut self, slot: usize, channel: Channel, open: bool) {
        let Some(endpoint) = self.endpoints.get_mut(slot) else {
            return;
        };
        let outbox = endpoint.outbox(channel);
        if open {
            outbox.open();
        } else if !outbox.is_overrun() {
            outbox.close();
        }
        let message = v1::ChannelState {
            session: endpoint.session,
            transport: endpoint.number,
            channel: channel.to_wire().into(),
            open,
        };
        self.emit(from_sfu::Message::Channel(message));
    }

    /// Says how much waits for the channel `ops`, where that is something new.
    pub(super) fn emit_pressure(&mut self, slot: usize) {
        let Some(endpoint) = self.endpoints.get_mut(slot) else {
            return;
        };
        let Some(level) = endpoint.outbox(Channel::Ops).new_level() else {
            return;
        };
        let message = v1::ChannelPressure {
            session: endpoint.session,
            transport: endpoint.number,
            channel: v1::Channel::Ops.into(),
            level: level.to_wire().into(),
        };
        self.emit(from_sfu::Message::Pressure(message));
    }

    fn take_data(&mut self, slot: usize, channel: Channel, data: Vec<u8>, now: Instant) {
        let Some(endpoint) = self.endpoints.get(slot) else {
            return;
        };
        let session = endpoint.session;
        if !self.is_overloaded() {
            self.emit(from_sfu::Message::Data(v1::ReceivedData {
                session,
                channel: channel.to_wire().into(),
                payload: data.into(),
            }));
            return;
        }
        self.stats.queue_drops += 1;
        if channel == Channel::Ops {
            self.end(slot, LinkCode::Overload, now);
        }
    }

    fn ingest(&mut self, slot: usize, mid: Mid, packet: Packet, now: Instant) {
        let Some(endpoint) = self.endpoints.get(slot) else {
            return;
        };
        let of_line = |key: &&usize| self.publications[**key].mid == Some(mid);
        let Some(key) = endpoint.publications.iter().find(of_line).copied() else {
            return;
        };
        self.stats.packets_in += 1;
        let publication = &mut self.publications[key];
        let starts = publication.started.is_none();
        let missing = publication.ingest(packet, now);
        self.stats.packets_lost = self.stats.packets_lost.saturating_add_signed(missing);
        if !publication.dirty {
            publication.dirty = true;
            self.dirty.push(key);
        }
        if starts {
            self.start(key);
        }
    }

    /// Offers a publication whose codec is known now to all others in its room.
    fn start(&mut self, key: usize) {
        let publication = &self.publications[key];
        let Some((codec, _)) = publication.started else {
            return;
        };
        let members = self.rooms.get(&publication.room);
        let members = members.map(|room| room.members.clone()).unwrap_or_default();
        let message = v1::PublicationStarted {
            room: publication.room.clone(),
            publication: publication.id.clone(),
            session: publication.session,
            codec: codec.name().to_owned(),
        };
        self.emit(from_sfu::Message::PublicationStarted(message));
        for slot in members {
            self.subscribe(slot, key);
        }
    }

    fn take_keyframe_request(&mut self, slot: usize, mid: Mid) {
        self.stats.plis_in += 1;
        let Some(endpoint) = self.endpoints.get(slot) else {
            return;
        };
        let mut subscriptions = endpoint.subscriptions.iter();
        let Some(wanted) = subscriptions.find(|known| known.mid() == Some(mid)) else {
            return;
        };
        let publication = &mut self.publications[wanted.publication];
        publication.want_keyframe();
        let owner = publication.owner;
        self.wake(owner);
    }
}
