//! What ops become where others came before them.

mod change;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use change::Change;

use crate::object::ObjectId;
use crate::op::{Op, Ops};
use crate::text::Edit;
use crate::{Document, OpError};
use fmz_proto::WireError;
use std::collections::BTreeSet;

/// Moves an author's ops, made one after the other, over a change that came before them. Returns
/// the change as it is after them.
pub(crate) fn move_over<'a>(
    ops: impl IntoIterator<Item = &'a mut Op>,
    author: u32,
    mut change: Change,
) -> Change {
    for op in ops {
        change.pass(op, author);
    }
    change
}

impl Document {
    /// Moves an author's ops, made on the revision `base`, over what came since: as
    /// they are to be committed now.
    ///
    /// # Errors
    /// [`OpError::BaseTooOld`] where a text edit is among them and not all changes of texts since
    /// are kept; [`OpError::Field`] where the base is not reached yet, or an op is out of range.
    pub fn rebase(&self, author: u32, base: u64, mut ops: Ops) -> Result<Ops, OpError> {
        if base > self.revision {
            return Err(WireError::OutOfRange { field: "base" }.into());
        }
        let rests = |op: &Op| self.may_change(op, base);
        if base == self.revision || !ops.as_slice().iter().any(rests) {
            return Ok(ops);
        }
        let changes = self.changes_since(base, ops.as_slice())?;
        if !changes.is_empty() {
            ops.change(|ops| {
                for change in changes {
                    let _ = move_over(&mut *ops, author, change);
                }
            });
        }
        Ok(ops)
    }

    /// Whether an op rests on what may have changed after a revision. Cheap, for most do not.
    fn may_change(&self, op: &Op, base: u64) -> bool {
        match op {
            Op::TextEdit { .. } => true,
            Op::StrokeEnd { id, .. } => {
                let object = self.object(*id);
                object.is_some_and(|object| object.points_restored > base)
            }
            _ => false,
        }
    }

    /// What changed after a revision of that on which ops rest.
    fn changes_since(&self, base: u64, ops: &[Op]) -> Result<Vec<Change>, OpError> {
        let edited: BTreeSet<_> = ops.iter().filter_map(Op::edited).collect();
        let mut changes = self.points_since(base, ops);
        if !edited.is_empty() {
            let texts = self.texts.since(base).ok_or(OpError::BaseTooOld)?;
            let texts = texts.filter(|change| edited.contains(&change.id));
            changes.extend(texts.cloned().map(Change::Text));
        }
        Ok(changes)
    }

    /// The strokes that ops end and that were given other points after a revision.
    pub(crate) fn points_since<'a>(
        &self,
        base: u64,
        ops: impl IntoIterator<Item = &'a Op>,
    ) -> Vec<Change> {
        let ended = ops.into_iter().filter_map(Op::ended);
        let objects = ended.filter_map(|id| self.object(id));
        let restored = objects.filter(|object| object.points_restored > base);
        restored.filter_map(Change::points_of).collect()
    }
}

impl Change {
    /// The text edit that it has become; `None` for one of points.
    pub(crate) fn into_edit(self) -> Option<(ObjectId, Edit)> {
        match self {
            Self::Text(change) => Some((change.id, change.edit)),
            Self::Points { .. } => None,
        }
    }
}
