//! Points as an op carries them.

use super::nib::Nib;
use fmz_proto::limits::COORDINATE_MAX;
use fmz_proto::points::{self, Deltas};
use fmz_proto::{WireError, v1};

/// Points as deltas from the point before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Chunk(pub(super) Deltas);

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

    /// Leads the pen over the points, as long as they are in range.
    pub(super) fn walk(&self, nib: &mut Nib, mut see: impl FnMut(Nib)) -> Result<(), WireError> {
        let Deltas { deltas, pressed } = &self.0;
        for &delta in deltas {
            let pressure = nib.go(delta, *pressed);
            let pressure_fits = pressure == i32::from(nib.pressure);
            if !pressure_fits || !nib.at.is_within(COORDINATE_MAX) {
                return Err(WireError::OutOfRange { field: "points" });
            }
            see(*nib);
        }
        Ok(())
    }
}
