//! The versions of a document, in order.

use super::{Version, VersionId};
use fmz_proto::v1;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Versions(BTreeMap<VersionId, Version>);

impl Versions {
    pub(crate) fn add(&mut self, version: Version) {
        self.0.insert(version.id, version);
    }

    pub(crate) fn to_wire(&self) -> Vec<v1::Version> {
        self.0.values().map(Into::into).collect()
    }

    pub(crate) fn get(&self, id: VersionId) -> Option<&Version> {
        self.0.get(&id)
    }

    pub(crate) fn last(&self) -> Option<&Version> {
        self.0.last_key_value().map(|(_, version)| version)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Version> {
        self.0.values()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
