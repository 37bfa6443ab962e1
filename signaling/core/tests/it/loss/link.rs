//! Pages that draw over a link that loses, doubles and reorders.

use crate::world::{DRAW, Sent, World, create, ops};
use fmz_annotation::Replica;
use fmz_proto::v1::{
    Channel, Create, FrameStamp, Kind, Welcome, client_message, server_message::Message,
};
use fmz_signaling_core::{Path, SessionId, limits};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::{collections::VecDeque, time::Duration};

const CLIENTS: usize = 3;

/// A page, and what is on its way to and from it.
struct Client {
    id: SessionId,
    replica: Replica,
    drawn: u32,
    ops: bool,
    up: VecDeque<client_message::Message>,
    up_live: Vec<client_message::Message>,
    down: VecDeque<Sent>,
    down_live: Vec<Message>,
}

impl Client {
    fn new(world: &mut World, session: u32, name: &str) -> Self {
        let id = world.enter_with_transport(session, name, DRAW);
        let sent = world.messages(id);
        let welcome = sent.iter().find_map(|message| match message {
            Message::Welcome(welcome) => Some(welcome),
            _ => None,
        });
        let mut client = Self {
            id,
            replica: Replica::new(),
            drawn: 0,
            ops: false,
            up: VecDeque::new(),
            up_live: Vec::new(),
            down: VecDeque::new(),
            down_live: Vec::new(),
        };
        client.begin(welcome.expect("a welcome"), &sent);
        client
    }

    fn begin(&mut self, welcome: &Welcome, sent: &[Message]) {
        let _ = self
            .replica
            .set_author(welcome.author, welcome.last_client_seq);
        let document = crate::world::snapshot(sent).expect("a snapshot");
        let _ = self.replica.load(document.snapshot()).expect("a document");
    }

    fn draw(&mut self) {
        let id = self.replica.next_id().expect("an author");
        self.drawn += 1;
        let drawn = create(
            Create {
                id: Some((&id).into()),
                kind: Kind::Rectangle.into(),
                frame: Some(FrameStamp::default()),
                properties: vec![],
                parent: None,
            },
            1,
        );
        self.replica.submit(&drawn.ops).expect("it may draw");
    }

    /// As the SDKs do: what is new by the ordered path, copies beside it.
    fn send(&mut self) {
        while let Some(batch) = self.replica.take_batch(2) {
            self.up.push_back(ops(batch));
        }
        if let Some(copies) = self.replica.take_copies() {
            self.up_live.push(client_message::Message::Copies(copies));
        }
    }

    fn take(&mut self, message: &Message, copy: bool) {
        if let Some(document) = crate::world::snapshot(std::slice::from_ref(message)) {
            let lost = self.replica.load(document.snapshot()).expect("a document");
            assert_eq!(lost.batches, [], "nothing becomes impossible");
        }
        let Message::Committed(committed) = message else {
            return;
        };
        let received = if copy {
            self.replica.receive_copy(committed)
        } else {
            self.replica.receive(committed)
        };
        let gap = received.expect("what was committed fits").gap;
        assert_eq!(gap, None, "nothing is asked for twice");
    }

    /// The channels close: what was on its way is gone. They open: what has no answer goes again.
    fn set_channels(&mut self, world: &mut World, open: bool) {
        if self.ops == open {
            return;
        }
        self.ops = open;
        self.up.clear();
        self.up_live.clear();
        self.down_live.clear();
        // What went over the socket arrives.
        self.down.retain(|sent| sent.path == Path::Socket);
        world.channel(self.id, Channel::Ops, open);
        world.channel(self.id, Channel::Live, open);
        self.up.extend(self.replica.unacked().into_iter().map(ops));
    }
}

struct Link {
    world: World,
    clients: Vec<Client>,
    random: ChaCha8Rng,
}

