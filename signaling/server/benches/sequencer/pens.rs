//! Pens that draw without rest, 60 points a second, and send each 25 ms, as the SDK does.

use bytes::Bytes;
use fmz_annotation::Drawn;
use fmz_proto::{
    encode_client,
    points::{self, Delta},
    v1::{
        Create, FrameStamp, Kind, ObjectId, Op, OpBatch, StrokeAppend, client_message::Message, op,
    },
};
use fmz_signaling_core::{Room, SessionId};
use std::time::Duration;

const BATCH_INTERVAL_US: u64 = 25_000;
const POINT_INTERVAL_US: u64 = 16_667;
const STROKE_POINTS: u64 = 60;

pub(super) struct Pens {
    pens: Vec<Pen>,
}

struct Pen {
    session: SessionId,
    author: u32,
    points: u64,
    batches: u64,
    stroke: Drawn,
}

impl Pens {
    /// One pen for each session that the room gave an author's number.
    pub(super) fn new(room: &Room, authors: u32) -> Self {
        let pen = |session: u32| {
            let identity = super::identity(session);
            let author = room
                .document()
                .authors()
                .find(|(_, author)| author.identity() == identity)
                .map(|(author, _)| author)?;
            Some(Pen {
                session: SessionId(session),
                author,
                points: 0,
                batches: 0,
                stroke: Drawn::default(),
            })
        };
        Self {
            pens: (1..=authors).filter_map(pen).collect(),
        }
    }

    /// All frames of that long, in order of time; pens are spread evenly over the interval.
    pub(super) fn frames(&mut self, length: Duration) -> Vec<(Duration, SessionId, Bytes)> {
        let count = self.pens.len() as u64;
        let mut frames = Vec::new();
        for beat in 1..=length.as_micros() as u64 / BATCH_INTERVAL_US {
            for (place, pen) in (0..).zip(&mut self.pens) {
                let late = BATCH_INTERVAL_US * place / count;
                let due = beat * BATCH_INTERVAL_US / POINT_INTERVAL_US;
                let at = Duration::from_micros(beat * BATCH_INTERVAL_US + late);
                frames.push((at, pen.session, pen.frame(due)));
            }
        }
        frames
    }
}

impl Pen {
    fn frame(&mut self, due: u64) -> Bytes {
        let mut ops = Vec::new();
        while self.points < due {
            self.point(&mut ops);
        }
        self.batches += 1;
        encode_client(Message::Ops(OpBatch {
            client_seq: self.batches,
            base: 0,
            ops: ops.into_iter().map(|op| Op { op: Some(op) }).collect(),
        }))
    }

    fn point(&mut self, ops: &mut Vec<op::Op>) {
        let stroke = ObjectId {
            author: self.author,
            counter: (self.points / STROKE_POINTS) as u32 + 1,
        };
        let id = Some(stroke);
        if self.points.is_multiple_of(STROKE_POINTS) {
            self.stroke = Drawn::default();
            ops.push(op::Op::Create(Create {
                id,
                kind: Kind::Brush.into(),
                frame: Some(FrameStamp::default()),
                ..Create::default()
            }));
        }
        let x = (self.points % 40) as i32 - 20;
        let step = Delta {
            x,
            y: 17 - x,
            pressure: 0,
        };
        let points = points::encode(&[step], false);
        self.stroke.append(&points).expect("a pen stays near");
        ops.push(op::Op::StrokeAppend(StrokeAppend {
            id,
            points: Some(points),
        }));
        self.points += 1;
        if self.points.is_multiple_of(STROKE_POINTS) {
            ops.push(op::Op::StrokeEnd(self.stroke.end(stroke)));
        }
    }
}
