//! This client's pointer, sent 20 times a second at most.

use crate::Moment;
use crate::limits::PRESENCE_INTERVAL;
use fmz_proto::v1::{Point, Presence};

#[derive(Debug, Default)]
pub(crate) struct Pointer {
    /// Current position; `None` while the pointer is off the picture.
    place: Option<Point>,
    /// Position that was sent last.
    sent: Option<Point>,
    /// Earliest time at which the next position may leave.
    free_at: Option<Moment>,
}

impl Pointer {
    pub(crate) fn set(&mut self, place: Option<Point>) {
        self.place = place;
    }

    /// Forgets the position that was sent: the room's present members have not seen it.
    pub(crate) fn begin(&mut self) {
        self.sent = None;
        self.free_at = None;
    }

    /// Takes the newest position, if it differs from the last one sent and [`PRESENCE_INTERVAL`]
    /// has passed since then.
    pub(crate) fn take(&mut self, now: Moment) -> Option<Presence> {
        if self.free_at.is_some_and(|free| now < free) {
            return None;
        }
        self.free_at = None;
        if self.place == self.sent {
            return None;
        }
        self.sent = self.place;
        self.free_at = Some(now + PRESENCE_INTERVAL);
        Some(Presence {
            pointer: self.place,
        })
    }

    /// Returns when [`Self::take`] may have something, if ever.
    pub(crate) fn due_at(&self) -> Option<Moment> {
        self.free_at
    }
}
