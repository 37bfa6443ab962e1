//! Pending ops, and the undo of texts, kept on what others changed.

use super::Replica;
use super::pending::Pending;
use crate::object::{Object, ObjectId};
use crate::op::Op;
use crate::overlay::View;
use crate::text::{Edit, TextChange};
use crate::transform::{Change, move_over};
use std::collections::BTreeSet;

impl Replica {
    /// Moves what is pending, and what can be undone, over what others committed.
    pub(super) fn follow(&mut self, changes: Vec<Change>) {
        for change in changes {
            let seen = move_over(self.pending.ops_mut(), self.author, change);
            if let Some((id, edit)) = seen.into_edit() {
                self.history.move_over(id, &edit);
            }
        }
    }

    /// Moves what is pending over the points that reverts set after a revision.
    pub(super) fn follow_points(&mut self, base: u64) {
        let changes = self.document.points_since(base, self.pending.ops());
        self.follow(changes);
    }

    /// Returns the texts on which pending ops and undo rest, as they are after the batches up to a
    /// number.
    pub(super) fn texts_up_to(&self, client_seq: u64) -> Vec<(ObjectId, String)> {
        let mut ids: BTreeSet<ObjectId> = self.pending.ops().filter_map(Op::edited).collect();
        ids.extend(self.history.texts());
        let text = |id: ObjectId| {
            let ops = self.pending.ops_up_to(client_seq);
            Some((id, text_after(self.document.object(id), id, ops)?))
        };
        ids.into_iter().filter_map(text).collect()
    }

    /// Moves what is pending, and what can be undone, from texts as they were to
    /// what the document now holds.
    pub(super) fn follow_texts(&mut self, texts: Vec<(ObjectId, String)>) {
        let changes = texts.into_iter().filter_map(|(id, seen)| {
            let now = self.document.object(id)?.text();
            let edit = Edit::between(&seen, now);
            Some(Change::Text(TextChange::by_server(id, edit)))
        });
        let changes = changes.collect();
        self.follow(changes);
    }

    /// Returns what leaving out ops changes in the texts and strokes that a view holds before them.
    pub(super) fn without(&self, view: View<'_>, ops: &[Op]) -> Vec<Change> {
        let edited: BTreeSet<ObjectId> = ops.iter().filter_map(Op::edited).collect();
        let text = |id: ObjectId| {
            let object = view.object(id)?;
            let with = text_after(Some(object), id, ops.iter())?;
            let edit = Edit::between(&with, object.text());
            Some(Change::Text(TextChange::by_server(id, edit)))
        };
        let drawn: BTreeSet<ObjectId> = ops.iter().filter_map(Op::appended).collect();
        let points = |id: ObjectId| Change::points_of(view.object(id)?);
        let texts = edited.into_iter().filter_map(text);
        texts.chain(drawn.into_iter().filter_map(points)).collect()
    }

    /// Takes what was dropped out of the ops behind it. What it changed in texts
    /// cannot be undone any more.
    pub(super) fn leave_out(&mut self, changes: Vec<Change>, behind: &mut Pending) {
        for change in changes {
            let left = move_over(behind.ops_mut(), self.author, change);
            if let Some((id, _)) = left.into_edit() {
                self.history.forget_text(id);
            }
        }
    }
}

/// Returns the text of an object after ops; `None` if the object is not there or an op does not
/// fit.
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
