//! Pointers: only the newest counts, and only so many at once.

use super::Room;
use crate::{SessionId, limits};
use fmz_proto::v1::{Presence, PresenceFrom, server_message};
use std::{collections::BTreeMap, time::Instant};

#[derive(Debug)]
struct Pointer {
    presence: Presence,
    changed: bool,
    moved: Instant,
    sent: Option<Instant>,
}

impl Pointer {
    fn due_at(&self) -> Option<Instant> {
        let due = self
            .sent
            .map_or(self.moved, |sent| sent + limits::PRESENCE_INTERVAL);
        self.changed.then_some(due)
    }
}

/// The pointers shown now, [`limits::POINTERS_MAX`] at most.
#[derive(Debug, Default)]
pub(super) struct Pointers {
    shown: BTreeMap<SessionId, Pointer>,
}

impl Pointers {
    /// Forgets the pointer of a session that ended.
    pub(super) fn forget(&mut self, id: SessionId) {
        self.shown.remove(&id);
    }

    /// Returns when the next pointer is to be sent.
    pub(super) fn due_at(&self) -> Option<Instant> {
        self.shown.values().filter_map(Pointer::due_at).min()
    }

    fn take(&mut self, id: SessionId, presence: Presence, now: Instant) {
        if let Some(pointer) = self.shown.get_mut(&id) {
            pointer.changed |= pointer.presence != presence;
            pointer.presence = presence;
            pointer.moved = now;
        } else if presence.pointer.is_some() && self.make_room(now) {
            self.shown.insert(
                id,
                Pointer {
                    presence,
                    changed: true,
                    moved: now,
                    sent: None,
                },
            );
        }
    }

    /// Returns true if a pointer has a place, for which one that rests may be forgotten.
    fn make_room(&mut self, now: Instant) -> bool {
        if self.shown.len() >= limits::POINTERS_MAX {
            self.shown
                .retain(|_, pointer| now < pointer.moved + limits::POINTER_IDLE);
        }
        self.shown.len() < limits::POINTERS_MAX
    }

    fn take_due(&mut self, now: Instant) -> Vec<(SessionId, Presence)> {
        let mut due = Vec::new();
        for (id, pointer) in &mut self.shown {
            if pointer.due_at().is_some_and(|at| at <= now) {
                pointer.changed = false;
                pointer.sent = Some(now);
                due.push((*id, pointer.presence));
            }
        }
        // A pointer that left the picture gives its place away once the others were told.
        self.shown
            .retain(|_, pointer| pointer.changed || pointer.presence.pointer.is_some());
        due
    }
}

impl Room {
    pub(super) fn receive_presence(&mut self, id: SessionId, presence: Presence, now: Instant) {
        if self
            .sessions
            .get(&id)
            .is_some_and(|session| session.is_live())
        {
            self.pointers.take(id, presence, now);
        }
    }

    pub(super) fn send_pointers(&mut self, now: Instant) {
        for (id, presence) in self.pointers.take_due(now) {
            let from = PresenceFrom {
                participant: id.0,
                presence: Some(presence),
            };
            self.fan_out_presence(server_message::Message::Presence(from), id);
        }
    }
}
