//! A committed change that other ops are moved over.

use super::table::{Rule, rule};
use crate::object::{Object, ObjectId};
use crate::op::{Op, OpType};
use crate::stroke::StrokeTip;
use crate::text::TextChange;

/// A committed change of something on which other ops rest that were made without knowing it.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// An edit changed a text, or a revert set it.
    Text(TextChange),
    /// A revert gave a stroke other points.
    Points {
        /// The stroke.
        id: ObjectId,
        /// The end of its points.
        tip: StrokeTip,
    },
}

impl Change {
    /// Returns the points that an object has now, as a change.
    pub(crate) fn points_of(object: &Object) -> Option<Self> {
        let (id, tip) = (object.id, object.stroke.as_ref()?.tip());
        Some(Self::Points { id, tip })
    }

    /// Returns the type of op that made it. What the server sets counts as a revert.
    fn by(&self) -> OpType {
        match self {
            Self::Text(change) if change.author > 0 => OpType::TextEdit,
            Self::Text(_) | Self::Points { .. } => OpType::Revert,
        }
    }

    /// Moves an op over the change, and the change over the op.
    pub(super) fn pass(&mut self, op: &mut Op, author: u32) {
        match (rule(op.op_type(), self.by()), self) {
            (Rule::Text, Self::Text(change)) => pass_text(change, op, author),
            (Rule::Points, Self::Points { id, tip }) => pass_points(*id, tip, op),
            (Rule::Text, Self::Points { .. }) | (Rule::Points, Self::Text(_)) => {}
            (Rule::Same | Rule::Later | Rule::Named | Rule::Head, _) => {}
        }
    }
}

fn pass_text(change: &mut TextChange, op: &mut Op, author: u32) {
    if let Op::TextEdit { id, edit } = op
        && *id == change.id
    {
        let side = change.side(author);
        let moved = edit.transform(&change.edit, side);
        change.edit = change.edit.transform(edit, side.opposite());
        *edit = moved;
    }
}

/// Moves an op on a stroke: points go on from the present end of the stroke, and its end is that of
/// the stroke with them.
fn pass_points(stroke: ObjectId, tip: &mut StrokeTip, op: &mut Op) {
    match op {
        Op::StrokeAppend { id, chunk } if *id == stroke => {
            // Points that came out of range so are refused by themselves.
            let _ = tip.walk(chunk);
        }
        Op::StrokeEnd { id, sum } if *id == stroke => *sum = tip.sum(),
        _ => {}
    }
}
