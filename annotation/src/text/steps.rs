//! Steps in normal form.

use super::chars;

/// A part of an edit. Counts are Unicode scalar values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Keeps the next so many.
    Retain(u32),
    /// Puts these here.
    Insert(String),
    /// Takes out the next so many.
    Delete(u32),
}

impl Step {
    /// Returns how many scalar values of the text before the edit the step walks over.
    pub(super) fn reads(&self) -> u32 {
        match self {
            Self::Retain(count) | Self::Delete(count) => *count,
            Self::Insert(_) => 0,
        }
    }

    /// Returns how many scalar values of the text after the edit the step makes.
    pub(super) fn writes(&self) -> u32 {
        match self {
            Self::Retain(count) => *count,
            Self::Insert(text) => chars(text),
            Self::Delete(_) => 0,
        }
    }
}

/// Collects steps in normal form: none is empty, equal neighbours are one, an insert stands before
/// the delete at its place, and no retain stands last. So edits with the same effect at the same
/// places are equal, and every two inserts at one place meet when edits are transformed.
#[derive(Debug, Default)]
pub(super) struct Builder {
    steps: Vec<Step>,
}

impl Builder {
    pub(super) fn push(&mut self, step: Step) {
        match step {
            Step::Retain(count) => self.retain(count),
            Step::Insert(text) => self.insert(&text),
            Step::Delete(count) => self.delete(count),
        }
    }

    pub(super) fn retain(&mut self, count: u32) {
        match self.steps.last_mut() {
            _ if count == 0 => {}
            Some(Step::Retain(last)) => *last = last.saturating_add(count),
            _ => self.steps.push(Step::Retain(count)),
        }
    }

    pub(super) fn delete(&mut self, count: u32) {
        match self.steps.last_mut() {
            _ if count == 0 => {}
            Some(Step::Delete(last)) => *last = last.saturating_add(count),
            _ => self.steps.push(Step::Delete(count)),
        }
    }

    pub(super) fn insert(&mut self, text: &str) {
        match self.steps.as_mut_slice() {
            _ if text.is_empty() => {}
            [.., Step::Insert(last)] | [.., Step::Insert(last), Step::Delete(_)] => {
                last.push_str(text);
            }
            [.., Step::Delete(_)] => {
                let place = self.steps.len() - 1;
                self.steps.insert(place, Step::Insert(text.to_owned()));
            }
            _ => self.steps.push(Step::Insert(text.to_owned())),
        }
    }

    pub(super) fn finish(mut self) -> Vec<Step> {
        if let Some(Step::Retain(_)) = self.steps.last() {
            self.steps.pop();
        }
        self.steps
    }
}
