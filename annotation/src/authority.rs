//! A sender of ops, and its authority.

use crate::object::ObjectId;

/// The objects that a sender may change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Authority {
    /// Its own objects.
    #[default]
    Author,
    /// Properties and deletion of everybody's objects; points and ids stay their author's.
    Owner,
}

/// A sender of ops: its number, and what it may change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sender {
    pub(crate) author: u32,
    pub(crate) authority: Authority,
}

impl Sender {
    pub(crate) fn may_write(self, id: ObjectId) -> bool {
        self.authority == Authority::Owner || id.author() == self.author
    }
}
