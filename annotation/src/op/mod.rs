//! Ops as checked types.

mod op_type;
mod ops;
mod wire;
mod write;

pub(crate) use op_type::OpType;
pub use ops::Ops;
pub(crate) use wire::session_key_from_wire;

use crate::media::Media;
use crate::object::{
    FrameRange, FrameStamp, FramesOf, Key, Kind, Object, ObjectId, Point, Property,
};
use crate::stroke::{Chunk, StrokeSum};
use crate::text::Edit;
use crate::version::{Revert, Version};
use fmz_proto::limits::SESSION_KEY_BYTES;

/// One change of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Op {
    Create(Create),
    Set { id: ObjectId, property: Property },
    Add { id: ObjectId, offset: Point },
    StrokeAppend { id: ObjectId, chunk: Chunk },
    StrokeEnd { id: ObjectId, sum: StrokeSum },
    SetDeleted { ids: Vec<ObjectId>, deleted: bool },
    TextEdit { id: ObjectId, edit: Edit },
    Clear(Clear),
    AddAuthor(AddAuthor),
    AddMedia(Media),
    Commit(Version),
    Revert(Revert),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Create {
    pub(crate) id: ObjectId,
    pub(crate) kind: Kind,
    pub(crate) frame: FrameStamp,
    pub(crate) parent: Option<ObjectId>,
    pub(crate) properties: Vec<Property>,
}

/// Deletes what its author saw and may delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clear {
    pub(crate) scope: Scope,
    /// Last revision that its author had applied.
    pub(crate) seen: u64,
    /// The objects that it deletes; empty until the server has committed it.
    pub(crate) ids: Vec<ObjectId>,
}

/// The objects that a clear is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    All,
    Frames { of: FramesOf, frames: FrameRange },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AddAuthor {
    pub(crate) author: u32,
    pub(crate) identity: String,
    pub(crate) name: String,
    pub(crate) session_key: [u8; SESSION_KEY_BYTES],
}

/// Ops of one author with their place in the order: op i has revision `first_revision + i`.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    pub(crate) first_revision: u64,
    pub(crate) author: u32,
    pub(crate) client_seq: u64,
    pub(crate) committed_ms: u64,
    /// Hash of the document after it; 0 for none.
    pub(crate) state_hash: u64,
    pub(crate) ops: Vec<Op>,
}

impl Op {
    /// Returns the objects that the op touches; of a clear, those that it is known to delete.
    pub(crate) fn ids(&self) -> &[ObjectId] {
        match self {
            Self::Create(Create { id, .. })
            | Self::Set { id, .. }
            | Self::Add { id, .. }
            | Self::StrokeAppend { id, .. }
            | Self::TextEdit { id, .. }
            | Self::StrokeEnd { id, .. } => std::slice::from_ref(id),
            Self::SetDeleted { ids, .. } | Self::Clear(Clear { ids, .. }) => ids,
            Self::Revert(revert) => &revert.ids,
            Self::AddAuthor(_) | Self::AddMedia(_) | Self::Commit(_) => &[],
        }
    }

    /// Returns true if the op may change an object's place in the drawing order.
    pub(crate) fn reorders(&self, id: ObjectId) -> bool {
        match self {
            Self::Set { property, .. } => property.key() == Key::Order,
            Self::Revert(revert) => revert.reorders(id),
            _ => false,
        }
    }

    /// Returns the object whose text the op edits.
    pub(crate) fn edited(&self) -> Option<ObjectId> {
        match self {
            Self::TextEdit { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// Returns the stroke that the op ends.
    pub(crate) fn ended(&self) -> Option<ObjectId> {
        match self {
            Self::StrokeEnd { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// Returns the stroke to which the op appends.
    pub(crate) fn appended(&self) -> Option<ObjectId> {
        match self {
            Self::StrokeAppend { id, .. } => Some(*id),
            _ => None,
        }
    }
}

impl Create {
    /// Returns the text with which the object begins.
    pub(crate) fn text(&self) -> &str {
        let mut properties = self.properties.iter();
        let text = properties.find_map(|property| match property {
            Property::Text(text) => Some(text),
            _ => None,
        });
        text.map_or("", String::as_str)
    }
}

impl Scope {
    pub(crate) fn holds(&self, object: &Object) -> bool {
        match self {
            Self::All => true,
            Self::Frames { of, frames } => {
                let frame = object.frame.index_in(of);
                frame.is_some_and(|frame| frames.contains(frame))
            }
        }
    }
}
