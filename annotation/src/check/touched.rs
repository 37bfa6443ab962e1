//! An object as far as the next op on it is judged by it.

use crate::object::{Kind, Object, Point};
use crate::op::Create;
use crate::stroke::{Stroke, StrokeTip};

/// An object as the ops of a batch so far leave it.
pub(super) struct Touched {
    pub(super) kind: Kind,
    pub(super) offset: Point,
    pub(super) tip: Option<StrokeTip>,
    pub(super) text: String,
}

impl From<&Create> for Touched {
    fn from(create: &Create) -> Self {
        Self {
            kind: create.kind,
            offset: Point::default(),
            tip: create.kind.has_points().then(StrokeTip::default),
            text: create.text().to_owned(),
        }
    }
}

impl From<&Object> for Touched {
    fn from(object: &Object) -> Self {
        Self {
            kind: object.kind,
            offset: object.offset(),
            tip: object.stroke.as_ref().map(Stroke::tip),
            text: object.text().to_owned(),
        }
    }
}
