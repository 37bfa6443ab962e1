//! Points of a brush stroke: absolute in the document, deltas in ops.

use crate::hash::{Fold, Sort};
use crate::{OpError, Point, limits, simplify};
use fmz_proto::limits::COORDINATE_MAX;
use fmz_proto::points::{self, Delta, Deltas, PRESSURE_UNKNOWN};
use fmz_proto::{WireError, v1};

/// A brush stroke.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stroke {
    points: Vec<Point>,
    pressure: Vec<u8>,
    ended: bool,
    /// See [`Self::points_hash`]; kept, so that an append costs what it appends.
    hash: PointsHash,
}

/// Hash of points, those without a pressure with the one that is then meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PointsHash(Fold);

impl Default for PointsHash {
    fn default() -> Self {
        Self(Fold::new(Sort::Points))
    }
}

impl PointsHash {
    fn push(&mut self, point: Point, pressure: u8) {
        self.0 = self.0.point(point).number(pressure.into());
    }
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

    /// Says that no points follow.
    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    /// Leaves out the points that its line does not need.
    pub(crate) fn simplify(&mut self) {
        let kept = simplify::kept(&self.points, &self.pressure);
        keep(&mut self.points, &kept);
        keep(&mut self.pressure, &kept);
        self.hash_again();
    }

    fn hash_again(&mut self) {
        self.hash = PointsHash::default();
        let unknown = std::iter::repeat(&PRESSURE_UNKNOWN);
        for (&point, &pressure) in self.points.iter().zip(self.pressure.iter().chain(unknown)) {
            self.hash.push(point, pressure);
        }
    }

    /// Hash of the points with their pressures.
    pub(crate) fn points_hash(&self) -> u64 {
        self.hash.0.value()
    }

    pub(crate) fn content_bytes(&self) -> usize {
        self.points.len() * limits::POINT_BYTES
    }

    /// Appends a chunk that [`StrokeTip::append`] accepted for this stroke.
    pub(crate) fn append(&mut self, chunk: &Chunk) {
        let Chunk(Deltas { deltas, pressed }) = chunk;
        if *pressed {
            self.pressure.resize(self.points.len(), PRESSURE_UNKNOWN);
        }
        let with_pressure = *pressed || !self.pressure.is_empty();
        let mut tip = self.tip();
        for &delta in deltas {
            tip.go(delta, *pressed);
            self.points.push(tip.last);
            self.hash.push(tip.last, tip.pressure);
            if with_pressure {
                self.pressure.push(tip.pressure);
            }
        }
    }

    pub(crate) fn tip(&self) -> StrokeTip {
        StrokeTip {
            count: self.points.len(),
            last: self.points.last().copied().unwrap_or_default(),
            pressure: self.pressure.last().copied().unwrap_or(PRESSURE_UNKNOWN),
            ended: self.ended,
        }
    }

    /// The whole stroke as one chunk.
    pub(crate) fn to_chunk(&self) -> Chunk {
        self.chunk_from(0)
    }

    /// The tip behind the first points; `None` where there are fewer.
    pub(crate) fn tip_at(&self, count: usize) -> Option<StrokeTip> {
        let points = self.points.get(..count)?;
        let pressure = self.pressure.get(..count).unwrap_or_default();
        Some(StrokeTip {
            count,
            last: points.last().copied().unwrap_or_default(),
            pressure: pressure.last().copied().unwrap_or(PRESSURE_UNKNOWN),
            ended: false,
        })
    }

    /// Keeps the first points, and goes on with those of a chunk that [`StrokeTip::walk`] accepted for them.
    pub(crate) fn restore(&mut self, keep: usize, rest: Option<&Chunk>, ended: bool) {
        self.points.truncate(keep);
        self.pressure.truncate(keep);
        self.hash_again();
        if let Some(rest) = rest {
            self.append(rest);
        }
        self.ended = ended;
    }

    /// The points behind the first `count` as one chunk.
    pub(crate) fn chunk_from(&self, count: usize) -> Chunk {
        let mut tip = self.tip_at(count).unwrap_or_default();
        let unknown = std::iter::repeat(&PRESSURE_UNKNOWN);
        let pressures = self.pressure.iter().chain(unknown);
        let points = self.points.iter().zip(pressures).skip(count);
        let deltas = points.map(|(&point, &pressure)| tip.delta_to(point, pressure));
        Chunk(Deltas {
            deltas: deltas.collect(),
            pressed: !self.pressure.is_empty(),
        })
    }

    pub(crate) fn from_chunk(chunk: &Chunk, ended: bool) -> Result<Self, WireError> {
        StrokeTip::default().walk(chunk)?;
        let mut stroke = Self::default();
        stroke.append(chunk);
        stroke.ended = ended;
        Ok(stroke)
    }
}

fn keep<T>(values: &mut Vec<T>, kept: &[bool]) {
    let mut kept = kept.iter();
    values.retain(|_| kept.next() == Some(&true));
    values.shrink_to_fit();
}

/// Points as deltas from the point before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Chunk(Deltas);

impl Chunk {
    /// The bytes bound how many there are; an op's were counted by [`fmz_proto::validate_op`].
    pub(crate) fn from_wire(points: &v1::StrokePoints) -> Result<Self, WireError> {
        Ok(Self(points::decode(points, usize::MAX)?))
    }

    /// `None` for no points.
    pub(crate) fn to_wire(&self) -> Option<v1::StrokePoints> {
        let Deltas { deltas, pressed } = &self.0;
        (!deltas.is_empty()).then(|| points::encode(deltas, *pressed))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.deltas.len()
    }
}

/// What must be known of a stroke to judge the next points.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StrokeTip {
    pub(crate) count: usize,
    last: Point,
    pressure: u8,
    ended: bool,
}

impl Default for StrokeTip {
    fn default() -> Self {
        Stroke::default().tip()
    }
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

    pub(crate) fn walk(&mut self, chunk: &Chunk) -> Result<(), WireError> {
        let Deltas { deltas, pressed } = &chunk.0;
        for &delta in deltas {
            let pressure = self.go(delta, *pressed);
            let pressure_fits = pressure == i32::from(self.pressure);
            if !pressure_fits || !self.last.is_within(COORDINATE_MAX) {
                return Err(WireError::OutOfRange { field: "points" });
            }
        }
        self.count += chunk.len();
        Ok(())
    }

    /// Goes to a point and returns the delta there.
    fn delta_to(&mut self, point: Point, pressure: u8) -> Delta {
        let Point { x, y } = point.saturating_sub(self.last);
        let pressure_delta = i32::from(pressure) - i32::from(self.pressure);
        (self.last, self.pressure) = (point, pressure);
        Delta {
            x,
            y,
            pressure: pressure_delta,
        }
    }

    /// Goes to the next point, at the nearest pressure there is. Returns the pressure that the delta asked for.
    fn go(&mut self, delta: Delta, pressed: bool) -> i32 {
        let Delta { x, y, pressure } = delta;
        self.last = self.last.saturating_add(Point { x, y });
        let asked = match pressed {
            true => i32::from(self.pressure).saturating_add(pressure),
            false => i32::from(PRESSURE_UNKNOWN),
        };
        self.pressure = asked.clamp(0, u8::MAX.into()) as u8;
        asked
    }
}
