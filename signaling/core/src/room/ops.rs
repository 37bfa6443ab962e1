//! One op, from its author to everyone.

use super::Room;
use crate::{
    Effect, Reason, SessionId,
    arrivals::Arrivals,
    limits,
    session::{OpsPath, Pace, Received, Session},
};
use bytes::Bytes;
use fmz_annotation::Authority;
use fmz_proto::v1::{OpBatch, OpCopies, Rejected, server_message};
use std::time::{Duration, Instant};

impl Room {
    /// Takes a batch of the ordered path into its author's inbox.
    pub(super) fn receive_ops(&mut self, id: SessionId, batch: OpBatch, now: Instant) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        if !session.is_live() || session.author == 0 {
            self.reject(
                id,
                batch.client_seq,
                "grant",
                "your invitation does not allow you to draw".into(),
            );
            return;
        }
        self.note_base(id, batch.base);
        self.queue(id, |arrivals| arrivals.ordered(Received { batch, at: now }));
    }

    /// Takes copies of batches that are on their way on the ordered path.
    pub(super) fn receive_copies(&mut self, id: SessionId, copies: OpCopies, now: Instant) {
        for batch in copies.batches {
            self.note_base(id, batch.base);
            self.queue(id, |arrivals| arrivals.copy(Received { batch, at: now }));
        }
    }

    fn note_base(&mut self, id: SessionId, base: u64) {
        let end = self.sequencer.recent().end();
        if let Some(session) = self.sessions.get_mut(&id) {
            session.known = session.known.max(base.min(end));
        }
    }

    fn queue(&mut self, id: SessionId, arrive: impl FnOnce(&mut Arrivals) -> Vec<Received>) {
        let may_draw = |session: &&mut Session| session.is_live() && session.author > 0;
        let Some(session) = self.sessions.get_mut(&id).filter(may_draw) else {
            return;
        };
        for received in arrive(&mut session.arrivals) {
            session.inbox_ops += received.batch.ops.len();
            session.inbox.push_back(received);
        }
        if session.inbox_ops > limits::INBOX_OPS_MAX
            || session.inbox.len() > limits::INBOX_BATCHES_MAX
        {
            self.close(id, Reason::Flood);
        }
    }

    /// Numbers what waits, one batch of each author in turn, and lets it go to the log.
    pub(super) fn sequence(&mut self, now: Instant) {
        self.add_authors(now);
        self.add_media(now);
        self.write_versions(now);
        if self.append_at(now) <= now {
            self.sequence_rounds(now);
        }
        self.note_change(now);
        if let Some((token, expected_revision, batches)) = self.sequencer.launch(now) {
            self.effects.push_back(Effect::Append {
                token,
                expected_revision,
                batches,
            });
        } else {
            // Restoring the current state writes no op, so its answer waits for no append.
            self.answer_landed();
        }
    }

    fn sequence_rounds(&mut self, now: Instant) {
        self.sessions.settle();
        let mut ids: Vec<_> = self.sessions.sending().map(|(id, _)| id).collect();
        let after_last = ids.partition_point(|id| *id <= self.served);
        ids.rotate_left(after_last);
        while self.sequence_round(&ids, now) {}
    }

    /// When what waits may go to the log: at once where a command is to find it there.
    pub(super) fn append_at(&self, now: Instant) -> Instant {
        let at = self.sequencer.append_at();
        at.filter(|_| self.commands.is_empty()).unwrap_or(now)
    }

    /// Returns whether another round may find more.
    fn sequence_round(&mut self, ids: &[SessionId], now: Instant) -> bool {
        let mut found = false;
        for id in ids {
            if self.sequencer.collected_ops() >= limits::APPEND_OPS_MAX
                || self.budget.ready_at() > now
            {
                return false;
            }
            if let Some(received) = self
                .sessions
                .get_mut(id)
                .and_then(|session| session.next_batch(now))
            {
                found = true;
                self.served = *id;
                self.budget.take(received.batch.ops.len() as u32, now);
                self.sequence_batch(*id, received, now);
            }
        }
        found
    }

    fn sequence_batch(&mut self, id: SessionId, received: Received, now: Instant) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let (
            author,
            OpBatch {
                client_seq,
                base,
                ops,
            },
        ) = (session.author, received.batch);
        if client_seq <= self.sequencer.document().last_client_seq(author) {
            return;
        }
        let authority = if session.join.grants.own {
            Authority::Owner
        } else {
            Authority::Author
        };
        let ms = self.unix_ms(now);
        let numbered = self.sequencer.rebase(author, base, ops).and_then(|ops| {
            self.sequencer
                .number(author, authority, client_seq, ops, ms, received.at)
        });
        if let Err(refused) = numbered {
            self.reject(id, client_seq, refused.code, refused.text);
        }
    }

    fn reject(&mut self, id: SessionId, client_seq: u64, code: &str, text: String) {
        let rejected = Rejected {
            client_seq,
            code: code.into(),
            text,
        };
        self.keep_refusal(id, rejected.clone());
        self.send_with_ops(id, server_message::Message::Rejected(rejected));
    }

    /// What is said on the channel may be lost with it.
    fn keep_refusal(&mut self, id: SessionId, rejected: Rejected) {
        let on_channel = |session: &&mut Session| session.path != OpsPath::Socket;
        if let Some(session) = self.sessions.get_mut(&id).filter(on_channel) {
            let surplus = (session.refused.len() + 1).saturating_sub(limits::REFUSED_MAX);
            session.refused.drain(..surplus);
            session.refused.push_back(rejected);
        }
    }

    /// Hands out what has become durable, once a tick.
    pub(super) fn hand_out(&mut self, now: Instant) {
        let Some(tick) = self.sequencer.tick(now) else {
            return;
        };
        self.sequencer.widen(self.width(&tick.frames));
        // What load takes away first is what is said twice.
        let copied = !self.sequencer.is_wide() && self.copies.note(&tick.batches);
        if copied {
            self.note_covered(&tick.batches, now);
        } else {
            self.copies.clear();
            self.send_covered();
        }
        let at_once =
            |session: &Session| session.pace == Pace::Tick && !(copied && session.is_covered());
        for frame in &tick.frames {
            match frame {
                Some(frame) => self.fan_out(frame, at_once),
                None => self.resync_all(),
            }
        }
        self.note_wide(&tick.batches, now);
        self.effects.push_back(Effect::HandedOut {
            ops: tick.ops,
            waits: tick.waits,
        });
    }

    /// Time until the next tick: the more there is to send to all, the more goes together.
    fn width(&self, frames: &[Option<Bytes>]) -> Duration {
        let receivers = self
            .sessions
            .values()
            .filter(|session| session.is_fed() && session.pace == Pace::Tick)
            .count();
        let bytes: usize = frames
            .iter()
            .flatten()
            .map(|frame| frame.len() + limits::SEND_BYTES)
            .sum();
        let us = (receivers * bytes) as u64 * 1_000_000 / limits::FAN_OUT_BYTES_PER_S;
        let sending = Duration::from_micros(us);
        let sparing = (sending * limits::SENDING_SHARE).min(limits::TICK_SPARING);
        sending.max(sparing).clamp(limits::TICK, limits::TICK_MAX)
    }

    /// Sends copies of the newest commits where they are due.
    pub(super) fn send_copies(&mut self, now: Instant) {
        if let Some(frame) = self.copies.take(now) {
            self.fan_out_copies(frame);
        }
    }

    /// Time of day at `now`, by the clock read when the room was opened.
    pub(super) fn unix_ms(&self, now: Instant) -> u64 {
        self.opened_ms + now.saturating_duration_since(self.opened).as_millis() as u64
    }
}

impl Session {
    /// The next batch whose turn it is.
    fn next_batch(&mut self, now: Instant) -> Option<Received> {
        let ops = self.inbox.front()?.batch.ops.len();
        if !self.ops.take(ops as u32, now) {
            return None;
        }
        self.inbox_ops -= ops;
        self.inbox.pop_front()
    }
}
