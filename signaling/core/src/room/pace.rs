//! What a consumer that does not keep up is spared, step by step. The room and
//! everybody else never wait for it.

use super::Room;
use crate::{
    Path, Pressure, SessionId, limits,
    sequencer::frame_commits,
    session::{Feed, Pace, Session, Stage},
};
use bytes::Bytes;
use fmz_proto::{EncodedBatch, v1::Channel};
use std::time::Instant;

/// Commits that some have not got yet and get together.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    batches: Vec<EncodedBatch>,
    due: Option<Instant>,
}

impl Gathered {
    fn note(&mut self, batches: &[EncodedBatch], due: Instant) {
        self.batches.extend_from_slice(batches);
        self.due.get_or_insert(due);
    }

    pub(super) fn due_at(&self) -> Option<Instant> {
        self.due
    }

    fn is_due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    fn first_revision(&self) -> Option<u64> {
        self.batches.first().map(EncodedBatch::first_revision)
    }

    /// Takes the frames that hold them. Of a commit that no frame holds a snapshot told everyone.
    fn take(&mut self) -> Vec<Bytes> {
        self.due = None;
        let batches = std::mem::take(&mut self.batches);
        let frames = frame_commits(&batches).filter_map(|(_, frame)| frame);
        frames.collect()
    }
}

impl Room {
    /// Takes what the shell or the media server says of what waits for a session on
    /// one of its ways.
    pub fn handle_pressure(&mut self, id: SessionId, path: Path, pressure: Pressure, now: Instant) {
        self.press(id, path, pressure, now);
        self.advance(now);
    }

    pub(super) fn press(&mut self, id: SessionId, path: Path, pressure: Pressure, now: Instant) {
        self.send_covered();
        let end = self.sequencer.recent().end();
        let from = self.wide.first_revision();
        let sent = from.map_or(end, |first| first - 1);
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let Stage::Live(live) = &mut session.stage else {
            return;
        };
        if (path == Path::Socket) == live.is_on_channel() {
            return;
        }
        live.pressure = pressure;
        let Feed::Following { pace, .. } = &mut live.feed else {
            return;
        };
        *pace = match (*pace, pressure) {
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
                *pace = Pace::Tick;
                return self.resume(id, from);
            }
            (pace, _) => pace,
        };
        let over_at = session.over_at();
        self.sessions.over_not_before(over_at);
    }

    /// What a session missed while nothing was sent to it: the commits if they are
    /// few, else the document.
    fn resume(&mut self, id: SessionId, from: u64) {
        let missed = self.sequencer.recent().since(from);
        let bytes = missed.map(|missed| missed.iter().map(Bytes::len).sum::<usize>());
        if bytes.is_some_and(|bytes| bytes <= limits::CHANNEL_CATCH_UP_BYTES_MAX) {
            self.catch_up(id, from);
        } else if let Some(live) = self.sessions.live_mut(&id) {
            live.await_snapshot();
        }
    }

    /// Takes note of what a tick handed out to the others.
    pub(super) fn note_wide(&mut self, batches: &[EncodedBatch], now: Instant) {
        if self
            .sessions
            .values()
            .any(|session| session.pace() == Some(Pace::Wide))
        {
            self.wide.note(batches, now + limits::WIDE_TICK);
        }
    }

    /// Takes note of a tick of which copies went out: the ordered path of who takes
    /// them follows later.
    pub(super) fn note_covered(&mut self, batches: &[EncodedBatch], now: Instant) {
        if self.sessions.values().any(Session::is_covered) {
            self.covered.note(batches, now + limits::COVERED_TICK);
        }
    }

    pub(super) fn send_covered_due(&mut self, now: Instant) {
        if self.covered.is_due(now) {
            self.send_covered();
        }
    }

    /// Sends on the ordered path what went out as copies only. Also to be called before somebody
    /// stops taking copies, and before anything that was not copied.
    pub(super) fn send_covered(&mut self) {
        for frame in self.covered.take() {
            let sessions = self.select(|_, session| session.is_covered());
            self.send_channel(sessions, Channel::Ops, frame);
        }
    }

    /// Sends everyone with the wide tick what came since the last, the same bytes; who keeps
    /// up again gets every tick.
    pub(super) fn send_wide(&mut self, now: Instant) {
        if !self.wide.is_due(now) {
            return;
        }
        for frame in self.wide.take() {
            self.fan_out(&frame, |session| session.pace() == Some(Pace::Wide));
        }
        for live in self.sessions.all_live_mut() {
            if let Feed::Following { pace, .. } = &mut live.feed
                && *pace == Pace::Wide
                && live.pressure == Pressure::Low
            {
                *pace = Pace::Tick;
            }
        }
    }
}

impl Session {
    /// Whether every tick reaches it as a copy, so that the ordered path has time.
    pub(super) fn is_covered(&self) -> bool {
        self.pace() == Some(Pace::Tick) && self.takes_copies()
    }
}
