//! Participants over connections that break and return, and channels that lose, double and reorder.

use crate::hub::{Hub, committed};
use crate::page::{LIVE, Page};
use fmz_participant::{Channel, Path};
use fmz_proto::v1::client_message::Message as ToServer;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::collections::VecDeque;

const PAGES: usize = 2;

/// An event that happens to one page.
#[derive(Debug, Clone, Copy)]
enum Step {
    Draw,
    WriteMuch,
    Undo,
    Pass {
        ms: u64,
    },
    /// The oldest message on the ordered path arrives, up or down.
    Up,
    Down,
    /// Any one message on `live` arrives; it may stay there and arrive again.
    LiveUp {
        at: usize,
        stays: bool,
    },
    LiveDown {
        at: usize,
        stays: bool,
    },
    Reconnect,
    Channels {
        open: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    use Step::*;
    prop_oneof![
        4 => Just(Draw),
        1 => Just(WriteMuch),
        1 => Just(Undo),
        4 => (1_u64..60).prop_map(|ms| Pass { ms }),
        3 => Just(Up),
        4 => Just(Down),
        4 => (0_usize..8, any::<bool>()).prop_map(|(at, stays)| LiveUp { at, stays }),
        4 => (0_usize..8, any::<bool>()).prop_map(|(at, stays)| LiveDown { at, stays }),
        1 => Just(Reconnect),
        1 => any::<bool>().prop_map(|open| Channels { open }),
    ]
}

/// Messages on their way between the room and one page.
#[derive(Debug, Default)]
struct Line {
    up: VecDeque<ToServer>,
    live_up: Vec<ToServer>,
    /// Number of batches of the log that went down on the ordered path, and the parts that went on
    /// `live`.
    told: usize,
    live_down: Vec<(usize, usize)>,
}

#[derive(Debug)]
struct World {
    hub: Hub,
    pages: Vec<Page>,
    lines: Vec<Line>,
}

impl World {
    fn new() -> Self {
        let hub = Hub::with_authors(PAGES as u32);
        let pages = (1..=PAGES as u32).map(|author| Page::on_channels(author, &hub));
        let mut world = Self {
            pages: pages.collect(),
            lines: (0..PAGES).map(|_| Line::default()).collect(),
            hub,
        };
        for line in &mut world.lines {
            line.told = world.hub.log.len();
        }
        world
    }

    fn step(&mut self, index: usize, step: Step) {
        let (page, line) = (&mut self.pages[index], &mut self.lines[index]);
        match step {
            Step::Draw => page.draw(),
            Step::WriteMuch => page.write_much(),
            Step::Undo => drop(
                page.drive(|participant, now| participant.edit(fmz_annotation::Replica::undo, now)),
            ),
            Step::Pass { ms } => page.pass_ms(ms),
            Step::Up => {
                let message = line.up.pop_front();
                message
                    .into_iter()
                    .for_each(|said| self.hub.hear(page.author, said));
            }
            Step::LiveUp { at, stays } => {
                if let Some(message) = pick(&mut line.live_up, at, stays) {
                    self.hub.hear(page.author, message);
                }
            }
            Step::Down => self.tell(index),
            Step::LiveDown { at, stays } => {
                if let Some((from, to)) = pick(&mut line.live_down, at, stays) {
                    page.hear(LIVE, &committed(&self.hub.log[from..to]));
                }
            }
            Step::Reconnect => {
                page.drive(|participant, _| participant.handle_disconnected());
                *line = Line::default();
                page.connect(&self.hub);
                page.open(true);
                line.told = self.hub.log.len();
            }
            Step::Channels { open } => {
                let before = page.participant.path();
                page.open(open);
                if page.participant.path() != before {
                    // Messages on the old path are lost with it.
                    line.up.clear();
                }
            }
        }
        self.carry(index);
    }

    /// Sends a page the log's next batch on its ordered path.
    fn tell(&mut self, index: usize) {
        let (page, line) = (&mut self.pages[index], &mut self.lines[index]);
        if let Some(batch) = self.hub.log.get(line.told) {
            line.told += 1;
            let path = page.participant.path().expect("it is connected");
            page.hear(path, &committed(std::slice::from_ref(batch)));
        }
    }

    /// Puts the page's messages on their way, and the newest commits on every `live`.
    fn carry(&mut self, index: usize) {
        let (page, line) = (&mut self.pages[index], &mut self.lines[index]);
        for (path, message) in std::mem::take(&mut page.said) {
            assert!(
                !matches!(message, ToServer::Resync(_)),
                "nothing is asked for again"
            );
            match path {
                LIVE => line.live_up.push(message),
                Path::Socket | Path::Channel(Channel::Ops) => line.up.push_back(message),
            }
        }
        let log = self.hub.log.len();
        for line in &mut self.lines {
            if line.live_down.last().is_none_or(|&(_, to)| to < log) {
                line.live_down.push((log.saturating_sub(4), log));
            }
        }
    }

    /// Delivers all messages until none is on its way.
    fn settle(&mut self) {
        for _ in 0..2 {
            for index in 0..PAGES {
                self.step(index, Step::Pass { ms: 10_000 });
                while !self.lines[index].up.is_empty() {
                    self.step(index, Step::Up);
                }
            }
            for index in 0..PAGES {
                while self.lines[index].told < self.hub.log.len() {
                    self.step(index, Step::Down);
                }
            }
        }
    }
}

/// Takes one item out of a list, or a copy of it if it `stays`.
fn pick<T: Clone>(list: &mut Vec<T>, at: usize, stays: bool) -> Option<T> {
    let at = at.min(list.len().checked_sub(1)?);
    Some(match stays {
        true => list[at].clone(),
        false => list.swap_remove(at),
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        rng_seed: RngSeed::Fixed(8),
        failure_persistence: None,
        ..ProptestConfig::with_cases(400)
    })]

    #[test]
    fn loss8_client4_whatever_happens_to_the_lines_all_ends_in_one_document(
        steps in prop::collection::vec((0..PAGES, step()), 1..200),
    ) {
        let mut world = World::new();
        for (index, step) in steps {
            world.step(index, step);
        }
        world.settle();
        for page in &world.pages {
            prop_assert_eq!(page.pending(), 0);
            prop_assert_eq!(page.participant.replica().document(), &world.hub.document);
        }
    }
}
