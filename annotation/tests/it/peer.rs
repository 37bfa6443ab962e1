//! One of several people over a connection that loses and repeats.

use crate::make::{self, append, create, deleted, end, own_id, set};
use fmz_annotation::{Key, ObjectId, Replica};
use fmz_proto::v1::{self, Kind, property};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The author with the grant `own`.
pub(crate) const OWNER: u32 = 3;

#[derive(Debug, Clone)]
pub(crate) enum Action {
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
    Move {
        pick: usize,
        by: (i32, i32),
    },
    Answer {
        pick: usize,
    },
    Delete {
        pick: usize,
        deleted: bool,
    },
    /// Everything, or what is on frame 24.
    Clear {
        all: bool,
    },
    /// Counts that do not fit are refused.
    Edit {
        pick: usize,
        at: u32,
        delete: u32,
        insert: String,
    },
    /// The page learns on which frame something was drawn.
    Restamp {
        pick: usize,
        frame: u32,
        uncertain: bool,
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

#[derive(Debug, Clone)]
pub(crate) enum Said {
    Committed(usize),
    Rejected(u64),
}

/// One person: the replica, what is on the way from and to it, and what its page shows.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) replica: Replica,
    pub(crate) up: VecDeque<v1::OpBatch>,
    pub(crate) down: VecDeque<Said>,
    pub(crate) refuse: bool,
    pub(crate) page: BTreeMap<ObjectId, v1::ObjectState>,
    pub(crate) created: BTreeSet<ObjectId>,
    pub(crate) batches: BTreeMap<u64, Vec<v1::Op>>,
    pub(crate) refused: BTreeSet<ObjectId>,
}

impl Peer {
    pub(crate) fn new(replica: Replica) -> Self {
        Self {
            replica,
            up: VecDeque::new(),
            down: VecDeque::new(),
            refuse: false,
            page: BTreeMap::new(),
            created: BTreeSet::new(),
            batches: BTreeMap::new(),
            refused: BTreeSet::new(),
        }
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.up.is_empty() && self.down.is_empty() && self.replica.queued_count() == 0
    }

