//! The interpreter of op sequences: three authors, a server's document, and everything between them late.

use crate::input::Input;
use fmz_annotation::{Authority, Document, Replica};
use fmz_proto::points;
use fmz_proto::v1::{self, op::Op as Wire, property::Value};
use std::collections::VecDeque;

const AUTHORS: u8 = 3;
const BATCH_OPS: usize = 20;

/// After every plan, once all is delivered, every replica holds the server's document and nothing is pending.
pub(crate) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let mut world = World::new();
    while !input.is_empty() {
        world.step(&mut input);
    }
    world.drain();
    for author in &world.authors {
        assert_eq!(author.replica.document(), &world.document);
        assert_eq!(author.replica.pending_count(), 0);
    }
    let again = Document::from_snapshot(world.document.snapshot());
    assert_eq!(again.expect("its own snapshot is good"), world.document);
}

#[derive(Default)]
struct Author {
    replica: Replica,
    sent: VecDeque<v1::OpBatch>,
    /// How much of the log was delivered, and the refusals that come with it.
    delivered: usize,
    refusals: VecDeque<(usize, u64)>,
}

struct World {
    document: Document,
    log: Vec<v1::CommittedBatch>,
    authors: Vec<Author>,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            document: Document::new(),
            log: Vec::new(),
            authors: Vec::new(),
        };
        for number in 1..=u32::from(AUTHORS) {
            world.commit(0, 0, vec![introduce(number)]);
            let mut author = Author::default();
            let _ = author.replica.set_author(number, 0);
            // The last one owns the room.
            if number == u32::from(AUTHORS) {
                author.replica.set_authority(Authority::Owner);
            }
            world.authors.push(author);
        }
        for who in 0..usize::from(AUTHORS) {
            world.deliver(who, usize::MAX);
        }
        world
    }

    fn step(&mut self, input: &mut Input<'_>) {
        let who = usize::from(input.below(AUTHORS));
        match input.below(8) {
            0..=2 => self.submit(who, input),
            3 => self.take(who),
            4 => self.receive(who),
            5 => self.deliver(who, usize::from(input.byte())),
            6 => self.walk(who, input.flag()),
            _ => self.reload(who),
        }
    }

    fn submit(&mut self, who: usize, input: &mut Input<'_>) {
        let ops: Vec<_> = (0..=input.below(3)).map(|_| op(input)).collect();
        let replica = &mut self.authors[who].replica;
        let before = replica.pending_count();
        if replica.submit(&ops).is_err() {
            assert_eq!(replica.pending_count(), before, "all ops are taken or none");
        }
    }

    fn take(&mut self, who: usize) {
        let author = &mut self.authors[who];
        author.sent.extend(author.replica.take_batch(BATCH_OPS));
    }

    /// The server takes the next batch of an author.
    fn receive(&mut self, who: usize) {
        let Some(batch) = self.authors[who].sent.pop_front() else {
            return;
        };
        let number = who as u32 + 1;
        let authority = if number == u32::from(AUTHORS) {
            Authority::Owner
        } else {
            Authority::Author
        };
        if self
            .document
            .check_as(number, authority, &batch.ops)
            .is_ok()
        {
            self.commit(number, batch.client_seq, batch.ops);
        } else {
            let at = self.log.len();
            self.authors[who].refusals.push_back((at, batch.client_seq));
        }
    }

    fn commit(&mut self, author: u32, client_seq: u64, ops: Vec<v1::Op>) {
        let batch = v1::CommittedBatch {
            first_revision: self.document.revision() + 1,
            author,
            client_seq,
            committed_ms: 1_000,
            ops,
            ..v1::CommittedBatch::default()
        };
        self.document
            .apply(&batch)
            .expect("what was checked is applied");
        self.log.push(batch);
    }

    fn deliver(&mut self, who: usize, count: usize) {
        let author = &mut self.authors[who];
        let end = self.log.len().min(author.delivered.saturating_add(count));
        while author.delivered < end {
            refuse(author);
            let batches = vec![self.log[author.delivered].clone()];
            author.delivered += 1;
            let received = author.replica.receive(&v1::Committed { batches });
            assert_eq!(received.expect("the log is one order").gap, None);
        }
        refuse(author);
    }

    fn walk(&mut self, who: usize, back: bool) {
        let replica = &mut self.authors[who].replica;
        if back {
            replica.undo();
        } else {
            replica.redo();
        }
    }

    /// A snapshot in the middle: what is pending stays, or is reported as lost.
    fn reload(&mut self, who: usize) {
        let author = &mut self.authors[who];
        refuse(author);
        let lost = author.replica.load(self.document.snapshot());
        let lost = lost.expect("the server's snapshot is good");
        author
            .sent
            .retain(|batch| !lost.batches.contains(&batch.client_seq));
        author.delivered = self.log.len();
    }

    fn drain(&mut self) {
        for _ in 0..4 {
            for who in 0..self.authors.len() {
                self.deliver(who, usize::MAX);
                while self.authors[who].replica.queued_count() > 0 {
                    self.take(who);
                }
                while !self.authors[who].sent.is_empty() {
                    self.receive(who);
                    self.deliver(who, usize::MAX);
                }
            }
        }
    }
}

