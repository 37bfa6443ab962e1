//! The own pointer, 20 times a second at most.

use crate::Moment;
use crate::limits::PRESENCE_INTERVAL;
use fmz_proto::v1::{Point, Presence};

#[derive(Debug, Default)]
pub(crate) struct Pointer {
    /// Where it is now; nowhere while it is off the picture.
    place: Option<Point>,
    /// Where the others saw it last.
    sent: Option<Point>,
    /// When the next may leave.
    free_at: Option<Moment>,
}

impl Pointer {
    pub(crate) fn set(&mut self, place: Option<Point>) {
        self.place = place;
    }

    /// Forgets what was sent: those who are met now have seen nothing.
    pub(crate) fn begin(&mut self) {
        self.sent = None;
        self.free_at = None;
    }

    /// Takes what is to be sent now: the newest place, if it is another than the last and that left
    /// long enough ago.
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
