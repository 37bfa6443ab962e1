//! The data channels, between media server and pages.

use super::World;
use crate::{
    agenda::MS,
    event::{Event, LinkId, Parcel},
    net::Channels,
};
use bytes::Bytes;
use fmz_proto::v1::{Channel, ChannelState, Offer, TransportOffer, from_sfu};
use fmz_signaling_core::{Path, SessionId};

impl World {
    /// Sends a frame over a data channel. A frame that the channel does not carry is lost.
    pub(super) fn send_channel(&mut self, session: SessionId, path: Path, frame: &Bytes) {
        let Some(id) = self.server.sessions.get(&session).copied() else {
            return;
        };
        let now = self.agenda.now();
        let frame = self.spoil(std::slice::from_ref(frame)).pop();
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        let channels = link.channels.life;
        if !link.channels.server_open || !link.channels.alive {
            return;
        }
        let Some(frame) = frame else { return };
        let at = match path {
            Path::Live => (link.channels.down).arrivals(now, link.quality, &mut self.random),
            _ => vec![
                link.channels
                    .down
                    .arrival(now, link.quality, &mut self.random),
            ],
        };
        for at in at {
            let parcel = Parcel::Frame(frame.clone());
            self.agenda.at(
                at,
                Event::Down {
                    link: id,
                    path,
                    channels,
                    parcel,
                },
            );
        }
    }

    pub(super) fn open_channels(&mut self, session: u64, number: u32) {
        let id = self.server.unit.session(session);
        let id = id.and_then(|id| self.server.sessions.get(&id));
        let Some(id) = id.copied() else { return };
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        let life = link.channels.life + 1;
        link.channels = Channels {
            number,
            life,
            alive: true,
            ..Channels::default()
        };
        let offer = TransportOffer {
            room: "demo".into(),
            session,
            offer: Some(Offer {
                transport: number,
                ..Offer::default()
            }),
        };
        self.tell_room(from_sfu::Message::Offer(offer));
    }

    /// Opens the channels after the page's answer reached the media server.
    pub(super) fn connect_channels(&mut self, session: u64, number: u32) {
        let id = self.server.unit.session(session);
        let id = id.and_then(|id| self.server.sessions.get(&id));
        let Some(link) = id.and_then(|id| self.links.get(id)) else {
            return;
        };
        if let (Some(id), true) = (id.copied(), link.channels.number == number) {
            let handshake = self.random.between(20, 500) * MS;
            let channels = link.channels.life;
            self.agenda
                .after(handshake, Event::ChannelsUp { link: id, channels });
        }
    }

    pub(super) fn close_channels(&mut self, session: u64) {
        let id = self.server.unit.session(session);
        let id = id.and_then(|id| self.server.sessions.get(&id));
        if let Some(link) = id.and_then(|id| self.links.get_mut(id)) {
            (link.channels.alive, link.channels.server_open) = (false, false);
        }
    }

    pub(super) fn channels_up(&mut self, id: LinkId, life: u32) {
        let now = self.agenda.now();
        let Some(link) = self.links.get_mut(&id).filter(|link| !link.broken) else {
            return;
        };
        let (Some(session), true) = (
            link.session,
            link.channels.alive && link.channels.life == life,
        ) else {
            return;
        };
        link.channels.server_open = true;
        let at = link
            .channels
            .down
            .arrival(now, link.quality, &mut self.random);
        let number = link.channels.number;
        let open = Event::Down {
            link: id,
            path: Path::Ops,
            channels: life,
            parcel: Parcel::Open,
        };
        self.agenda.at(at, open);
        self.tell_channels(session, number, true);
    }

    fn tell_channels(&mut self, session: SessionId, transport: u32, open: bool) {
        for channel in [Channel::Ops, Channel::Live] {
            let state = ChannelState {
                room: "demo".into(),
                session: self.server.unit.number(session),
                transport,
                channel: channel.into(),
                open,
            };
            self.tell_room(from_sfu::Message::Channel(state));
        }
    }

    pub(super) fn server_lost_channels(&mut self, id: LinkId, number: u32) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        if link.channels.number == number && link.channels.server_open {
            link.channels.server_open = false;
            if let Some(session) = link.session {
                self.tell_channels(session, number, false);
            }
        }
    }

    pub(super) fn page_lost_channels(&mut self, id: LinkId, life: u32) {
        let Some(page) = self.links.get(&id).map(|link| link.page) else {
            return;
        };
        if self.pages[page].link == Some(id) && self.pages[page].channels == Some(life) {
            self.pages[page].lose_channels(&mut self.judge);
            self.speak(page);
        }
    }
}
