//! State of the server's process.

use crate::{agenda::Micros, disk::Disk, event::LinkId};
use fmz_proto::v1::{DocumentSnapshot, UnitDown, UnitUp, from_sfu};
use fmz_signaling_core::{LinkEpoch, Room, SessionId};
use std::collections::BTreeMap;

#[derive(Debug)]
pub(super) struct Server {
    pub(super) up: bool,
    /// Number of starts. Jobs that were on their way to the disk belong to an older life.
    pub(super) life: u32,
    pub(super) room: Option<Room>,
    /// Number of rooms opened so far: a room is opened again after a failure.
    pub(super) rooms: u32,
    /// Time of day when the room was opened, in milliseconds since 1970, and the same moment in the
    /// run's time.
    pub(super) opened: (u64, Micros),
    pub(super) sessions: BTreeMap<SessionId, LinkId>,
    /// Author of each session, from its welcome.
    pub(super) authors: BTreeMap<SessionId, u32>,
    pub(super) next_session: u32,
    /// Number of commands so far.
    pub(super) commands: u64,
    pub(super) disk: Disk,
    pub(super) unit: Unit,
    /// Whether an append is on its way.
    pub(super) flying: bool,
    /// Revision of the newest snapshot on disk, or on its way there.
    pub(super) kept: u64,
    /// The snapshot before the newest, which a plant stores in its place.
    pub(super) older: DocumentSnapshot,
}

impl Server {
    pub(super) fn new(disk: Disk) -> Self {
        Self {
            up: false,
            life: 0,
            room: None,
            rooms: 0,
            opened: (0, 0),
            sessions: BTreeMap::new(),
            authors: BTreeMap::new(),
            next_session: 1,
            commands: 0,
            disk,
            unit: Unit::new(),
            flying: false,
            kept: 0,
            older: DocumentSnapshot::default(),
        }
    }

    /// Ends the process.
    pub(super) fn stop(&mut self) {
        self.up = false;
        self.life += 1;
        self.unit.begin_again();
        self.close_room();
    }

    pub(super) fn close_room(&mut self) {
        self.room = None;
        self.unit.forget_overrun();
        self.flying = false;
        self.sessions.clear();
        self.authors.clear();
    }
}

/// The forwarding unit.
#[derive(Debug)]
pub(super) struct Unit {
    /// Tells this unit from those before it.
    pub(super) epoch: u32,
    pub(super) up: bool,
    /// True while its messages are lost, because the room does not keep up.
    pub(super) overrun: bool,
    /// The newest lost message that says whether the unit is up.
    pub(super) news: Option<from_sfu::Message>,
}

impl Unit {
    pub(super) fn new() -> Self {
        Self {
            epoch: 1,
            up: true,
            overrun: false,
            news: None,
        }
    }

    /// The process starts again, and the unit in it.
    pub(super) fn begin_again(&mut self) {
        let epoch = self.epoch + 1;
        *self = Self {
            epoch,
            ..Self::new()
        };
    }

    /// The room is closed; the next one misses nothing.
    pub(super) fn forget_overrun(&mut self) {
        (self.overrun, self.news) = (false, None);
    }

    /// Returns the session's number for this unit.
    pub(super) fn number(&self, session: SessionId) -> u64 {
        session.on_link(LinkEpoch(self.epoch))
    }

    /// Returns the session of a message to this unit. One to a former unit came too late.
    pub(super) fn session(&self, number: u64) -> Option<SessionId> {
        let session = SessionId::from_link(number, LinkEpoch(self.epoch));
        session.filter(|_| self.up)
    }

    pub(super) fn news(&self) -> from_sfu::Message {
        let epoch = self.epoch;
        if self.up {
            let transports = Vec::new();
            from_sfu::Message::Up(UnitUp { epoch, transports })
        } else {
            from_sfu::Message::Down(UnitDown { epoch })
        }
    }
}
