//! One op, from its author to all sessions.

use super::Room;
use crate::{
    Effect, Reason, SessionId,
    arrivals::{Arrivals, Received},
    limits,
    session::{Pace, Pen, Session},
};
use bytes::Bytes;
use fmz_annotation::{Authority, Ops};
use fmz_proto::{
    ClientBatch,
    v1::{Rejected, server_message},
};
use std::time::{Duration, Instant};

impl Room {
    /// Takes a batch of the ordered path into its author's inbox.
    pub(super) fn receive_ops(&mut self, id: SessionId, batch: ClientBatch<Ops>, now: Instant) {
        let seq = batch.client_seq;
        let taken = self.queue(id, batch.base, |arrivals| {
            arrivals.ordered(Received { batch, at: now })
        });
        if !taken {
            let text = "your invitation does not allow you to draw";
            self.reject(id, seq, "grant", text.into());
        }
    }

    /// Takes copies of batches that are on their way on the ordered path.
    pub(super) fn receive_copies(
        &mut self,
        id: SessionId,
        copies: Vec<ClientBatch<Ops>>,
        now: Instant,
    ) {
        for batch in copies {
            self.queue(id, batch.base, |arrivals| {
                arrivals.copy(Received { batch, at: now })
            });
        }
    }

    /// Puts what has arrived of an author into its inbox. Returns false if the session is no
    /// author's.
    fn queue(
        &mut self,
        id: SessionId,
        base: u64,
        arrive: impl FnOnce(&mut Arrivals) -> Vec<Received>,
    ) -> bool {
        let end = self.sequencer.recent().end();
        let Some(live) = self.sessions.live_mut(&id) else {
            return false;
        };
        let Some(pen) = live.pen.as_mut() else {
            return false;
        };
        // What the author had applied has reached it.
        live.known = live.known.max(base.min(end));
        pen.receive(arrive);
        if pen.is_flooded() {
            self.close(id, Reason::Flood);
        }
        true
    }

    /// Numbers waiting batches, one of each author in turn, and lets them go to the log.
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

    /// Returns when waiting batches may go to the log: at once if a command is to find them there.
    pub(super) fn append_at(&self, now: Instant) -> Instant {
        let at = self.sequencer.append_at();
        at.filter(|_| self.commands.is_empty()).unwrap_or(now)
    }

    /// Takes one batch of each author. Returns true if another round may find more.
    fn sequence_round(&mut self, ids: &[SessionId], now: Instant) -> bool {
        let mut found = false;
        for id in ids {
            if self.sequencer.collected_ops() >= limits::APPEND_OPS_MAX
                || self.budget.ready_at() > now
            {
                return false;
            }
            let Some(pen) = self.pen_mut(*id) else {
                continue;
            };
            if let Some(received) = pen.next_batch(now) {
                let sender = (pen.author.get(), pen.authority);
                found = true;
                self.served = *id;
                self.budget.take(received.batch.ops.len() as u32, now);
                self.sequence_batch(*id, sender, received, now);
            }
        }
        found
    }

    fn pen_mut(&mut self, id: SessionId) -> Option<&mut Pen> {
        self.sessions.live_mut(&id)?.pen.as_mut()
    }

    fn sequence_batch(
        &mut self,
        id: SessionId,
        (author, authority): (u32, Authority),
        received: Received,
        now: Instant,
    ) {
        let ClientBatch {
            client_seq,
            base,
            ops,
        } = received.batch;
        if client_seq <= self.sequencer.document().last_client_seq(author) {
            return;
        }
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

    /// Keeps a refusal that goes by the channel: it may be lost with it.
    fn keep_refusal(&mut self, id: SessionId, rejected: Rejected) {
        let live = self.sessions.live_mut(&id);
        if let Some(live) = live.filter(|live| live.is_on_channel())
            && let Some(transport) = live.transport_mut()
        {
            transport.keep_refusal(rejected);
        }
    }

    /// Sends what has become durable to all sessions, once a tick.
    pub(super) fn hand_out(&mut self, now: Instant) {
        let Some(tick) = self.sequencer.tick(now) else {
            return;
        };
        self.sequencer.widen(self.width(&tick.frames));
        // Under load the room first stops sending what it sends twice.
        let copied = !self.sequencer.is_wide() && self.copies.note(&tick.batches);
        if copied {
            self.note_covered(&tick.batches, now);
        } else {
            self.copies.clear();
            self.send_covered();
        }
        let at_once = |session: &Session| {
            session.pace() == Some(Pace::Tick) && !(copied && session.is_covered())
        };
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

    /// Returns the time until the next tick: the more there is to send to all, the more goes
    /// together.
    fn width(&self, frames: &[Option<Bytes>]) -> Duration {
        let receivers = self
            .sessions
            .values()
            .filter(|session| session.pace() == Some(Pace::Tick))
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

    /// Sends copies of the newest commits if they are due.
    pub(super) fn send_copies(&mut self, now: Instant) {
        if let Some(frame) = self.copies.take(now) {
            self.fan_out_copies(frame);
        }
    }

    /// Returns the time of day at `now`, by the clock that was read when the room was opened.
    pub(super) fn unix_ms(&self, now: Instant) -> u64 {
        self.opened_ms + now.saturating_duration_since(self.opened).as_millis() as u64
    }
}