impl Link {
    fn new(seed: u64) -> Self {
        let mut world = World::new();
        world.prompt = false;
        let mut clients = Vec::new();
        for (session, name) in (1..).zip(["ada", "ben", "cid"]) {
            world.prompt = true;
            clients.push(Client::new(&mut world, session, name));
            world.prompt = false;
        }
        Self {
            world,
            clients,
            random: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// Puts what the room said on its way; the path that loses loses some and doubles some.
    fn collect(&mut self) {
        for client in &mut self.clients {
            for sent in self.world.take(client.id) {
                let lossy = sent.path == Path::Live;
                if !lossy {
                    client.down.push_back(sent);
                    continue;
                }
                for _ in 0..self.random.random_range(0..3) {
                    client.down_live.push(sent.message());
                }
            }
        }
    }

    fn step(&mut self, index: usize) {
        let dice = self.random.random_range(0..24);
        match dice {
            0..=3 => self.clients[index].draw(),
            4..=6 => self.clients[index].send(),
            7..=9 if !self.world.appends.is_empty() => self.world.append(),
            10..=11 => {
                let time = self.random.random_range(0..30);
                self.world.pass(Duration::from_millis(time));
            }
            12..=13 => self.up(index),
            14..=17 => self.up_live(index),
            18..=19 => self.down(index),
            20..=22 => self.down_live(index),
            _ if self.random.random_bool(0.2) => {
                let open = !self.clients[index].ops;
                self.clients[index].set_channels(&mut self.world, open);
            }
            _ => {}
        }
        self.collect();
    }

    fn up(&mut self, index: usize) {
        let client = &mut self.clients[index];
        if let Some(message) = client.up.pop_front() {
            if client.ops {
                self.world.say_on(client.id, Channel::Ops, message);
            } else {
                self.world.say(client.id, message);
            }
        }
    }

    fn up_live(&mut self, index: usize) {
        let client = &mut self.clients[index];
        let count = client.up_live.len();
        if count == 0 || !client.ops {
            return;
        }
        let at = self.random.random_range(0..count);
        let message = if self.random.random_bool(0.3) {
            client.up_live[at].clone()
        } else {
            client.up_live.swap_remove(at)
        };
        if self.random.random_bool(0.7) {
            self.world.say_on(client.id, Channel::Live, message);
        }
    }

    fn down(&mut self, index: usize) {
        let client = &mut self.clients[index];
        if let Some(message) = client.down.pop_front() {
            client.take(&message.message(), false);
        }
    }

    fn down_live(&mut self, index: usize) {
        let client = &mut self.clients[index];
        if !client.down_live.is_empty() {
            let at = self.random.random_range(0..client.down_live.len());
            let message = client.down_live.swap_remove(at);
            client.take(&message, true);
        }
    }

    /// Lets all that is on the ordered paths arrive.
    fn settle(&mut self) {
        for _ in 0..50 {
            for index in 0..CLIENTS {
                self.clients[index].send();
                while !self.clients[index].up.is_empty() {
                    self.up(index);
                }
                while !self.world.appends.is_empty() {
                    self.world.append();
                }
                self.world.pass(limits::TICK);
                self.collect();
            }
            for index in 0..CLIENTS {
                while !self.clients[index].down.is_empty() {
                    self.down(index);
                }
            }
        }
    }
}

#[test]
fn loss8_over_a_link_that_loses_doubles_and_reorders_nothing_is_lost_or_doubled() {
    let mut first_by_copy = 0;
    for seed in 0..150 {
        let mut link = Link::new(seed);
        for client in &mut link.clients {
            client.set_channels(&mut link.world, true);
        }
        for _ in 0..500 {
            let index = link.random.random_range(0..CLIENTS);
            let before = link.clients[index].replica.revision();
            link.step(index);
            let client = &link.clients[index];
            first_by_copy +=
                usize::from(client.replica.revision() > before && !client.down.is_empty());
        }
        link.settle();
        for client in &link.clients {
            let document = client.replica.document();
            assert_eq!(link.world.closed, [], "seed {seed}");
            let head = link.world.room.document();
            assert_eq!(document.revision(), head.revision(), "seed {seed}");
            assert!(document == head, "seed {seed}");
            assert_eq!(client.replica.pending_count(), 0, "seed {seed}");
            let own = document
                .objects()
                .filter(|object| object.id().author() == client.replica.author());
            assert_eq!(own.count(), client.drawn as usize, "seed {seed}");
        }
    }
    assert!(first_by_copy > 1000, "copies overtake: {first_by_copy}");
}
