//! The forwarding unit: it dies and comes back, and the room does not keep up with it.

use super::World;
use crate::{
    agenda::{MS, S},
    event::Event,
};
use fmz_proto::v1::from_sfu;

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