    pub(crate) fn act(&mut self, action: Action) {
        match action {
            Action::Stroke { points, lift } => self.stroke(&points, lift),
            Action::Shape(kind) => {
                let id = self.next();
                let shape = create(id, kind, vec![]);
                self.submit(&[match kind {
                    Kind::Text => make::uncertain(shape),
                    _ => shape,
                }]);
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
            Action::Move { pick, by: (x, y) } => self.submit(&[make::add(self.pick(pick), x, y)]),
            Action::Answer { pick } => {
                let reply = make::reply(self.next(), self.pick(pick), "yes");
                self.submit(&[reply]);
            }
            Action::Clear { all: true } => self.submit(&[make::clear_all()]),
            Action::Clear { all: false } => self.submit(&[make::clear_frames(20, 24)]),
            Action::Edit {
                pick,
                at,
                delete,
                insert,
            } => self.submit(&[make::edit(self.pick(pick), at, delete, &insert)]),
            Action::Restamp {
                pick,
                frame,
                uncertain,
            } => self.restamp(pick, frame, uncertain),
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

    /// What has not left gets the new stamp, all else keeps its own.
    fn restamp(&mut self, pick: usize, frame: u32, uncertain: bool) {
        // What a pending clear hides is picked too: it may be on another frame then.
        let counter = u32::try_from(pick).expect("few") + 1;
        let id = own_id(self.replica.author(), counter);
        let picked = v1::ObjectId::from(&id);
        let stamp = v1::FrameStamp {
            publication: "p-1-1".into(),
            frame_index: Some(frame),
            uncertain,
            ..v1::FrameStamp::default()
        };
        let before = self.replica.clone();
        let waiting = before.pending_count() - before.queued_count();
        let waiting = before.pending_ops().split_off(waiting);
        let waits = waiting.iter().any(|op| is_create_of(op, picked));
        assert_eq!(self.replica.restamp(id, &stamp), waits);
        if waits {
            let object = self.replica.object(id).expect("it was created here");
            assert_eq!(v1::FrameStamp::from(object.frame()), stamp);
        } else {
            assert_eq!(self.replica.pending_ops(), before.pending_ops());
            assert_eq!(self.replica.version(), before.version());
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
        for op in self.replica.pending_ops().split_off(before.pending_count()) {
            for (id, key) in written(&op) {
                let object = before.object(id).expect("undo changes what is there");
                let undone_create = key == Key::Deleted && id.author() == author;
                let mine = object.writer(key).author == author || undone_create;
                assert!(mine || matches!(key, Key::Offset | Key::Text), "{op:?}");
                let thread = object.kind() == fmz_annotation::Kind::Pin && key == Key::Status;
                assert!(author == OWNER || id.author() == author || thread, "{op:?}");
            }
        }
    }

    pub(crate) fn note_refused(&mut self, client_seq: u64) {
        if let Some(ops) = self.batches.get(&client_seq) {
            self.refused.extend(created(ops));
        }
    }

    /// Keeps the page as a page does: by what changed.
    pub(crate) fn redraw(&mut self) {
        for state in self.replica.take_changes().objects {
            let id = state.id.map(|id| own_id(id.author, id.counter));
            self.page.insert(id.expect("objects have ids"), state);
        }
    }

    pub(crate) fn shown(&self) -> Vec<v1::ObjectState> {
        let visible = self.page.values().filter(|state| !state.deleted);
        let mut shown: Vec<_> = visible.cloned().collect();
        shown.sort_by_key(|state| {
            let counter = state.id.map_or(0, |id| id.counter);
            let created = match state.created_revision {
                0 => fmz_annotation::limits::REVISION_MAX,
                revision => revision,
            };
            let order = match state.order.is_empty() {
                true => created.to_be_bytes().to_vec(),
                false => state.order.to_vec(),
            };
            (order, created, counter)
        });
        shown
    }
}

fn is_create_of(op: &v1::Op, id: v1::ObjectId) -> bool {
    matches!(&op.op, Some(v1::op::Op::Create(create)) if create.id == Some(id))
}

/// What must not get lost by itself; a reply goes with its pin.
fn created(ops: &[v1::Op]) -> impl Iterator<Item = ObjectId> {
    let ids = ops.iter().filter_map(|op| match &op.op {
        Some(v1::op::Op::Create(create)) if create.parent.is_none() => create.id,
        _ => None,
    });
    ids.map(|id| own_id(id.author, id.counter))
}

/// What an op of undo or redo writes.
fn written(op: &v1::Op) -> Vec<(ObjectId, Key)> {
    let own = |id: &v1::ObjectId| own_id(id.author, id.counter);
    match &op.op {
        Some(v1::op::Op::SetDeleted(set)) => {
            set.ids.iter().map(|id| (own(id), Key::Deleted)).collect()
        }
        Some(v1::op::Op::Add(add)) => add.id.iter().map(|id| (own(id), Key::Offset)).collect(),
        Some(v1::op::Op::Set(set)) => {
            let property = set.property.as_ref().expect("a set has a property");
            let value = property.value.as_ref().expect("a property has a value");
            set.id.iter().map(|id| (own(id), key(value))).collect()
        }
        Some(v1::op::Op::TextEdit(edit)) => edit.id.iter().map(|id| (own(id), Key::Text)).collect(),
        other => panic!("undo never writes {other:?}"),
    }
}

fn key(value: &property::Value) -> Key {
    match value {
        property::Value::Color(_) => Key::Color,
        property::Value::Width(_) => Key::Width,
        property::Value::Start(_) => Key::Start,
        property::Value::End(_) => Key::End,
        property::Value::Order(_) => Key::Order,
        property::Value::Status(_) => Key::Status,
        other => panic!("nobody sets {other:?} here"),
    }
}
