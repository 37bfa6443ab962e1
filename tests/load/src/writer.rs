//! A writer's work: ops that can be told apart in a snapshot. For generators of load it also makes
//! the batches, and keeps those that are not acknowledged yet.
//!
//! Each op leaves its own trace in a snapshot, so that a snapshot alone accounts for all of them.
//! Every create carries its batch in the frame stamp. Every append to a stroke carries it in two
//! points that return to where they began, so that a stroke of any length stays near the picture.

use crate::journal::OpKey;
use fmz_proto::points::{self, Delta};
use fmz_proto::v1::{
    CommittedBatch, Create, FrameStamp, Kind, ObjectId, ObjectState, Op, OpBatch, Point, Property,
    StrokeAppend, op, property,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::VecDeque;
use std::ops::RangeInclusive;

/// Ops in one batch: a pen makes one to three in 16 to 33 ms.
const BATCH_OPS: RangeInclusive<u32> = 1..=3;
/// Appends to one stroke before the next is begun.
const STROKE_APPENDS: u32 = 20;
/// Points that mark one append.
pub(crate) const MARK_POINTS: usize = 2;

/// One author at work. Holds no socket and no clock; its choices come from the seed.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) author: u32,
    next_seq: u64,
    next_counter: u32,
    stroke: Option<Stroke>,
    unacked: VecDeque<OpBatch>,
    batch_ops: RangeInclusive<u32>,
    rng: ChaCha8Rng,
}

#[derive(Debug, Clone, Copy)]
struct Stroke {
    counter: u32,
    appends: u32,
}

impl Writer {
    /// Makes a writer that has not written before.
    pub(crate) fn new(seed: u64) -> Self {
        Self::with_batches(seed, BATCH_OPS)
    }

