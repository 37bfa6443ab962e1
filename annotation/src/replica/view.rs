//! The view: the committed document with the pending ops written on it.

use super::{Lost, Replica};
use crate::OpError;
use crate::object::ObjectId;
use crate::op::Op;
use crate::overlay;
use std::collections::BTreeSet;

impl Replica {
    /// Derives the given objects of the overlay again from the committed document.
    pub(super) fn rederive(&mut self, ids: &BTreeSet<ObjectId>) {
        self.overlay.retain(|id, _| !ids.contains(id));
        let sender = self.sender();
        for op in self.pending.ops() {
            for &id in op.ids().iter().filter(|id| ids.contains(id)) {
                overlay::write_one(&self.document, &mut self.overlay, sender, op, id);
            }
        }
    }

    /// Derives the whole overlay again: what a pending clear deletes depends on all objects. Gives
    /// the objects that were or are in it.
    pub(super) fn rederive_all(&mut self) -> BTreeSet<ObjectId> {
        let sender = self.sender();
        let before = std::mem::take(&mut self.overlay);
        for op in self.pending.ops() {
            overlay::write(&self.document, &mut self.overlay, sender, op);
        }
        before
            .into_keys()
            .chain(self.overlay.keys().copied())
            .collect()
    }

    /// Derives the whole overlay again, without a refused batch and the pending ops
    /// that have become impossible.
    pub(super) fn rebuild(&mut self, refused: Option<u64>) -> Lost {
        let mut lost = Lost::default();
        self.clear_overlay();
        let mut rest = self.pending.take();
        while let Some(sent) = rest.sent.pop_front() {
            if refused != Some(sent.client_seq) && self.try_overlay(&sent.ops).is_ok() {
                self.pending.sent.push_back(sent);
            } else {
                lost.batches.push(sent.client_seq);
                let changes = self.without(self.view(), &sent.ops);
                self.leave_out(changes, &mut rest);
            }
        }
        while let Some(op) = rest.queue.pop_front() {
            if self.try_overlay(std::slice::from_ref(&op)).is_ok() {
                self.pending.queue.push_back(op);
            } else {
                lost.queued_ops += 1;
                let changes = self.without(self.view(), std::slice::from_ref(&op));
                self.leave_out(changes, &mut rest);
            }
        }
        let overlay: Vec<ObjectId> = self.overlay.keys().copied().collect();
        self.touch(overlay);
        lost
    }

    fn try_overlay(&mut self, ops: &[Op]) -> Result<(), OpError> {
        self.check(ops)?;
        let sender = self.sender();
        for op in ops {
            overlay::write(&self.document, &mut self.overlay, sender, op);
        }
        Ok(())
    }
}
