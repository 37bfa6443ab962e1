//! The room: its state and its verbs. The modules beside do what the verbs ask.

mod catch_up;
mod commands;
mod films;
mod join;
mod link;
mod media;
mod ops;
mod pace;
mod presence;
mod send;
mod sessions;
mod versions;

use crate::{
    AppendToken, Effect, Join, LinkEpoch, Path, Reason, RoomLimits, SessionId, bucket::Bucket,
    copies::Copies, limits, publication::Publication, sequencer::Sequencer, session::Session,
};
use commands::Commands;
use fmz_annotation::{Document, Ops};
use fmz_proto::{
    FromClient, WireError,
    v1::{Error, Ping, Pong, client_message, from_sfu, server_message, to_sfu},
};
use pace::Gathered;
use presence::Pointers;
use sessions::Sessions;
use std::{
    collections::{BTreeMap, VecDeque},
    time::Instant,
};

/// A room's names and limits, and the version of its server.
#[derive(Debug, Clone, Default)]
pub struct RoomInfo {
    /// Name, also of the room's video.
    pub room: String,
    /// Title for people.
    pub title: String,
    /// Version of the server, for people.
    pub server: String,
    /// The limits that the operator may set.
    pub limits: RoomLimits,
}

/// One room.
#[derive(Debug)]
pub struct Room {
    info: RoomInfo,
    /// Milliseconds since 1970 at `opened`.
    opened_ms: u64,
    opened: Instant,
    /// Head of the document then. It is in the ids of publications: a room that opens behind a mark
    /// that names one opens at a higher revision.
    opened_revision: u64,
    sequencer: Sequencer,
    sessions: Sessions,
    publications: BTreeMap<String, Publication>,
    pointers: Pointers,
    copies: Copies,
    commands: Commands,
    wide: Gathered,
    /// Commits that went out as copies, and not yet on the ordered path of the sessions that take
    /// copies.
    covered: Gathered,
    /// The forwarding unit that is up. While none is, no transport is open.
    link: Option<LinkEpoch>,
    /// Ops that the room may still take.
    budget: Bucket,
    /// The session that was served last in the last round.
    served: SessionId,
    closed: Option<Reason>,
    effects: VecDeque<Effect>,
}

impl Room {
    /// Makes a room around the document that its log gives. `unix_ms` is the time of day at `now`,
    /// in milliseconds since 1970. The forwarding unit counts as away until [`Self::handle_sfu`]
    /// takes its `UnitUp`.
    pub fn new(info: RoomInfo, document: Document, unix_ms: u64, now: Instant) -> Self {
        let RoomLimits {
            room_ops_per_s,
            room_ops_burst,
            ..
        } = info.limits;
        let automatic = !info.limits.auto_commit.is_zero();
        Self {
            commands: Commands::new(&info.room, &document, automatic, now),
            budget: Bucket::new(room_ops_per_s, room_ops_burst, now),
            info,
            opened_ms: unix_ms,
            opened: now,
            opened_revision: document.revision(),
            sequencer: Sequencer::new(document),
            sessions: Sessions::default(),
            publications: BTreeMap::new(),
            pointers: Pointers::default(),
            copies: Copies::default(),
            wide: Gathered::default(),
            covered: Gathered::default(),
            link: None,
            served: SessionId(0),
            closed: None,
            effects: VecDeque::new(),
        }
    }

    /// Takes in a session whose token is good.
    pub fn handle_joined(&mut self, join: Join, now: Instant) {
        self.join(join, now);
        self.advance(now);
    }

    /// Notes that a session is over.
    pub fn handle_left(&mut self, session: SessionId, reason: Reason, now: Instant) {
        self.remove(session, reason);
        self.advance(now);
    }

    /// Closes a session for what its connection did.
    pub fn handle_violation(&mut self, session: SessionId, reason: Reason, now: Instant) {
        self.close(session, reason);
        self.advance(now);
    }

    /// Notes a sign of life that is no message.
    pub fn handle_alive(&mut self, session: SessionId, now: Instant) {
        if let Some(session) = self.sessions.get_mut(&session) {
            session.heard = now;
        }
    }

    /// Takes a frame that is not a message.
    pub fn handle_malformed(&mut self, id: SessionId, error: &WireError, now: Instant) {
        self.take_malformed(id, error, now);
        self.advance(now);
    }

