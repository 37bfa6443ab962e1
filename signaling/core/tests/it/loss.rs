//! Copies on the path that loses, beside the ordered one: nothing is lost, nothing counts twice, nothing waits for long.

use crate::world::{DRAW, Sent, VIEW, World, create, ops, rectangle, revisions};
use fmz_annotation::Replica;
use fmz_proto::{
    limits::{COPIES_PER_BATCH, COPY_FRAME_BYTES_MAX},
    v1::{
        Channel, Create, FrameStamp, Kind, ObjectId, Op, OpBatch, OpCopies, Property, Welcome,
        client_message, op, property, server_message::Message,
    },
};
use fmz_signaling_core::{Path, SessionId, limits};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::{collections::VecDeque, time::Duration};

/// Two who draw, with both channels open.
fn pair(world: &mut World) -> (SessionId, SessionId) {
    let ids = (
        world.enter_with_transport(1, "ada", DRAW),
        world.enter_with_transport(2, "ben", DRAW),
    );
    for id in [ids.0, ids.1] {
        world.channel(id, Channel::Ops, true);
        world.channel(id, Channel::Live, true);
    }
    rest(world);
    ids
}

/// Lets everything be said that is still to be said.
fn rest(world: &mut World) {
    world.pass(Duration::from_secs(1));
    world.forget();
}

fn by(sent: &[Sent], path: Path) -> Vec<Vec<u64>> {
    let of_path = sent.iter().filter(|sent| sent.path == path);
    of_path.map(|sent| revisions(&[sent.message()])).collect()
}

fn copies(batches: Vec<OpBatch>) -> client_message::Message {
    client_message::Message::Copies(OpCopies { batches })
}

fn seqs(world: &World) -> Vec<u64> {
    let of_ada = world.log.iter().filter(|batch| batch.author == 1);
    of_ada.map(|batch| batch.client_seq).collect()
}

#[test]
fn loss4_a_commit_is_copied_at_once_and_again_where_nothing_follows() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.say_on(ada, Channel::Ops, ops(rectangle(1, 1)));
    let (to_ada, to_ben) = (world.take(ada), world.take(ben));
    assert_eq!(to_ada, to_ben, "the same bytes to all");
    assert_eq!(by(&to_ben, Path::Live), [[3]]);
    for _ in 1..COPIES_PER_BATCH {
        world.pass(limits::COPY_INTERVAL);
        assert_eq!(by(&world.take(ben), Path::Live), [[3]]);
    }
    world.pass(Duration::from_secs(1));
    assert_eq!(by(&world.take(ben), Path::Live), Vec::<Vec<u64>>::new());
}

#[test]
fn loss9_the_ordered_path_of_who_takes_copies_has_all_of_100_ms_in_one_frame() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    for seq in 1..=3 {
        world.say_on(ada, Channel::Ops, ops(rectangle(1, seq)));
        world.pass(limits::TICK);
    }
    assert_eq!(by(&world.take(ben), Path::Ops), Vec::<Vec<u64>>::new());
    world.pass(limits::COVERED_TICK - 3 * limits::TICK);
    assert_eq!(by(&world.take(ben), Path::Ops), [[3, 4, 5]]);
    world.pass(Duration::from_secs(1));
    assert_eq!(by(&world.take(ben), Path::Ops), Vec::<Vec<u64>>::new());
}

#[test]
fn loss9_who_takes_no_copies_any_more_has_had_everything_in_order() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.say_on(ada, Channel::Ops, ops(rectangle(1, 1)));
    world.channel(ben, Channel::Live, false);
    assert_eq!(by(&world.take(ben), Path::Ops), [[3]]);
    world.pass(limits::TICK);
    world.say_on(ada, Channel::Ops, ops(rectangle(1, 2)));
    assert_eq!(by(&world.take(ben), Path::Ops), [[4]], "with the tick");
    world.pass(Duration::from_secs(1));
    let to_ada = by(&world.take(ada), Path::Ops);
    assert_eq!(to_ada, [[3], [4]], "what was said for ben counts for all");
}

