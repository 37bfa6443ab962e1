//! A committed change that other ops are moved over.

use super::table::{Rule, rule};
use crate::object::{Object, ObjectId};
use crate::op::{Op, OpType};
use crate::stroke::StrokeTip;
use crate::text::TextChange;

/// What a committed op changed of that on which others rest that were made without knowing it.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// A text was edited, or set by a way back.
    Text(TextChange),
    /// A way back gave a stroke other points, and this is where they end.
    Points {
        /// Which stroke.
        id: ObjectId,
        /// Where it goes on.
        tip: StrokeTip,
    },
}

impl Change {
    /// The points that an object has now, as a change.
    pub(crate) fn points_of(object: &Object) -> Option<Self> {
        let (id, tip) = (object.id, object.stroke.as_ref()?.tip());
        Some(Self::Points { id, tip })
    }

    /// What sort of op made it. What the server sets counts as a way back.
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

/// Points go on from where the stroke ends now, and its end is that of the stroke with them.
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
