//! Bringing a session to where the room is: by the commits it missed, or by a snapshot.

use super::Room;
use crate::{
    Class, Pressure, SessionId, limits,
    session::{Feed, OpsPath, Pace, Session},
};
use bytes::Bytes;
use fmz_proto::v1::{Channel, server_message::Message};
use std::time::Instant;

impl Room {
    /// Sends everything behind `revision`; 0 asks for a snapshot.
    pub(super) fn catch_up(&mut self, id: SessionId, revision: u64) {
        let missed = if revision == 0 {
            None
        } else {
            self.sequencer.recent().since(revision)
        };
        let Some(session) = self
            .sessions
            .get_mut(&id)
            .filter(|session| session.is_live())
        else {
            return;
        };
        let Some(missed) = missed else {
            session.feed = Feed::Snapshot;
            return;
        };
        session.known = session.known.max(revision);
        let bytes: usize = missed.iter().map(Bytes::len).sum();
        if bytes > limits::CHANNEL_CATCH_UP_BYTES_MAX {
            // All further commits follow on the WebSocket too, so that they do not overtake.
            session.path = OpsPath::Socket;
        }
        if session.path == OpsPath::Socket {
            self.send_frames(vec![id], Class::CatchUp, missed);
            return;
        }
        for frame in missed {
            self.send_channel(vec![id], Channel::Ops, frame);
        }
    }

    /// Lets everyone wait for a snapshot: a commit is too large to be sent.
    pub(super) fn resync_all(&mut self) {
        for session in self
            .sessions
            .values_mut()
            .filter(|session| session.is_live())
        {
            session.feed = Feed::Snapshot;
        }
    }

    /// Sends snapshots to those who wait for one. Called while nothing is on its way to the log.
    pub(super) fn send_snapshots(&mut self, now: Instant) {
        let due = |session: &Session| session.snapshot_at().is_some_and(|at| at <= now);
        let ids: Vec<_> = self
            .sessions
            .asking()
            .filter(|(_, session)| due(session))
            .map(|(id, _)| id)
            .collect();
        if ids.is_empty() {
            return;
        }
        let revision = self.sequencer.document().revision();
        for id in &ids {
            let Some(session) = self.sessions.get_mut(id) else {
                continue;
            };
            if std::mem::replace(&mut session.path, OpsPath::Socket) != OpsPath::Socket {
                // What waits for the channel says nothing of the way that is taken now.
                session.pressure = Pressure::Low;
            }
            session.feed = Feed::Live;
            session.pace = Pace::Tick;
            session.snapshot = Some(now);
            session.known = revision;
        }
        let frames = self.sequencer.snapshot().to_vec();
        self.send_frames(ids, Class::CatchUp, frames);
    }

    /// Takes the channel `ops` into use, or out of it.
    pub(super) fn switch_ops_path(&mut self, id: SessionId, open: bool) {
        let end = self.sequencer.recent().end();
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        match (session.path, open) {
            (OpsPath::Socket, true) => {
                session.path = OpsPath::Channel { from: end };
                session.pressure = Pressure::Low;
                let known = session.known;
                match std::mem::replace(&mut session.pace, Pace::Tick) {
                    Pace::Tick => self.repeat_on_channel(id),
                    Pace::Wide | Pace::Held { .. } => self.catch_up(id, known),
                }
            }
            (OpsPath::Channel { from }, false) => {
                // What went over the channel may be lost; what went over the
                // WebSocket before is not.
                session.path = OpsPath::Socket;
                (session.pace, session.pressure) = (Pace::Tick, Pressure::Low);
                let surely = session.known.max(from);
                let refused = std::mem::take(&mut session.refused);
                if session.feed == Feed::Live {
                    self.catch_up(id, surely);
                }
                for rejected in refused {
                    self.send(id, Message::Rejected(rejected));
                }
            }
            (OpsPath::Socket, false) | (OpsPath::Channel { .. }, true) => {}
        }
    }

    /// The channel may overtake the WebSocket, so what may still be on the way there is said again.
    fn repeat_on_channel(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let missed = self
            .sequencer
            .recent()
            .since(session.known)
            .unwrap_or_default();
        let bytes: usize = missed.iter().map(Bytes::len).sum();
        if session.feed == Feed::Live && bytes <= limits::CHANNEL_CATCH_UP_BYTES_MAX {
            for frame in missed {
                self.send_channel(vec![id], Channel::Ops, frame);
            }
        }
    }
}

impl Session {
    /// When the snapshot that the session waits for may be sent.
    pub(super) fn snapshot_at(&self) -> Option<Instant> {
        let waits = self.feed == Feed::Snapshot;
        waits.then(|| {
            self.snapshot
                .map_or(self.heard, |last| last + limits::SNAPSHOT_INTERVAL)
        })
    }
}
