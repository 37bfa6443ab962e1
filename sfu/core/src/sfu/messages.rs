//! What the rooms' owner asks for.

use super::Sfu;
use crate::LinkCode;
use crate::limits::{CANDIDATES_MAX, ROOM_PUBLICATIONS_MAX, SESSION_PUBLICATIONS_MAX};
use crate::outbox::Pushed;
use crate::publication::Publication;
use crate::transport::Channel;
use fmz_media::Codec;
use fmz_proto::v1::{self, MediaKind, to_sfu};
use std::time::Instant;

impl Sfu {
    /// Takes a message of the rooms' owner.
    pub fn handle_message(&mut self, message: to_sfu::Message, now: Instant) {
        match message {
            to_sfu::Message::Open(open) => self.open(open, now),
            to_sfu::Message::Close(close) => {
                if let Some(slot) = self.sessions.get(&close.session) {
                    self.close(*slot, now);
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

    fn take_candidate(&mut self, message: &v1::TransportCandidate, now: Instant) {
        let Some(candidate) = &message.candidate else {
            return;
        };
        let Some(slot) = self.sessions.get(&message.session).copied() else {
            return;
        };
        let endpoint = &mut self.endpoints[slot];
        if candidate.transport != endpoint.number || candidate.candidate.is_empty() {
            return;
        }
        endpoint.candidates += 1;
        if endpoint.candidates > CANDIDATES_MAX {
            self.emit_error(message.session, LinkCode::BadCandidate, 0);
            return;
        }
        match endpoint.transport.add_candidate(&candidate.candidate) {
            Ok(true) => self.wake(slot),
            // Browsers hide local addresses behind mDNS names; those clients are found by the checks they send.
            Ok(false) => tracing::debug!(session = message.session, "candidate passed over"),
            Err(fault) => self.fail(slot, &fault, now),
        }
    }

    fn add_publication(&mut self, add: v1::AddPublication, now: Instant) {
        let publish = add.publish.unwrap_or_default();
        let session = add.session;
        match self.check_publication(session, &add.publication, &publish) {
            Ok((slot, audio, only)) => {
                let endpoint = &mut self.endpoints[slot];
                let room = endpoint.room.clone();
                let publication = Publication::new(
                    add.publication.clone(),
                    room.clone(),
                    session,
                    slot,
                    publish.request,
                    audio,
                    only,
                    now,
                );
                let key = self.publications.insert(publication);
                endpoint.publications.push(key);
                let room = self.rooms.entry(room).or_default();
                room.publications.insert(add.publication, key);
                self.wake(slot);
            }
            Err(code) => self.emit_error(session, code, publish.request),
        }
    }

    fn check_publication(
        &self,
        session: u64,
        id: &str,
        publish: &v1::Publish,
    ) -> Result<(usize, bool, Option<Codec>), LinkCode> {
        let slot = self.sessions.get(&session);
        let slot = *slot.ok_or(LinkCode::UnknownSession)?;
        let audio = match publish.kind() {
            MediaKind::Audio => true,
            MediaKind::Video => false,
            MediaKind::Unspecified => return Err(LinkCode::BadPublish),
        };
        let only = match publish.codec.as_str() {
            "" => None,
            name => Some(Codec::from_name(name).ok_or(LinkCode::BadPublish)?),
        };
        if only.is_some_and(|codec| codec.is_audio() != audio) || !is_stream_id(id) {
            return Err(LinkCode::BadPublish);
        }
        let endpoint = &self.endpoints[slot];
        let room = self.rooms.get(&endpoint.room);
        let in_room = room.map_or(0, |room| room.publications.len());
        if endpoint.publications.len() == SESSION_PUBLICATIONS_MAX
            || in_room == ROOM_PUBLICATIONS_MAX
        {
            return Err(LinkCode::TooManyPublications);
        }
        if room.is_some_and(|room| room.publications.contains_key(id)) {
            return Err(LinkCode::DuplicatePublication);
        }
        Ok((slot, audio, only))
    }

    fn remove_publication(&mut self, remove: &v1::RemovePublication) {
        let room = self.rooms.get(&remove.room);
        let key = room.and_then(|room| room.publications.get(&remove.publication));
        match key.copied() {
            Some(key) => self.unpublish(key),
            None => self.emit_error(0, LinkCode::UnknownPublication, 0),
        }
    }

    fn send(&mut self, send: &v1::SendData) {
        let Some(channel) = Channel::from_wire(send.channel) else {
            return;
        };
        for session in &send.sessions {
            let Some(slot) = self.sessions.get(session).copied() else {
                continue;
            };
            match self.endpoints[slot]
                .outbox(channel)
                .push(send.payload.clone())
            {
                Pushed::Queued => {
                    self.wake(slot);
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
    }

    fn close_room(&mut self, room: &str, now: Instant) {
        let members = self.rooms.get(room).map(|room| room.members.clone());
        for slot in members.unwrap_or_default() {
            self.close(slot, now);
        }
    }
}

/// True for what may stand as a media stream id (RFC 8830 section 2), less the characters nobody needs there.
fn is_stream_id(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte);
    (1..=fmz_proto::limits::PUBLICATION_BYTES_MAX).contains(&id.len()) && id.bytes().all(allowed)
}
