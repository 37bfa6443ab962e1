//! An edit, moved over another one of the same text.

use super::cursor::Cursor;
use super::steps::{Builder, Step};
use super::{Edit, chars};

/// The edit whose insert stands first if two edits insert at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// That of the edit which is transformed.
    Mine,
    /// That of the edit over which it is.
    Theirs,
}

impl Side {
    /// Returns the same as the other edit sees it.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Mine => Self::Theirs,
            Self::Theirs => Self::Mine,
        }
    }
}

impl Edit {
    /// Returns what this edit becomes if `over`, made on the same text, is done before it.
    ///
    /// Both orders give the same text: `a` and then `b.transform(a, side)` is `b` and then
    /// `a.transform(b, side.opposite())`. What both delete is deleted once.
    #[must_use]
    pub fn transform(&self, over: &Self, side: Side) -> Self {
        let (mut mine, mut theirs) = (Cursor::new(self), Cursor::new(over));
        let mut moved = Builder::default();
        loop {
            match (mine.peek(), theirs.peek()) {
                (Some(Step::Insert(text)), other) if goes_first(side, other) => {
                    moved.insert(text);
                    mine.take();
                }
                (Some(_), Some(Step::Insert(text))) => {
                    moved.retain(chars(text));
                    theirs.take();
                }
                (Some(my), Some(their)) => {
                    let count = my.reads().min(their.reads());
                    let parts = mine.take_part(count).zip(theirs.take_part(count));
                    if let Some((part, Step::Retain(_))) = parts {
                        moved.push(part);
                    }
                }
                (Some(_), None) => mine.take().into_iter().for_each(|step| moved.push(step)),
                (None, _) => return moved.into(),
            }
        }
    }
}

/// Returns true if an own insert comes before what the other edit does at this place.
fn goes_first(side: Side, other: Option<&Step>) -> bool {
    side == Side::Mine || !matches!(other, Some(Step::Insert(_)))
}
