//! Points of a brush stroke: absolute in the document, deltas in ops.

mod chunk;
mod drawn;
mod nib;
mod tip;

pub(crate) use chunk::Chunk;
pub use drawn::Drawn;
pub(crate) use tip::{StrokeSum, StrokeTip};

use crate::{Point, limits, simplify};
use fmz_proto::WireError;
use fmz_proto::points::{Deltas, PRESSURE_UNKNOWN};
use nib::{Nib, PointsHash};

/// A brush stroke.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stroke {
    points: Vec<Point>,
    pressure: Vec<u8>,
    ended: bool,
    /// See [`Self::points_hash`]; kept, so that an append costs what it appends.
    hash: PointsHash,
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
            self.hash.push(Nib {
                at: point,
                pressure,
            });
        }
    }

    /// Hash of the points with their pressures.
    pub(crate) fn points_hash(&self) -> u64 {
        self.hash.value()
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
        let mut nib = self.tip().nib;
        for &delta in deltas {
            nib.go(delta, *pressed);
            self.points.push(nib.at);
            self.hash.push(nib);
            if with_pressure {
                self.pressure.push(nib.pressure);
            }
        }
    }

    pub(crate) fn tip(&self) -> StrokeTip {
        StrokeTip {
            count: self.points.len(),
            nib: Nib::behind(&self.points, &self.pressure),
            hash: self.hash,
            ended: self.ended,
        }
    }

    /// The whole stroke as one chunk.
    pub(crate) fn to_chunk(&self) -> Chunk {
        self.chunk_from(0)
    }

    /// Says whether the first `keep` points are there and a chunk fits behind them.
    pub(crate) fn check_restore(&self, keep: usize, rest: Option<&Chunk>) -> Result<(), WireError> {
        let field = "restore.keep";
        let kept = self.nib_behind(keep).ok_or(WireError::OutOfRange { field });
        let mut nib = kept?;
        rest.map_or(Ok(()), |rest| rest.walk(&mut nib, |_| ()))
    }

    /// Where the pen is behind the first points; `None` where there are fewer.
    fn nib_behind(&self, count: usize) -> Option<Nib> {
        let points = self.points.get(..count)?;
        let pressure = self.pressure.get(..count).unwrap_or_default();
        Some(Nib::behind(points, pressure))
    }

    /// Keeps the first points, and goes on with those of a chunk that
    /// [`Self::check_restore`] accepted.
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
        let mut nib = self.nib_behind(count).unwrap_or_default();
        let unknown = std::iter::repeat(&PRESSURE_UNKNOWN);
        let pressures = self.pressure.iter().chain(unknown);
        let points = self.points.iter().zip(pressures).skip(count);
        let deltas = points.map(|(&point, &pressure)| nib.delta_to(point, pressure));
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
