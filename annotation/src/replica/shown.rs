//! What a page shows of a replica.

use super::Replica;
use crate::object::{Object, ObjectId};
use crate::op::Op;
use fmz_proto::v1;

impl Replica {
    /// The visible objects in drawing order: as created, the own unconfirmed ones last.
    pub fn objects(&self) -> v1::ObjectList {
        let committed = self.document.drawing_order().map(|object| object.id);
        let created = self.pending.ops().filter_map(|op| match op {
            Op::Create(create) => Some(create.id),
            _ => None,
        });
        let created = created.filter(|&id| self.document.object(id).is_none());
        let visible = committed.chain(created).filter_map(|id| self.shown(id));
        v1::ObjectList {
            objects: visible.filter(|object| !object.deleted).collect(),
        }
    }

    /// The objects that changed since the last call, in order of id; those not to be shown any more are `deleted`.
    ///
    /// They are drawn in order of `created_revision`, after them those with 0, in order of their counters.
    pub fn take_changes(&mut self) -> v1::ObjectList {
        let changed = std::mem::take(&mut self.changed);
        let gone = |id: &ObjectId| v1::ObjectState {
            id: Some(id.into()),
            deleted: true,
            ..v1::ObjectState::default()
        };
        let states = changed
            .iter()
            .map(|id| self.shown(*id).unwrap_or_else(|| gone(id)));
        v1::ObjectList {
            objects: states.collect(),
        }
    }

    fn shown(&self, id: ObjectId) -> Option<v1::ObjectState> {
        let object = self.object(id)?;
        Some(object.to_shown(self.overlay.contains_key(&id)))
    }

    /// One object as this author sees it, deleted or not.
    pub fn object(&self, id: ObjectId) -> Option<&Object> {
        self.view().object(id)
    }
}
