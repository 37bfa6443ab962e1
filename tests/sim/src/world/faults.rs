//! Faults, and their end.

use super::World;
use crate::{
    agenda::{MS, S},
    disk::Failure,
    event::{Event, LinkId},
    plan::Quality,
};

/// Largest jump of the wall clock, in milliseconds.
const CLOCK_STEP_MS: u64 = 24 * 3600 * 1000;

impl World {
    pub(super) fn fault(&mut self) {
        if self.calm {
            return;
        }
        let faults = self.plan.faults;
        let kinds = [
            (faults.disconnect, Self::disconnect as fn(&mut Self)),
            (faults.channels, Self::break_channels),
            (faults.stall, Self::stall),
            (faults.crash, Self::crash),
            (faults.disk, Self::fail_disk),
            (faults.clock, Self::step_clock),
            (faults.unit, Self::lose_unit),
            (faults.overrun, Self::overrun),
        ];
        let total: u32 = kinds.iter().map(|(weight, _)| weight).sum();
        let mut at = self.random.below(total as usize) as u32;
        for (weight, happen) in kinds {
            if at < weight {
                happen(self);
                break;
            }
            at -= weight;
        }
        let every = faults.every;
        let delay = self.random.between(every / 2, 2 * every);
        self.agenda.after(delay, Event::Fault);
    }

    fn any_link(&mut self) -> Option<LinkId> {
        let used: Vec<_> = self.pages.iter().filter_map(|page| page.link).collect();
        let id = self.random.pick(&used).copied()?;
        self.links
            .get(&id)
            .is_some_and(|link| !link.broken)
            .then_some(id)
    }

    fn disconnect(&mut self) {
        let Some(id) = self.any_link() else { return };
        let server = self.random.between(0, 18 * S);
        self.break_link(id);
        self.agenda.after(server, Event::ServerLost { link: id });
    }

    fn break_link(&mut self, id: LinkId) {
        if let Some(link) = self.links.get_mut(&id) {
            link.broken = true;
            link.channels.alive = false;
        }
        let page = self.random.between(0, 3 * S);
        self.agenda.after(page, Event::PageLost { link: id });
    }

    fn break_channels(&mut self) {
        let Some(id) = self.any_link() else { return };
        let Some(link) = self.links.get_mut(&id).filter(|link| link.channels.alive) else {
            return;
        };
        link.channels.alive = false;
        let (number, channels) = (link.channels.number, link.channels.life);
        let (server, page) = (self.random.between(0, 2 * S), self.random.between(0, 2 * S));
        self.agenda
            .after(server, Event::ServerLostChannels { link: id, number });
        self.agenda
            .after(page, Event::PageLostChannels { link: id, channels });
    }

    fn stall(&mut self) {
        let until = self.agenda.now() + self.random.between(200 * MS, 10 * S);
        if let Some(link) = self.any_link().and_then(|id| self.links.get_mut(&id)) {
            link.stalled_until = until;
        }
    }

    /// Cuts the power; it comes back later.
    fn crash(&mut self) {
        self.go_down();
        let delay = self.random.between(100 * MS, 3 * S);
        self.agenda.after(delay, Event::Boot);
    }

    fn go_down(&mut self) {
        if !self.server.up {
            return;
        }
        self.judge.counts.crashes += 1;
        self.server.stop();
        self.judge.stopped();
        self.server.disk.cut_power(&mut self.random);
        let open: Vec<_> = self
            .links
            .iter_mut()
            .filter(|(_, link)| !link.broken)
            .map(|(id, link)| {
                link.session = None;
                *id
            })
            .collect();
        for id in open {
            self.break_link(id);
        }
    }

    pub(super) fn boot(&mut self) {
        if self.server.up && !self.server.disk.is_broken() {
            return;
        }
        self.go_down();
        self.server.up = true;
    }

    fn fail_disk(&mut self) {
        self.server.disk.failure = Some(if self.random.percent(50) {
            Failure::Refused
        } else {
            Failure::Broken
        });
    }

    fn step_clock(&mut self) {
        let step = self.random.between(0, CLOCK_STEP_MS);
        self.wall_ms = if self.random.percent(50) {
            self.wall_ms + step
        } else {
            self.wall_ms - step
        };
    }

    /// Ends all trouble: every broken part is discovered, lines are good, pens are lifted.
    pub(super) fn calm_down(&mut self) {
        self.calm = true;
        self.server.disk.failure = None;
        self.agenda.after(0, Event::Boot);
        let ids: Vec<_> = self.links.keys().copied().collect();
        for id in ids {
            self.heal(id);
        }
        for page in 0..self.pages.len() {
            self.pages[page].rest(&mut self.judge);
            self.speak(page);
        }
    }

    fn heal(&mut self, id: LinkId) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        link.quality = Quality::calm();
        link.stalled_until = 0;
        let (number, channels) = (link.channels.number, link.channels.life);
        let (broken, dead) = (link.broken, !link.channels.alive && link.channels.life > 0);
        if link.draining {
            self.agenda.after(0, Event::Drain { link: id });
        }
        if broken {
            self.agenda.after(100 * MS, Event::ServerLost { link: id });
            self.agenda.after(100 * MS, Event::PageLost { link: id });
        } else if dead {
            self.agenda
                .after(100 * MS, Event::ServerLostChannels { link: id, number });
            self.agenda
                .after(100 * MS, Event::PageLostChannels { link: id, channels });
        }
    }
}
