//! Undo and redo: what this person did, taken back by new ops and only where nobody wrote since.

mod step;
mod texts;

use crate::authority::Sender;
use crate::limits::UNDO_STEPS_MAX;
use crate::op::Op;
use crate::overlay::View;
use std::collections::VecDeque;
pub(super) use step::{Direction, Step};

/// The gestures of one author: those done, those taken back, and the one under way.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    done: VecDeque<Step>,
    undone: VecDeque<Step>,
    open: Step,
    grouped: bool,
}

impl History {
    pub(super) fn begin_group(&mut self) {
        self.end_group();
        self.grouped = true;
    }

    pub(super) fn end_group(&mut self) {
        self.grouped = false;
        let step = std::mem::take(&mut self.open);
        self.push(Direction::Undo, step);
    }

    /// Remembers what a submitted op is about to change; what was undone cannot come back after it.
    pub(super) fn record(&mut self, view: View<'_>, sender: Sender, op: &Op) {
        self.undone.clear();
        self.open.record(view, sender, op);
    }

    /// Ends the gesture of ops that were submitted outside a group.
    pub(super) fn submitted(&mut self) {
        if !self.grouped {
            self.end_group();
        }
    }

    /// Puts a step where the given direction finds it.
    pub(super) fn push(&mut self, direction: Direction, step: Step) {
        if step.is_empty() {
            return;
        }
        let steps = self.steps(direction);
        if steps.len() == UNDO_STEPS_MAX {
            steps.pop_front();
        }
        steps.push_back(step);
    }

    pub(super) fn pop(&mut self, direction: Direction) -> Option<Step> {
        self.steps(direction).pop_back()
    }

    /// The steps of a direction, newest first, the one under way included.
    pub(super) fn newest_first(&self, direction: Direction) -> impl Iterator<Item = &Step> {
        let (open, steps) = match direction {
            Direction::Undo => (Some(&self.open), &self.done),
            Direction::Redo => (None, &self.undone),
        };
        open.into_iter().chain(steps.iter().rev())
    }

    fn steps(&mut self, direction: Direction) -> &mut VecDeque<Step> {
        match direction {
            Direction::Undo => &mut self.done,
            Direction::Redo => &mut self.undone,
        }
    }
}
