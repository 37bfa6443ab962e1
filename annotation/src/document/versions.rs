//! The versions that a document keeps.

use super::Document;
use crate::limits::VERSIONS_MAX;
use crate::version::{Version, VersionId};
use crate::{OpError, SnapshotError};
use fmz_proto::{WireError, v1};

impl Document {
    /// One version.
    pub fn version(&self, id: VersionId) -> Option<&Version> {
        self.versions.get(id)
    }

    /// The newest version.
    pub fn last_version(&self) -> Option<&Version> {
        self.versions.last()
    }

    /// All versions, oldest first.
    pub fn versions(&self) -> impl DoubleEndedIterator<Item = &Version> {
        self.versions.iter()
    }

    /// Number of versions.
    pub fn version_count(&self) -> usize {
        self.versions.len()
    }

    /// Revision of the last op that changed an object; 0 for none.
    pub fn changed_revision(&self) -> u64 {
        self.changed_revision
    }

    /// Says whether a commit may follow: it keeps just this state, behind all other versions.
    pub(crate) fn check_version(&self, version: &Version) -> Result<(), OpError> {
        if version
            .base
            .is_some_and(|base| self.version(base).is_none())
        {
            return Err(OpError::UnknownVersion);
        }
        if self
            .last_version()
            .is_some_and(|last| last.id >= version.id)
        {
            return Err(OpError::VersionOrder);
        }
        if version.revision != self.revision() || version.state_hash != self.state_hash() {
            return Err(OpError::VersionState);
        }
        if !self.knows_writer(version.author) {
            let author = version.author;
            return Err(OpError::UnknownAuthor { author });
        }
        Ok(())
    }

    /// Reads the next version of a snapshot into a document that has its authors
    /// and the versions before.
    pub(crate) fn next_version(&self, wire: &v1::Version) -> Result<Version, SnapshotError> {
        let version = Version::try_from(wire)?;
        let rises = |last: &Version| last.id < version.id && last.revision < version.revision;
        if !self.last_version().is_none_or(rises) {
            return Err(SnapshotError::Order("versions"));
        }
        let base = version.base.is_none_or(|base| self.version(base).is_some());
        if !base || !self.knows_writer(version.author) || version.revision >= self.revision() {
            let field = "snapshot.versions";
            return Err(WireError::OutOfRange { field }.into());
        }
        Ok(version)
    }

    fn knows_writer(&self, author: u32) -> bool {
        author == 0 || self.author(author).is_some()
    }

    /// Whether one more version can be kept.
    pub(crate) fn has_room_for_version(&self) -> bool {
        self.version_count() < VERSIONS_MAX
    }
}
