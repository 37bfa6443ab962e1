//! Several people at once, over connections that lose and repeat: everybody ends with the same document.

use crate::make::{self, append, create, deleted, end, own_id, set};
use crate::room::Room;
use fmz_annotation::{Key, ObjectId, Replica};
use fmz_proto::v1::{self, Kind, property};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

const PEOPLE: u32 = 3;
/// The one of them with the grant `own`.
const OWNER: u32 = 3;

#[derive(Debug, Clone)]
enum Action {
    Stroke {
        points: Vec<(i32, i32)>,
        lift: bool,
    },
    Shape(Kind),
    Append {
        pick: usize,
        points: Vec<(i32, i32)>,
    },
    Lift {
        pick: usize,
    },
    Set {
        pick: usize,
        value: property::Value,
    },
    Delete {
        pick: usize,
        deleted: bool,
    },
    Begin,
    End,
    Undo,
    Redo,
    /// Puts a batch on the way.
    Send(usize),
    /// The server takes batches.
    Arrive(usize),
    /// The server refuses the next batch, whatever is in it.
    Refuse,
    /// What the server said arrives.
    Deliver(usize),
    /// The server says the last things again.
    Repeat(usize),
    /// Everything goes and comes.
    Exchange,
    /// All that is on the way is lost; the client comes back for the tail, or for a snapshot.
    Reconnect {
        snapshot: bool,
    },
}

fn points() -> impl Strategy<Value = Vec<(i32, i32)>> {
    vec((-50..50, -50..50), 1..4)
}

