//! The stamp of a mark that has not left yet, corrected.

use super::Replica;
use crate::object::{FrameStamp, ObjectId};
use fmz_proto::{v1, validate_stamp};
use std::collections::BTreeSet;

impl Replica {
    /// Replaces the stamp of an object whose create is in no batch yet, as if it had been created
    /// with the new one. Returns true if it did.
    ///
    /// Nothing is changed if the create is in a batch already, if it is not pending at all, or if
    /// the stamp is not valid. What can be undone stays as it is: no step of it holds a stamp.
    pub fn restamp(&mut self, id: ObjectId, frame: &v1::FrameStamp) -> bool {
        let stamp = FrameStamp::from(frame);
        let valid = validate_stamp(frame).is_ok() && self.draft().stamp(&stamp).is_ok();
        let Some(create) = self.pending.queued_create(id).filter(|_| valid) else {
            return false;
        };
        create.frame = stamp;
        // A pending clear of frames may delete this object now, or not any more.
        let changed = if self.pending.clears() {
            self.rederive_all()
        } else {
            let changed = BTreeSet::from([id]);
            self.rederive(&changed);
            changed
        };
        self.touch(changed);
        true
    }
}
