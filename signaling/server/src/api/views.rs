//! Versions and objects as REST shows them.

use fmz_annotation::{
    Key, ObjectId,
    version::{Overwritten, Version},
};
use serde::Serialize;

/// A version.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct VersionView {
    /// A number of 63 bits, as text.
    id: String,
    /// The version that its author's work began on.
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<String>,
    /// Last revision that it holds.
    revision: u64,
    /// Number of the author; 0 if the server committed by itself.
    author: u32,
    name: String,
    message: String,
    /// Milliseconds since 1970.
    committed_ms: u64,
    /// Hash of the document, 16 hexadecimal digits.
    state_hash: String,
    /// True if the server committed because nothing happened for a while.
    automatic: bool,
}

impl From<&Version> for VersionView {
    fn from(version: &Version) -> Self {
        Self {
            id: version.id.to_string(),
            base: version.base.map(|base| base.to_string()),
            revision: version.revision,
            author: version.author,
            name: version.name.clone(),
            message: version.message.clone(),
            committed_ms: version.committed_ms,
            state_hash: format!("{:016x}", version.state_hash),
            automatic: version.automatic,
        }
    }
}

/// An object's id.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ObjectView {
    author: u32,
    counter: u32,
}

impl From<ObjectId> for ObjectView {
    fn from(id: ObjectId) -> Self {
        Self {
            author: id.author(),
            counter: id.counter(),
        }
    }
}

/// A value of another author that a commit replaced.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OverwrittenView {
    object: ObjectView,
    /// Name of the property.
    property: String,
    /// Number of the author who had written it.
    author: u32,
}

impl From<&Overwritten> for OverwrittenView {
    fn from(overwritten: &Overwritten) -> Self {
        Self {
            object: overwritten.id.into(),
            property: key_name(overwritten.key),
            author: overwritten.author,
        }
    }
}

/// Returns the name of a property, as on the wire.
pub(super) fn key_name(key: Key) -> String {
    format!("{key:?}").to_lowercase()
}