fn value() -> impl Strategy<Value = property::Value> {
    use property::Value;
    prop_oneof![
        (0..4u32).prop_map(Value::Color),
        (1..4u32).prop_map(Value::Width),
        (0..4, 0..4).prop_map(|(x, y)| Value::Start(v1::Point { x, y })),
        (0..4, 0..4).prop_map(|(x, y)| Value::End(v1::Point { x, y })),
        "[a-c]{0,2}".prop_map(Value::Text),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    let pick = 0..8usize;
    let kind = prop_oneof![Just(Kind::Rectangle), Just(Kind::Text), Just(Kind::Arrow)];
    prop_oneof![
        3 => (points(), any::<bool>()).prop_map(|(points, lift)| Action::Stroke { points, lift }),
        2 => kind.prop_map(Action::Shape),
        3 => (pick.clone(), points()).prop_map(|(pick, points)| Action::Append { pick, points }),
        1 => pick.clone().prop_map(|pick| Action::Lift { pick }),
        4 => (pick.clone(), value()).prop_map(|(pick, value)| Action::Set { pick, value }),
        2 => (pick, any::<bool>()).prop_map(|(pick, deleted)| Action::Delete { pick, deleted }),
        1 => Just(Action::Begin),
        1 => Just(Action::End),
        4 => Just(Action::Undo),
        2 => Just(Action::Redo),
        8 => (1..4usize).prop_map(Action::Send),
        8 => (1..4usize).prop_map(Action::Arrive),
        1 => Just(Action::Refuse),
        8 => (1..4usize).prop_map(Action::Deliver),
        1 => (1..4usize).prop_map(Action::Repeat),
        6 => Just(Action::Exchange),
        1 => any::<bool>().prop_map(|snapshot| Action::Reconnect { snapshot }),
    ]
}

#[derive(Debug, Clone)]
enum Said {
    Committed(usize),
    Rejected(u64),
}

/// One person: the replica, what is on the way from and to it, and what its page shows.
#[derive(Debug)]
struct Peer {
    replica: Replica,
    up: VecDeque<v1::OpBatch>,
    down: VecDeque<Said>,
    refuse: bool,
    page: BTreeMap<ObjectId, v1::ObjectState>,
    created: BTreeSet<ObjectId>,
    batches: BTreeMap<u64, Vec<v1::Op>>,
    refused: BTreeSet<ObjectId>,
}

#[derive(Debug)]
struct World {
    room: Room,
    peers: Vec<Peer>,
}

impl World {
    fn new() -> Self {
        let mut room = Room::with_authors(PEOPLE);
        room.let_own(OWNER);
        let peer = |author| Peer {
            replica: room.replica(author),
            up: VecDeque::new(),
            down: VecDeque::new(),
            refuse: false,
            page: BTreeMap::new(),
            created: BTreeSet::new(),
            batches: BTreeMap::new(),
            refused: BTreeSet::new(),
        };
        let peers = (1..=PEOPLE).map(peer).collect();
        Self { room, peers }
    }

    fn act(&mut self, who: usize, action: Action) {
        match action {
            Action::Arrive(count) => (0..count).for_each(|_| self.arrive(who)),
            Action::Exchange => self.exchange(who),
            Action::Reconnect { snapshot } => self.reconnect(who, snapshot),
            Action::Deliver(count) => (0..count).for_each(|_| self.deliver(who)),
            Action::Repeat(count) => {
                let newest = self.room.log.len();
                let again = newest.saturating_sub(count)..newest;
                let ready = self.peers[who].down.is_empty();
                let again = again.filter(|_| ready).map(Said::Committed);
                self.peers[who].down.extend(again);
            }
            action => self.peers[who].act(action),
        }
        self.peers[who].redraw();
    }

    fn arrive(&mut self, who: usize) {
        let peer = &mut self.peers[who];
        let Some(batch) = peer.up.pop_front() else {
            return;
        };
        let author = peer.replica.author();
        let client_seq = batch.client_seq;
        let known = self.room.log.len();
        let refused = std::mem::take(&mut peer.refuse)
            && client_seq > self.room.document.last_client_seq(author);
        if refused || self.room.receive(author, batch).is_err() {
            peer.note_refused(client_seq);
            peer.down.push_back(Said::Rejected(client_seq));
        }
        for index in known..self.room.log.len() {
            for peer in &mut self.peers {
                peer.down.push_back(Said::Committed(index));
            }
        }
    }

    fn deliver(&mut self, who: usize) {
        let peer = &mut self.peers[who];
        match peer.down.pop_front() {
            Some(Said::Committed(index)) => {
                let batches = vec![self.room.log[index].clone()];
                let received = peer.replica.receive(&v1::Committed { batches });
                assert_eq!(received.expect("the log fits").gap, None);
            }
            Some(Said::Rejected(client_seq)) => {
                let lost = peer.replica.rejected(client_seq);
                lost.batches.iter().for_each(|&seq| peer.note_refused(seq));
            }
            None => {}
        }
    }

    fn reconnect(&mut self, who: usize, snapshot: bool) {
        let document = &self.room.document;
        let peer = &mut self.peers[who];
        peer.up.clear();
        peer.down.clear();
        let author = peer.replica.author();
        let last = document.last_client_seq(author);
        let _ = peer.replica.set_author(author, last);
        if snapshot {
            let lost = peer
                .replica
                .load(document.snapshot())
                .expect("own snapshot");
            lost.batches.iter().for_each(|&seq| peer.note_refused(seq));
        } else {
            let tail = self.room.since(peer.replica.revision());
            let _ = peer.replica.receive(&tail).expect("the log fits");
        }
        peer.up.extend(peer.replica.unacked());
    }

    fn exchange(&mut self, who: usize) {
        while !self.peers[who].is_quiet() {
            self.act(who, Action::Send(2));
            self.act(who, Action::Arrive(1));
            self.act(who, Action::Deliver(2));
        }
    }

    fn settle(&mut self) {
        for who in 0..self.peers.len() {
            self.act(who, Action::Reconnect { snapshot: false });
            self.exchange(who);
        }
        (0..self.peers.len()).for_each(|who| self.exchange(who));
    }
}

impl Peer {
    fn is_quiet(&self) -> bool {
        self.up.is_empty() && self.down.is_empty() && self.replica.queued_count() == 0
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Stroke { points, lift } => self.stroke(&points, lift),
            Action::Shape(kind) => {
                let id = self.next();
                self.submit(&[create(id, kind, vec![])]);
            }
            Action::Append { pick, points } => {
                let id = self.pick(pick);
                self.submit(&[append(id, &points, &[])]);
            }
            Action::Lift { pick } => self.submit(&[end(self.pick(pick))]),
            Action::Set { pick, value } => {
                let value = make::property(value);
                self.submit(&[set(self.pick(pick), value)]);
            }
            Action::Delete { pick, deleted: to } => self.submit(&[deleted(self.pick(pick), to)]),
            Action::Begin => self.replica.begin_group(),
            Action::End => self.replica.end_group(),
            Action::Undo => self.walk(Replica::can_undo, Replica::undo),
            Action::Redo => self.walk(Replica::can_redo, Replica::redo),
            Action::Send(ops_max) => {
                if let Some(batch) = self.replica.take_batch(ops_max) {
                    self.batches.insert(batch.client_seq, batch.ops.clone());
                    self.up.push_back(batch);
                }
            }
            Action::Refuse => self.refuse = true,
            other => panic!("{other:?} is the world's"),
        }
    }

    fn stroke(&mut self, points: &[(i32, i32)], lift: bool) {
        let id = self.next();
        let pressure = vec![7; points.len()];
        self.submit(&[make::brush(id), append(id, points, &pressure)]);
        if lift {
            self.submit(&[end(id)]);
        }
    }

    fn next(&self) -> Option<v1::ObjectId> {
        self.replica.next_id().map(|id| v1::ObjectId::from(&id))
    }

    /// One of the committed or own objects; often one that this author may not change.
    fn pick(&self, pick: usize) -> Option<v1::ObjectId> {
        let objects = self.replica.objects().objects;
        let object = objects.get(pick % objects.len().max(1));
        object.map_or(make::id(9, 9), |object| object.id)
    }

    /// What is refused changes nothing; what is taken is remembered.
    fn submit(&mut self, ops: &[v1::Op]) {
        let before = (self.replica.version(), self.replica.pending_count());
        if self.replica.submit(ops).is_err() {
            let after = (self.replica.version(), self.replica.pending_count());
            assert_eq!(after, before);
            return;
        }
        self.created.extend(created(ops));
    }

    /// Undo and redo write only what this author wrote last.
    fn walk(&mut self, can: fn(&Replica) -> bool, step: fn(&mut Replica) -> bool) {
        let before = self.replica.clone();
        let promised = can(&self.replica);
        assert_eq!(step(&mut self.replica), promised);
        let author = self.replica.author();
        for op in ops_of(&self.replica).split_off(before.pending_count()) {
            let (id, key) = written(&op);
            let object = before.object(id).expect("undo changes what is there");
            let undone_create = key == Key::Deleted && id.author() == author;
            let mine = object.writer(key).author == author || undone_create;
            assert!(mine, "{op:?}");
            assert!(author == OWNER || id.author() == author, "{op:?}");
        }
    }

    fn note_refused(&mut self, client_seq: u64) {
        if let Some(ops) = self.batches.get(&client_seq) {
            self.refused.extend(created(ops));
        }
    }

    /// Keeps the page as a page does: by what changed.
    fn redraw(&mut self) {
        for state in self.replica.take_changes().objects {
            let id = state.id.map(|id| own_id(id.author, id.counter));
            self.page.insert(id.expect("objects have ids"), state);
        }
    }

    fn shown(&self) -> Vec<v1::ObjectState> {
        let visible = self.page.values().filter(|state| !state.deleted);
        let mut shown: Vec<_> = visible.cloned().collect();
        shown.sort_by_key(|state| {
            let counter = state.id.map_or(0, |id| id.counter);
            (state.created_revision.wrapping_sub(1), counter)
        });
        shown
    }
}

