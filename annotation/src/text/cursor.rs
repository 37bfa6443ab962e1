//! Walking along an edit in pieces.

use super::Edit;
use super::steps::Step;

/// The rest of an edit. Behind its last step everything is retained, without end.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    steps: std::slice::Iter<'a, Step>,
    step: Option<Step>,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(edit: &'a Edit) -> Self {
        let mut steps = edit.steps().iter();
        let step = steps.next().cloned();
        Self { steps, step }
    }

    /// Returns what is left of the present step.
    pub(super) fn peek(&self) -> Option<&Step> {
        self.step.as_ref()
    }

    /// Takes what is left of the present step.
    pub(super) fn take(&mut self) -> Option<Step> {
        std::mem::replace(&mut self.step, self.steps.next().cloned())
    }

    /// Takes a part of the present step: so many scalar values, not more than it has.
    pub(super) fn take_part(&mut self, count: u32) -> Option<Step> {
        let (part, left) = match self.step.as_ref()? {
            Step::Retain(all) => (Step::Retain(count), Step::Retain(all - count)),
            Step::Delete(all) => (Step::Delete(count), Step::Delete(all - count)),
            Step::Insert(text) => {
                let mut text = text.chars();
                let part = text.by_ref().take(count as usize).collect();
                (Step::Insert(part), Step::Insert(text.as_str().to_owned()))
            }
        };
        if left.reads() + left.writes() == 0 {
            self.take();
        } else {
            self.step = Some(left);
        }
        Some(part)
    }
}