#[test]
fn loss4_copies_ride_along_with_the_ticks_that_follow() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    for seq in 1..=5 {
        world.say_on(ada, Channel::Ops, ops(rectangle(1, seq)));
        world.pass(limits::TICK);
    }
    let wanted: [&[u64]; 5] = [&[3], &[3, 4], &[3, 4, 5], &[4, 5, 6], &[5, 6, 7]];
    assert_eq!(by(&world.take(ben), Path::Live), wanted);
}

/// A text of so many bytes.
fn words(client_seq: u64, bytes: usize) -> OpBatch {
    let id = Some(ObjectId {
        author: 1,
        counter: client_seq as u32,
    });
    let text = property::Value::Text("a".repeat(bytes));
    let text = Property { value: Some(text) };
    create(
        Create {
            id,
            kind: Kind::Text.into(),
            frame: Some(FrameStamp::default()),
            properties: vec![text],
            parent: None,
        },
        client_seq,
    )
}

#[test]
fn loss4_copies_fit_one_datagram_and_a_larger_commit_is_not_copied() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    for seq in 1..=4 {
        world.say_on(ada, Channel::Ops, ops(words(seq, 400)));
        world.pass(limits::TICK);
    }
    let sent = world.take(ben);
    assert_eq!(
        by(&sent, Path::Live),
        [vec![3], vec![3, 4], vec![4, 5], vec![5, 6]]
    );
    let small = |sent: &Sent| sent.path != Path::Live || sent.frame.len() <= COPY_FRAME_BYTES_MAX;
    assert!(sent.iter().all(small));
    world.say_on(ada, Channel::Ops, ops(words(5, COPY_FRAME_BYTES_MAX)));
    world.pass(Duration::from_secs(1));
    let sent = world.take(ben);
    assert_eq!(
        (by(&sent, Path::Ops), by(&sent, Path::Live)),
        (vec![vec![3, 4, 5, 6], vec![7]], vec![])
    );
}

#[test]
fn loss4_copies_go_beside_the_channel_only() {
    let mut world = World::new();
    let (ada, ben) = pair(&mut world);
    world.channel(ben, Channel::Ops, false);
    rest(&mut world);
    world.say_on(ada, Channel::Ops, ops(rectangle(1, 1)));
    assert_eq!(by(&world.take(ben), Path::Live), Vec::<Vec<u64>>::new());
    world.channel(ben, Channel::Ops, true);
    world.channel(ben, Channel::Live, false);
    world.pass(limits::TICK);
    world.say_on(ada, Channel::Ops, ops(rectangle(1, 2)));
    let sent = world.take(ben);
    assert_eq!(by(&sent, Path::Live), Vec::<Vec<u64>>::new());
}

#[test]
fn loss5_a_copy_counts_where_it_comes_first_and_the_batch_behind_it_is_passed_over() {
    let mut world = World::new();
    let (ada, _) = pair(&mut world);
    world.say_on(ada, Channel::Live, copies(vec![rectangle(1, 1)]));
    assert_eq!(seqs(&world), [1]);
    world.say_on(ada, Channel::Ops, ops(rectangle(1, 1)));
    world.say_on(ada, Channel::Live, copies(vec![rectangle(1, 1)]));
    world.say_on(ada, Channel::Ops, ops(rectangle(1, 2)));
    assert_eq!(seqs(&world), [1, 2]);
}

#[test]
fn loss5_a_copy_ahead_of_a_missing_batch_waits_for_it() {
    let mut world = World::new();
    let (ada, _) = pair(&mut world);
    let ahead = vec![rectangle(1, 2), rectangle(1, 4)];
    world.say_on(ada, Channel::Live, copies(ahead));
    assert_eq!(seqs(&world), []);
    world.say_on(ada, Channel::Ops, ops(rectangle(1, 1)));
    assert_eq!(seqs(&world), [1, 2]);
    world.say_on(ada, Channel::Live, copies(vec![rectangle(1, 3)]));
    assert_eq!(seqs(&world), [1, 2, 3, 4]);
}

