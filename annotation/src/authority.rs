//! What a sender may change.

use crate::object::ObjectId;

/// What a sender may change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Authority {
    /// Its own objects.
    #[default]
    Author,
    /// Properties and deletion of everybody's objects; points and ids stay their author's.
    Owner,
}

/// Who writes, and what it may change.
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
