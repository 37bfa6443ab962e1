//! Requests of the rooms' owner.

use super::Sfu;
use crate::LinkCode;
use crate::limits::{CANDIDATES_MAX, ROOM_PUBLICATIONS_MAX, SESSION_PUBLICATIONS_MAX};
use crate::outbox::Pushed;
use crate::publication::{Publication, PublicationInfo};
use crate::schedule::Work;
use crate::slot::Slot;
use crate::transport::Channel;
use fmz_media::Codec;
use fmz_proto::v1::{self, MediaKind, to_sfu};
use std::time::Instant;

impl Sfu {
    /// Handles a message of the rooms' owner.
    pub fn handle_message(&mut self, message: to_sfu::Message, now: Instant) {
        if !self.is_of_this_epoch(&message) {
            // It was under way to a former forwarding unit, whose transports are gone.
            self.stats.messages_late += 1;
            return;
        }
        match message {
            to_sfu::Message::Open(open) => self.open(open, now),
            to_sfu::Message::Close(close) => {
                if let Some(slot) = self.endpoints.of_session(close.session) {
                    self.close(slot, now);
                }
            }
            to_sfu::Message::Answer(answer) => self.take_answer(answer, now),
            to_sfu::Message::Candidate(candidate) => self.take_candidate(&candidate, now),
            to_sfu::Message::AddPublication(add) => self.add_publication(add, now),
            to_sfu::Message::RemovePublication(remove) => self.remove_publication(&remove),
            to_sfu::Message::Send(send) => self.send(&send),
            to_sfu::Message::CloseRoom(close) => self.close_room(&close.room, now),
        }
    }

    fn is_of_this_epoch(&self, message: &to_sfu::Message) -> bool {
        let session = match message {
            to_sfu::Message::Open(open) => open.session,
            to_sfu::Message::Close(close) => close.session,
            to_sfu::Message::Answer(answer) => answer.session,
            to_sfu::Message::Candidate(candidate) => candidate.session,
            to_sfu::Message::AddPublication(add) => add.session,
            // A room sends to sessions of one epoch at a time.
            to_sfu::Message::Send(send) => match send.sessions.first() {
                Some(session) => *session,
                None => return true,
            },
            // The next unit has no publication of this name. A room of this name it may have: its
            // clients then ask for other transports.
            to_sfu::Message::RemovePublication(_) | to_sfu::Message::CloseRoom(_) => return true,
        };
        epoch_of(session) == self.config.epoch
    }

    fn take_candidate(&mut self, message: &v1::TransportCandidate, now: Instant) {
        let Some(candidate) = &message.candidate else {
            return;
        };
        let Some(slot) = self.endpoints.of_session(message.session) else {
            // Candidates trickle on while a transport ends.
            return;
        };
        let endpoint = &mut self.endpoints[slot];
        // An empty candidate is the end of candidates; one of an earlier transport came too late.
        if candidate.transport != endpoint.number || candidate.candidate.is_empty() {
            return;
        }
        endpoint.candidates += 1;
        if endpoint.candidates > CANDIDATES_MAX {
            self.emit_error(slot, LinkCode::BadCandidate, 0);
            return;
        }
        match endpoint.transport.add_candidate(&candidate.candidate) {
            // The transport wants to be driven, to check its new pairs.
            Ok(true) => self.schedule.wake(slot, Work::Forward),
            // Browsers hide local addresses behind mDNS names; such clients are found by their
            // checks.
            Ok(false) => tracing::debug!(session = message.session, "candidate passed over"),
            Err(fault) => self.fail(slot, &fault, now),
        }
    }

    fn add_publication(&mut self, add: v1::AddPublication, now: Instant) {
        let (room, session) = (add.room, add.session);
        let publish = add.publish.unwrap_or_default();
        let request = publish.request;
        match self.check_publication(session, add.publication, publish) {
            Ok(info) => self.publish(info, now),
            Err(code) => self.emit_refusal(room, session, code, request),
        }
    }

