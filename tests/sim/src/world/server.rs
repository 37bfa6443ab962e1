//! State of the server's process.

use super::unit::Unit;
use crate::{agenda::Micros, disk::Disk, event::LinkId};
use fmz_proto::v1::DocumentSnapshot;
use fmz_signaling_core::{Room, SessionId};
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
