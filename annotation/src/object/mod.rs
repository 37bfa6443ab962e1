//! One annotation and its parts.

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
use crate::op::{Create, Op};
use crate::text::Edit;
use fmz_proto::limits::{OFFSET_MAX, TEXT_BYTES_MAX};

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
}

impl Object {
    /// Makes the object that a create describes. `ms` is the server's time,
    /// milliseconds since 1970.
    pub(crate) fn new(create: &Create, revision: u64, ms: u64) -> Self {
        let mut properties = Properties::default();
        for property in &create.properties {
            properties.set(property.clone());
        }
        Self {
            id: create.id,
            kind: create.kind,
            frame: create.frame.clone(),
            parent: create.parent,
            created_revision: revision,
            created_ms: ms,
            properties,
            stroke: create.kind.has_points().then(Stroke::default),
            writers: Writers::default(),
            points_restored: 0,
        }
    }

    /// Applies an op on this object; one that does not fit it changes nothing.
    pub(crate) fn write(&mut self, op: &Op, writer: Writer) {
        match op {
            Op::Set { property, .. } => self.set(property.clone(), writer),
            Op::Add { offset, .. } => {
                let moved = self.offset().saturating_add(*offset);
                if moved.is_within(OFFSET_MAX) {
                    self.set(Property::Offset(moved), writer);
                }
            }
            Op::SetDeleted { deleted, .. } => self.set(Property::Deleted(*deleted), writer),
            Op::Clear(_) => self.set(Property::Deleted(true), writer),
            Op::StrokeAppend { chunk, .. } => {
                if let Some(stroke) = &mut self.stroke {
                    stroke.append(chunk);
                }
            }
            Op::StrokeEnd { .. } => {
                if let Some(stroke) = &mut self.stroke {
                    stroke.end();
                    // Each vertex of a polygon was meant.
                    if self.kind == Kind::Brush {
                        stroke.simplify();
                    }
                }
            }
            Op::Revert(revert) => revert.write(self, writer.revision),
            Op::TextEdit { edit, .. } => self.edit_text(edit, writer),
            Op::Create(_) | Op::AddAuthor(_) | Op::AddMedia(_) | Op::Commit(_) => {}
        }
    }

    /// An edit without effect, or one that does not fit, is no write.
    fn edit_text(&mut self, edit: &Edit, writer: Writer) {
        let fits = |text: &String| text.len() <= TEXT_BYTES_MAX;
        if let Some(text) = edit.apply(self.text()).filter(fits)
            && !edit.is_empty()
        {
            self.set(Property::Text(text), writer);
        }
    }

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
