//! Two edits, one after the other, as one.

use super::Edit;
use super::cursor::Cursor;
use super::steps::{Builder, Step};

impl Edit {
    /// Returns one edit that does what this one and then `next` do.
    pub fn compose(&self, next: &Self) -> Self {
        let (mut first, mut second) = (Cursor::new(self), Cursor::new(next));
        let mut both = Builder::default();
        loop {
            match (first.peek(), second.peek()) {
                (Some(Step::Delete(_)), _) | (Some(_), None) => {
                    first.take().into_iter().for_each(|step| both.push(step));
                }
                (_, Some(Step::Insert(_))) | (None, Some(_)) => {
                    second.take().into_iter().for_each(|step| both.push(step));
                }
                (Some(made), Some(read)) => {
                    let count = made.writes().min(read.reads());
                    let parts = first.take_part(count).zip(second.take_part(count));
                    parts.into_iter().for_each(|parts| join(&mut both, parts));
                }
                (None, None) => return both.into(),
            }
        }
    }
}

/// Adds what becomes of a piece that the first edit wrote and the second read.
fn join(both: &mut Builder, parts: (Step, Step)) {
    match parts {
        (made, Step::Retain(_)) => both.push(made),
        (Step::Retain(_), deleted @ Step::Delete(_)) => both.push(deleted),
        _ => {}
    }
}
