//! The change from one state of a stroke to another.

use crate::stroke::{Chunk, Stroke};
use fmz_proto::WireError;

/// Makes of a stroke another: some points that stay, and those that follow them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StrokeRestore {
    pub(crate) keep: usize,
    pub(crate) rest: Option<Chunk>,
    pub(crate) ended: bool,
}

impl StrokeRestore {
    /// Finds what makes of the first stroke the second.
    pub(crate) fn between(from: &Stroke, to: &Stroke) -> Self {
        let keep = alike(from, to);
        let rest = to.chunk_from(keep);
        Self {
            keep,
            rest: (rest.len() > 0).then_some(rest),
            ended: to.ended(),
        }
    }

    pub(crate) fn check(&self, stroke: &Stroke) -> Result<(), WireError> {
        stroke.check_restore(self.keep, self.rest.as_ref())
    }

    pub(crate) fn write(&self, stroke: &mut Stroke) {
        stroke.restore(self.keep, self.rest.as_ref(), self.ended);
    }
}

/// Returns how many points from the beginning are alike; none if only one of them has pressure.
fn alike(from: &Stroke, to: &Stroke) -> usize {
    if from.pressure().is_empty() != to.pressure().is_empty() {
        return 0;
    }
    let points = from.points().iter().zip(to.points());
    let points = points.take_while(|(from, to)| from == to).count();
    let pressures = from.pressure().iter().zip(to.pressure());
    let pressed = pressures.take_while(|(from, to)| from == to).count();
    if from.pressure().is_empty() {
        points
    } else {
        points.min(pressed)
    }
}
