//! A document on which two people do something at once, and all who watch.

use super::kinds::{self, Choice, Kind, choice};
use crate::make::{self, id};
use crate::room::Room;
use fmz_annotation::{Document, ObjectId, Replica};
use fmz_proto::v1::{self, Committed};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// The third one, whose rectangle always is other than in the targets, so that
/// there is something to revert.
pub(super) const GUARD: u32 = 3;

/// A room, and the older states of it to which each of the two goes back.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    pub(super) room: Room,
    targets: [Document; 2],
}

/// What somebody is about to do.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) kind: Kind,
    choice: Choice,
    /// Who made it, with it pending; of the server's ops, one who looks on.
    pub(super) replica: Replica,
    pub(super) batch: Option<v1::OpBatch>,
}

/// Random documents: the objects of both in several states, some deleted.
pub(super) fn stage() -> impl Strategy<Value = Stage> {
    let done = || (1..3_u32, 0..5_usize, choice());
    (vec(done(), 0..6), vec(done(), 0..6)).prop_map(|(before, after)| {
        let mut room = Room::with_authors(3);
        (1..=3).for_each(|author| room.let_own(author));
        (1..=2).for_each(|author| draw(&mut room, author));
        let guard = make::create(id(GUARD, 1), v1::Kind::Rectangle, vec![]);
        now(&mut room, GUARD, guard);
        let oldest = room.document.clone();
        now(&mut room, GUARD, make::set(id(GUARD, 1), make::color(2)));
        before.iter().for_each(|done| redo(&mut room, done));
        let targets = [room.document.clone(), oldest];
        after.iter().for_each(|done| redo(&mut room, done));
        now(&mut room, GUARD, make::set(id(GUARD, 1), make::color(1)));
        Stage { room, targets }
    })
}

/// An open stroke, a rectangle, a pin, a text and a line, numbered so.
fn draw(room: &mut Room, author: u32) {
    let shapes = [
        (2, v1::Kind::Rectangle),
        (3, v1::Kind::Pin),
        (5, v1::Kind::Line),
    ];
    now(room, author, make::brush(id(author, 1)));
    now(
        room,
        author,
        make::append(id(author, 1), &[(5, 5), (1, 2)], &[]),
    );
    for (counter, kind) in shapes {
        now(
            room,
            author,
            make::create(id(author, counter), kind, vec![]),
        );
    }
    let words = vec![make::text("words of a text, long enough to lose some")];
    now(
        room,
        author,
        make::create(id(author, 4), v1::Kind::Text, words),
    );
}

fn redo(room: &mut Room, (author, kind, choice): &(u32, usize, Choice)) {
    let kinds = [
        Kind::Set,
        Kind::Append,
        Kind::Add,
        Kind::Deleted,
        Kind::Edit,
    ];
    let choice = Choice {
        flag: choice.flag && kinds[*kind] == Kind::Deleted,
        ..*choice
    };
    let op = kinds::op(kinds[*kind], *author, &choice, &room.document);
    now(room, *author, op);
}

fn now(room: &mut Room, author: u32, op: v1::Op) {
    let client_seq = room.document.last_client_seq(author) + 1;
    room.commit(author, client_seq, vec![op]).expect("it fits");
}

impl Stage {
    /// Lets somebody do something that the others do not know yet.
    pub(super) fn make(&self, author: u32, (kind, choice): (Kind, &Choice)) -> Made {
        let mut replica = self.room.replica(author);
        let batch = (!kind.is_servers()).then(|| {
            let op = kinds::op(kind, author, choice, &self.room.document);
            replica.submit(&[op]).expect("it can be done");
            replica.take_batch(1).expect("it was done")
        });
        Made {
            kind,
            choice: choice.clone(),
            replica,
            batch,
        }
    }

    /// The server takes one, then the other; all who were there end with its document.
    pub(super) fn commit(&self, first: &Made, second: &Made) -> Document {
        let mut room = self.room.clone();
        self.arrive(&mut room, first);
        let between = room.document.clone();
        self.arrive(&mut room, second);
        let (start, middle) = (self.room.document.revision(), between.revision());
        let news = [
            within(&room, start, middle),
            within(&room, middle, room.document.revision()),
        ];
        foresees(second, &news[0], &room.document);
        let onlooker = self.room.replica(GUARD);
        for replica in [&first.replica, &second.replica, &onlooker] {
            ends_as(replica.clone(), &news, &room.document);
        }
        let mut late = Document::from_snapshot(between.snapshot()).expect("own snapshot");
        news[1]
            .batches
            .iter()
            .for_each(|batch| late.apply(batch).expect("the log fits"));
        let mut replay = Document::new();
        room.log
            .iter()
            .for_each(|batch| replay.apply(batch).expect("the log fits"));
        for document in [late, replay] {
            assert_eq!(document.state_hash(), room.document.state_hash());
            assert_eq!(document, room.document);
        }
        room.document
    }

    fn arrive(&self, room: &mut Room, made: &Made) {
        match &made.batch {
            Some(batch) => room
                .receive(made.replica.author(), batch.clone())
                .expect("what could be done can be done after another"),
            None => {
                let target = &self.targets[made.replica.author() as usize - 1];
                let op = kinds::servers(made.kind, &made.choice, &room.document, target);
                room.commit(0, 0, vec![op]).expect("the server's ops fit");
            }
        }
    }
}

fn within(room: &Room, after: u64, up_to: u64) -> Committed {
    let mut news = room.since(after);
    news.batches.retain(|batch| batch.first_revision <= up_to);
    news
}

/// Who waits sees what the server will make of it, as soon as the other op came.
fn foresees(made: &Made, other: &Committed, end: &Document) {
    if made.batch.is_none() {
        return;
    }
    let mut replica = made.replica.clone();
    let received = replica.receive(other).expect("the log fits");
    assert_eq!((received.gap, replica.pending_count()), (None, 1));
    let seen: Vec<_> = replica.objects().objects.into_iter().map(plain).collect();
    let visible = end.drawing_order().filter(|object| !object.deleted());
    let made: Vec<_> = visible.map(|object| plain(object.to_state())).collect();
    assert_eq!(seen, made, "what is pending was moved");
}

fn ends_as(mut replica: Replica, news: &[Committed], end: &Document) {
    for committed in news {
        let received = replica.receive(committed).expect("the log fits");
        assert_eq!(received.gap, None);
    }
    assert_eq!(replica.pending_count(), 0);
    assert_eq!(replica.document().state_hash(), end.state_hash());
    assert_eq!(replica.document(), end);
}

/// All objects without when and by whom.
pub(super) fn content(document: &Document) -> BTreeMap<ObjectId, v1::ObjectState> {
    let objects = document.objects();
    objects
        .map(|object| (object.id(), plain(object.to_state())))
        .collect()
}

fn plain(state: v1::ObjectState) -> v1::ObjectState {
    v1::ObjectState {
        created_revision: 0,
        created_ms: 0,
        points_restored: 0,
        writers: vec![],
        pending: false,
        ..state
    }
}
