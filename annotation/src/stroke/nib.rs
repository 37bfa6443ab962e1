//! The pen that draws a stroke.

use crate::Point;
use crate::fold::PointsFold;
use fmz_proto::points::{Delta, PRESSURE_UNKNOWN};

/// Where the pen is, and how hard it is pressed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nib {
    pub(super) at: Point,
    pub(super) pressure: u8,
}

/// Hash of points, those without a pressure with the one that is then meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PointsHash(PointsFold);

impl Default for PointsHash {
    fn default() -> Self {
        Self(PointsFold::new())
    }
}

impl PointsHash {
    pub(super) fn push(&mut self, Nib { at, pressure }: Nib) {
        self.0 = self.0.pressed(at, pressure);
    }

    /// Never 0.
    pub(super) fn value(self) -> u64 {
        self.0.value().max(1)
    }
}

impl Default for Nib {
    fn default() -> Self {
        Self::behind(&[], &[])
    }
}

impl Nib {
    /// At the last of some points.
    pub(super) fn behind(points: &[Point], pressure: &[u8]) -> Self {
        Self {
            at: points.last().copied().unwrap_or_default(),
            pressure: pressure.last().copied().unwrap_or(PRESSURE_UNKNOWN),
        }
    }

    /// Goes to a point and returns the delta there.
    pub(super) fn delta_to(&mut self, point: Point, pressure: u8) -> Delta {
        let Point { x, y } = point.saturating_sub(self.at);
        let pressure_delta = i32::from(pressure) - i32::from(self.pressure);
        (self.at, self.pressure) = (point, pressure);
        Delta {
            x,
            y,
            pressure: pressure_delta,
        }
    }

    /// Goes to the next point, at the nearest pressure there is. Returns the pressure
    /// that the delta asked for.
    pub(super) fn go(&mut self, delta: Delta, pressed: bool) -> i32 {
        let Delta { x, y, pressure } = delta;
        self.at = self.at.saturating_add(Point { x, y });
        let asked = match pressed {
            true => i32::from(self.pressure).saturating_add(pressure),
            false => i32::from(PRESSURE_UNKNOWN),
        };
        self.pressure = asked.clamp(0, u8::MAX.into()) as u8;
        asked
    }
}
