//! Fewer points for a finished stroke: Ramer-Douglas-Peucker in integers, so that every
//! replica keeps the same points.
//!
//! Coordinates within [`fmz_proto::limits::COORDINATE_MAX`] (2^18) make differences of 2^19 and
//! products of 2^39; with the fractions all stays below 2^57.

use crate::Point;

/// Largest distance of a point that is left out from the line that stays, grid units: two thirds
/// of a pixel at 4K.
pub(crate) const DISTANCE_MAX: i64 = 3;
/// Largest difference of its pressure from that of the line, of 255: seen as less than a tenth of
/// a pressed stroke's width.
pub(crate) const PRESSURE_MAX: i64 = 10;
/// Times that a part is divided again, at most; then it keeps all its points. Handwriting and
/// shading need about twenty, a growing spiral four or five for each turn. Without this bound the
/// spiral would be looked at once for each of its points.
const DEPTH_MAX: u32 = 64;
/// Bits of fractions in distances.
const FRACTION: u32 = 8;

/// Returns which points stay: first, last, and as few between as the tolerances allow. Without
/// pressure `pressure` is empty.
pub(crate) fn kept(points: &[Point], pressure: &[u8]) -> Vec<bool> {
    let mut kept = vec![false; points.len()];
    let Some(last) = points.len().checked_sub(1) else {
        return kept;
    };
    (kept[0], kept[last]) = (true, true);
    // Holds at most one part for each depth and the two of the deepest.
    let mut parts = vec![(0, last, 0)];
    while let Some((first, last, depth)) = parts.pop() {
        if depth == DEPTH_MAX {
            kept[first..=last].fill(true);
        } else if let Some(at) = farthest(points, pressure, first, last) {
            kept[at] = true;
            parts.extend([(at, last, depth + 1), (first, at, depth + 1)]);
        }
    }
    kept
}

/// Finds the point between two that lies farthest from their line, measured in tolerances. Returns
/// `None` if all are within them. Of equals it is the first, so that simplifying again changes
/// nothing.
fn farthest(points: &[Point], pressure: &[u8], first: usize, last: usize) -> Option<usize> {
    let sample = |at: usize| Sample::new(points[at], pressure.get(at).copied());
    let line = Line::new(sample(first), sample(last));
    let mut worst = (DISTANCE_MAX * PRESSURE_MAX) << FRACTION;
    let mut found = None;
    for at in first + 1..last {
        let error = line.error(sample(at));
        if error > worst {
            (worst, found) = (error, Some(at));
        }
    }
    found
}

#[derive(Debug, Clone, Copy)]
struct Sample {
    x: i64,
    y: i64,
    pressure: i64,
}

impl Sample {
    fn new(point: Point, pressure: Option<u8>) -> Self {
        Self {
            x: point.x.into(),
            y: point.y.into(),
            pressure: pressure.unwrap_or_default().into(),
        }
    }

    fn from(self, origin: Self) -> Self {
        Self {
            x: self.x - origin.x,
            y: self.y - origin.y,
            pressure: self.pressure - origin.pressure,
        }
    }

    fn dot(self, other: Self) -> i64 {
        self.x * other.x + self.y * other.y
    }

    fn cross(self, other: Self) -> i64 {
        self.x * other.y - self.y * other.x
    }

    fn length(self) -> i64 {
        (self.dot(self) << (2 * FRACTION)).isqrt()
    }
}

/// The line between two samples, along which the pressure changes evenly.
struct Line {
    start: Sample,
    /// From start to end.
    along: Sample,
    /// Its square, and itself with [`FRACTION`] bits.
    square: i64,
    length: i64,
}

impl Line {
    fn new(start: Sample, end: Sample) -> Self {
        let along = end.from(start);
        Self {
            start,
            along,
            square: along.dot(along),
            length: along.length(),
        }
    }

    /// Returns the distance of a sample, the worse of place and pressure, on a scale on which both
    /// tolerances are the same number.
    fn error(&self, sample: Sample) -> i64 {
        let away = sample.from(self.start);
        let reached = away.dot(self.along).clamp(0, self.square);
        let distance = if reached == 0 {
            away.length()
        } else if reached == self.square {
            away.from(self.along).length()
        } else {
            (away.cross(self.along).abs() << (2 * FRACTION)) / self.length
        };
        let pressure = match self.square {
            0 => away.pressure << FRACTION,
            square => {
                ((away.pressure * square - self.along.pressure * reached) << FRACTION) / square
            }
        };
        (distance * PRESSURE_MAX).max(pressure.abs() * DISTANCE_MAX)
    }
}

#[cfg(test)]
mod tests;
