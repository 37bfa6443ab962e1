//! Server, disk, lines and pages under one clock.

mod channels;
mod commands;
mod faults;
mod line;
mod server;
mod shell;
mod unit;

use crate::{
    Outcome,
    agenda::{Agenda, MS, Micros, S},
    disk::Disk,
    event::{Event, LinkId, Parcel},
    judge::Judge,
    net::Link,
    page::Page,
    plan::Plan,
    plant::Plant,
    random::Random,
    trace::Trace,
};
use bytes::Bytes;
use server::Server;
use std::collections::BTreeMap;

/// Time in which everything settles once trouble is over.
const SETTLE: Micros = 14 * S;
/// Steps of one run at most: a hundred times the usual number.
const STEPS_MAX: u64 = 5_000_000;

#[derive(Debug)]
pub(crate) struct World {
    agenda: Agenda,
    random: Random,
    trace: Trace,
    judge: Judge,
    plan: Plan,
    plant: Option<Plant>,
    server: Server,
    pages: Vec<Page>,
    links: BTreeMap<LinkId, Link>,
    next_link: LinkId,
    /// Whether trouble is over and nobody draws any more.
    calm: bool,
    /// Offset of the time of day from the run's time, in milliseconds since 1970.
    wall_ms: u64,
    /// The first snapshot that was sent to any page.
    first_snapshot: Vec<Bytes>,
}

impl World {
    pub(crate) fn new(seed: u64, plant: Option<Plant>, loud: bool) -> Self {
        let mut random = Random::new(seed);
        let plan = Plan::new(&mut random);
        let pages = plan.pages.iter().enumerate();
        Self {
            agenda: Agenda::new(),
            trace: Trace::new(loud),
            judge: Judge::new(plan.pages.clone(), plan.limits.auto_commit),
            pages: pages
                .map(|(index, page)| Page::new(index, *page, plant))
                .collect(),
            server: Server::new(Disk::new(plant)),
            links: BTreeMap::new(),
            next_link: 1,
            calm: false,
            wall_ms: 1_700_000_000_000,
            first_snapshot: Vec::new(),
            random,
            plan,
            plant,
        }
    }

    /// Runs to the end, or to the first finding.
    pub(crate) fn run(mut self) -> Outcome {
        self.begin();
        let mut steps = 0;
        while self.judge.finding.is_none() && steps < STEPS_MAX && self.step() {
            steps += 1;
        }
        if self.judge.finding.is_none() {
            self.finish();
        }
        Outcome {
            finding: self.judge.finding,
            trace: self.trace.hash(),
            steps,
            simulated_ms: self.agenda.now() / MS,
            counts: self.judge.counts,
            kinds: self.judge.kinds,
        }
    }

    fn begin(&mut self) {
        self.trace.say(0, format_args!("{:#?}", self.plan));
        self.agenda.after(0, Event::Boot);
        for page in 0..self.pages.len() {
            let (dial, act) = (self.random.between(0, S), self.random.between(0, 2 * S));
            self.agenda.after(dial, Event::Dial { page });
            self.agenda.after(act, Event::Act { page });
        }
        self.agenda.after(self.plan.faults.every, Event::Fault);
    }

    /// Does the next step that is due; returns false if none is left.
    fn step(&mut self) -> bool {
        let end = self.plan.calm_at + if self.calm { SETTLE } else { 0 };
        let event_at = self.agenda.next_at().unwrap_or(Micros::MAX);
        let room_at = self.room_due().unwrap_or(Micros::MAX);
        let (page_at, page) = self.page_due().unwrap_or((Micros::MAX, 0));
        let first = event_at.min(room_at).min(page_at);
        if first > end {
            self.agenda.advance(end);
            self.judge.now = end;
            let go_on = !self.calm;
            if go_on {
                self.calm_down();
            }
            return go_on;
        }
        self.agenda.advance(first);
        if event_at == first
            && let Some(event) = self.agenda.pop()
        {
            let (name, about) = event.name();
            self.note(name, about, detail(&event));
            self.dispatch(event);
        } else if room_at == first {
            self.note("room", 0, 0);
            self.with_room(fmz_signaling_core::Room::handle_timeout);
        } else {
            self.note("page", page as u64, 0);
            self.wake(page);
        }
        self.check_bounds();
        true
    }

