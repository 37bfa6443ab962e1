//! What ops change in texts.

use super::Document;
use crate::object::{ObjectId, Property};
use crate::op::Op;
use crate::text::{Edit, TextChange};
use crate::version::Revert;

impl Document {
    /// What the op of this revision is about to change in texts.
    pub(super) fn text_changes(&self, op: &Op, author: u32) -> Vec<TextChange> {
        let revision = self.revision;
        let edits = match op {
            Op::TextEdit { id, edit } => vec![(*id, edit.clone())],
            Op::Revert(revert) => self.edits_of(revert),
            _ => Vec::new(),
        };
        let edits = edits.into_iter().filter(|(_, edit)| !edit.is_empty());
        let change = |(id, edit)| TextChange {
            revision,
            author,
            id,
            edit,
        };
        edits.map(change).collect()
    }

    /// Returns how a way back changes texts.
    fn edits_of(&self, revert: &Revert) -> Vec<(ObjectId, Edit)> {
        let texts = revert.objects().filter_map(|(id, properties)| {
            let text = properties.iter().find_map(|property| match property {
                Property::Text(text) => Some(text),
                _ => None,
            })?;
            Some((id, Edit::between(self.object(id)?.text(), text)))
        });
        texts.collect()
    }
}
