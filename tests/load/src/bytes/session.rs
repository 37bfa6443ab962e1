//! A typical session: some people draw, write, move and delete, by the ops that the page sends.

use crate::strokes::{Sample, corpus};
use fmz_annotation::Drawn;
use fmz_proto::limits::APPEND_POINTS_MAX;
use fmz_proto::points::{self, Delta, PRESSURE_UNKNOWN};
use fmz_proto::v1::{
    Add, Create, FrameStamp, Kind, ObjectId, Op, OpBatch, Point, Property, Set, SetDeleted,
    StrokeAppend, op, property,
};

/// People who draw at the same time.
pub(super) const AUTHORS: u32 = 4;
/// Pointer events a second. A page gets one event for each picture of its screen, with all samples
/// since the last.
const EVENTS_PER_SECOND: u32 = 60;
/// Pointer events in one batch: 33 ms of drawing. The page sends a batch every 25 ms.
const EVENTS_PER_BATCH: usize = 2;
/// Pointer events while a shape is moved: half a second.
const DRAG_EVENTS: i32 = 30;
/// Strokes after which a shape and a note are made, and the last stroke is deleted again.
const STROKES_BETWEEN: u32 = 4;
const NOTES: [&str; 4] = [
    "Horizon tilts a little here",
    "Grain of this shot is stronger than of the one before",
    "更暖一些",
    "Boom in frame until she turns",
];

/// Returns the batches of every author, in the order in which they are sent.
pub(super) fn session() -> Vec<(u32, Vec<OpBatch>)> {
    (1..=AUTHORS)
        .map(|author| (author, Author::new(author).work()))
        .collect()
}

/// Returns one stroke as sent by an author who sent `before` batches earlier.
pub(super) fn stroke(
    author: u32,
    rate: u32,
    stroke: &[Sample],
    before: &[OpBatch],
) -> Vec<OpBatch> {
    let creates = before.iter().flat_map(|batch| &batch.ops);
    let counter = creates
        .filter(|op| matches!(op.op, Some(op::Op::Create(_))))
        .count() as u32;
    let mut author = Author {
        counter,
        sent: before.len() as u64,
        ..Author::new(author)
    };
    author.draw(rate, stroke);
    author.batches
}

/// Returns a stroke of author 1 in as few appends as possible.
pub(super) fn of_deltas(deltas: &[Delta]) -> Vec<OpBatch> {
    let mut author = Author::new(1);
    let id = author.create(Kind::Brush, vec![]);
    let append = |deltas| {
        op::Op::StrokeAppend(StrokeAppend {
            id: Some(id),
            points: Some(points::encode(deltas, false)),
        })
    };
    let appends = deltas.chunks(APPEND_POINTS_MAX).map(append).collect();
    author.send(vec![appends]);
    author.send(vec![vec![end(id, deltas, false)]]);
    author.batches
}

/// An author at work.
struct Author {
    author: u32,
    counter: u32,
    /// Batches that were sent before.
    sent: u64,
    batches: Vec<OpBatch>,
}

impl Author {
    fn new(author: u32) -> Self {
        Self {
            author,
            counter: 0,
            sent: 0,
            batches: Vec::new(),
        }
    }

    /// Draws the author's share of the corpus.
    fn work(mut self) -> Vec<OpBatch> {
        for file in corpus() {
            let own = (1..).zip(&file.strokes);
            let own = own.filter(|(number, _)| number % AUTHORS == self.author - 1);
            for (_, stroke) in own.collect::<Vec<_>>() {
                self.draw(file.rate, stroke);
                if self.counter.is_multiple_of(STROKES_BETWEEN) {
                    self.comment();
                }
            }
        }
        self.batches
    }

    fn draw(&mut self, rate: u32, stroke: &[Sample]) {
        let id = self.create(Kind::Brush, vec![]);
        let mut events: Vec<Vec<op::Op>> = appends(id, rate, stroke)
            .map(|append| vec![append])
            .collect();
        events.push(vec![end(id, &deltas_of(stroke), true)]);
        self.send(events);
    }