fn created(ops: &[v1::Op]) -> impl Iterator<Item = ObjectId> {
    let ids = ops.iter().filter_map(|op| match &op.op {
        Some(v1::op::Op::Create(create)) => create.id,
        _ => None,
    });
    ids.map(|id| own_id(id.author, id.counter))
}

fn written(op: &v1::Op) -> (ObjectId, Key) {
    let (id, key) = match &op.op {
        Some(v1::op::Op::SetDeleted(set)) => (set.id, Key::Deleted),
        Some(v1::op::Op::Set(set)) => {
            let value = set
                .property
                .as_ref()
                .and_then(|property| property.value.as_ref());
            (set.id, value.map_or(Key::Deleted, key))
        }
        other => panic!("undo never writes {other:?}"),
    };
    let id = id.expect("ops have ids");
    (own_id(id.author, id.counter), key)
}

fn key(value: &property::Value) -> Key {
    match value {
        property::Value::Color(_) => Key::Color,
        property::Value::Width(_) => Key::Width,
        property::Value::Start(_) => Key::Start,
        property::Value::End(_) => Key::End,
        property::Value::Text(_) => Key::Text,
    }
}

/// All pending ops of a replica, in order.
fn ops_of(replica: &Replica) -> Vec<v1::Op> {
    let mut replica = replica.clone();
    while replica.take_batch(usize::MAX).is_some() {}
    let batches = replica.unacked().into_iter();
    batches.flat_map(|batch| batch.ops).collect()
}

/// What the server makes of the pending ops if nothing else comes first.
fn foreseen(replica: &Replica) -> Vec<v1::ObjectState> {
    let mut document = replica.document().clone();
    let author = replica.author();
    for op in ops_of(replica) {
        let revision = document.revision() + 1;
        let client_seq = document.last_client_seq(author) + 1;
        let _impossible = document.apply(&make::batch(revision, author, client_seq, vec![op]));
    }
    let visible = document.drawing_order().filter(|object| !object.deleted());
    visible.map(|object| plain(object.to_state())).collect()
}

/// Without what only the server or only the page knows.
fn plain(state: v1::ObjectState) -> v1::ObjectState {
    v1::ObjectState {
        created_revision: 0,
        created_ms: 0,
        writers: vec![],
        writer_authors: vec![],
        pending: false,
        ..state
    }
}

proptest! {
    #![proptest_config(make::cases(2000))]

    #[test]
    fn order7_view2_resume2_all_replicas_end_equal(
        actions in vec((0..PEOPLE as usize, action()), 1..120),
    ) {
        let mut world = World::new();
        for (who, action) in actions {
            world.act(who, action);
            let peer = &world.peers[who];
            let objects = peer.replica.objects().objects;
            prop_assert_eq!(&peer.shown(), &objects);
            let view: Vec<_> = objects.into_iter().map(plain).collect();
            prop_assert_eq!(view, foreseen(&peer.replica));
        }
        world.settle();
        let snapshot = world.room.document.snapshot();
        for peer in &world.peers {
            prop_assert_eq!(peer.replica.pending_count(), 0);
            prop_assert_eq!(&peer.replica.document().snapshot(), &snapshot);
            let kept = |id: &&ObjectId| {
                world.room.document.object(**id).is_some() || peer.refused.contains(id)
            };
            prop_assert!(peer.created.iter().all(|id| kept(&id)), "a change was lost");
        }
    }
}
