//! What a consumer that does not keep up is spared, step by step. The room and everybody else never wait for it.

use super::Room;
use crate::{
    Path, Pressure, SessionId, limits,
    sequencer::frame_commits,
    session::{Feed, OpsPath, Pace, Session},
};
use bytes::Bytes;
use fmz_proto::v1::CommittedBatch;
use std::time::Instant;

/// Commits that those with the wide tick have not got.
#[derive(Debug, Default)]
pub(super) struct Wide {
    batches: Vec<CommittedBatch>,
    due: Option<Instant>,
}

impl Room {
    /// Takes what the shell or the media server says of what waits for a session on one of its ways.
    pub fn handle_pressure(&mut self, id: SessionId, path: Path, pressure: Pressure, now: Instant) {
        self.press(id, path, pressure, now);
        self.advance(now);
    }

    pub(super) fn press(&mut self, id: SessionId, path: Path, pressure: Pressure, now: Instant) {
        let end = self.sequencer.recent().end();
        let from = self.wide.batches.first();
        let sent = from.map_or(end, |batch| batch.first_revision - 1);
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if (path == Path::Socket) != (session.path == OpsPath::Socket) {
            return;
        }
        session.pressure = pressure;
        session.pace = match (session.pace, pressure) {
            (Pace::Tick, Pressure::High) => Pace::Wide,
            (Pace::Tick, Pressure::Full) => Pace::Held {
                from: end,
                since: now,
            },
            (Pace::Wide, Pressure::Full) => Pace::Held {
                from: sent,
                since: now,
            },
            (Pace::Wide, Pressure::Low) if from.is_none() => Pace::Tick,
            (Pace::Held { from, .. }, Pressure::Low) => {
                session.pace = Pace::Tick;
                return self.resume(id, from);
            }
            (pace, _) => pace,
        };
    }

    /// What a session missed while nothing was sent to it: the commits if they are few, else the document.
    fn resume(&mut self, id: SessionId, from: u64) {
        let missed = self.sequencer.recent().since(from);
        let bytes = missed.map(|missed| missed.iter().map(Bytes::len).sum::<usize>());
        if bytes.is_some_and(|bytes| bytes <= limits::CHANNEL_CATCH_UP_BYTES_MAX) {
            self.catch_up(id, from);
        } else if let Some(session) = self.sessions.get_mut(&id) {
            session.feed = Feed::Snapshot;
        }
    }

    /// Takes note of what a tick handed out to the others.
    pub(super) fn note_wide(&mut self, batches: &[CommittedBatch], now: Instant) {
        if self
            .sessions
            .values()
            .any(|session| session.pace == Pace::Wide)
        {
            self.wide.batches.extend_from_slice(batches);
            self.wide.due.get_or_insert(now + limits::WIDE_TICK);
        }
    }

    pub(super) fn wide_at(&self) -> Option<Instant> {
        self.wide.due
    }

    /// Sends everyone with the wide tick what came since the last, the same bytes; who keeps up again gets every tick.
    pub(super) fn send_wide(&mut self, now: Instant) {
        if self.wide.due.is_none_or(|due| due > now) {
            return;
        }
        self.wide.due = None;
        for (frame, _) in frame_commits(std::mem::take(&mut self.wide.batches)) {
            // Of a commit that no frame holds everyone was told by a snapshot.
            if let Some(frame) = frame {
                self.fan_out_paced(&frame, Pace::Wide);
            }
        }
        for session in self.sessions.values_mut() {
            if session.pace == Pace::Wide && session.pressure == Pressure::Low {
                session.pace = Pace::Tick;
            }
        }
    }
}

impl Session {
    /// When patience with a consumer to which nothing is sent ends.
    pub(super) fn held_until(&self) -> Option<Instant> {
        match self.pace {
            Pace::Held { since, .. } => Some(since + limits::HELD_MAX),
            Pace::Tick | Pace::Wide => None,
        }
    }
}
