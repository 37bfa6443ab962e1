//! Random sequences of events, from constant seeds. Whatever came before, no transport may fail, no
//! deadline may lie in the past (which would keep a shell spinning), and each client that is
//! connected in the end must receive what is published.

use crate::world::{ROOM, World, delta, keyframe};
use fmz_proto::v1::{self, MediaKind, from_sfu, to_sfu};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use str0m::format::Codec;
use str0m::media::Mid;

const SEEDS: u64 = 12;
const STEPS: usize = 250;
/// Sessions at a time.
const CLIENTS_MAX: usize = 5;

struct Chaos {
    world: World,
    rng: ChaCha8Rng,
    sessions: u64,
    names: u64,
    sequences: BTreeMap<String, u64>,
}

impl Chaos {
    fn new(seed: u64) -> Self {
        Self {
            world: World::new(),
            rng: ChaCha8Rng::seed_from_u64(seed),
            sessions: 0,
            names: 0,
            sequences: BTreeMap::new(),
        }
    }

    fn below(&mut self, bound: usize) -> usize {
        self.rng.next_u32() as usize % bound
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    /// Returns the positions of the clients whose transport has not ended.
    fn alive(&self) -> Vec<usize> {
        let closed: BTreeSet<u64> = self.world.closed().into_iter().collect();
        let clients = self.world.clients.iter().enumerate();
        clients
            .filter(|(_, client)| !closed.contains(&client.session))
            .map(|(at, _)| at)
            .collect()
    }

    fn any(&mut self) -> Option<usize> {
        let alive = self.alive();
        (!alive.is_empty()).then(|| alive[self.below(alive.len())])
    }

    /// Returns the publications that run, each with its publisher and line.
    fn running(&self) -> Vec<(String, usize, Mid)> {
        let ended: BTreeSet<&str> = (self.world.events.iter())
            .filter_map(|event| match event {
                from_sfu::Message::PublicationEnded(ended) => Some(ended.publication.as_str()),
                _ => None,
            })
            .collect();
        let mut running = Vec::new();
        for (at, client) in self.world.clients.iter().enumerate() {
            for (name, mid) in &client.lines {
                if !ended.contains(name.as_str()) {
                    running.push((name.clone(), at, *mid));
                }
            }
        }
        running
    }

    fn step(&mut self) {
        match self.below(16) {
            0 => self.open(),
            1 => self.publish(),
            2..6 => {
                let packets = if self.one_in(8) { 200 } else { 20 };
                self.send_packets(packets);
            }
            6 => self.ask_for_keyframe(),
            7 => self.send_data(),
            8 => self.toggle(),
            9 if self.one_in(4) => self.remove(),
            10 if self.one_in(4) => self.close(),
            _ => {
                let ms = if self.one_in(20) { 4000 } else { 60 };
                let ms = self.below(ms) as u64;
                self.world.run(Duration::from_millis(ms));
            }
        }
        self.world.exchange();
    }

    fn open(&mut self) {
        if self.alive().len() < CLIENTS_MAX {
            self.sessions += 1;
            self.world.open(self.sessions, &[Codec::Vp8]);
        }
    }

    fn publish(&mut self) {
        let Some(client) = self.any() else { return };
        self.names += 1;
        let kind = if self.one_in(3) {
            MediaKind::Audio
        } else {
            MediaKind::Video
        };
        let name = format!("p{}", self.names);
        let codec = if kind == MediaKind::Video { "VP8" } else { "" };
        self.world.publish(client, &name, kind, codec);
    }

    fn send_packets(&mut self, packets: usize) {
        let running = self.running();
        if running.is_empty() {
            return;
        }
        let (name, client, mid) = running[self.below(running.len())].clone();
        for _ in 0..packets {
            let gap = u64::from(self.one_in(30));
            let sequence = self.sequences.entry(name.clone()).or_default();
            *sequence += 1 + gap;
            let sequence = *sequence;
            let payload = if self.one_in(25) {
                keyframe(sequence as u32)
            } else {
                delta(sequence as u32)
            };
            self.world.try_write(client, mid, sequence, &payload);
            if self.one_in(4) {
                self.world.run(Duration::from_millis(1));
            }
        }
    }

    fn ask_for_keyframe(&mut self) {
        let Some(client) = self.any() else { return };
        if let Some(got) = self.world.clients[client].got.last() {
            let mid = got.mid;
            let mut api = self.world.clients[client].rtc.direct_api();
            if let Some(stream) = api.stream_rx_by_mid(mid, None) {
                stream.request_keyframe(str0m::media::KeyframeRequestKind::Pli);
            }
        }
    }

    fn send_data(&mut self) {
        let alive = self.alive();
        let sessions: Vec<u64> = alive
            .iter()
            .map(|at| self.world.clients[*at].session)
            .collect();
        let bytes = 1 + self.below(60_000);
        let channel = if self.one_in(2) {
            v1::Channel::Ops
        } else {
            v1::Channel::Live
        };
        self.world.send(&sessions, channel, &vec![3; bytes]);
    }

    /// Makes a client deaf or keeps it from answering, or ends that.
    fn toggle(&mut self) {
        let Some(client) = self.any() else { return };
        if self.one_in(2) {
            let client = &mut self.world.clients[client];
            client.deaf = !client.deaf;
        } else {
            self.answer_from_now_on(client, !self.world.clients[client].answers);
        }
    }

    fn answer_from_now_on(&mut self, client: usize, answers: bool) {
        let before = std::mem::replace(&mut self.world.clients[client].answers, answers);
        let waits = self.world.clients[client].unanswered;
        if answers && !before && waits {
            self.world.answer(client);
        }
    }

    fn remove(&mut self) {
        let running = self.running();
        if !running.is_empty() {
            let publication = running[self.below(running.len())].0.clone();
            let room = ROOM.into();
            let remove = v1::RemovePublication { room, publication };
            self.world.tell(to_sfu::Message::RemovePublication(remove));
        }
    }

    fn close(&mut self) {
        if self.one_in(6) {
            let room = ROOM.into();
            self.world
                .tell(to_sfu::Message::CloseRoom(v1::CloseRoom { room }));
        } else if let Some(client) = self.any() {
            let session = self.world.clients[client].session;
            self.world.close(session);
        }
    }

    /// Ends all trouble, and checks that every publication reaches all other clients. Returns the
    /// number of such pairs.
    fn settle(&mut self) -> usize {
        for client in self.alive() {
            self.world.clients[client].deaf = false;
            self.answer_from_now_on(client, true);
        }
        self.world.run(Duration::from_secs(40));
        let mut checked = 0;
        for (name, publisher, mid) in self.running() {
            if !self.alive().contains(&publisher) {
                continue;
            }
            for client in &mut self.world.clients {
                client.got.clear();
            }
            let first = self.sequences.get(&name).copied().unwrap_or_default() + 1;
            for sequence in first..first + 60 {
                // The first packets make the publication known, if none came before.
                let payload = match sequence - first {
                    0 | 40 => keyframe(sequence as u32),
                    _ => delta(sequence as u32),
                };
                self.world.try_write(publisher, mid, sequence, &payload);
                self.world.run(Duration::from_millis(20));
            }
            self.world.run(Duration::from_millis(500));
            let last = delta((first + 59) as u32);
            for viewer in self.alive() {
                let got = &self.world.clients[viewer].got;
                let got = got.iter().any(|got| got.payload == last);
                assert_eq!(got, viewer != publisher, "client {viewer} and {name}");
                checked += 1;
            }
        }
        let stats = self.world.sfu.stats();
        assert_eq!(stats.panics, 0);
        assert!(!self.world.error_codes().contains(&"transport_fault"));
        assert_eq!(stats.transports as usize, self.alive().len());
        checked
    }
}

#[test]
fn sfu14_whatever_happens_no_transport_fails_and_packets_go_on() {
    let mut checked = 0;
    for seed in 0..SEEDS {
        let mut chaos = Chaos::new(seed);
        for _ in 0..STEPS {
            chaos.step();
        }
        checked += chaos.settle();
    }
    assert!(checked > 200, "only {checked} pairs were left to check");
}
