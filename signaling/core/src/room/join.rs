//! Joining and leaving.

use super::Room;
use crate::{
    Effect, Join, Reason, SessionId, limits,
    session::{Live, Media, Pen, Session, Stage},
};
use fmz_annotation::Authority;
use fmz_proto::v1::{AuthorAdded, ParticipantJoined, ParticipantLeft, Welcome, op, server_message};
use std::{num::NonZeroU32, time::Instant};

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

    /// Returns why a session may not come in, if so.
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

    /// Welcomes the joining sessions that nothing holds back. A session that may draw waits until
    /// its author's number is durable.
    pub(super) fn welcome_joiners(&mut self, now: Instant) {
        for id in self.joiners() {
            let Some(session) = self.sessions.get_mut(&id) else {
                continue;
            };
            let Join {
                subject,
                session_key,
                grants,
                transport,
                ..
            } = &session.join;
            let document = self.sequencer.document();
            let mut pen = None;
            if grants.annotate {
                let Some(author) = document.author_by_session(subject, session_key) else {
                    continue;
                };
                let last = document.last_client_seq(author);
                let author = NonZeroU32::new(author).expect("0 is the server itself");
                let authority = if grants.own {
                    Authority::Owner
                } else {
                    Authority::Author
                };
                let sender = (author, authority);
                pen = Some(Pen::new(sender, last, &self.info.limits, now));
            }
            let media = transport.then(|| Media::new(now));
            session.stage = Stage::Live(Box::new(Live::new(pen, media)));
            self.welcome(id, now);
        }
    }

    fn joiners(&self) -> Vec<SessionId> {
        self.sessions
            .asking()
            .filter(|(_, session)| !session.is_live())
            .map(|(id, _)| id)
            .collect()
    }

    /// Numbers an `AuthorAdded` for each joining session that may draw and has no number yet.
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
        self.open_transport(id, now);
    }

    fn live(&self) -> impl Iterator<Item = &Session> {
        self.sessions.values().filter(|session| session.is_live())
    }

    /// Ends a session from the server's side.
    pub(super) fn close(&mut self, session: SessionId, reason: Reason) {
        if self.remove(session, reason) {
            self.effects.push_back(Effect::Close { session, reason });
        }
    }

    /// Forgets a session and tells the others. Returns false if it is not known.
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
        if session.live().and_then(Live::transport).is_some() {
            self.close_on_link(id);
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
