//! One annotation and its parts.

mod hash;
mod kind;
mod order;
mod place;
mod property;
mod values;
mod wire;
mod writers;

pub use kind::Kind;
pub use order::OrderKey;
pub use place::{FrameRange, FrameStamp, FramesOf, ObjectId, Point};
pub(crate) use property::Properties;
pub use property::{Key, Property, Status};
pub(crate) use wire::{id_from_wire, key_from_wire, many_ids_from_wire, required};
pub(crate) use writers::Writers;
pub use writers::{PENDING, Writer};

use crate::Stroke;

/// An annotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    pub(crate) id: ObjectId,
    pub(crate) kind: Kind,
    pub(crate) frame: FrameStamp,
    pub(crate) parent: Option<ObjectId>,
    pub(crate) created_revision: u64,
    pub(crate) created_ms: u64,
    pub(crate) properties: Properties,
    /// Some if the kind has points.
    pub(crate) stroke: Option<Stroke>,
    pub(crate) writers: Writers,
    /// Revision of the last revert that set its points; 0 if there is none.
    pub(crate) points_restored: u64,
    pub(crate) counted: Counted,
}

/// The part of an object in the sums of a document: empty until the object is in one. It is kept,
/// so that a change costs the hash of the object as it is, but not again that of what it was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) hash: u64,
    pub(crate) content_bytes: usize,
}

impl Object {
    pub(crate) fn set(&mut self, property: Property, writer: Writer) {
        self.writers.set(property.key(), writer);
        self.properties.set(property);
    }

    pub(crate) fn content_bytes(&self) -> usize {
        let words: usize = self.properties.iter().map(Property::content_bytes).sum();
        words + self.stroke.as_ref().map_or(0, Stroke::content_bytes)
    }

    /// Returns its place in the drawing order: by order key, and among equal keys in order of
    /// creation.
    pub(crate) fn drawing_place(&self) -> (OrderKey, u64) {
        let key = self.order().cloned();
        let key = key.unwrap_or_else(|| OrderKey::created(self.created_revision));
        (key, self.created_revision)
    }

    /// Returns the identity.
    pub fn id(&self) -> ObjectId {
        self.id
    }

    /// Returns the kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the points, if the kind has some.
    pub fn stroke(&self) -> Option<&Stroke> {
        self.stroke.as_ref()
    }

    /// Returns the picture on which it was drawn.
    pub fn frame(&self) -> &FrameStamp {
        &self.frame
    }

    /// Returns the pin that this reply answers.
    pub fn parent(&self) -> Option<ObjectId> {
        self.parent
    }

    /// Returns the revision of its create; [`PENDING`] until the server has given one.
    pub fn created_revision(&self) -> u64 {
        self.created_revision
    }

    /// Returns the server's time of its create, milliseconds since 1970; 0 while pending.
    pub fn created_ms(&self) -> u64 {
        self.created_ms
    }

    /// Returns the last writer of a property.
    pub fn writer(&self, key: Key) -> Writer {
        let creator = Writer {
            revision: self.created_revision,
            author: self.id.author(),
        };
        self.writers.get(key).unwrap_or(creator)
    }
}
