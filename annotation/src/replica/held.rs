//! Marks that do not leave yet: their frame is still being identified.

use super::Replica;
use crate::limits::HELD_MAX;
use crate::object::ObjectId;

impl Replica {
    /// Keeps the op that creates this object, and all ops after it, out of batches until
    /// [`Self::release`]. Returns false, and holds nothing, if [`HELD_MAX`] objects are held.
    pub fn hold(&mut self, id: ObjectId) -> bool {
        self.held.contains(&id) || (self.held.len() < HELD_MAX && self.held.insert(id))
    }

    /// Lets the ops of an object go into batches, unless one before them is held.
    pub fn release(&mut self, id: ObjectId) {
        self.held.remove(&id);
    }
}
