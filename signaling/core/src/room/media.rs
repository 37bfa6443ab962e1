//! Transports and publications: what the room and the media server say to each other.

use super::{Room, films::media_of};
use crate::{
    Path, Pressure, SessionId, limits, publication::Publication, read_client, session::Transport,
};
use fmz_annotation::Ops;
use fmz_proto::{
    FromClient,
    limits::COPY_FRAME_BYTES_MAX,
    v1::{
        Answer, Channel, ChannelLevel, ChannelPressure, ChannelState, FrameMap, IceCandidate,
        LinkError, OpenTransport, PublicationAdded, PublicationMuted, PublicationRemoved,
        PublicationStarted, Publish, ReceivedData, RemovePublication, TransportAnswer,
        TransportCandidate, TransportOffer, TransportState, TransportStatus, client_message,
        from_sfu, server_message::Message, to_sfu,
    },
};
use std::time::Instant;

impl Room {
    pub(super) fn open_transport(&mut self, id: SessionId, now: Instant) {
        let room = self.info.room.clone();
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let number = session
            .transport
            .map_or(1, |transport| transport.number + 1);
        session.transport = Some(Transport {
            number,
            opened: now,
            live: false,
        });
        self.tell_sfu(to_sfu::Message::Open(OpenTransport {
            room,
            session: id.link(),
            transport: number,
        }));
    }

    pub(super) fn restart_transport(&mut self, id: SessionId, now: Instant) {
        let Some(transport) = self.sessions.get(&id).and_then(|session| session.transport) else {
            self.send_error(
                id,
                "no_transport",
                "this session has no transport".into(),
                0,
            );
            return;
        };
        if now < transport.opened + limits::RESTART_INTERVAL {
            self.send_error(
                id,
                "restart_rate",
                "the transport was made just now".into(),
                0,
            );
            return;
        }
        self.switch_ops_path(id, false);
        self.end_publications(id);
        self.open_transport(id, now);
    }

    pub(super) fn answer(&mut self, id: SessionId, answer: Answer) {
        if self
            .sessions
            .get(&id)
            .is_some_and(|session| session.on_transport(answer.transport))
        {
            let session = id.link();
            self.tell_sfu(to_sfu::Message::Answer(TransportAnswer {
                session,
                answer: Some(answer),
            }));
        }
    }

    pub(super) fn candidate(&mut self, id: SessionId, candidate: IceCandidate) {
        if self
            .sessions
            .get(&id)
            .is_some_and(|session| session.on_transport(candidate.transport))
        {
            let session = id.link();
            self.tell_sfu(to_sfu::Message::Candidate(TransportCandidate {
                session,
                candidate: Some(candidate),
            }));
        }
    }

    /// Takes the wish to publish; [`Room::begin_publications`] goes on with it.
    pub(super) fn publish(&mut self, id: SessionId, publish: Publish, now: Instant) {
        if let Err((code, text)) = self.may_publish(id, publish.request) {
            self.send_error(id, code, text.into(), publish.request);
            return;
        }
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        session.published += 1;
        let name = format!("p-{}-{}-{}", self.opened_revision, id.0, session.published);
        let media = media_of(&session.join, &publish);
        if media.is_some() && !session.publishing.take(1, now) {
            let text = "you publish too often: 16 pictures at once, then one a second";
            self.send_error(id, "publish_rate", text.into(), publish.request);
            return;
        }
        let publication = Publication::new(name.clone(), id, publish, media);
        self.publications.insert(name, publication);
    }

    fn may_publish(&self, id: SessionId, request: u32) -> Result<(), (&'static str, &'static str)> {
        let session = self.sessions.get(&id).filter(|session| session.is_live());
        let Some(session) = session.filter(|session| session.join.grants.publish) else {
            return Err(("grant", "your invitation does not allow you to publish"));
        };
        if session.transport.is_none() {
            return Err(("no_transport", "this session has no transport"));
        }
        let mine = || {
            self.publications
                .values()
                .filter(|publication| publication.owner == id)
        };
        if mine().count() >= limits::PUBLICATIONS_MAX {
            return Err((
                "publications_full",
                "a participant may publish at most 8 sources",
            ));
        }
        if mine().any(|publication| publication.request == request) {
            return Err(("request_taken", "a publication with this request exists"));
        }
        Ok(())
    }