    fn check_publication(
        &self,
        session: u64,
        id: String,
        publish: v1::Publish,
    ) -> Result<PublicationInfo, LinkCode> {
        let owner = self.endpoints.of_session(session);
        let owner = owner.ok_or(LinkCode::UnknownSession)?;
        let audio = match publish.kind() {
            MediaKind::Audio => true,
            MediaKind::Video => false,
            MediaKind::Unspecified => return Err(LinkCode::BadPublish),
        };
        let only = match publish.codec.as_str() {
            "" => None,
            name => Some(Codec::from_name(name).ok_or(LinkCode::BadPublish)?),
        };
        if only.is_some_and(|codec| codec.is_audio() != audio) || !is_stream_id(&id) {
            return Err(LinkCode::BadPublish);
        }
        let endpoint = &self.endpoints[owner];
        let in_room = &self.rooms[&endpoint.room].publications;
        if endpoint.publications.len() == SESSION_PUBLICATIONS_MAX
            || in_room.len() == ROOM_PUBLICATIONS_MAX
        {
            return Err(LinkCode::TooManyPublications);
        }
        if in_room.contains_key(&id) {
            return Err(LinkCode::DuplicatePublication);
        }
        Ok(PublicationInfo {
            id,
            room: endpoint.room.clone(),
            session,
            owner,
            request: publish.request,
            audio,
            only,
        })
    }

    /// Adds a publication. Its line is offered when its publisher is tended.
    fn publish(&mut self, info: PublicationInfo, now: Instant) {
        let (owner, id, room) = (info.owner, info.id.clone(), info.room.clone());
        let key = self.publications.insert(Publication::new(info, now));
        self.endpoints[owner].publications.push(key);
        let room = self.rooms.get_mut(&room);
        let room = room.expect("a room lasts as long as it has an endpoint");
        room.publications.insert(id, key);
        self.schedule.wake(owner, Work::Tend);
    }

    fn remove_publication(&mut self, remove: &v1::RemovePublication) {
        let room = self.rooms.get(&remove.room);
        let key = room.and_then(|room| room.publications.get(&remove.publication));
        match key {
            Some(key) => self.unpublish(*key),
            // It ended by itself while the owner's message was on its way.
            None => tracing::debug!(?remove, "no such publication"),
        }
    }

    fn send(&mut self, send: &v1::SendData) {
        let Some(channel) = Channel::from_wire(send.channel) else {
            return;
        };
        for session in &send.sessions {
            if let Some(slot) = self.endpoints.of_session(*session) {
                self.send_to(slot, channel, send);
            }
        }
    }

    fn send_to(&mut self, slot: Slot, channel: Channel, send: &v1::SendData) {
        let outbox = self.endpoints[slot].outbox(channel);
        match outbox.push(send.payload.clone()) {
            Pushed::Queued => {
                self.schedule.wake(slot, Work::Tend);
                self.emit_pressure(slot);
            }
            Pushed::Ignored => {}
            Pushed::Overrun => {
                self.stats.queue_drops += 1;
                if channel == Channel::Ops {
                    self.set_channel(slot, channel, false);
                }
            }
        }
    }

    fn close_room(&mut self, room: &str, now: Instant) {
        let members = self.rooms.get(room).map(|room| room.members.clone());
        for slot in members.unwrap_or_default() {
            self.close(slot, now);
        }
    }
}

/// Returns the epoch in a session's number.
fn epoch_of(session: u64) -> u32 {
    (session >> 32) as u32
}

/// Returns true if an id can be a media stream id (RFC 8830 section 2); the characters that nobody
/// needs there are left out.
fn is_stream_id(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte);
    (1..=fmz_proto::limits::PUBLICATION_BYTES_MAX).contains(&id.len()) && id.bytes().all(allowed)
}