    fn note(&mut self, name: &str, about: u64, detail: u64) {
        self.judge.now = self.agenda.now();
        self.trace.note(self.agenda.now(), name, about, detail);
    }

    fn dispatch(&mut self, event: Event) {
        match event {
            Event::Dial { page } => self.dial(page),
            Event::Up {
                link,
                path,
                channels,
                frame,
            } => self.up(link, path, channels, &frame),
            Event::Down {
                link,
                path,
                channels,
                parcel,
            } => self.down(link, path, channels, parcel),
            Event::Drain { link } => self.drain(link),
            Event::Alive { link } => self.alive(link),
            Event::ServerLost { link } => self.server_lost(link),
            Event::PageLost { link } => self.page_lost(link),
            Event::ChannelsUp { link, channels } => self.channels_up(link, channels),
            Event::ServerLostChannels { link, number } => self.server_lost_channels(link, number),
            Event::PageLostChannels { link, channels } => self.page_lost_channels(link, channels),
            Event::Act { page } => self.act(page),
            Event::Ask { page, ask } => self.ask(page, ask),
            Event::StateRead { room, token, at } => self.state_read(room, token, at),
            Event::Written { life, job } => self.written(life, job),
            Event::Synced { life, job } => self.synced(life, job),
            Event::UnitUp => self.unit_up(),
            Event::Overrun => self.overrun_told(),
            Event::Fault => self.fault(),
            Event::Boot => self.boot(),
        }
    }

    fn act(&mut self, page: usize) {
        if self.calm {
            return;
        }
        self.pages[page].act(&mut self.random, &mut self.judge);
        self.speak(page);
        let pause = self.pages[page].plan.pause;
        let pause = self.random.between(pause / 4, 2 * pause);
        self.agenda.after(pause, Event::Act { page });
    }

    /// Returns the time at which a page is due next, and the page.
    fn page_due(&self) -> Option<(Micros, usize)> {
        let pages = self.pages.iter().enumerate();
        let due = pages.filter_map(|(index, page)| {
            let at = page.due_at()?.since_beginning().as_micros() as Micros;
            Some((at.max(self.agenda.now()), index))
        });
        due.min()
    }

    fn wake(&mut self, page: usize) {
        let silent = self.pages[page].wake(&mut self.judge);
        self.speak(page);
        if let Some(link) = self.pages[page].link.filter(|_| silent) {
            self.page_lost(link);
        }
    }

    fn check_bounds(&mut self) {
        let over = self.links.values().any(|link| link.queue.is_over());
        self.judge.bounded("a session's queue", !over);
        let sessions = self.server.room.as_ref().map_or(0, |room| room.sessions());
        self.judge
            .bounded("the number of sessions", sessions <= self.pages.len());
        let most = fmz_annotation::limits::PENDING_OPS_MAX;
        let within = |page: &Page| page.replica().pending_count() <= most;
        self.judge
            .bounded("what a page has pending", self.pages.iter().all(within));
    }

    fn finish(&mut self) {
        let document = self.server.room.as_ref().map(|room| room.document());
        self.judge.quiet(&self.pages, document);
        if self.judge.finding.is_none() {
            self.server.disk.cut_power(&mut self.random);
            self.judge.recovered(&self.server.disk.recover());
            self.judge.finish(&self.pages, document);
        }
    }
}

fn detail(event: &Event) -> u64 {
    match event {
        Event::Up { frame, .. }
        | Event::Down {
            parcel: Parcel::Frame(frame),
            ..
        } => u64::from(crc32fast::hash(frame)),
        _ => 0,
    }
}
