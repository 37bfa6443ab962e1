//! Objects, made and changed by ops.

use super::{Create, Op};
use crate::Stroke;
use crate::object::{Counted, Kind, Object, Properties, Property, Writer, Writers};
use crate::text::Edit;
use fmz_proto::limits::{OFFSET_MAX, TEXT_BYTES_MAX};

impl Create {
    /// Makes the object. `ms` is the server's time, milliseconds since 1970.
    pub(crate) fn object(&self, revision: u64, ms: u64) -> Object {
        let mut properties = Properties::default();
        for property in &self.properties {
            properties.set(property.clone());
        }
        Object {
            id: self.id,
            kind: self.kind,
            frame: self.frame.clone(),
            parent: self.parent,
            created_revision: revision,
            created_ms: ms,
            properties,
            stroke: self.kind.has_points().then(Stroke::default),
            writers: Writers::default(),
            points_restored: 0,
            counted: Counted::default(),
        }
    }
}

impl Op {
    /// Applies the op to an object. An op that does not fit it changes nothing.
    pub(crate) fn write(&self, object: &mut Object, writer: Writer) {
        match self {
            Self::Set { property, .. } => object.set(property.clone(), writer),
            Self::Add { offset, .. } => {
                let moved = object.offset().saturating_add(*offset);
                if moved.is_within(OFFSET_MAX) {
                    object.set(Property::Offset(moved), writer);
                }
            }
            Self::SetDeleted { deleted, .. } => object.set(Property::Deleted(*deleted), writer),
            Self::Clear(_) => object.set(Property::Deleted(true), writer),
            Self::StrokeAppend { chunk, .. } => {
                if let Some(stroke) = &mut object.stroke {
                    stroke.append(chunk);
                }
            }
            Self::StrokeEnd { .. } => {
                if let Some(stroke) = &mut object.stroke {
                    stroke.end();
                    // Each vertex of a polygon was meant.
                    if object.kind == Kind::Brush {
                        stroke.simplify();
                    }
                }
            }
            Self::Revert(revert) => revert.write(object, writer.revision),
            Self::TextEdit { edit, .. } => edit_text(object, edit, writer),
            Self::Create(_) | Self::AddAuthor(_) | Self::AddMedia(_) | Self::Commit(_) => {}
        }
    }
}

/// Edits the text of an object. An edit without effect, or one that does not fit, is no write.
fn edit_text(object: &mut Object, edit: &Edit, writer: Writer) {
    let fits = |text: &String| text.len() <= TEXT_BYTES_MAX;
    if let Some(text) = edit.apply(object.text()).filter(fits)
        && !edit.is_empty()
    {
        object.set(Property::Text(text), writer);
    }
}
