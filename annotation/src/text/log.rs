//! The newest committed changes of texts: what an edit made on an older revision is moved over.

use super::{Edit, Side};
use crate::ObjectId;
use crate::limits::{TEXT_CHANGES_MAX, TEXT_LOG_BYTES_MAX};
use std::collections::VecDeque;

/// A committed change of one text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextChange {
    pub(crate) revision: u64,
    /// 0 for the server.
    pub(crate) author: u32,
    pub(crate) id: ObjectId,
    pub(crate) edit: Edit,
}

impl TextChange {
    /// Makes a change of the server: what others insert at the same place stands behind it.
    pub(crate) fn by_server(id: ObjectId, edit: Edit) -> Self {
        Self {
            revision: 0,
            author: 0,
            id,
            edit,
        }
    }

    /// Returns the side whose insert stands first, as an edit of the author sees it. Of one
    /// author's two edits it is the committed one.
    pub(crate) fn side(&self, author: u32) -> Side {
        if author < self.author {
            Side::Mine
        } else {
            Side::Theirs
        }
    }
}

/// Changes in order of revision. The oldest make room for new ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TextLog {
    changes: VecDeque<TextChange>,
    bytes: usize,
    complete_after: u64,
}

impl TextLog {
    /// Makes an empty log, from which the changes up to a revision were dropped.
    pub(crate) fn complete_after(revision: u64) -> Self {
        Self {
            complete_after: revision,
            ..Self::default()
        }
    }

    /// Returns the revision after which no change is missing.
    pub(crate) fn complete_from(&self) -> u64 {
        self.complete_after
    }

    pub(crate) fn push(&mut self, change: TextChange) {
        self.bytes += change.edit.bytes();
        self.changes.push_back(change);
        while self.is_over() {
            let Some(oldest) = self.changes.pop_front() else {
                return;
            };
            self.bytes -= oldest.edit.bytes();
            self.complete_after = oldest.revision;
        }
    }

    /// Returns true if the oldest change has to go: for room, or because others of its revision
    /// went.
    fn is_over(&self) -> bool {
        let torn = |oldest: &TextChange| oldest.revision <= self.complete_after;
        self.changes.len() > TEXT_CHANGES_MAX
            || self.bytes > TEXT_LOG_BYTES_MAX
            || self.changes.front().is_some_and(torn)
    }

    /// Returns the changes after a revision; `None` if some of them were dropped.
    pub(crate) fn since(&self, revision: u64) -> Option<impl Iterator<Item = &TextChange>> {
        let first = self
            .changes
            .partition_point(|change| change.revision <= revision);
        (revision >= self.complete_after).then(|| self.changes.range(first..))
    }

    pub(crate) fn changes(&self) -> impl Iterator<Item = &TextChange> {
        self.changes.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Step;

    fn change(revision: u64, text: &str) -> TextChange {
        TextChange {
            revision,
            author: 1,
            id: ObjectId::new(1, 1).expect("not 0"),
            edit: Edit::from_iter([Step::Insert(text.into())]),
        }
    }

    #[test]
    fn text8_the_oldest_changes_make_room() {
        let mut log = TextLog::default();
        let newest = TEXT_CHANGES_MAX as u64 + 2;
        (1..=newest).for_each(|revision| log.push(change(revision, "a")));
        assert_eq!(log.changes().count(), TEXT_CHANGES_MAX);
        assert_eq!(log.complete_from(), 2);
        assert!(log.since(1).is_none());
        let all = log.since(2).map(Iterator::count);
        assert_eq!(all, Some(TEXT_CHANGES_MAX));
        assert_eq!(log.since(newest).map(Iterator::count), Some(0));
    }

    #[test]
    fn text8_the_changes_of_one_revision_go_together() {
        let mut log = TextLog::default();
        (0..TEXT_CHANGES_MAX + 2).for_each(|_| log.push(change(1, "a")));
        log.push(change(2, "b"));
        assert_eq!((log.changes().count(), log.complete_from()), (1, 1));
        assert_eq!(log.since(1).map(Iterator::count), Some(1));
    }

    #[test]
    fn text8_long_changes_make_room_sooner() {
        let mut log = TextLog::default();
        let text = "x".repeat(TEXT_LOG_BYTES_MAX / 4);
        (1..=9).for_each(|revision| log.push(change(revision, &text)));
        assert_eq!(log.changes().count(), 3);
        assert_eq!(log.complete_from(), 6);
    }
}