    pub(super) fn unpublish(&mut self, id: SessionId, publication: &str) {
        if !self.owns(id, publication) {
            return;
        }
        let found = self.publications.get(publication);
        let begun = found.is_some_and(|found| found.asked.is_none());
        if begun {
            let (room, name) = (self.info.room.clone(), publication.to_owned());
            self.tell_sfu(to_sfu::Message::RemovePublication(RemovePublication {
                room,
                publication: name,
            }));
        }
        self.end_publication(publication);
    }

    pub(super) fn mute(&mut self, id: SessionId, publication: &str, muted: bool) {
        if !self.owns(id, publication) {
            return;
        }
        let Some(found) = self.publications.get_mut(publication) else {
            return;
        };
        found.state.muted = muted;
        if found.started {
            let muted = PublicationMuted {
                publication: publication.into(),
                muted,
            };
            self.broadcast(Message::PublicationMuted(muted), None);
        }
    }

    pub(super) fn frame_map(&mut self, id: SessionId, mut map: FrameMap) {
        if !self.owns(id, &map.publication) {
            return;
        }
        let Some(found) = self.publications.get_mut(&map.publication) else {
            return;
        };
        if !found.fits(&map) {
            let text = "a map has the rate, length and timecode of its media";
            self.send_error(id, "media_differs", text.into(), 0);
            return;
        }
        map.media.clone_from(&found.state.media);
        let kept = found.keep_map(map.clone());
        if kept && found.started {
            self.broadcast(Message::FrameMap(map), Some(id));
        }
    }

    /// Says so where a publication is not the session's own.
    fn owns(&mut self, id: SessionId, publication: &str) -> bool {
        let owns = self
            .publications
            .get(publication)
            .is_some_and(|found| found.owner == id);
        if !owns {
            self.send_error(
                id,
                "not_your_publication",
                "this publication is not yours".into(),
                0,
            );
        }
        owns
    }

    pub(super) fn started(&self) -> impl Iterator<Item = &Publication> {
        self.publications
            .values()
            .filter(|publication| publication.started)
    }

    pub(super) fn end_publications(&mut self, owner: SessionId) {
        let mine = |publication: &&Publication| publication.owner == owner;
        let names: Vec<_> = self
            .publications
            .values()
            .filter(mine)
            .map(|found| found.state.publication.clone())
            .collect();
        for name in names {
            self.end_publication(&name);
        }
    }

    fn end_publication(&mut self, publication: &str) {
        if self
            .publications
            .remove(publication)
            .is_some_and(|ended| ended.started)
        {
            let removed = PublicationRemoved {
                publication: publication.into(),
            };
            self.broadcast(Message::PublicationRemoved(removed), None);
        }
    }

    pub(super) fn receive_sfu(&mut self, message: from_sfu::Message, now: Instant) {
        use from_sfu::Message as M;
        match message {
            M::Offer(offer) => self.offer(offer),
            M::State(state) => self.transport_state(&state),
            M::Channel(state) => self.channel_state(&state),
            M::Data(data) => self.received_data(&data, now),
            M::PublicationStarted(started) => self.publication_started(started),
            M::PublicationEnded(ended) => self.end_publication(&ended.publication),
            M::Error(error) => self.link_error(error),
            M::Pressure(told) => self.channel_pressure(&told, now),
        }
    }

    fn offer(&mut self, offer: TransportOffer) {
        if let (Some(id), Some(offer)) = (SessionId::from_link(offer.session), offer.offer)
            && self
                .sessions
                .get(&id)
                .is_some_and(|session| session.on_transport(offer.transport))
        {
            self.send(id, Message::Offer(offer));
        }
    }