#[test]
fn loss5_numbers_left_out_are_the_ordered_paths_to_tell() {
    let mut world = World::new();
    let (ada, _) = pair(&mut world);
    world.say_on(ada, Channel::Live, copies(vec![rectangle(1, 5)]));
    assert_eq!(seqs(&world), []);
    world.say_on(ada, Channel::Ops, ops(rectangle(1, 4)));
    assert_eq!(seqs(&world), [4, 5]);
}

#[test]
fn loss6_copies_that_wait_are_bounded_and_the_ordered_path_brings_the_rest() {
    let mut world = World::new();
    let (ada, _) = pair(&mut world);
    let last = limits::EARLY_BATCHES_MAX as u64 + 10;
    for seq in 2..=last {
        world.say_on(ada, Channel::Live, copies(vec![rectangle(1, seq)]));
    }
    world.say_on(ada, Channel::Ops, ops(rectangle(1, 1)));
    let kept: Vec<u64> = (1..=limits::EARLY_BATCHES_MAX as u64 + 1).collect();
    assert_eq!(seqs(&world), kept);
    for seq in 2..=last {
        world.say_on(ada, Channel::Ops, ops(rectangle(1, seq)));
    }
    world.pass(limits::TICK);
    assert_eq!(seqs(&world), (1..=last).collect::<Vec<_>>());
}

#[test]
fn loss6_more_than_a_datagram_is_refused_on_the_path_that_loses() {
    let mut world = World::new();
    let (ada, _) = pair(&mut world);
    world.say_on(ada, Channel::Live, copies(vec![noise(1)]));
    assert_eq!(seqs(&world), []);
    let sent = world.messages(ada);
    assert!(
        matches!(&sent[..], [Message::Error(error)] if error.code == "wrong_channel"),
        "{sent:?}"
    );
}

/// A batch of a datagram and more, which does not compress.
fn noise(client_seq: u64) -> OpBatch {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut color = || property::Value::Color(random.random());
    let id = Some(ObjectId {
        author: 1,
        counter: 1,
    });
    let set = |value| {
        op::Op::Set(fmz_proto::v1::Set {
            id,
            property: Some(Property { value: Some(value) }),
        })
    };
    let ops = (0..200).map(|_| Op {
        op: Some(set(color())),
    });
    OpBatch {
        client_seq,
        base: 0,
        ops: ops.collect(),
    }
}

#[test]
fn loss6_copies_of_who_only_looks_are_passed_over() {
    let mut world = World::new();
    let ada = world.enter_with_transport(1, "ada", VIEW);
    rest(&mut world);
    world.say_on(ada, Channel::Live, copies(vec![rectangle(1, 1)]));
    assert_eq!((world.messages(ada), world.log.len()), (vec![], 0));
}

#[test]
fn loss7_a_refusal_is_said_once_and_again_where_the_channel_is_lost() {
    let mut world = World::new();
    let (ada, _) = pair(&mut world);
    let mut bad = rectangle(1, 1);
    bad.ops.push(bad.ops[0].clone());
    for _ in 0..2 {
        world.say_on(ada, Channel::Live, copies(vec![bad.clone()]));
        world.say_on(ada, Channel::Ops, ops(bad.clone()));
    }
    let refusals = |sent: Vec<Sent>| {
        let refused = |sent: &Sent| matches!(sent.message(), Message::Rejected(_));
        let refused: Vec<_> = sent.into_iter().filter(refused).collect();
        refused.iter().map(|sent| sent.path).collect::<Vec<_>>()
    };
    assert_eq!(refusals(world.take(ada)), [Path::Ops]);
    world.channel(ada, Channel::Ops, false);
    assert_eq!(refusals(world.take(ada)), [Path::Socket]);
    world.channel(ada, Channel::Ops, true);
    world.channel(ada, Channel::Ops, false);
    assert_eq!(refusals(world.take(ada)), []);
}

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
