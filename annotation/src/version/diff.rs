//! The differences between two documents.

use crate::Document;
use crate::object::{Key, Object, ObjectId};

/// The way in which an object is different.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// Seen in the second document only, and not known to the first.
    Added,
    /// Seen in the first document only.
    Deleted,
    /// Seen in the second document only; the first holds it as deleted.
    Restored,
    /// Seen in both, with other values.
    Changed,
}

/// A part of an object that has a value of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A property, which has a last writer.
    Property(Key),
    /// The points of a stroke, and its being ended.
    Points,
}

/// One object that is different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The object.
    pub id: ObjectId,
    /// The difference.
    pub difference: Difference,
    /// The parts with other values, if both documents hold the object.
    pub parts: Vec<Part>,
}

/// Returns what a viewer sees change from one document to another, in order of id. Both are of the
/// same log.
pub fn diff(from: &Document, to: &Document) -> Vec<Change> {
    let known = from
        .objects()
        .filter_map(|object| change(Some(object), to.object(object.id())));
    let new = to
        .objects()
        .filter(|object| from.object(object.id()).is_none())
        .filter_map(|object| change(None, Some(object)));
    let mut changes: Vec<_> = known.chain(new).collect();
    changes.sort_by_key(|change| change.id);
    changes
}

fn change(from: Option<&Object>, to: Option<&Object>) -> Option<Change> {
    let seen = |object: Option<&Object>| object.is_some_and(|object| !object.deleted());
    let parts = from
        .zip(to)
        .map(|(from, to)| parts(from, to))
        .unwrap_or_default();
    let difference = match (seen(from), seen(to)) {
        (false, false) => return None,
        (true, true) if parts.is_empty() => return None,
        (true, true) => Difference::Changed,
        (true, false) => Difference::Deleted,
        (false, true) if from.is_some() => Difference::Restored,
        (false, true) => Difference::Added,
    };
    let id = from.or(to)?.id();
    Some(Change {
        id,
        difference,
        parts,
    })
}

/// Returns the parts with other values, in order.
pub(crate) fn parts(from: &Object, to: &Object) -> Vec<Part> {
    let differs = |key: &Key| !from.same(to, *key);
    let properties = Key::ALL.into_iter().filter(differs).map(Part::Property);
    let points = from.stroke() != to.stroke();
    properties.chain(points.then_some(Part::Points)).collect()
}
