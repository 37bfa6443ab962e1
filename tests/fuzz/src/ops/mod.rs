//! The interpreter of op sequences: three authors, a server's document, and late messages between
//! them.

mod make;
mod server;

use crate::input::Input;
use fmz_annotation::text::{Edit, Step};
use fmz_annotation::version::VersionIds;
use fmz_annotation::{Authority, Document, ObjectId, Replica};
use fmz_proto::v1::{self, op::Op as Wire};
use make::{film, introduce, op};
use std::collections::VecDeque;

const AUTHORS: u8 = 3;
const FILM: &str = "film";
const BATCH_OPS: usize = 20;

/// Runs a plan. After it, once all messages are delivered, every replica must hold the server's
/// document and have nothing pending.
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
        assert_eq!(
            author.replica.document().state_hash(),
            world.document.state_hash()
        );
    }
    let again = Document::from_snapshot(world.document.snapshot());
    assert_eq!(again.expect("its own snapshot is good"), world.document);
}

#[derive(Default)]
struct Author {
    replica: Replica,
    sent: VecDeque<v1::OpBatch>,
    /// Number of the log's batches that were delivered, and the refusals that come between them.
    delivered: usize,
    refusals: VecDeque<(usize, u64)>,
}

struct World {
    document: Document,
    log: Vec<v1::CommittedBatch>,
    authors: Vec<Author>,
    ids: VersionIds,
    /// The server's time.
    committed_ms: u64,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            document: Document::new(),
            log: Vec::new(),
            authors: Vec::new(),
            ids: VersionIds::after(1, None),
            committed_ms: 1_000,
        };
        for number in 1..=u32::from(AUTHORS) {
            world.commit_own(introduce(number), true);
            let mut author = Author::default();
            let _ = author.replica.set_author(number, 0);
            // The last author owns the room.
            if number == u32::from(AUTHORS) {
                author.replica.set_authority(Authority::Owner);
            }
            world.authors.push(author);
        }
        world.commit_own(film(), true);
        for who in 0..usize::from(AUTHORS) {
            world.deliver(who, usize::MAX);
        }
        world
    }

    fn step(&mut self, input: &mut Input<'_>) {
        let who = usize::from(input.below(AUTHORS));
        match input.below(11) {
            0..=2 => self.submit(who, input),
            7 => self.reload(who),
            8 => self.write(who, input),
            9 => self.go_back(input),
            10 => self.keep(input),
            3 => self.take(who),
            4 => self.receive(who),
            5 => self.deliver(who, usize::from(input.byte())),
            6 if input.flag() => self.walk(who, input.flag()),
            _ => self.copy(who),
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

    /// Makes an edit that mostly fits a text in the author's view.
    fn write(&mut self, who: usize, input: &mut Input<'_>) {
        let replica = &mut self.authors[who].replica;
        let (author, counter) = (input.below(AUTHORS) + 1, input.below(6));
        let Some(id) = ObjectId::new(author.into(), counter.into()) else {
            return;
        };
        let text = replica.object(id).map(|object| object.text().to_owned());
        let length = text.unwrap_or_default().chars().count() as u32;
        let at = u32::from(input.byte()) % (length + 1);
        let rest = (length - at).saturating_add(u32::from(input.byte() == 255));
        let gone = u32::from(input.byte()) % (rest + 1);
        let words = String::from_utf8_lossy(input.block()).into_owned();
        let steps = match input.flag() {
            true => vec![Step::Retain(at), Step::Insert(words), Step::Delete(gone)],
            false => vec![
                Step::Retain(at),
                Step::Delete(gone),
                Step::Retain(1),
                Step::Insert(words),
            ],
        };
        let edit = Wire::TextEdit(Edit::from_iter(steps).to_wire(id));
        let _ = replica.submit(&[v1::Op { op: Some(edit) }]);
    }

    /// Delivers a copy of the newest commit ahead of those before it.
    fn copy(&mut self, who: usize) {
        let batches = self.log.last().cloned().into_iter().collect();
        let replica = &mut self.authors[who].replica;
        let received = replica.receive_copy(&v1::Committed { batches });
        assert_eq!(received.expect("the log is one order").gap, None);
    }

    fn take(&mut self, who: usize) {
        let author = &mut self.authors[who];
        author.sent.extend(author.replica.take_batch(BATCH_OPS));
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

    /// Loads a snapshot in the middle: pending ops stay, or are reported as lost.
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

/// Delivers an author's refusals that come before the log's next batch.
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
