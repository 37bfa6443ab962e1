//! Many who draw, over paths that come and go and a log that takes its time: all
//! end with what the log holds.

use crate::world::{DRAW, EPOCH, World, rectangle, snapshot};
use fmz_annotation::Document;
use fmz_proto::v1::{
    Channel, ChannelState, OpBatch, Resync, client_message, from_sfu, server_message::Message,
};
use fmz_signaling_core::{Path, Reason, SessionId, limits};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::{collections::VecDeque, time::Duration};

const CLIENTS: usize = 4;
const STEPS: usize = 600;

/// What a page does, with what is on its way to it by each path.
struct Client {
    name: &'static str,
    session: Option<SessionId>,
    welcomed: bool,
    channel: bool,
    author: u32,
    drawn: u64,
    unacked: VecDeque<OpBatch>,
    document: Document,
    socket: VecDeque<Message>,
    ops: VecDeque<Message>,
    parts: Vec<Message>,
    asked: bool,
}

impl Client {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            session: None,
            welcomed: false,
            channel: false,
            author: 0,
            drawn: 0,
            unacked: VecDeque::new(),
            document: Document::new(),
            socket: VecDeque::new(),
            ops: VecDeque::new(),
            parts: Vec::new(),
            asked: false,
        }
    }

    fn connect(&mut self, world: &mut World, session: u32) {
        let mut join = world.join(session, self.name, DRAW);
        join.transport = true;
        join.revision = self.document.revision();
        (self.welcomed, self.channel, self.asked) = (false, false, false);
        self.socket.clear();
        self.ops.clear();
        self.parts.clear();
        self.session = Some(world.enter(join));
    }

    fn send(&self, world: &mut World, message: client_message::Message) {
        let Some(id) = self.session else { return };
        if self.channel {
            world.say_on(id, Channel::Ops, message)
        } else {
            world.say(id, message)
        }
    }

    fn draw(&mut self, world: &mut World) {
        if self.author == 0 {
            return;
        }
        self.drawn += 1;
        let mut batch = rectangle(self.author, self.drawn);
        batch.base = self.document.revision();
        self.unacked.push_back(batch.clone());
        if self.welcomed {
            self.send(world, client_message::Message::Ops(batch));
        }
    }

    fn resend(&self, world: &mut World) {
        for batch in &self.unacked {
            self.send(world, client_message::Message::Ops(batch.clone()));
        }
    }

    fn take(&mut self, world: &mut World, message: Message) {
        match message {
            Message::Welcome(welcome) => {
                self.welcomed = true;
                self.author = welcome.author;
                self.unacked
                    .retain(|batch| batch.client_seq > welcome.last_client_seq);
                self.resend(world);
            }
            Message::Snapshot(_) => {
                self.parts.push(message);
                if let Some(document) = snapshot(&self.parts) {
                    self.parts.clear();
                    self.asked = false;
                    self.document = document;
                    self.acknowledge();
                }
            }
            Message::Committed(committed) => {
                for batch in committed.batches {
                    if batch.first_revision > self.document.revision() + 1 {
                        if !std::mem::replace(&mut self.asked, true) {
                            let revision = self.document.revision();
                            self.send(
                                world,
                                client_message::Message::Resync(Resync {
                                    revision,
                                    diverged: false,
                                }),
                            );
                        }
                        return;
                    }
                    if batch.first_revision == self.document.revision() + 1 {
                        self.asked = false;
                        self.document.apply(&batch).unwrap();
                    }
                }
                self.acknowledge();
            }
            Message::Rejected(rejected) => panic!("{rejected:?}"),
            _ => {}
        }
    }

    fn acknowledge(&mut self) {
        let last = self.document.last_client_seq(self.author);
        self.unacked.retain(|batch| batch.client_seq > last);
    }
}

/// Puts what the room sent on its way.
fn collect(world: &mut World, clients: &mut [Client]) {
    for client in clients {
        let Some(id) = client.session else { continue };
        for sent in world.take(id) {
            match sent.path {
                Path::Socket => client.socket.push_back(sent.message()),
                Path::Ops if client.channel => client.ops.push_back(sent.message()),
                Path::Ops | Path::Live => {}
            }
        }
    }
}

