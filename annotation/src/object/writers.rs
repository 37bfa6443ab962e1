//! The last writer of each property.

use super::Key;

/// The revision of what the server has not confirmed: later than all others.
pub const PENDING: u64 = u64::MAX;

/// The writer of a value, and the revision of the write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writer {
    /// Revision of the op; [`PENDING`] while the server has not given one.
    pub revision: u64,
    /// Number of the author; 0 is the server.
    pub author: u32,
}

/// Writers by key, for the properties that were written after the create.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Writers(Vec<(Key, Writer)>);

impl Writers {
    pub(crate) fn get(&self, key: Key) -> Option<Writer> {
        self.find(key).ok().map(|at| self.0[at].1)
    }

    pub(crate) fn set(&mut self, key: Key, writer: Writer) {
        match self.find(key) {
            Ok(at) => self.0[at].1 = writer,
            Err(at) => self.0.insert(at, (key, writer)),
        }
    }

    /// Returns all, in order of their keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Key, Writer)> {
        self.0.iter().copied()
    }

    fn find(&self, key: Key) -> Result<usize, usize> {
        self.0.binary_search_by_key(&key, |(key, _)| *key)
    }
}
