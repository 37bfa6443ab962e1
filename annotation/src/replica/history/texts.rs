//! Undo of texts that others change too.

use super::{History, Step};
use crate::object::ObjectId;
use crate::text::{Edit, Side};

impl History {
    /// Keeps what can be walked on a text that another author changed: `edit` is the change as this
    /// author sees it.
    pub(in crate::replica) fn move_over(&mut self, id: ObjectId, edit: &Edit) {
        let open = std::iter::once(&mut self.open);
        move_steps(open.chain(self.done.iter_mut().rev()), id, edit);
        move_steps(self.undone.iter_mut().rev(), id, edit);
    }

    /// Objects whose texts can be changed back.
    pub(in crate::replica) fn texts(&self) -> impl Iterator<Item = ObjectId> {
        let steps = self.done.iter().chain(&self.undone);
        steps.chain([&self.open]).flat_map(Step::texts)
    }

    /// Takes note that the newest step is not walked. Those before it rest on its changes
    /// of texts, which they lose.
    pub(in crate::replica) fn pass_over(&mut self, step: &Step) {
        step.texts().for_each(|id| self.forget_text(id));
    }

    /// Changes of a text can not be walked any more.
    pub(in crate::replica) fn forget_text(&mut self, id: ObjectId) {
        let steps = self.done.iter_mut().chain(&mut self.undone);
        let steps = steps.chain([&mut self.open]);
        steps.for_each(|step| step.forget_text(id));
        self.done.retain(|step| !step.is_empty());
        self.undone.retain(|step| !step.is_empty());
    }
}

/// Moves the changes of one text, each over what is left of the edit below those after it.
fn move_steps<'a>(newest_first: impl Iterator<Item = &'a mut Step>, id: ObjectId, edit: &Edit) {
    let mut theirs = edit.clone();
    for mine in newest_first.filter_map(|step| step.text(id)) {
        let moved = mine.transform(&theirs, Side::Theirs);
        theirs = theirs.transform(mine, Side::Mine);
        *mine = moved;
    }
}
