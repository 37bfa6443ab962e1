//! What a page shows of a replica.

use super::Replica;
use crate::object::{Object, ObjectId};
use fmz_proto::v1;

impl Replica {
    /// The visible objects in drawing order: by order key, then as created, the own
    /// unconfirmed ones last.
    pub fn objects(&self) -> v1::ObjectList {
        let mut visible: Vec<&Object> = self.view().objects().collect();
        visible.retain(|object| !object.deleted());
        visible.sort_by_cached_key(|object| (object.drawing_place(), object.id.counter()));
        let states = visible.iter().map(|object| self.to_shown(object));
        v1::ObjectList {
            objects: states.collect(),
        }
    }

    /// Returns the visible objects as [`Self::objects`] does, and counts every change up to now as
    /// taken: after a snapshot nearly all objects have changed, and a page wants each once.
    pub fn take_objects(&mut self) -> v1::ObjectList {
        self.changed.clear();
        self.objects()
    }

    /// The objects that changed since the last call, in order of id; those not to be
    /// shown any more are `deleted`.
    ///
    /// They are drawn in order of `order`, where that is empty of the 8 bytes of
    /// `created_revision`, big-endian; those with the same, in order of `created_revision`, then of
    /// their counters. A `created_revision` of 0 counts as 2^53.
    pub fn take_changes(&mut self) -> v1::ObjectList {
        let changed = std::mem::take(&mut self.changed);
        let gone = |id: &ObjectId| v1::ObjectState {
            id: Some(id.into()),
            deleted: true,
            ..v1::ObjectState::default()
        };
        let state = |id: &ObjectId| self.object(*id).map(|object| self.to_shown(object));
        let states = changed
            .iter()
            .map(|id| state(id).unwrap_or_else(|| gone(id)));
        v1::ObjectList {
            objects: states.collect(),
        }
    }

    fn to_shown(&self, object: &Object) -> v1::ObjectState {
        object.to_shown(self.overlay.contains_key(&object.id))
    }

    /// One object as this author sees it, deleted or not.
    pub fn object(&self, id: ObjectId) -> Option<&Object> {
        self.view().object(id)
    }
}
