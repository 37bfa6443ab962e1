//! A revert to an older state: one op with exact values for all that is different.

use super::deleted::DeletedRuns;
use super::stroke::StrokeRestore;
use crate::limits;
use crate::object::{FramesOf, Key, Object, ObjectId, Property, Writer};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// The values that a revert takes back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Only values of which one of these is the last writer; everybody's if absent. Points are
    /// their object's author's.
    pub authors: Option<BTreeSet<u32>>,
    /// Only what was drawn on these frames: whose they are, and their numbers.
    pub frames: Option<(FramesOf, RangeInclusive<u32>)>,
}

/// Exact values of objects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restores {
    /// In order of id.
    pub(crate) objects: Vec<ObjectRestore>,
    /// The objects that are only deleted or brought back; none of them is among `objects`.
    pub(crate) deleted: DeletedRuns,
}

/// Exact values of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ObjectRestore {
    pub(crate) id: ObjectId,
    pub(crate) properties: Vec<Property>,
    pub(crate) stroke: Option<StrokeRestore>,
}

/// A revert: an op that sets values back to those of an older state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revert {
    /// Revision of the state to which it goes back.
    pub target_revision: u64,
    /// The values that it takes back.
    pub scope: Scope,
    /// Number of the author who asked for it.
    pub author: u32,
    pub(crate) restores: Restores,
    pub(crate) ids: Vec<ObjectId>,
}

impl Restores {
    /// Returns the number of objects.
    pub fn len(&self) -> usize {
        self.objects.len() + self.deleted.len()
    }

    /// Returns true if nothing is different.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn get(&self, id: ObjectId) -> Option<&ObjectRestore> {
        let objects = &self.objects;
        let found = objects.binary_search_by_key(&id, |restore| restore.id);
        found.ok().map(|at| &objects[at])
    }

    pub(super) fn extend(&mut self, restore: Option<ObjectRestore>) {
        let Some(restore) = restore else {
            return;
        };
        match restore.deleted_alone() {
            Some(deleted) => self.deleted.push(restore.id, deleted),
            None => self.objects.push(restore),
        }
    }

    /// Returns the objects in no order.
    fn ids(&self) -> Vec<ObjectId> {
        let mut ids = Vec::with_capacity(self.len());
        ids.extend(self.objects.iter().map(|restore| restore.id));
        ids.extend(self.deleted.ids());
        ids
    }

    /// Returns the same as ranges, each of objects that there are.
    fn ranges(&self) -> impl Iterator<Item = RangeInclusive<ObjectId>> {
        let objects = self.objects.iter().map(|restore| restore.id..=restore.id);
        objects.chain(self.deleted.ranges())
    }
}

impl Revert {
    /// Puts a revert together, from what [`super::restores()`] returned for the same scope.
    pub fn new(target_revision: u64, scope: Scope, author: u32, restores: Restores) -> Self {
        let ids = restores.ids();
        Self {
            target_revision,
            scope,
            author,
            restores,
            ids,
        }
    }

    /// Returns the objects that it sets, as ranges in no order.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = RangeInclusive<ObjectId>> {
        self.restores.ranges()
    }

    /// Puts the exact values into one of its objects.
    pub(crate) fn write(&self, object: &mut Object, revision: u64) {
        let (id, author) = (object.id(), self.author);
        let writer = Writer { revision, author };
        if let Some(deleted) = self.restores.deleted.get(id) {
            object.set(Property::Deleted(deleted), writer);
            return;
        }
        let Some(restore) = self.restores.get(id) else {
            return;
        };
        for property in &restore.properties {
            object.set(property.clone(), writer);
        }
        if let (Some(stroke), Some(way)) = (&mut object.stroke, &restore.stroke) {
            way.write(stroke);
            object.points_restored = revision;
        }
    }

    /// Returns true if it may change an object's place in the drawing order.
    pub(crate) fn reorders(&self, id: ObjectId) -> bool {
        let restore = self.restores.get(id);
        restore.is_some_and(|restore| restore.sets(Key::Order))
    }

    /// Returns the objects that it does more to than delete them or bring them back, with the
    /// properties that it sets, in order of id.
    pub(crate) fn objects(&self) -> impl Iterator<Item = (ObjectId, &[Property])> {
        let objects = self.restores.objects.iter();
        objects.map(|restore| (restore.id, restore.properties.as_slice()))
    }

    /// Bytes of points and text that it brings at most.
    pub(crate) fn content_bytes(&self) -> usize {
        let objects = self.restores.objects.iter();
        objects.map(ObjectRestore::content_bytes).sum()
    }
}

impl ObjectRestore {
    fn sets(&self, key: Key) -> bool {
        let mut properties = self.properties.iter();
        properties.any(|property| property.key() == key)
    }

    /// Returns true if the object is only deleted, false if it is only brought back, `None` if more
    /// of it is set.
    fn deleted_alone(&self) -> Option<bool> {
        match (self.properties.as_slice(), &self.stroke) {
            ([Property::Deleted(deleted)], None) => Some(*deleted),
            _ => None,
        }
    }

    fn content_bytes(&self) -> usize {
        let words: usize = self.properties.iter().map(Property::content_bytes).sum();
        let points = self.stroke.as_ref().and_then(|way| way.rest.as_ref());
        words + points.map_or(0, |rest| rest.len() * limits::POINT_BYTES)
    }
}