    fn transport_state(&mut self, state: &TransportState) {
        let Some(id) = self.on_transport(state.session, state.transport) else {
            return;
        };
        tracing::debug!(room = self.info.room, participant = id.0, status = ?state.status(), "transport");
        if state.status() == TransportStatus::Closed {
            self.set_live_channel(id, false);
            self.switch_ops_path(id, false);
            self.end_publications(id);
        }
    }

    fn channel_state(&mut self, state: &ChannelState) {
        let Some(id) = self.on_transport(state.session, state.transport) else {
            return;
        };
        match state.channel() {
            Channel::Ops => self.switch_ops_path(id, state.open),
            Channel::Live => self.set_live_channel(id, state.open),
            Channel::Unspecified => {}
        }
    }

    fn channel_pressure(&mut self, told: &ChannelPressure, now: Instant) {
        let Some(id) = self.on_transport(told.session, told.transport) else {
            return;
        };
        let pressure = match told.level() {
            ChannelLevel::Low => Pressure::Low,
            ChannelLevel::High => Pressure::High,
            ChannelLevel::Full => Pressure::Full,
            ChannelLevel::Unspecified => return,
        };
        if told.channel() == Channel::Ops {
            self.press(id, Path::Ops, pressure, now);
        }
    }

    fn set_live_channel(&mut self, id: SessionId, open: bool) {
        self.send_covered();
        if let Some(transport) = self
            .sessions
            .get_mut(&id)
            .and_then(|session| session.transport.as_mut())
        {
            transport.live = open;
        }
    }

    /// The session of the link's number, if this is its transport now.
    fn on_transport(&self, session: u64, transport: u32) -> Option<SessionId> {
        let id = SessionId::from_link(session)?;
        self.sessions
            .get(&id)?
            .on_transport(transport)
            .then_some(id)
    }

    fn received_data(&mut self, data: &ReceivedData, now: Instant) {
        let Some(id) = SessionId::from_link(data.session) else {
            return;
        };
        let path = if data.channel() == Channel::Live {
            Path::Live
        } else {
            Path::Ops
        };
        match read_client(&data.payload) {
            Ok(message) if fits(path, &message) && is_small(path, data.payload.len()) => {
                self.handle_message(id, message, path, now)
            }
            Ok(_) => self.send_error(
                id,
                "wrong_channel",
                "this does not go on that channel".into(),
                0,
            ),
            Err(error) => self.handle_malformed(id, &error, now),
        }
    }

    fn publication_started(&mut self, started: PublicationStarted) {
        let Some(found) = self.publications.get_mut(&started.publication) else {
            return;
        };
        if found.owner.link() != started.session || found.started {
            return;
        }
        found.started = true;
        found.state.codec = started.codec;
        let added = PublicationAdded {
            publication: Some(found.state.clone()),
        };
        self.broadcast(Message::PublicationAdded(added), None);
    }

    fn link_error(&mut self, error: LinkError) {
        let Some(id) = SessionId::from_link(error.session) else {
            return;
        };
        if error.request > 0 {
            let failed = |found: &Publication| {
                found.owner == id && found.request == error.request && !found.started
            };
            self.publications.retain(|_, found| !failed(found));
        }
        self.send_error(id, &error.code, error.text, error.request);
    }
}

/// The unreliable channel carries what may be lost; what belongs to a connection's
/// setup stays on the WebSocket.
fn fits(path: Path, message: &FromClient<Ops>) -> bool {
    use client_message::Message as M;
    match (path, message) {
        (Path::Socket, _)
        | (Path::Ops, FromClient::Ops(_))
        | (Path::Live, FromClient::Copies(_))
        | (_, FromClient::Other(M::Presence(_) | M::Ping(_)))
        | (Path::Ops, FromClient::Other(M::Resync(_) | M::FrameMap(_) | M::Mute(_))) => true,
        (Path::Ops | Path::Live, _) => false,
    }
}

/// What goes on the unreliable channel is one datagram.
fn is_small(path: Path, bytes: usize) -> bool {
    path != Path::Live || bytes <= COPY_FRAME_BYTES_MAX
}
