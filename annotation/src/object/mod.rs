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
    /// There where the kind has points.
    pub(crate) stroke: Option<Stroke>,
    pub(crate) writers: Writers,
    /// Revision of the last way back that set its points; 0 for none.
    pub(crate) points_restored: u64,
    pub(crate) counted: Counted,
}

/// What the sums of a document hold of an object: nothing before it is in one. It is kept, so that
/// a change costs the hash of the object as it is, and not again of what it was.
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

    /// Where it is drawn: by order key, those with the same key as they were created.
    pub(crate) fn drawing_place(&self) -> (OrderKey, u64) {
        let key = self.order().cloned();
        let key = key.unwrap_or_else(|| OrderKey::created(self.created_revision));
        (key, self.created_revision)
    }

    /// Identity.
    pub fn id(&self) -> ObjectId {
        self.id
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The points, where the kind has some.
    pub fn stroke(&self) -> Option<&Stroke> {
        self.stroke.as_ref()
    }

    /// The picture it was drawn on.
    pub fn frame(&self) -> &FrameStamp {
        &self.frame
    }

    /// The pin that this reply answers.
    pub fn parent(&self) -> Option<ObjectId> {
        self.parent
    }

    /// Revision of its create; [`PENDING`] while the server has not given one.
    pub fn created_revision(&self) -> u64 {
        self.created_revision
    }

    /// Server time of its create, milliseconds since 1970; 0 while pending.
    pub fn created_ms(&self) -> u64 {
        self.created_ms
    }

    /// Who wrote a property last.
    pub fn writer(&self, key: Key) -> Writer {
        let creator = Writer {
            revision: self.created_revision,
            author: self.id.author(),
        };
        self.writers.get(key).unwrap_or(creator)
    }
}
