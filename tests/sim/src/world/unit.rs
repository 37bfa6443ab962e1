//! The forwarding unit: it dies and comes back, and the room does not keep up with it.

use super::World;
use crate::{
    agenda::{MS, S},
    event::Event,
};
use fmz_proto::v1::{UnitDown, UnitUp, from_sfu};
use fmz_signaling_core::{LinkEpoch, SessionId};

#[derive(Debug)]
pub(super) struct Unit {
    /// Tells this unit from those before it.
    pub(super) epoch: u32,
    pub(super) up: bool,
    /// True while its messages are lost, because the room does not keep up.
    overrun: bool,
    /// The newest lost message that says whether the unit is up.
    news: Option<from_sfu::Message>,
}

impl Unit {
    pub(super) fn new() -> Self {
        Self {
            epoch: 1,
            up: true,
            overrun: false,
            news: None,
        }
    }

    /// The process starts again, and the unit in it.
    pub(super) fn begin_again(&mut self) {
        let epoch = self.epoch + 1;
        *self = Self {
            epoch,
            ..Self::new()
        };
    }

    /// The room is closed; the next one misses nothing.
    pub(super) fn forget_overrun(&mut self) {
        (self.overrun, self.news) = (false, None);
    }

    /// Returns the session's number for this unit.
    pub(super) fn number(&self, session: SessionId) -> u64 {
        session.on_link(LinkEpoch(self.epoch))
    }

    /// Returns the session of a message to this unit. One to a former unit came too late.
    pub(super) fn session(&self, number: u64) -> Option<SessionId> {
        let session = SessionId::from_link(number, LinkEpoch(self.epoch));
        session.filter(|_| self.up)
    }

    pub(super) fn news(&self) -> from_sfu::Message {
        let epoch = self.epoch;
        if self.up {
            let transports = Vec::new();
            from_sfu::Message::Up(UnitUp { epoch, transports })
        } else {
            from_sfu::Message::Down(UnitDown { epoch })
        }
    }
}

impl World {
    /// Brings a message of the unit to the room, if the room keeps up.
    pub(super) fn tell_room(&mut self, message: from_sfu::Message) {
        if !self.server.unit.overrun {
            self.with_room(|room, now| room.handle_sfu(message, now));
        }
    }

    /// The media thread dies with all channels, and starts again later.
    pub(super) fn lose_unit(&mut self) {
        if !self.server.unit.up {
            return;
        }
        self.server.unit.up = false;
        let mut lost = Vec::new();
        for (id, link) in &mut self.links {
            link.channels.server_open = false;
            if std::mem::take(&mut link.channels.alive) {
                lost.push((*id, link.channels.life));
            }
        }
        for (link, channels) in lost {
            let page = self.random.between(0, 2 * S);
            self.agenda
                .after(page, Event::PageLostChannels { link, channels });
        }
        self.tell_news();
        let delay = self.random.between(100 * MS, 3 * S);
        self.agenda.after(delay, Event::UnitUp);
    }

    pub(super) fn unit_up(&mut self) {
        if !self.server.unit.up {
            self.server.unit.epoch += 1;
            self.server.unit.up = true;
            self.tell_news();
        }
    }

    fn tell_news(&mut self) {
        let news = self.server.unit.news();
        if self.server.unit.overrun {
            self.server.unit.news = Some(news);
        } else {
            self.tell_room(news);
        }
    }

    /// Messages of the unit are lost until the room learns of it.
    pub(super) fn overrun(&mut self) {
        self.server.unit.overrun = self.server.room.is_some();
        let delay = self.random.between(0, S);
        self.agenda.after(delay, Event::Overrun);
    }

    pub(super) fn overrun_told(&mut self) {
        if !std::mem::take(&mut self.server.unit.overrun) {
            return;
        }
        self.with_room(fmz_signaling_core::Room::handle_link_overrun);
        if let Some(news) = self.server.unit.news.take() {
            self.tell_room(news);
        }
    }
}