    fn take_malformed(&mut self, id: SessionId, error: &WireError, now: Instant) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        session.heard = now;
        session.strikes += 1;
        if session.strikes > limits::STRIKES_MAX {
            self.close(id, Reason::Malformed);
        } else {
            self.send_error(id, error.code(), error.to_string(), 0);
        }
    }

    /// Takes a message of a session.
    pub fn handle_message(
        &mut self,
        id: SessionId,
        message: FromClient<Ops>,
        path: Path,
        now: Instant,
    ) {
        self.take_message(id, message, path, now);
        self.advance(now);
    }

    fn take_message(&mut self, id: SessionId, message: FromClient<Ops>, path: Path, now: Instant) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        session.heard = now;
        if session.messages.take(1, now) {
            match message {
                FromClient::Ops(batch) => self.receive_ops(id, batch, now),
                FromClient::Copies(copies) => self.receive_copies(id, copies, now),
                FromClient::Other(message) => self.dispatch(id, message, path, now),
            }
        } else {
            self.close(id, Reason::Flood);
        }
    }

    fn dispatch(
        &mut self,
        id: SessionId,
        message: client_message::Message,
        path: Path,
        now: Instant,
    ) {
        use client_message::Message as M;
        match message {
            M::Hello(_) => {
                self.send_error(id, "hello_twice", "you are in the room already".into(), 0)
            }
            M::Answer(answer) => self.answer(id, answer),
            M::Candidate(candidate) => self.candidate(id, candidate),
            M::Publish(publish) => self.publish(id, publish, now),
            M::Unpublish(unpublish) => self.unpublish(id, &unpublish.publication),
            M::Mute(mute) => self.mute(id, &mute.publication, mute.muted),
            M::Ops(_) | M::Copies(_) => unreachable!("ops have variants of their own"),
            M::Presence(presence) => self.receive_presence(id, presence, now),
            M::Ping(ping) => self.pong(id, ping, path, now),
            M::Resync(resync) => {
                if resync.diverged {
                    self.effects.push_back(Effect::Diverged);
                }
                self.catch_up(id, resync.revision);
            }
            M::FrameMap(map) => self.frame_map(id, map),
            M::RestartTransport(_) => self.restart_transport(id, now),
            M::Leave(_) => self.close(id, Reason::Left),
        }
    }

    fn pong(&mut self, id: SessionId, ping: Ping, path: Path, now: Instant) {
        let server_us = now.saturating_duration_since(self.opened).as_micros() as u64;
        let pong = Pong {
            nonce: ping.nonce,
            sent_us: ping.sent_us,
            server_us,
        };
        self.send_by(id, path, server_message::Message::Pong(pong));
    }

    /// Takes a message of the forwarding unit, or the news that it is up or gone.
    pub fn handle_sfu(&mut self, message: from_sfu::Message, now: Instant) {
        self.receive_sfu(message, now);
        self.advance(now);
    }

    /// Takes the log's answer to [`Effect::Append`]. An `Err` closes the room, because its document
    /// is then ahead of the log.
    pub fn handle_appended<E: std::fmt::Display>(
        &mut self,
        token: AppendToken,
        answer: Result<(), E>,
        now: Instant,
    ) {
        if self.closed.is_some() || !self.sequencer.expects(token) {
            return;
        }
        match answer {
            Ok(()) => {
                self.sequencer.landed(now);
                self.answer_landed();
            }
            Err(error) => {
                tracing::error!(room = self.info.room, %error, "an append failed, the room closes");
                self.handle_shutdown(Reason::Storage);
            }
        }
        self.advance(now);
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.sessions.over_at().is_some_and(|at| at <= now) {
            self.close_over(now);
        }
        self.advance(now);
    }

    fn close_over(&mut self, now: Instant) {
        let over: Vec<_> = self
            .sessions
            .iter()
            .filter_map(|(id, session)| Some((*id, session.over(now)?)))
            .collect();
        for (id, reason) in over {
            self.close(id, reason);
        }
        self.sessions.find_over_at();
    }

    /// Closes every session. The room does nothing more afterwards; make a new one from the log.
    pub fn handle_shutdown(&mut self, reason: Reason) {
        if self.closed.replace(reason).is_some() {
            return;
        }
        let sessions = self.sessions.take();
        self.effects
            .extend(sessions.map(|session| Effect::Close { session, reason }));
        self.publications.clear();
        self.abandon_commands(reason);
        if self.link.is_some() {
            self.tell_sfu(to_sfu::Message::CloseRoom(fmz_proto::v1::CloseRoom {
                room: self.info.room.clone(),
            }));
        }
    }

    /// Returns why the room does nothing more, if so.
    pub fn closed(&self) -> Option<Reason> {
        self.closed
    }

    /// Returns the number of sessions in the room, those not welcomed yet included.
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// Returns true if nobody is in the room, no append is on its way to the log, and the room has
    /// no version to make.
    pub fn is_idle(&self) -> bool {
        let flying = self.sequencer.is_flying();
        let works = flying || !self.commands.is_empty() || self.commit_due().is_some();
        self.sessions.is_empty() && !works
    }

    /// Returns the document. It is ahead of the log while an append is on its way.
    pub fn document(&self) -> &Document {
        self.sequencer.document()
    }

    /// Returns the next thing to do, in order.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Returns when to call [`Room::handle_timeout`]. It is to be asked after every verb.
    pub fn poll_timeout(&self, now: Instant) -> Option<Instant> {
        if self.closed.is_some() {
            return None;
        }
        // While an append is on its way nothing is numbered, and no snapshot is sent.
        let standing = match self.sequencer.is_flying() {
            true => None,
            false => self.acts_at(now),
        };
        standing
            .into_iter()
            .chain(self.sessions.over_at())
            .chain(self.sequencer.tick_at(now))
            .chain(self.copies.due_at(now))
            .chain(self.wide.due_at())
            .chain(self.covered.due_at())
            .chain(self.pointers.due_at())
            .min()
    }

    /// Returns when something is due that is done only while no append is on its way.
    fn acts_at(&self, now: Instant) -> Option<Instant> {
        let snapshots = self
            .sessions
            .asking()
            .filter_map(|(_, session)| session.snapshot_at());
        snapshots
            .chain(self.sends_at(now))
            .chain(self.commit_due())
            .min()
    }

    /// Returns until when the caller may hold back ops, because the room gathers them: it would do
    /// nothing with them sooner. At that time the caller brings them, in the order and with the
    /// times of their arrival, and then handles the timeout.
    pub fn gathers_until(&self, now: Instant) -> Option<Instant> {
        let at = match self.sequencer.is_flying() && self.sequencer.gathers() {
            true => now + limits::TICK,
            false => self.append_at(now),
        };
        (at > now && self.closed.is_none()).then_some(at)
    }

    /// Returns when the next waiting batch may go to the log.
    fn sends_at(&self, now: Instant) -> Option<Instant> {
        let may_append = self.budget.ready_at().max(self.append_at(now));
        let mut ready = self.sessions.sending().map(|(_, pen)| pen.ops.ready_at());
        let at = if may_append > now {
            ready.next()
        } else {
            ready.min()
        };
        at.map(|at| at.max(may_append))
    }

    /// Does everything that may have become possible.
    fn advance(&mut self, now: Instant) {
        if self.closed.is_some() {
            return;
        }
        self.sessions.settle();
        self.hand_out(now);
        self.send_copies(now);
        self.send_covered_due(now);
        self.send_wide(now);
        self.send_pointers(now);
        if self.sequencer.is_flying() {
            return;
        }
        self.welcome_joiners(now);
        self.begin_publications();
        self.send_snapshots(now);
        self.answer_questions();
        self.sequence(now);
        self.sessions.settle();
    }

    fn send_error(&mut self, id: SessionId, code: &str, text: String, request: u32) {
        let error = Error {
            code: code.into(),
            text,
            request,
        };
        self.send(id, server_message::Message::Error(error));
    }
}

impl Session {
    /// Returns why the session is over, if it is.
    fn over(&self, now: Instant) -> Option<Reason> {
        if now >= self.join.expires {
            return Some(Reason::Expired);
        }
        if self.held_until().is_some_and(|until| now >= until) {
            return Some(Reason::Slow);
        }
        (now >= self.heard + limits::SILENCE_MAX).then_some(Reason::Timeout)
    }
}
