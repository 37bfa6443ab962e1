//! Bringing a session to the room's revision: by the commits it missed, or by a snapshot.

use super::Room;
use crate::{
    Class, SessionId, limits,
    session::{Feed, OpsPath, Pace, Session},
};
use bytes::Bytes;
use fmz_proto::v1::{Channel, server_message::Message};
use std::time::Instant;

impl Room {
    /// Sends everything after `revision`; 0 asks for a snapshot.
    pub(super) fn catch_up(&mut self, id: SessionId, revision: u64) {
        let missed = if revision == 0 {
            None
        } else {
            self.sequencer.recent().since(revision)
        };
        let Some(live) = self.sessions.live_mut(&id) else {
            return;
        };
        let Some(missed) = missed else {
            live.await_snapshot();
            return;
        };
        live.known = live.known.max(revision);
        let bytes: usize = missed.iter().map(Bytes::len).sum();
        if live.is_on_channel() && bytes > limits::CHANNEL_CATCH_UP_BYTES_MAX {
            // All further commits follow on the WebSocket too, so that they do not overtake.
            live.follow(OpsPath::Socket);
        }
        if !live.is_on_channel() {
            self.send_frames(vec![id], Class::CatchUp, missed);
            return;
        }
        for frame in missed {
            self.send_channel(vec![id], Channel::Ops, frame);
        }
    }

    /// Lets every session wait for a snapshot: a commit is too large to be sent.
    pub(super) fn resync_all(&mut self) {
        for live in self.sessions.all_live_mut() {
            live.await_snapshot();
        }
    }

    /// Sends the snapshots that are due. It is to be called while no append is on its way.
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
            let Some(live) = self.sessions.live_mut(id) else {
                continue;
            };
            // The snapshot goes over the WebSocket, and commits follow it there.
            live.follow(OpsPath::Socket);
            live.snapshot = Some(now);
            live.known = revision;
        }
        let frames = self.sequencer.snapshot().to_vec();
        self.send_frames(ids, Class::CatchUp, frames);
    }

    /// Has commits go by the channel `ops`, which opened. A session that waits for a snapshot stays
    /// on the WebSocket.
    pub(super) fn take_channel(&mut self, id: SessionId) {
        let from = self.sequencer.recent().end();
        let Some(live) = self.sessions.live_mut(&id) else {
            return;
        };
        let Feed::Following {
            path: OpsPath::Socket,
            pace,
        } = live.feed
        else {
            return;
        };
        live.follow(OpsPath::Channel { from });
        let known = live.known;
        match pace {
            Pace::Tick => self.repeat_on_channel(id),
            Pace::Wide | Pace::Held { .. } => self.catch_up(id, known),
        }
    }

    /// Has commits go by the WebSocket, as the channel `ops` closed.
    pub(super) fn leave_channel(&mut self, id: SessionId) {
        let Some(live) = self.sessions.live_mut(&id) else {
            return;
        };
        let transport = live.transport_mut();
        let refused = transport.map(|transport| transport.take_refused());
        if let Feed::Following {
            path: OpsPath::Channel { from },
            ..
        } = live.feed
        {
            // Commits on the channel may be lost; those before, on the WebSocket, are not.
            let surely = live.known.max(from);
            live.follow(OpsPath::Socket);
            self.catch_up(id, surely);
        }
        for rejected in refused.unwrap_or_default() {
            self.send(id, Message::Rejected(rejected));
        }
    }

    /// Sends again what may still be on its way on the WebSocket, which the channel may overtake.
    fn repeat_on_channel(&mut self, id: SessionId) {
        let Some(live) = self.sessions.live(&id) else {
            return;
        };
        let missed = self
            .sequencer
            .recent()
            .since(live.known)
            .unwrap_or_default();
        let bytes: usize = missed.iter().map(Bytes::len).sum();
        if bytes <= limits::CHANNEL_CATCH_UP_BYTES_MAX {
            for frame in missed {
                self.send_channel(vec![id], Channel::Ops, frame);
            }
        }
    }
}

impl Session {
    /// Returns when the snapshot that the session waits for may be sent.
    pub(super) fn snapshot_at(&self) -> Option<Instant> {
        let live = self.live().filter(|live| live.feed == Feed::Snapshot)?;
        let last = live.snapshot;
        Some(last.map_or(self.heard, |last| last + limits::SNAPSHOT_INTERVAL))
    }
}
