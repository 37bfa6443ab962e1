//! What ops become when others come before them.

use crate::op::Op;
use crate::text::{Edit, TextChange};
use crate::{Document, OpError};
use fmz_proto::{WireError, v1};

/// Moves the text edits among an author's ops, made one after the other, over a change that came before them.
/// Returns the change as it is after the ops.
pub(crate) fn move_over<'a>(
    ops: impl IntoIterator<Item = &'a mut Op>,
    author: u32,
    change: &TextChange,
) -> Edit {
    let side = change.side(author);
    let mut theirs = change.edit.clone();
    for op in ops {
        if let Op::TextEdit { id, edit } = op
            && *id == change.id
        {
            let moved = edit.transform(&theirs, side);
            theirs = theirs.transform(edit, side.opposite());
            *edit = moved;
        }
    }
    theirs
}

impl Document {
    /// Moves an author's ops, made on the revision `base`, over what came since: as they are to be committed now.
    ///
    /// # Errors
    /// [`OpError::BaseTooOld`] where a text edit is among them and not all changes of texts since are kept;
    /// [`OpError::Field`] where the base is not reached yet, or an op is out of range.
    pub fn rebase(&self, author: u32, base: u64, ops: Vec<v1::Op>) -> Result<Vec<v1::Op>, OpError> {
        let edits = |op: &v1::Op| matches!(op.op, Some(v1::op::Op::TextEdit(_)));
        if base > self.revision {
            return Err(WireError::OutOfRange { field: "base" }.into());
        }
        if base == self.revision || !ops.iter().any(edits) {
            return Ok(ops);
        }
        let mut moved = Op::many_from_wire(&ops)?;
        let changes = self.texts.since(base).ok_or(OpError::BaseTooOld)?;
        for change in changes {
            let _ = move_over(&mut moved, author, change);
        }
        Ok(moved.iter().map(Into::into).collect())
    }
}
