//! Undo and redo.

use super::Replica;
use super::history::Direction;
use crate::OpError;

impl Replica {
    /// Begins a gesture: what is submitted until [`Self::end_group`] is undone as
    /// one. Ends one that is open.
    pub fn begin_group(&mut self) {
        self.history.begin_group();
    }

    /// Ends the gesture.
    pub fn end_group(&mut self) {
        self.history.end_group();
    }

    /// Takes back the last gesture by new ops, as far as nobody else wrote since.
    /// False when there is none.
    pub fn undo(&mut self) -> bool {
        self.walk(Direction::Undo)
    }

    /// Does again what was undone last. False when there is none.
    pub fn redo(&mut self) -> bool {
        self.walk(Direction::Redo)
    }

    /// Walks the newest step that still changes something; those before it that do
    /// not are forgotten.
    fn walk(&mut self, direction: Direction) -> bool {
        self.end_group();
        while let Some(step) = self.history.pop(direction) {
            let ops = step.ops(self.view(), self.author, direction);
            match self.accept(&ops) {
                Ok(()) if !ops.is_empty() => {
                    let back = step.turned(self.view());
                    ops.into_iter().for_each(|op| self.write(op));
                    self.history.push(direction.opposite(), back);
                    return true;
                }
                Err(OpError::TooManyPending) => {
                    self.history.push(direction, step);
                    return false;
                }
                Ok(()) | Err(_) => self.history.pass_over(&step),
            }
        }
        false
    }

    /// Returns true if [`Self::undo`] would change something.
    pub fn can_undo(&self) -> bool {
        self.can_walk(Direction::Undo)
    }

    /// Returns true if [`Self::redo`] would change something.
    pub fn can_redo(&self) -> bool {
        self.can_walk(Direction::Redo)
    }

    fn can_walk(&self, direction: Direction) -> bool {
        let mut steps = self.history.newest_first(direction);
        steps.any(|step| {
            let ops = step.ops(self.view(), self.author, direction);
            !ops.is_empty() && self.accept(&ops).is_ok()
        })
    }
}
