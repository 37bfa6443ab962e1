//! What must be known of an object to judge the next op on it.

use crate::object::{Kind, Object, Point};
use crate::stroke::{Stroke, StrokeTip};

/// An object as the ops of a batch so far leave it.
pub(super) struct Touched {
    pub(super) kind: Kind,
    pub(super) offset: Point,
    pub(super) tip: Option<StrokeTip>,
}

impl Touched {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            offset: Point::default(),
            tip: kind.has_points().then(StrokeTip::default),
        }
    }
}

impl From<&Object> for Touched {
    fn from(object: &Object) -> Self {
        Self {
            kind: object.kind,
            offset: object.offset(),
            tip: object.stroke.as_ref().map(Stroke::tip),
        }
    }
}
