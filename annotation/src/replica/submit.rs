//! Own changes: made, and given out as batches.

use super::Replica;
use crate::OpError;
use crate::check::Draft;
use crate::limits::PENDING_OPS_MAX;
use crate::object::id_from_wire;
use crate::op::Op;
use crate::overlay::{self, View};
use fmz_proto::v1;

impl Replica {
    /// Changes the view at once and keeps the ops for the next batches. All ops are taken or none.
    ///
    /// Fills in the revision that a clear has seen, and the count and hash of a stroke's points if
    /// its end names none.
    ///
    /// # Errors
    /// [`OpError`] for the first op that the server would refuse.
    pub fn submit(&mut self, ops: &[v1::Op]) -> Result<(), OpError> {
        self.has_room(ops.len())?;
        let mut draft = self.draft();
        let ops: Result<Vec<Op>, _> = ops.iter().map(|op| self.read(&mut draft, op)).collect();
        for op in ops? {
            let sender = self.sender();
            let view = View {
                document: &self.document,
                overlay: Some(&self.overlay),
            };
            self.history.record(view, sender, &op);
            self.write(op);
        }
        self.history.submitted();
        Ok(())
    }

    /// Judges an op, with what this replica knows better than its page.
    fn read(&self, draft: &mut Draft<'_>, op: &v1::Op) -> Result<Op, OpError> {
        let mut op = match end_to_fill(op) {
            Some(end) => filled(draft, end)?,
            None => Op::try_from(op)?,
        };
        if let Op::Clear(clear) = &mut op {
            clear.seen = self.document.revision();
        }
        draft.check(&op)?;
        Ok(op)
    }

    pub(super) fn accept(&self, ops: &[Op]) -> Result<(), OpError> {
        self.has_room(ops.len())?;
        self.check(ops)
    }

    fn has_room(&self, more: usize) -> Result<(), OpError> {
        if self.author == 0 {
            return Err(OpError::NoAuthor);
        }
        if self.pending.len() + more > PENDING_OPS_MAX {
            return Err(OpError::TooManyPending);
        }
        Ok(())
    }

    pub(super) fn write(&mut self, op: Op) {
        if let Op::Create(create) = &op {
            self.last_counter = self.last_counter.max(create.id.counter());
        }
        let touched = match &op {
            Op::Clear(clear) => self.view().cleared(self.sender(), clear),
            _ => op.ids().to_vec(),
        };
        let sender = self.sender();
        overlay::write(&self.document, &mut self.overlay, sender, &op);
        self.touch(touched);
        self.pending.queue.push_back(op);
    }
}

/// Returns the end of a stroke that says nothing of its points.
fn end_to_fill(op: &v1::Op) -> Option<&v1::StrokeEnd> {
    match &op.op {
        Some(v1::op::Op::StrokeEnd(end)) => {
            Some(end).filter(|end| (end.points, end.hash) == (0, 0))
        }
        _ => None,
    }
}

fn filled(draft: &mut Draft<'_>, end: &v1::StrokeEnd) -> Result<Op, OpError> {
    let id = id_from_wire(&end.id)?;
    let end = draft.sum(id)?.to_wire((&id).into());
    let op = Some(v1::op::Op::StrokeEnd(end));
    Op::try_from(&v1::Op { op })
}
