//! The way back to an older state: exact values for what is different, as one op.

use super::deleted::DeletedRuns;
use super::diff::{Part, parts};
use super::stroke::StrokeRestore;
use crate::object::{FramesOf, Key, Object, ObjectId, Property, Writer};
use crate::text::Edit;
use crate::{Document, OpError, limits};
use fmz_proto::WireError;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

const DELETED: Part = Part::Property(Key::Deleted);

/// What is taken back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Only values that one of these wrote last; everybody's where absent. Points
    /// are their object's author's.
    pub authors: Option<BTreeSet<u32>>,
    /// Only what was drawn on these frames: whose they are, and their numbers.
    pub frames: Option<(FramesOf, RangeInclusive<u32>)>,
}

/// Exact values of objects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restores {
    /// In order of id.
    pub(crate) objects: Vec<ObjectRestore>,
    /// Those of which nothing but whether they are deleted is set; none of them is
    /// among the objects.
    pub(crate) deleted: DeletedRuns,
}

/// Exact values of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ObjectRestore {
    pub(crate) id: ObjectId,
    pub(crate) properties: Vec<Property>,
    pub(crate) stroke: Option<StrokeRestore>,
}

/// A way back, as an op.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revert {
    /// Revision of the state to which it goes back.
    pub target_revision: u64,
    /// What it takes back.
    pub scope: Scope,
    /// Who went back.
    pub author: u32,
    pub(crate) restores: Restores,
    pub(crate) ids: Vec<ObjectId>,
}

impl Restores {
    /// Number of objects.
    pub fn len(&self) -> usize {
        self.objects.len() + self.deleted.len()
    }

    /// Whether nothing is different.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn get(&self, id: ObjectId) -> Option<&ObjectRestore> {
        let objects = &self.objects;
        let found = objects.binary_search_by_key(&id, |restore| restore.id);
        found.ok().map(|at| &objects[at])
    }

    fn extend(&mut self, restore: Option<ObjectRestore>) {
        let Some(restore) = restore else {
            return;
        };
        match restore.deleted_alone() {
            Some(deleted) => self.deleted.push(restore.id, deleted),
            None => self.objects.push(restore),
        }
    }

    /// In no order.
    fn ids(&self) -> Vec<ObjectId> {
        let mut ids = Vec::with_capacity(self.len());
        ids.extend(self.objects.iter().map(|restore| restore.id));
        ids.extend(self.deleted.ids());
        ids
    }

    /// The same as ranges, each of objects that there are.
    fn ranges(&self) -> impl Iterator<Item = RangeInclusive<ObjectId>> {
        let objects = self.objects.iter().map(|restore| restore.id..=restore.id);
        objects.chain(self.deleted.ranges())
    }
}

impl Scope {
    fn has_frame_of(&self, object: &Object) -> bool {
        self.frames.as_ref().is_none_or(|(of, range)| {
            let frame = object.frame().index_in(of);
            frame.is_some_and(|frame| range.contains(&frame))
        })
    }

    fn has_part(&self, object: &Object, part: Part) -> bool {
        let author = || match part {
            Part::Property(key) => object.writer(key).author,
            Part::Points => object.id().author(),
        };
        let authors = self.authors.as_ref();
        authors.is_none_or(|authors| authors.contains(&author()))
    }
}

/// Says which values lead from `head` back to `target`, an older state of the same log, in order of
/// id. What `target` does not know is deleted.
pub fn restores(head: &Document, target: &Document, scope: &Scope) -> Restores {
    let mut restores = Restores::default();
    let mut known = target.objects().peekable();
    for object in head.objects() {
        let before = known.next_if(|before| before.id() == object.id());
        if !scope.has_frame_of(object) {
            continue;
        }
        match before {
            Some(before) => restores.extend(restore(object, before, scope)),
            None if object.deleted() || !scope.has_part(object, DELETED) => {}
            None => restores.deleted.push(object.id(), true),
        }
    }
    restores
}

fn restore(object: &Object, target: &Object, scope: &Scope) -> Option<ObjectRestore> {
    let mut properties = Vec::new();
    let mut stroke = None;
    for part in parts(object, target) {
        if !scope.has_part(object, part) {
            continue;
        }
        match part {
            Part::Property(key) => properties.push(target.value(key)),
            Part::Points => {
                stroke = Some(StrokeRestore::between(object.stroke()?, target.stroke()?))
            }
        }
    }
    let id = object.id();
    let something = stroke.is_some() || !properties.is_empty();
    something.then_some(ObjectRestore {
        id,
        properties,
        stroke,
    })
}

impl Revert {
    /// Puts a way back together, from what [`restores`] said of the same scope.
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

    /// The objects that it sets, as ranges in no order.
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

    /// Whether it may change an object's place in the drawing order.
    pub(crate) fn reorders(&self, id: ObjectId) -> bool {
        let restore = self.restores.get(id);
        restore.is_some_and(|restore| restore.sets(Key::Order))
    }

    /// How it changes the texts of a document.
    pub(crate) fn text_edits(&self, document: &Document) -> Vec<(ObjectId, Edit)> {
        let edit = |restore: &ObjectRestore| {
            let now = document.object(restore.id)?.text();
            let text = restore
                .properties
                .iter()
                .find_map(|property| match property {
                    Property::Text(text) => Some(text),
                    _ => None,
                })?;
            Some((restore.id, Edit::between(now, text)))
        };
        self.restores.objects.iter().filter_map(edit).collect()
    }

    /// Says whether its values fit the objects of a document.
    pub(crate) fn check(&self, document: &Document) -> Result<(), OpError> {
        let author = self.author;
        if author != 0 && document.author(author).is_none() {
            return Err(OpError::UnknownAuthor { author });
        }
        in_range(
            "revert.target_revision",
            self.target_revision <= document.revision(),
        )?;
        let Restores { objects, deleted } = &self.restores;
        let rises = objects.windows(2).all(|pair| pair[0].id < pair[1].id);
        let once = objects
            .iter()
            .all(|restore| deleted.get(restore.id).is_none());
        in_range(
            "revert.restores",
            rises && once && !self.restores.is_empty(),
        )?;
        deleted.check(document)?;
        objects.iter().try_for_each(|restore| {
            let object = document.object(restore.id).ok_or(OpError::UnknownObject)?;
            restore.check(object)
        })
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

    /// Whether the object is to be deleted, where nothing else is set.
    fn deleted_alone(&self) -> Option<bool> {
        match (self.properties.as_slice(), &self.stroke) {
            ([Property::Deleted(deleted)], None) => Some(*deleted),
            _ => None,
        }
    }

    fn check(&self, object: &Object) -> Result<(), OpError> {
        let Some(way) = &self.stroke else {
            return Ok(());
        };
        let stroke = object.stroke().ok_or(OpError::NotAStroke)?;
        Ok(way.check(stroke)?)
    }

    fn content_bytes(&self) -> usize {
        let words: usize = self.properties.iter().map(Property::content_bytes).sum();
        let points = self.stroke.as_ref().and_then(|way| way.rest.as_ref());
        words + points.map_or(0, |rest| rest.len() * limits::POINT_BYTES)
    }
}

fn in_range(field: &'static str, holds: bool) -> Result<(), WireError> {
    holds.then_some(()).ok_or(WireError::OutOfRange { field })
}
