//! A version: a revision that somebody gave a name.

use super::VersionId;
use crate::fold::{Fold, Sort};
use crate::limits::{VERSION_MESSAGE_BYTES_MAX, VERSION_NAME_BYTES_MAX};
use fmz_proto::{WireError, v1};

/// A state of the document that is kept under a name. It never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Identity; rises from version to version.
    pub id: VersionId,
    /// The version that its author worked on; `None` for the first.
    pub base: Option<VersionId>,
    /// Last revision that it holds; its own commit is the one behind.
    pub revision: u64,
    /// Number of the author; 0 where the server committed by itself.
    pub author: u32,
    /// Name for people, at most [`VERSION_NAME_BYTES_MAX`] bytes.
    pub name: String,
    /// What was done, at most [`VERSION_MESSAGE_BYTES_MAX`] bytes.
    pub message: String,
    /// Server time, milliseconds since 1970.
    pub committed_ms: u64,
    /// Hash of the document at `revision`.
    pub state_hash: u64,
    /// Whether the server committed because nothing happened for a while.
    pub automatic: bool,
}

impl Version {
    /// Hash of all that a snapshot says of the version.
    pub(crate) fn hash(&self) -> u64 {
        Fold::new(Sort::Version)
            .number(self.id.get())
            .option(self.base.map(|base| base.get()))
            .number(self.revision)
            .number(self.author.into())
            .bytes(self.name.as_bytes())
            .bytes(self.message.as_bytes())
            .number(self.committed_ms)
            .number(self.state_hash)
            .number(self.automatic.into())
            .value()
    }
}

impl TryFrom<&v1::Version> for Version {
    type Error = WireError;

    fn try_from(version: &v1::Version) -> Result<Self, WireError> {
        let out_of_range = |field| WireError::OutOfRange { field };
        let within = |field, holds: bool| holds.then_some(()).ok_or(out_of_range(field));
        within("version.name", version.name.len() <= VERSION_NAME_BYTES_MAX)?;
        within(
            "version.message",
            version.message.len() <= VERSION_MESSAGE_BYTES_MAX,
        )?;
        within(
            "version.base",
            version.base == 0 || VersionId::new(version.base).is_some(),
        )?;
        Ok(Self {
            id: VersionId::new(version.id).ok_or(out_of_range("version.id"))?,
            base: VersionId::new(version.base),
            revision: version.revision,
            author: version.author,
            name: version.name.clone(),
            message: version.message.clone(),
            committed_ms: version.committed_ms,
            state_hash: version.state_hash,
            automatic: version.automatic,
        })
    }
}

impl From<&Version> for v1::Version {
    fn from(version: &Version) -> Self {
        Self {
            id: version.id.get(),
            base: version.base.map_or(0, VersionId::get),
            revision: version.revision,
            author: version.author,
            name: version.name.clone(),
            message: version.message.clone(),
            committed_ms: version.committed_ms,
            state_hash: version.state_hash,
            automatic: version.automatic,
        }
    }
}
