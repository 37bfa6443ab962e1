//! The newest changes of texts in a snapshot.

use super::in_range;
use crate::text::{TextChange, TextLog};
use crate::{Document, SnapshotError};
use fmz_proto::{WireError, v1};

impl Document {
    pub(super) fn read_texts(
        &mut self,
        changes: &[v1::TextChange],
        complete_after: u64,
    ) -> Result<(), SnapshotError> {
        let field = "snapshot.texts_complete_after";
        in_range(field, complete_after <= self.revision)?;
        self.texts = TextLog::complete_after(complete_after);
        let mut last = complete_after;
        for change in changes {
            let change = TextChange::try_from(change)?;
            self.check_text(&change)?;
            if change.revision < last {
                return Err(SnapshotError::Order("texts"));
            }
            last = change.revision;
            self.texts.push(change);
        }
        let all_kept = self.texts.complete_from() == complete_after;
        in_range("snapshot.texts", all_kept)?;
        Ok(())
    }

    fn check_text(&self, change: &TextChange) -> Result<(), WireError> {
        let revisions = self.texts.complete_from() + 1..=self.revision;
        let known = change.author == 0 || self.author(change.author).is_some();
        in_range("text.revision", revisions.contains(&change.revision))?;
        in_range("text.author", known)?;
        in_range("text.id", self.objects.contains_key(&change.id))?;
        in_range("text.steps", !change.edit.is_empty())
    }
}
