//! One gesture, and the ops that take it back or do it again.

use crate::authority::Sender;
use crate::object::{Key, Object, ObjectId, Point, Property};
use crate::op::Op;
use crate::overlay::View;
use crate::text::Edit;
use fmz_proto::limits::{ADD_MAX, DELETE_OBJECTS_MAX};

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Change {
    Created(ObjectId),
    Set {
        id: ObjectId,
        before: Property,
        after: Property,
    },
    Moved {
        id: ObjectId,
        by: Point,
    },
    Deleted {
        id: ObjectId,
        deleted: bool,
    },
    /// The edit that walks this change, on the text as it is when all later steps are walked.
    Text {
        id: ObjectId,
        edit: Edit,
    },
}

/// The changes of one gesture.
#[derive(Debug, Clone, Default)]
pub(in crate::replica) struct Step(Vec<Change>);

/// Which way a step is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::replica) enum Direction {
    Undo,
    Redo,
}

impl Direction {
    pub(in crate::replica) fn opposite(self) -> Self {
        match self {
            Self::Undo => Self::Redo,
            Self::Redo => Self::Undo,
        }
    }
}

impl Step {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Remembers what an op is about to change.
    pub(super) fn record(&mut self, view: View<'_>, sender: Sender, op: &Op) {
        match op {
            Op::Create(create) => self.0.push(Change::Created(create.id)),
            Op::Set { id, property } => {
                if let Some(object) = view.object(*id) {
                    self.record_set(*id, object, property);
                }
            }
            Op::Add { id, offset } => self.record_move(*id, *offset),
            Op::SetDeleted { ids, deleted } => self.record_deleted(view, ids, *deleted),
            Op::Clear(clear) => self.record_deleted(view, &view.cleared(sender, clear), true),
            Op::StrokeAppend { .. }
            | Op::StrokeEnd { .. }
            | Op::AddAuthor(_)
            | Op::AddMedia(_)
            | Op::Commit(_)
            | Op::Revert(_) => {}
            Op::TextEdit { id, edit } => {
                if let Some(object) = view.object(*id) {
                    self.record_text(*id, object, edit);
                }
            }
        }
    }

    fn record_deleted(&mut self, view: View<'_>, ids: &[ObjectId], deleted: bool) {
        let changes = |id: &ObjectId| {
            let object = view.object(*id);
            object.is_some_and(|object| object.deleted() != deleted)
        };
        let ids = ids.iter().copied().filter(changes);
        self.0.extend(ids.map(|id| Change::Deleted { id, deleted }));
    }

    /// A drag sets one property many times: only the first value before and the
    /// last one after count.
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
                _ => {}
            }
        }
        let before = object.value(key);
        if before != *property {
            self.0.push(Change::Set {
                id,
                before,
                after: property.clone(),
            });
        }
    }

    /// A drag moves many times: only the way from the first place to the last one counts.
    fn record_move(&mut self, id: ObjectId, offset: Point) {
        for change in &mut self.0 {
            match change {
                Change::Created(created) if *created == id => return,
                Change::Moved { id: other, by } if *other == id => {
                    *by = by.saturating_add(offset);
                    return;
                }
                _ => {}
            }
        }
        self.0.push(Change::Moved { id, by: offset });
    }

    /// Typing is many edits of one text: undo takes back all of them at once.
    fn record_text(&mut self, id: ObjectId, object: &Object, edit: &Edit) {
        let Some(inverse) = edit.invert(object.text()) else {
            return;
        };
        let created = |change: &Change| *change == Change::Created(id);
        if self.0.iter().any(created) {
            return;
        }
        match self.text(id) {
            Some(before) => *before = inverse.compose(before),
            None => self.0.push(Change::Text { id, edit: inverse }),
        }
    }

    /// What walks the change of a text, where this step has one.
    pub(super) fn text(&mut self, id: ObjectId) -> Option<&mut Edit> {
        self.0.iter_mut().find_map(|change| match change {
            Change::Text { id: other, edit } if *other == id => Some(edit),
            _ => None,
        })
    }

    /// Objects whose texts the step still changes.
    pub(super) fn texts(&self) -> impl Iterator<Item = ObjectId> {
        self.0.iter().filter_map(|change| match change {
            Change::Text { id, edit } if !edit.is_empty() => Some(*id),
            _ => None,
        })
    }

    pub(super) fn forget_text(&mut self, id: ObjectId) {
        self.0
            .retain(|change| !matches!(change, Change::Text { id: other, .. } if *other == id));
    }

    /// The step that takes this one back again, before it is walked.
    pub(in crate::replica) fn turned(&self, view: View<'_>) -> Self {
        let turn = |change: &Change| match change {
            Change::Text { id, edit } => {
                let edit = edit.invert(view.object(*id)?.text())?;
                Some(Change::Text { id: *id, edit })
            }
            other => Some(other.clone()),
        };
        Self(self.0.iter().filter_map(turn).collect())
    }

    /// The ops that walk this step, as far as it still is this author's last word.
    pub(in crate::replica) fn ops(
        &self,
        view: View<'_>,
        author: u32,
        direction: Direction,
    ) -> Vec<Op> {
        let op = |change: &Change| change.op(view, author, direction);
        match direction {
            Direction::Undo => joined(self.0.iter().rev().filter_map(op)),
            Direction::Redo => joined(self.0.iter().filter_map(op)),
        }
    }
}

/// One op for neighbours that are deleted or come back alike: undo of a clear stays small.
fn joined(ops: impl Iterator<Item = Op>) -> Vec<Op> {
    let mut joined: Vec<Op> = Vec::new();
    for op in ops {
        match (joined.last_mut(), op) {
            (
                Some(Op::SetDeleted { ids, deleted }),
                Op::SetDeleted {
                    ids: next,
                    deleted: to,
                },
            ) if *deleted == to && ids.len() + next.len() <= DELETE_OBJECTS_MAX => ids.extend(next),
            (_, op) => joined.push(op),
        }
    }
    joined
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
                let changes = object.value(target.key()) != *target;
                (mine && changes).then(|| Op::Set {
                    id: *id,
                    property: target.clone(),
                })
            }
            Self::Text { id, edit } => {
                let (id, edit) = (*id, edit.clone());
                let fits = edit.apply(view.object(id)?.text()).is_some();
                (fits && !edit.is_empty()).then_some(Op::TextEdit { id, edit })
            }
            // Moves add up: taking the own one back leaves those of others.
            Self::Moved { id, by } => {
                let zero = Point::default();
                let offset = if undo { zero.saturating_sub(*by) } else { *by };
                let possible = offset != zero && offset.is_within(ADD_MAX);
                let moves = possible && view.object(*id).is_some();
                moves.then_some(Op::Add { id: *id, offset })
            }
        }
    }
}

fn wrote(object: &Object, key: Key, author: u32) -> bool {
    object.writer(key).author == author
}

fn set_deleted(object: &Object, deleted: bool) -> Option<Op> {
    let ids = vec![object.id];
    (object.deleted() != deleted).then_some(Op::SetDeleted { ids, deleted })
}
