//! Points of a brush stroke: absolute in the document, deltas in ops.

use crate::{OpError, Point, limits};
use fmz_proto::WireError;
use fmz_proto::limits::COORDINATE_MAX;

/// Pressure of points from a device that reports none, where the rest of the stroke has it: the half that Pointer
/// Events report for such devices.
const PRESSURE_UNKNOWN: u8 = 128;

/// A brush stroke.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stroke {
    points: Vec<Point>,
    pressure: Vec<u8>,
    ended: bool,
}

impl Stroke {
    /// The points in the order they were drawn.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Pressure of each point, 0..=255; empty when the device reports none.
    pub fn pressure(&self) -> &[u8] {
        &self.pressure
    }

    /// Whether the pen was lifted: no points follow.
    pub fn ended(&self) -> bool {
        self.ended
    }

    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    pub(crate) fn content_bytes(&self) -> usize {
        self.points.len() * limits::POINT_BYTES
    }

    /// Appends a chunk that [`StrokeTip::append`] accepted for this stroke.
    pub(crate) fn append(&mut self, chunk: &Chunk) {
        let mut tip = self.tip().last;
        let before = self.points.len();
        self.points.extend(chunk.deltas.iter().map(|&delta| {
            tip = tip.saturating_add(delta);
            tip
        }));
        if chunk.pressure.is_empty() && self.pressure.is_empty() {
            return;
        }
        self.pressure.resize(before, PRESSURE_UNKNOWN);
        self.pressure.extend_from_slice(&chunk.pressure);
        self.pressure.resize(self.points.len(), PRESSURE_UNKNOWN);
    }

    pub(crate) fn tip(&self) -> StrokeTip {
        StrokeTip {
            count: self.points.len(),
            last: self.points.last().copied().unwrap_or_default(),
            ended: self.ended,
        }
    }

    /// The whole stroke as one chunk.
    pub(crate) fn to_chunk(&self) -> Chunk {
        let mut before = Point::default();
        let deltas = self.points.iter().map(|&point| {
            let delta = point.saturating_sub(before);
            before = point;
            delta
        });
        Chunk {
            deltas: deltas.collect(),
            pressure: self.pressure.clone(),
        }
    }

    pub(crate) fn from_chunk(chunk: &Chunk, ended: bool) -> Result<Self, WireError> {
        StrokeTip::default().walk(chunk)?;
        let mut stroke = Self::default();
        stroke.append(chunk);
        stroke.ended = ended;
        Ok(stroke)
    }
}

/// Points as deltas to the point before; the first of a stroke to 0,0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Chunk {
    deltas: Vec<Point>,
    pressure: Vec<u8>,
}

impl Chunk {
    pub(crate) fn from_wire(dx: &[i32], dy: &[i32], pressure: &[u8]) -> Result<Self, WireError> {
        if dx.len() != dy.len() || !(pressure.is_empty() || pressure.len() == dx.len()) {
            return Err(WireError::OutOfRange { field: "points" });
        }
        let deltas = dx.iter().zip(dy).map(|(&x, &y)| Point { x, y }).collect();
        Ok(Self {
            deltas,
            pressure: pressure.to_vec(),
        })
    }

    pub(crate) fn to_wire(&self) -> (Vec<i32>, Vec<i32>, Vec<u8>) {
        let (dx, dy) = self.deltas.iter().map(|delta| (delta.x, delta.y)).unzip();
        (dx, dy, self.pressure.clone())
    }

    pub(crate) fn len(&self) -> usize {
        self.deltas.len()
    }
}

/// What must be known of a stroke to judge the next points.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StrokeTip {
    pub(crate) count: usize,
    last: Point,
    ended: bool,
}

impl StrokeTip {
    pub(crate) fn append(&mut self, chunk: &Chunk) -> Result<(), OpError> {
        if self.ended {
            return Err(OpError::StrokeEnded);
        }
        Ok(self.walk(chunk)?)
    }

    pub(crate) fn end(&mut self) -> Result<(), OpError> {
        if self.ended {
            return Err(OpError::StrokeEnded);
        }
        self.ended = true;
        Ok(())
    }

    fn walk(&mut self, chunk: &Chunk) -> Result<(), WireError> {
        for &delta in &chunk.deltas {
            self.last = self.last.saturating_add(delta);
            if !self.last.is_within(COORDINATE_MAX) {
                return Err(WireError::OutOfRange { field: "points" });
            }
        }
        self.count += chunk.len();
        Ok(())
    }
}