    /// Makes a writer that has not written before, with batches of this many ops.
    pub(crate) fn with_batches(seed: u64, batch_ops: RangeInclusive<u32>) -> Self {
        Self {
            author: 0,
            next_seq: 1,
            next_counter: 1,
            stroke: None,
            unacked: VecDeque::new(),
            batch_ops,
            rng: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// Makes the ops of the next batch, to be sent by the caller.
    pub(crate) fn ops(&mut self) -> Vec<Op> {
        let client_seq = self.next_seq;
        self.next_seq += 1;
        let count = self.rng.random_range(self.batch_ops.clone());
        (0..count).map(|index| self.op(client_seq, index)).collect()
    }

    /// Makes the next batch, which counts as unacknowledged from here on.
    pub(crate) fn submit(&mut self, base: u64) -> OpBatch {
        let batch = OpBatch {
            client_seq: self.next_seq,
            base,
            ops: self.ops(),
        };
        self.unacked.push_back(batch.clone());
        batch
    }

    /// Takes a committed batch. Returns true if it acknowledges one of this writer's.
    pub(crate) fn committed(&mut self, batch: &CommittedBatch) -> bool {
        if batch.author != self.author {
            return false;
        }
        let before = self.unacked.len();
        self.unacked
            .retain(|mine| mine.client_seq != batch.client_seq);
        self.unacked.len() < before
    }

    /// Returns the batches that must be sent again after a break, in order.
    pub(crate) fn unacked(&self) -> impl Iterator<Item = &OpBatch> {
        self.unacked.iter()
    }

    fn op(&mut self, client_seq: u64, index: u32) -> Op {
        let op = match self.stroke {
            Some(stroke) if stroke.appends < STROKE_APPENDS => {
                self.append(stroke, client_seq, index)
            }
            _ if self.rng.random_bool(0.5) => self.create(Kind::Brush, client_seq, index),
            _ => self.create(Kind::Rectangle, client_seq, index),
        };
        Op { op: Some(op) }
    }

    fn append(&mut self, stroke: Stroke, client_seq: u64, index: u32) -> op::Op {
        self.stroke = Some(Stroke {
            appends: stroke.appends + 1,
            ..stroke
        });
        op::Op::StrokeAppend(StrokeAppend {
            id: Some(self.id(stroke.counter)),
            points: Some(points::encode(&mark(client_seq, index), false)),
        })
    }

    fn create(&mut self, kind: Kind, client_seq: u64, index: u32) -> op::Op {
        let counter = self.next_counter;
        self.next_counter += 1;
        self.stroke = (kind == Kind::Brush).then_some(Stroke {
            counter,
            appends: 0,
        });
        op::Op::Create(Create {
            parent: None,
            id: Some(self.id(counter)),
            kind: kind.into(),
            frame: Some(FrameStamp {
                rtp_timestamp: client_seq as i64,
                frame_index: Some(index),
                ..FrameStamp::default()
            }),
            properties: properties(kind),
        })
    }

    fn id(&self, counter: u32) -> ObjectId {
        ObjectId {
            author: self.author,
            counter,
        }
    }
}

fn properties(kind: Kind) -> Vec<Property> {
    use property::Value;
    let corner = |x, y| Point { x, y };
    let mut values = vec![Value::Color(0xff33_66ff), Value::Width(64)];
    if kind == Kind::Rectangle {
        values.push(Value::Start(corner(1000, 1000)));
        values.push(Value::End(corner(4000, 3000)));
    }
    let property = |value| Property { value: Some(value) };
    values.into_iter().map(property).collect()
}

fn mark(client_seq: u64, index: u32) -> [Delta; MARK_POINTS] {
    let (x, y) = (client_seq as i32, index as i32 + 1);
    [(x, y), (-x, -y)].map(|(x, y)| Delta { x, y, pressure: 0 })
}

/// Returns the op that created this object.
pub(crate) fn creator(object: &ObjectState) -> Option<OpKey> {
    let frame = object.frame.as_ref()?;
    Some(OpKey {
        author: object.id?.author,
        client_seq: frame.rtp_timestamp.try_into().ok()?,
        index: frame.frame_index?,
    })
}

/// Returns the appends of which a stroke consists, in its order; `None` if its points are not whole
/// marks.
pub(crate) fn appends(object: &ObjectState) -> Option<Vec<OpKey>> {
    let author = object.id?.author;
    let Some(points) = &object.points else {
        return Some(Vec::new());
    };
    let deltas = points::decode(points, usize::MAX).ok()?.deltas;
    deltas
        .chunks(MARK_POINTS)
        .map(|deltas| marked(author, deltas))
        .collect()
}

fn marked(author: u32, deltas: &[Delta]) -> Option<OpKey> {
    let &[Delta { x, y, .. }, back] = deltas else {
        return None;
    };
    let whole = x > 0 && y > 0 && (back.x, back.y) == (-x, -y);
    whole.then(|| OpKey {
        author,
        client_seq: x as u64,
        index: y as u32 - 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer() -> Writer {
        let mut writer = Writer::new(7);
        writer.author = 3;
        writer
    }

    #[test]
    fn the_same_seed_makes_the_same_batches_and_they_pass_the_wire() {
        let (mut one, mut other) = (writer(), writer());
        for _ in 0..200 {
            let batch = one.submit(0);
            assert_eq!(fmz_proto::validate_batch(&batch), Ok(()));
            assert_eq!(batch, other.submit(0));
            let committed = CommittedBatch {
                author: 3,
                client_seq: batch.client_seq,
                ..Default::default()
            };
            assert!(one.committed(&committed) && other.committed(&committed));
        }
    }

    #[test]
    fn marks_are_read_back_and_broken_ones_are_not() {
        let mut mark = mark(9, 2);
        let mut stroke = ObjectState {
            id: Some(ObjectId {
                author: 3,
                counter: 1,
            }),
            points: Some(points::encode(&mark, false)),
            ..Default::default()
        };
        assert_eq!(
            appends(&stroke),
            Some(vec![OpKey {
                author: 3,
                client_seq: 9,
                index: 2
            }])
        );
        mark[1].x = 0;
        stroke.points = Some(points::encode(&mark, false));
        assert_eq!(appends(&stroke), None);
    }
}
