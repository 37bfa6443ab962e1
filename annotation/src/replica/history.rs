//! Undo and redo: what this person did, taken back by new ops and only where nobody wrote since.

use crate::check::View;
use crate::limits::UNDO_STEPS_MAX;
use crate::object::{Key, Object, ObjectId, Property};
use crate::op::Op;
use std::collections::VecDeque;

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Change {
    Created(ObjectId),
    Set {
        id: ObjectId,
        before: Property,
        after: Property,
    },
    Deleted {
        id: ObjectId,
        deleted: bool,
    },
}

/// The changes of one gesture.
#[derive(Debug, Clone, Default)]
pub(super) struct Step(Vec<Change>);

/// Which way a step is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Undo,
    Redo,
}

impl Step {
    /// Remembers what an op is about to change.
    fn record(&mut self, view: View<'_>, op: &Op) {
        let object = op.id().and_then(|id| view.object(id));
        match (op, object) {
            (Op::Create(create), _) => self.0.push(Change::Created(create.id)),
            (Op::Set { id, property }, Some(object)) => self.record_set(*id, object, property),
            (Op::SetDeleted { id, deleted }, Some(object)) if object.deleted != *deleted => {
                self.0.push(Change::Deleted {
                    id: *id,
                    deleted: *deleted,
                });
            }
            _ => {}
        }
    }

    /// A drag sets one property many times: only the first value before and the last one after count.
    fn record_set(&mut self, id: ObjectId, object: &Object, property: &Property) {
        let key = property.key();
        for change in &mut self.0 {
            match change {
                Change::Created(created) if *created == id => return,
                Change::Set {
                    id: other, after, ..
                } if *other == id && after.key() == key => {
                    after.clone_from(property);
                    return;
                }
                Change::Created(_) | Change::Set { .. } | Change::Deleted { .. } => {}
            }
        }
        let before = object.value_like(property);
        if before != *property {
            self.0.push(Change::Set {
                id,
                before,
                after: property.clone(),
            });
        }
    }

    /// The ops that walk this step, as far as it still is this author's last word.
    pub(super) fn ops(&self, view: View<'_>, author: u32, direction: Direction) -> Vec<Op> {
        let op = |change: &Change| change.op(view, author, direction);
        match direction {
            Direction::Undo => self.0.iter().rev().filter_map(op).collect(),
            Direction::Redo => self.0.iter().filter_map(op).collect(),
        }
    }
}

impl Change {
    fn op(&self, view: View<'_>, author: u32, direction: Direction) -> Option<Op> {
        let undo = direction == Direction::Undo;
        match self {
            Self::Created(id) => {
                let object = view.object(*id)?;
                let mine = id.author() == author && (undo || wrote(object, Key::Deleted, author));
                set_deleted(object, undo).filter(|_| mine)
            }
            Self::Deleted { id, deleted } => {
                let object = view.object(*id)?;
                let mine = wrote(object, Key::Deleted, author);
                set_deleted(object, deleted ^ undo).filter(|_| mine)
            }
            Self::Set { id, before, after } => {
                let object = view.object(*id)?;
                let target = if undo { before } else { after };
                let mine = wrote(object, target.key(), author);
                let changes = object.value_like(target) != *target;
                (mine && changes).then(|| Op::Set {
                    id: *id,
                    property: target.clone(),
                })
            }
        }
    }
}

fn wrote(object: &Object, key: Key, author: u32) -> bool {
    object.writer(key).author == author
}

fn set_deleted(object: &Object, deleted: bool) -> Option<Op> {
    let id = object.id;
    (object.deleted != deleted).then_some(Op::SetDeleted { id, deleted })
}

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
    pub(super) fn record(&mut self, view: View<'_>, op: &Op) {
        self.undone.clear();
        self.open.record(view, op);
    }

    /// Ends the gesture of ops that were submitted outside a group.
    pub(super) fn submitted(&mut self) {
        if !self.grouped {
            self.end_group();
        }
    }

    /// Puts a step where the given direction finds it.
    pub(super) fn push(&mut self, direction: Direction, step: Step) {
        if step.0.is_empty() {
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

impl Direction {
    pub(super) fn opposite(self) -> Self {
        match self {
            Self::Undo => Self::Redo,
            Self::Redo => Self::Undo,
        }
    }
}
