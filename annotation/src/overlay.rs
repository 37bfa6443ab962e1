//! Objects as they will be when ops that are not committed yet are: changed on top of the document.

use crate::authority::Sender;
use crate::document::Document;
use crate::object::{Object, ObjectId, PENDING, Writer};
use crate::op::{Clear, Op};
use fmz_proto::limits::CLEAR_OBJECTS_MAX;
use std::collections::BTreeMap;

/// Objects that ops touch, as they will be.
pub(crate) type Overlay = BTreeMap<ObjectId, Object>;

/// Objects as somebody sees them: those changed on top, then the document's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) document: &'a Document,
    pub(crate) overlay: Option<&'a Overlay>,
}

impl<'a> View<'a> {
    pub(crate) fn object(self, id: ObjectId) -> Option<&'a Object> {
        let changed = self.overlay.and_then(|overlay| overlay.get(&id));
        changed.or_else(|| self.document.object(id))
    }

    /// All objects, deleted ones included, in no order.
    pub(crate) fn objects(self) -> impl Iterator<Item = &'a Object> {
        let changed = move |id| self.overlay.and_then(|overlay| overlay.get(&id));
        let committed = self.document.objects();
        let committed = committed.map(move |object| changed(object.id).unwrap_or(object));
        let on_top = self
            .overlay
            .into_iter()
            .flat_map(|overlay| overlay.values());
        committed.chain(on_top.filter(move |object| self.document.object(object.id).is_none()))
    }

    /// What a clear deletes, in order of id.
    pub(crate) fn cleared(self, sender: Sender, clear: &Clear) -> Vec<ObjectId> {
        let seen = |object: &&Object| {
            object.id.author() == sender.author || object.created_revision <= clear.seen
        };
        let mut ids: Vec<ObjectId> = self
            .objects()
            .filter(|object| sender.may_write(object.id) && clear.scope.holds(object))
            .filter(|object| !object.deleted())
            .filter(seen)
            .map(Object::id)
            .collect();
        ids.sort_unstable();
        ids.truncate(CLEAR_OBJECTS_MAX);
        ids
    }
}

impl Document {
    /// Returns the document as a view with nothing on top.
    pub(crate) fn view(&self) -> View<'_> {
        View {
            document: self,
            overlay: None,
        }
    }
}

/// Writes an op that is not committed. One that does not fit an object any more changes nothing.
pub(crate) fn write(document: &Document, overlay: &mut Overlay, sender: Sender, op: &Op) {
    if let Op::Clear(clear) = op {
        let view = View {
            document,
            overlay: Some(overlay),
        };
        for id in view.cleared(sender, clear) {
            write_one(document, overlay, sender, op, id);
        }
    }
    for &id in op.ids() {
        write_one(document, overlay, sender, op, id);
    }
}

/// Writes an op on one of the objects it touches.
pub(crate) fn write_one(
    document: &Document,
    overlay: &mut Overlay,
    sender: Sender,
    op: &Op,
    id: ObjectId,
) {
    let committed = document.object(id);
    match (op, committed) {
        (Op::Create(create), None) => {
            overlay.insert(id, create.object(PENDING, 0));
        }
        (Op::Create(_), Some(_)) => {}
        (_, Some(committed)) => {
            let object = overlay.entry(id).or_insert_with(|| committed.clone());
            op.write(object, pending(sender));
        }
        (_, None) => {
            if let Some(object) = overlay.get_mut(&id) {
                op.write(object, pending(sender));
            }
        }
    }
}

fn pending(sender: Sender) -> Writer {
    Writer {
        revision: PENDING,
        author: sender.author,
    }
}