/// Tells an author what was refused before the log's next batch for it.
fn refuse(author: &mut Author) {
    while let Some((_, client_seq)) = author
        .refusals
        .pop_front_if(|(at, _)| *at <= author.delivered)
    {
        let lost = author.replica.rejected(client_seq);
        author
            .sent
            .retain(|batch| !lost.batches.contains(&batch.client_seq));
    }
}

fn introduce(author: u32) -> v1::Op {
    let added = v1::AuthorAdded {
        author,
        identity: format!("a{author}"),
        name: String::new(),
        session_key: vec![author as u8; fmz_proto::limits::SESSION_KEY_BYTES].into(),
    };
    v1::Op {
        op: Some(Wire::AuthorAdded(added)),
    }
}

fn op(input: &mut Input<'_>) -> v1::Op {
    let id = Some(v1::ObjectId {
        author: u32::from(input.below(AUTHORS + 1)),
        counter: u32::from(input.below(6)),
    });
    let op = match input.below(8) {
        0 | 1 => Wire::Create(v1::Create {
            id,
            kind: i32::from(input.below(13)),
            frame: Some(v1::FrameStamp::default()),
            properties: (0..input.below(3)).map(|_| property(input)).collect(),
            ..v1::Create::default()
        }),
        2 => Wire::Set(v1::Set {
            id,
            property: Some(property(input)),
        }),
        3 => Wire::StrokeAppend(append(id, input)),
        4 => Wire::StrokeEnd(v1::StrokeEnd { id }),
        5 => Wire::SetDeleted(v1::SetDeleted {
            ids: id.into_iter().collect(),
            deleted: input.flag(),
        }),
        6 => Wire::Add(v1::Add {
            id,
            offset: Some(point(input)),
        }),
        _ => Wire::Clear(v1::Clear {
            scope: Some(v1::clear::Scope::All(true)),
            seen: u64::from(input.byte()),
            ids: Vec::new(),
        }),
    };
    v1::Op { op: Some(op) }
}

fn append(id: Option<v1::ObjectId>, input: &mut Input<'_>) -> v1::StrokeAppend {
    let pressed = input.flag();
    let deltas: Vec<_> = (0..input.below(5)).map(|_| delta(input, pressed)).collect();
    v1::StrokeAppend {
        id,
        points: Some(points::encode(&deltas, pressed)),
    }
}

fn delta(input: &mut Input<'_>, pressed: bool) -> points::Delta {
    points::Delta {
        x: input.number(),
        y: input.number(),
        pressure: if pressed { input.number() } else { 0 },
    }
}

fn point(input: &mut Input<'_>) -> v1::Point {
    v1::Point {
        x: input.number(),
        y: input.number(),
    }
}

fn property(input: &mut Input<'_>) -> v1::Property {
    let value = match input.below(9) {
        0 => Value::Color(u32::from(input.byte())),
        1 => Value::Width(u32::from(input.byte())),
        2 => Value::Start(point(input)),
        3 => Value::End(point(input)),
        4 => Value::Softness(u32::from(input.byte())),
        5 => Value::Order(input.block().to_vec().into()),
        6 => Value::Status(i32::from(input.below(7))),
        7 => Value::Hold(v1::Hold {
            range: Some(v1::FrameRange {
                first: u32::from(input.byte()),
                last: u32::from(input.byte()),
            }),
        }),
        _ => Value::Text(String::from_utf8_lossy(input.block()).into_owned()),
    };
    v1::Property { value: Some(value) }
}
