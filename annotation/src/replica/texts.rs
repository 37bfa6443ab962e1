//! Pending text edits and the undo of texts, kept on what others wrote.

use super::Replica;
use super::pending::Pending;
use crate::object::{Object, ObjectId};
use crate::op::Op;
use crate::overlay::View;
use crate::text::{Edit, TextChange};
use crate::transform::move_over;
use std::collections::BTreeSet;

impl Replica {
    /// Moves what is pending, and what can be undone, over changes of texts that others committed.
    pub(super) fn move_texts(&mut self, changes: &[TextChange]) {
        for change in changes {
            let seen = move_over(self.pending.ops_mut(), self.author, change);
            self.history.move_over(change.id, &seen);
        }
    }

    /// The texts that pending ops and undo rest on, as they are after the batches up to a number.
    pub(super) fn texts_up_to(&self, client_seq: u64) -> Vec<(ObjectId, String)> {
        let mut ids: BTreeSet<ObjectId> = self.pending.ops().filter_map(Op::edited).collect();
        ids.extend(self.history.texts());
        let text = |id: ObjectId| {
            let ops = self.pending.ops_up_to(client_seq);
            Some((id, text_after(self.document.object(id), id, ops)?))
        };
        ids.into_iter().filter_map(text).collect()
    }

    /// Moves what is pending, and what can be undone, from texts as they were to what the document now holds.
    pub(super) fn move_texts_from(&mut self, texts: Vec<(ObjectId, String)>) {
        let changes = texts.into_iter().filter_map(|(id, seen)| {
            let now = self.document.object(id)?.text();
            Some(TextChange::by_server(id, Edit::between(&seen, now)))
        });
        let changes: Vec<_> = changes.collect();
        self.move_texts(&changes);
    }

    /// What leaving out ops changes in the texts that a view holds before them.
    pub(super) fn without(&self, view: View<'_>, ops: &[Op]) -> Vec<TextChange> {
        let ids: BTreeSet<ObjectId> = ops.iter().filter_map(Op::edited).collect();
        let change = |id: ObjectId| {
            let object = view.object(id)?;
            let with = text_after(Some(object), id, ops.iter())?;
            Some(TextChange::by_server(
                id,
                Edit::between(&with, object.text()),
            ))
        };
        ids.into_iter().filter_map(change).collect()
    }

    /// Takes text edits that were dropped out of the ops behind them. What they changed cannot be undone any more.
    pub(super) fn leave_out(&mut self, changes: &[TextChange], behind: &mut Pending) {
        for change in changes {
            self.history.forget_text(change.id);
            let _ = move_over(behind.ops_mut(), self.author, change);
        }
    }
}

/// The text of an object after ops; `None` where it is not there or one does not fit.
fn text_after<'a>(
    object: Option<&Object>,
    id: ObjectId,
    mut ops: impl Iterator<Item = &'a Op>,
) -> Option<String> {
    let text = object.map(|object| object.text().to_owned());
    ops.try_fold(text, |text, op| match op {
        Op::Create(create) if create.id == id => Some(Some(create.text().to_owned())),
        Op::TextEdit { id: other, edit } if *other == id => Some(Some(edit.apply(&text?)?)),
        _ => Some(text),
    })?
}