fn deliver(world: &mut World, clients: &mut [Client], index: usize, channel: bool) {
    let client = &mut clients[index];
    let queue = if channel {
        &mut client.ops
    } else {
        &mut client.socket
    };
    if let Some(message) = queue.pop_front() {
        client.take(world, message);
    }
}

fn set_channel(world: &mut World, client: &mut Client, open: bool) {
    let Some(id) = client
        .session
        .filter(|_| client.welcomed && client.channel != open)
    else {
        return;
    };
    // What was on its way by the lost channel is lost.
    client.ops.clear();
    client.channel = open;
    let state = ChannelState {
        room: "demo".into(),
        session: id.on_link(EPOCH),
        transport: 1,
        channel: Channel::Ops.into(),
        open,
    };
    world.sfu(from_sfu::Message::Channel(state));
    client.resend(world);
}

fn run(seed: u64) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut world = World::new();
    world.prompt = false;
    let mut clients: Vec<_> = ["ada", "ben", "cid", "dot"].map(Client::new).into();
    let mut sessions = 0;
    for _ in 0..STEPS {
        let index = random.random_range(0..CLIENTS);
        match random.random_range(0..20) {
            0 => {
                if let Some(id) = clients[index].session.take() {
                    world.room.handle_left(id, Reason::Disconnected, world.now);
                }
                sessions += 1;
                clients[index].connect(&mut world, sessions);
            }
            1 => set_channel(&mut world, &mut clients[index], true),
            2 => set_channel(&mut world, &mut clients[index], false),
            3..=6 => clients[index].draw(&mut world),
            7..=9 if !world.appends.is_empty() => world.append(),
            10..=11 => world.pass(Duration::from_millis(random.random_range(0..20))),
            12..=15 => deliver(&mut world, &mut clients, index, false),
            _ => deliver(&mut world, &mut clients, index, true),
        }
        collect(&mut world, &mut clients);
    }
    finish(&mut world, &mut clients, sessions);
    for client in &clients {
        assert_eq!(
            client.document,
            *world.room.document(),
            "seed {seed}, {}",
            client.name
        );
        assert!(client.unacked.is_empty(), "seed {seed}, {}", client.name);
        let drawn = client
            .document
            .objects()
            .filter(|object| object.id().author() == client.author)
            .count();
        assert_eq!(drawn as u64, client.drawn, "seed {seed}, {}", client.name);
    }
}

/// Brings everyone back and lets everything arrive.
fn finish(world: &mut World, clients: &mut [Client], sessions: u32) {
    let absent = clients.iter_mut().filter(|client| client.session.is_none());
    for (client, session) in absent.zip(sessions + 1..) {
        client.connect(world, session);
    }
    settle(world, clients);
    for client in clients.iter_mut() {
        // The last commit is lost on the channel, and none comes behind it that would show the gap.
        set_channel(world, client, true);
    }
    settle(world, clients);
    clients[0].draw(world);
    while !world.appends.is_empty() {
        world.append();
    }
    world.pass(limits::TICK);
    collect(world, clients);
    for client in clients.iter_mut() {
        set_channel(world, client, false);
    }
    settle(world, clients);
}

/// Lets all that is on its way arrive.
fn settle(world: &mut World, clients: &mut [Client]) {
    let mut quiet = 0;
    while quiet < 5 {
        quiet += 1;
        while !world.appends.is_empty() {
            world.append();
        }
        world.pass(limits::TICK);
        collect(world, clients);
        for index in 0..clients.len() {
            while !clients[index].socket.is_empty() || !clients[index].ops.is_empty() {
                quiet = 0;
                deliver(world, clients, index, false);
                deliver(world, clients, index, true);
                collect(world, clients);
            }
        }
        if quiet > 0 {
            // A snapshot may be due only after a while.
            world.pass(limits::SNAPSHOT_INTERVAL);
            collect(world, clients);
        }
    }
}

#[test]
fn sequence18_all_end_with_what_the_log_holds_whatever_path_came_and_went() {
    for seed in 0..150 {
        run(seed);
    }
}
