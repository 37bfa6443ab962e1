//! One author's strokes in batches. Holds no socket and no clock.

use crate::hand::{Hand, STROKE_POINTS};
use fmz_annotation as annotation;
use fmz_proto::points::{self, Delta};
use fmz_proto::v1::{
    CommittedBatch, Create, FrameStamp, Kind, ObjectId, Op, OpBatch, Property, StrokeAppend,
    StrokePoints, op, property::Value,
};
use std::time::Duration;

const COLOR: u32 = 0xff33_66ff;
const WIDTH: u32 = 64;

/// Turns a hand's points into ops: one stroke a second, one append a point.
#[derive(Debug)]
pub(crate) struct Pen {
    hand: Hand,
    author: u32,
    made: u64,
    batches: u64,
    revision: u64,
    last: (i32, i32),
    stroke: annotation::Drawn,
}

/// A batch, and the time at which its first point was drawn, since all began.
#[derive(Debug)]
pub(crate) struct Drawn {
    pub(crate) batch: OpBatch,
    pub(crate) points: u64,
    pub(crate) first_at: Duration,
}

impl Pen {
    pub(crate) fn new(hand: Hand, author: u32) -> Self {
        Self {
            hand,
            author,
            made: 0,
            batches: 0,
            revision: 0,
            last: (0, 0),
            stroke: annotation::Drawn::default(),
        }
    }

    pub(crate) fn author(&self) -> u32 {
        self.author
    }

    /// Returns the points that were drawn by now and are in no batch yet.
    pub(crate) fn batch(&mut self, elapsed: Duration) -> Option<Drawn> {
        let (first, due) = (self.made, self.hand.due(elapsed));
        let mut ops = Vec::new();
        while self.made < due {
            self.point(&mut ops);
        }
        if ops.is_empty() {
            return None;
        }
        self.batches += 1;
        Some(Drawn {
            batch: OpBatch {
                client_seq: self.batches,
                base: self.revision,
                ops,
            },
            points: self.made - first,
            first_at: self.hand.drawn_at(first),
        })
    }

    fn point(&mut self, ops: &mut Vec<Op>) {
        let id = ObjectId {
            author: self.author,
            counter: (self.made / STROKE_POINTS) as u32 + 1,
        };
        if self.made.is_multiple_of(STROKE_POINTS) {
            self.last = (0, 0);
            self.stroke = annotation::Drawn::default();
            ops.push(begin(id));
        }
        let (x, y) = self.hand.place(self.made);
        let points = step(x - self.last.0, y - self.last.1);
        self.stroke.append(&points).expect("a hand stays near");
        ops.push(append(id, points));
        self.last = (x, y);
        self.made += 1;
        if self.made.is_multiple_of(STROKE_POINTS) {
            ops.push(made(op::Op::StrokeEnd(self.stroke.end(id))));
        }
    }

    /// Notes a committed batch; returns its number of points if another author made it.
    pub(crate) fn committed(&mut self, batch: &CommittedBatch) -> u64 {
        let ops = batch.ops.len() as u64;
        self.revision = (batch.first_revision + ops).saturating_sub(1);
        if batch.author == self.author {
            return 0;
        }
        let appends = |op: &&Op| matches!(op.op, Some(op::Op::StrokeAppend(_)));
        batch.ops.iter().filter(appends).count() as u64
    }
}

fn begin(id: ObjectId) -> Op {
    let values = [Value::Color(COLOR), Value::Width(WIDTH)];
    let properties = values.map(|value| Property { value: Some(value) }).into();
    made(op::Op::Create(Create {
        id: Some(id),
        kind: Kind::Brush.into(),
        frame: Some(FrameStamp::default()),
        properties,
        ..Create::default()
    }))
}

/// Returns one more point, as the difference to the one before.
fn step(x: i32, y: i32) -> StrokePoints {
    let pressure = 0;
    points::encode(&[Delta { x, y, pressure }], false)
}

fn append(id: ObjectId, points: StrokePoints) -> Op {
    made(op::Op::StrokeAppend(StrokeAppend {
        id: Some(id),
        points: Some(points),
    }))
}

fn made(op: op::Op) -> Op {
    Op { op: Some(op) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fmz_annotation::Document;
    use fmz_proto::v1::AuthorAdded;

    fn committed(document: &Document, author: u32, batch: OpBatch) -> CommittedBatch {
        CommittedBatch {
            first_revision: document.revision() + 1,
            author,
            client_seq: batch.client_seq,
            ops: batch.ops,
            ..Default::default()
        }
    }

    fn with_author() -> Document {
        let mut document = Document::new();
        let added = made(op::Op::AuthorAdded(AuthorAdded {
            author: 1,
            identity: "a".into(),
            name: "a".into(),
            session_key: vec![0; 16].into(),
        }));
        let ops = vec![added];
        let batch = OpBatch {
            ops,
            ..Default::default()
        };
        document
            .apply(&committed(&document, 0, batch))
            .expect("the document takes an author");
        document
    }

    #[test]
    fn what_a_pen_makes_is_taken_by_the_wire_and_the_document_and_counted_by_others() {
        let mut document = with_author();
        let (mut pen, mut other) = (Pen::new(Hand::new(0, 1), 1), Pen::new(Hand::new(1, 1), 2));
        assert!(pen.batch(Duration::ZERO).is_none());
        let (mut made, mut seen) = (0, 0);
        for ms in (0..=2000).step_by(25) {
            let Some(drawn) = pen.batch(Duration::from_millis(ms)) else {
                continue;
            };
            assert_eq!(fmz_proto::validate_batch(&drawn.batch), Ok(()));
            assert!(drawn.first_at <= Duration::from_millis(ms));
            made += drawn.points;
            let batch = committed(&document, 1, drawn.batch);
            document
                .apply(&batch)
                .expect("the document takes the batch");
            seen += other.committed(&batch);
            assert_eq!(pen.committed(&batch), 0);
        }
        assert_eq!((made, seen), (120, 120));
        assert_eq!(document.object_count(), 2);
    }
}