    /// Draws a shape, moves it, colours it and writes a note; deletes the stroke before it.
    fn comment(&mut self) {
        use property::Value;
        let stroke = self.id(self.counter);
        let corners = vec![
            Value::Start(corner(4000, 3000)),
            Value::End(corner(6500, 4200)),
        ];
        let shape = self.create(Kind::Rectangle, corners);
        let drag = (1..=DRAG_EVENTS).map(|event| vec![moved(shape, 40 + event, event - 15)]);
        self.send(drag.collect());
        let note = NOTES[(self.counter / STROKES_BETWEEN) as usize % NOTES.len()];
        let words = vec![Value::Start(corner(4100, 2900)), Value::Text(note.into())];
        self.create(Kind::Text, words);
        self.send(vec![vec![set(shape, Value::Color(0x33cc_66ff))]]);
        let delete = op::Op::SetDeleted(SetDeleted {
            ids: vec![stroke],
            deleted: true,
        });
        self.send(vec![vec![delete]]);
    }

    fn create(&mut self, kind: Kind, values: Vec<property::Value>) -> ObjectId {
        self.counter += 1;
        let id = self.id(self.counter);
        let look = [
            property::Value::Color(0xff33_66ff),
            property::Value::Width(48),
        ];
        let values = look.into_iter().chain(values);
        let create = Create {
            id: Some(id),
            kind: kind.into(),
            frame: Some(FrameStamp {
                publication: "p-1-1".into(),
                rtp_timestamp: 90_000 * i64::from(self.counter) + 1_234_567,
                frame_index: Some(24 * self.counter),
                epoch: 1,
                ..FrameStamp::default()
            }),
            properties: values
                .map(|value| Property { value: Some(value) })
                .collect(),
            parent: None,
        };
        self.send(vec![vec![op::Op::Create(create)]]);
        id
    }

    /// Sends the ops that pointer events made.
    fn send(&mut self, events: Vec<Vec<op::Op>>) {
        for events in events.chunks(EVENTS_PER_BATCH) {
            let client_seq = self.sent + self.batches.len() as u64 + 1;
            let ops = events.iter().flatten().cloned();
            self.batches.push(OpBatch {
                client_seq,
                base: client_seq * u64::from(AUTHORS),
                ops: ops.map(|op| Op { op: Some(op) }).collect(),
            });
        }
    }

    fn id(&self, counter: u32) -> ObjectId {
        ObjectId {
            author: self.author,
            counter,
        }
    }
}

/// Returns a stroke as appends, one for each pointer event.
pub(super) fn appends(id: ObjectId, rate: u32, stroke: &[Sample]) -> impl Iterator<Item = op::Op> {
    let deltas = deltas_of(stroke);
    let events = deltas.chunks((rate / EVENTS_PER_SECOND) as usize);
    let append = |deltas: &[Delta]| {
        op::Op::StrokeAppend(StrokeAppend {
            id: Some(id),
            points: Some(points::encode(deltas, true)),
        })
    };
    events.map(append).collect::<Vec<_>>().into_iter()
}

fn deltas_of(stroke: &[Sample]) -> Vec<Delta> {
    let mut before = (0, 0, PRESSURE_UNKNOWN);
    let delta = |&(x, y, pressure): &Sample| {
        let from = std::mem::replace(&mut before, (x, y, pressure));
        Delta {
            x: x - from.0,
            y: y - from.1,
            pressure: i32::from(pressure) - i32::from(from.2),
        }
    };
    stroke.iter().map(delta).collect()
}

fn end(id: ObjectId, deltas: &[Delta], pressed: bool) -> op::Op {
    let mut drawn = Drawn::default();
    let points = points::encode(deltas, pressed);
    drawn.append(&points).expect("strokes are in range");
    op::Op::StrokeEnd(drawn.end(id))
}

fn set(id: ObjectId, value: property::Value) -> op::Op {
    op::Op::Set(Set {
        id: Some(id),
        property: Some(Property { value: Some(value) }),
    })
}

fn moved(id: ObjectId, x: i32, y: i32) -> op::Op {
    op::Op::Add(Add {
        id: Some(id),
        offset: Some(Point { x, y }),
    })
}

fn corner(x: i32, y: i32) -> Point {
    Point { x, y }
}
