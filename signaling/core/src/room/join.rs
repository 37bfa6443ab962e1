//! Coming in and going out.

use super::Room;
use crate::{
    Effect, Join, Reason, SessionId,
    arrivals::Arrivals,
    limits,
    session::{Session, Stage},
};
use fmz_proto::v1::{
    AuthorAdded, CloseTransport, ParticipantJoined, ParticipantLeft, Welcome, op, server_message,
    to_sfu,
};
use std::time::Instant;

impl Room {
    pub(super) fn join(&mut self, join: Join, now: Instant) {
        let session = join.session;
        if let Some(reason) = self.refusal(&join, now) {
            self.effects.push_back(Effect::Close { session, reason });
            return;
        }
        let older = self
            .sessions
            .iter()
            .find(|(_, session)| session.same_page(&join))
            .map(|(id, _)| *id);
        if let Some(older) = older {
            self.close(older, Reason::Replaced);
        }
        self.sessions
            .insert(session, Session::new(join, &self.info.limits, now));
    }

    fn refusal(&self, join: &Join, now: Instant) -> Option<Reason> {
        let comes_back = self
            .sessions
            .values()
            .any(|session| session.same_page(join));
        let full = self.sessions.len() >= self.info.limits.participants_max && !comes_back;
        if let Some(reason) = self.closed {
            Some(reason)
        } else if !join.grants.view {
            Some(Reason::Grant)
        } else if now >= join.expires {
            Some(Reason::Expired)
        } else {
            full.then_some(Reason::RoomFull)
        }
    }

    /// Welcomes those whom nothing holds back: who may draw waits until its number is durable.
    pub(super) fn welcome_joiners(&mut self, now: Instant) {
        for id in self.joiners() {
            let Some(session) = self.sessions.get_mut(&id) else {
                continue;
            };
            let Join {
                subject,
                session_key,
                grants,
                ..
            } = &session.join;
            let author = self
                .sequencer
                .document()
                .author_by_session(subject, session_key);
            if author.is_some() || !grants.annotate {
                session.author = author.filter(|_| grants.annotate).unwrap_or(0);
                session.stage = Stage::Live;
                let last = self.sequencer.document().last_client_seq(session.author);
                session.arrivals = Arrivals::after(last);
                self.welcome(id, now);
            }
        }
    }

    fn joiners(&self) -> Vec<SessionId> {
        let waits = |session: &Session| session.stage == Stage::Joining;
        self.sessions
            .asking()
            .filter(|(_, session)| waits(session))
            .map(|(id, _)| id)
            .collect()
    }

    /// Numbers an `AuthorAdded` for each joiner who may draw and has no number yet.
    pub(super) fn add_authors(&mut self, now: Instant) {
        for id in self.joiners() {
            let Some(session) = self.sessions.get(&id) else {
                continue;
            };
            let Join {
                subject,
                session_key,
                name,
                ..
            } = &session.join;
            if self
                .sequencer
                .document()
                .author_by_session(subject, session_key)
                .is_some()
            {
                continue;
            }
            let added = AuthorAdded {
                author: self.sequencer.document().next_author(),
                identity: subject.clone(),
                name: name.clone(),
                session_key: session_key.clone(),
            };
            let (added, ms) = (op::Op::AuthorAdded(added), self.unix_ms(now));
            if let Err(refused) = self.sequencer.number_own(added, ms, now) {
                tracing::warn!(
                    room = self.info.room,
                    code = refused.code,
                    "no author's number can be given"
                );
                self.close(id, Reason::AuthorsFull);
            }
        }
    }

    fn welcome(&mut self, id: SessionId, now: Instant) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let (join, participant) = (session.join.clone(), session.participant());
        let welcome = Welcome {
            room: self.info.room.clone(),
            title: self.info.title.clone(),
            participant: id.0,
            author: participant.author,
            last_client_seq: self
                .sequencer
                .document()
                .last_client_seq(participant.author),
            grants: Some(join.grants),
            participants: self.live().map(Session::participant).collect(),
            publications: self
                .started()
                .map(|publication| publication.state.clone())
                .collect(),
            revision: self.sequencer.document().revision(),
            server: self.info.server.clone(),
            ping_interval_ms: limits::PING_INTERVAL.as_millis() as u32,
        };
        tracing::info!(room = self.info.room, participant = id.0, "joined");
        self.send(id, server_message::Message::Welcome(welcome));
        self.catch_up(id, join.revision);
        let joined = ParticipantJoined {
            participant: Some(participant),
        };
        self.broadcast(server_message::Message::ParticipantJoined(joined), Some(id));
        if join.transport {
            self.open_transport(id, now);
        }
    }

    fn live(&self) -> impl Iterator<Item = &Session> {
        self.sessions.values().filter(|session| session.is_live())
    }

    /// Ends a session from this side.
    pub(super) fn close(&mut self, session: SessionId, reason: Reason) {
        if self.remove(session, reason) {
            self.effects.push_back(Effect::Close { session, reason });
        }
    }

    /// Forgets a session and tells the others. False where it is not known.
    pub(super) fn remove(&mut self, id: SessionId, reason: Reason) -> bool {
        let Some(session) = self.sessions.remove(&id) else {
            return false;
        };
        tracing::info!(
            room = self.info.room,
            participant = id.0,
            reason = reason.code(),
            "left"
        );
        self.pointers.forget(id);
        self.end_publications(id);
        if session.transport.is_some() {
            self.tell_sfu(to_sfu::Message::Close(CloseTransport {
                session: id.link(),
            }));
        }
        if session.is_live() {
            let left = ParticipantLeft {
                participant: id.0,
                reason: reason.code().into(),
            };
            self.broadcast(server_message::Message::ParticipantLeft(left), None);
        }
        true
    }
}
