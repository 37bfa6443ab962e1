//! One change of a text.

use super::steps::{Builder, Step};
use crate::limits::STEP_BYTES;

/// A change of a text, in normal form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edit {
    steps: Vec<Step>,
}

impl Edit {
    /// Returns the steps in order. None is empty, and the last is no [`Step::Retain`].
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Returns true if it changes no text.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Returns the text after the edit; `None` if the edit walks past the end of this text.
    pub fn apply(&self, text: &str) -> Option<String> {
        let mut after = String::with_capacity(text.len() + self.inserted_bytes());
        let mut rest = text;
        for step in &self.steps {
            let (read, behind) = split(rest, step.reads())?;
            match step {
                Step::Retain(_) => after.push_str(read),
                Step::Insert(text) => after.push_str(text),
                Step::Delete(_) => {}
            }
            rest = behind;
        }
        after.push_str(rest);
        Some(after)
    }

    /// Returns the edit that takes this one back, on the text after it; `None` if this one does not
    /// fit the text `before` it.
    pub fn invert(&self, before: &str) -> Option<Self> {
        let mut inverse = Builder::default();
        let mut rest = before;
        for step in &self.steps {
            let (read, behind) = split(rest, step.reads())?;
            match step {
                Step::Retain(count) => inverse.retain(*count),
                Step::Insert(_) => inverse.delete(step.writes()),
                Step::Delete(_) => inverse.insert(read),
            }
            rest = behind;
        }
        Some(inverse.into())
    }

    /// Returns the bytes that it counts in [`crate::limits::TEXT_LOG_BYTES_MAX`].
    pub(super) fn bytes(&self) -> usize {
        self.steps.len() * STEP_BYTES + self.inserted_bytes()
    }

    /// Bytes of the texts that it inserts.
    pub(crate) fn inserted_bytes(&self) -> usize {
        let bytes = |step: &Step| match step {
            Step::Insert(text) => text.len(),
            Step::Retain(_) | Step::Delete(_) => 0,
        };
        self.steps.iter().map(bytes).sum()
    }
}

impl FromIterator<Step> for Edit {
    fn from_iter<T: IntoIterator<Item = Step>>(steps: T) -> Self {
        let mut builder = Builder::default();
        steps.into_iter().for_each(|step| builder.push(step));
        builder.into()
    }
}

impl From<Builder> for Edit {
    fn from(builder: Builder) -> Self {
        let steps = builder.finish();
        Self { steps }
    }
}

/// Splits a text after so many scalar values; `None` if it has fewer.
fn split(text: &str, count: u32) -> Option<(&str, &str)> {
    let Some(last) = count.checked_sub(1) else {
        return Some(("", text));
    };
    let (start, last) = text.char_indices().nth(last as usize)?;
    Some(text.split_at(start + last.len_utf8()))
}
