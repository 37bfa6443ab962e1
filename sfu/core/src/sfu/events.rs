//! Events of transports, and their effects.

use super::Sfu;
use crate::LinkCode;
use crate::publication::PublicationKey;
use crate::schedule::Work;
use crate::slot::Slot;
use crate::transport::{Channel, Mid, TransportError, TransportEvent};
use fmz_proto::v1::{self, TransportStatus, from_sfu};
use std::time::Instant;

impl Sfu {
    /// Acts on the events that a drain of this transport brought, or on its failure.
    pub(super) fn handle_events(
        &mut self,
        slot: Slot,
        drained: Result<(), TransportError>,
        now: Instant,
    ) {
        let mut events = std::mem::take(&mut self.outputs.events);
        for event in events.drain(..) {
            self.handle_event(slot, event, now);
            if !self.endpoints.contains(slot) {
                // An event ended the transport. Its other reports are of no use.
                break;
            }
        }
        // The list keeps its memory for the next drain.
        self.outputs.events = events;
        if let Err(fault) = drained
            && self.endpoints.contains(slot)
        {
            self.fail(slot, &fault, now);
        }
    }

    fn handle_event(&mut self, slot: Slot, event: TransportEvent, now: Instant) {
        match event {
            TransportEvent::Packet(mid, packet) => self.ingest(slot, mid, packet, now),
            TransportEvent::KeyframeWanted(mid) => self.take_keyframe_request(slot, mid),
            TransportEvent::Nacks(count) => self.stats.nacks += count,
            TransportEvent::Connected => self.set_status(slot, TransportStatus::Connected),
            TransportEvent::Disconnected => self.set_status(slot, TransportStatus::Disconnected),
            TransportEvent::Closed => self.close(slot, now),
            TransportEvent::ChannelOpened(channel) => self.set_channel(slot, channel, true),
            TransportEvent::ChannelClosed(channel) => self.set_channel(slot, channel, false),
            TransportEvent::Data(channel, data) => self.take_data(slot, channel, data, now),
        }
    }

    /// Sets a transport's status, and reports it to the owner if it changed.
    pub(super) fn set_status(&mut self, slot: Slot, status: TransportStatus) {
        let endpoint = &mut self.endpoints[slot];
        if std::mem::replace(&mut endpoint.status, status) == status {
            return;
        }
        let message = v1::TransportState {
            room: endpoint.room.clone(),
            session: endpoint.session,
            transport: endpoint.number,
            status: status.into(),
        };
        self.emit(from_sfu::Message::State(message));
        // The time limit of a connected transport differs from that of one that connects.
        self.schedule.wake(slot, Work::Tend);
    }

    /// Opens or closes the queue of a channel, and reports it to the owner.
    pub(super) fn set_channel(&mut self, slot: Slot, channel: Channel, open: bool) {
        let endpoint = &mut self.endpoints[slot];
        let outbox = endpoint.outbox(channel);
        if open {
            outbox.open();
        } else if !outbox.is_overrun() {
            outbox.close();
        }
        let message = v1::ChannelState {
            room: endpoint.room.clone(),
            session: endpoint.session,
            transport: endpoint.number,
            channel: channel.to_wire().into(),
            open,
        };
        self.emit(from_sfu::Message::Channel(message));
    }

    /// Reports the fill level of the channel `ops` to the owner, if it changed.
    pub(super) fn emit_pressure(&mut self, slot: Slot) {
        let endpoint = &mut self.endpoints[slot];
        let Some(level) = endpoint.outbox(Channel::Ops).new_level() else {
            return;
        };
        let message = v1::ChannelPressure {
            room: endpoint.room.clone(),
            session: endpoint.session,
            transport: endpoint.number,
            channel: v1::Channel::Ops.into(),
            level: level.to_wire().into(),
        };
        self.emit(from_sfu::Message::Pressure(message));
    }

    fn take_data(&mut self, slot: Slot, channel: Channel, data: Vec<u8>, now: Instant) {
        if !self.is_overloaded() {
            let endpoint = &self.endpoints[slot];
            self.emit(from_sfu::Message::Data(v1::ReceivedData {
                room: endpoint.room.clone(),
                session: endpoint.session,
                transport: endpoint.number,
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

    /// Offers a publication, whose codec is now known, to all others in its room.
    pub(super) fn start(&mut self, key: PublicationKey) {
        let publication = &self.publications[key];
        let (codec, _) = publication.started.expect("its first packet has come");
        let info = &publication.info;
        let members = self.rooms[&info.room].members.clone();
        let message = v1::PublicationStarted {
            room: info.room.clone(),
            publication: info.id.clone(),
            session: info.session,
            codec: codec.name().to_owned(),
        };
        self.emit(from_sfu::Message::PublicationStarted(message));
        for slot in members {
            self.subscribe(slot, key);
        }
    }

    fn take_keyframe_request(&mut self, slot: Slot, mid: Mid) {
        self.stats.plis_in += 1;
        let mut subscriptions = self.endpoints[slot].subscriptions.iter();
        let Some(subscription) = subscriptions.find(|known| known.mid() == Some(mid)) else {
            // The publication has ended, and its subscriber does not know it yet.
            return;
        };
        self.want_keyframe(subscription.publication);
    }

    /// Wants a keyframe; the publisher is asked as soon as it may be asked again.
    pub(super) fn want_keyframe(&mut self, key: PublicationKey) {
        let publication = &mut self.publications[key];
        if publication.want_keyframe() {
            self.schedule.wake(publication.info.owner, Work::Tend);
        }
    }
}
