//! Transports and publications: what the room and the forwarding unit tell each other.

use super::{Room, films::media_of};
use crate::{
    Path, Pressure, SessionId, limits,
    publication::Publication,
    read_client,
    session::{Live, Media, Transport},
};
use fmz_annotation::Ops;
use fmz_proto::{
    FromClient,
    limits::COPY_FRAME_BYTES_MAX,
    v1::{
        Answer, Channel, ChannelLevel, ChannelPressure, ChannelState, CloseTransport, FrameMap,
        IceCandidate, LinkError, OpenTransport, PublicationAdded, PublicationMuted,
        PublicationRemoved, PublicationStarted, Publish, ReceivedData, RemovePublication,
        TransportAnswer, TransportCandidate, TransportOffer, TransportState, TransportStatus,
        client_message, from_sfu, server_message::Message, to_sfu,
    },
};
use std::time::Instant;

impl Room {
    /// Opens the next transport of a session that wants one, if the forwarding unit is up. A
    /// session without one gets it when the unit is up.
    pub(super) fn open_transport(&mut self, id: SessionId, now: Instant) {
        let is_up = self.link.is_some();
        let Some(media) = self.media_mut(id).filter(|_| is_up) else {
            return;
        };
        let number = media.begin_transport(now);
        self.tell_sfu(to_sfu::Message::Open(OpenTransport {
            room: self.info.room.clone(),
            session: self.on_link(id),
            transport: number,
        }));
    }

    /// Has the forwarding unit close a session's transport.
    pub(super) fn close_on_link(&mut self, id: SessionId) {
        self.tell_sfu(to_sfu::Message::Close(CloseTransport {
            room: self.info.room.clone(),
            session: self.on_link(id),
        }));
    }

    /// Gives up what a session had on its transport: commits go by the WebSocket, and its
    /// publications end. The transport is then what `left` makes of the time at which it was
    /// opened.
    pub(super) fn end_transport(&mut self, id: SessionId, left: impl FnOnce(Instant) -> Transport) {
        // Before this session stops taking copies.
        self.send_covered();
        self.leave_channel(id);
        self.end_publications(id);
        if let Some(media) = self.media_mut(id)
            && let Some(opened) = media.open().map(|open| open.opened)
        {
            media.transport = left(opened);
        }
    }

    pub(super) fn restart_transport(&mut self, id: SessionId, now: Instant) {
        let media = self.media_mut(id).map(|media| &media.transport);
        let opened = match media {
            None => {
                let text = "this session has no transport";
                return self.send_error(id, "no_transport", text.into(), 0);
            }
            // It gets one as soon as there is one.
            Some(Transport::Awaited) => return,
            Some(Transport::Open(open)) => open.opened,
            Some(Transport::Ended { opened }) => *opened,
        };
        if now < opened + limits::RESTART_INTERVAL {
            let text = "the transport was made just now";
            return self.send_error(id, "restart_rate", text.into(), 0);
        }
        self.end_transport(id, |_| Transport::Awaited);
        // Also a transport that ended alone is replaced only when the unit is up.
        if let Some(media) = self.media_mut(id) {
            media.transport = Transport::Awaited;
        }
        self.open_transport(id, now);
    }

    pub(super) fn answer(&mut self, id: SessionId, answer: Answer) {
        if self.is_on_transport(id, answer.transport) {
            self.tell_sfu(to_sfu::Message::Answer(TransportAnswer {
                room: self.info.room.clone(),
                session: self.on_link(id),
                answer: Some(answer),
            }));
        }
    }

    pub(super) fn candidate(&mut self, id: SessionId, candidate: IceCandidate) {
        if self.is_on_transport(id, candidate.transport) {
            self.tell_sfu(to_sfu::Message::Candidate(TransportCandidate {
                room: self.info.room.clone(),
                session: self.on_link(id),
                candidate: Some(candidate),
            }));
        }
    }

    /// Takes a request to publish; [`Room::begin_publications`] goes on with it. A request that is
    /// repeated changes nothing: a client repeats it on each new transport, and cannot know whether
    /// the room took it for the same one.
    pub(super) fn publish(&mut self, id: SessionId, publish: Publish, now: Instant) {
        let taken = self
            .publications_of(id)
            .find(|found| found.request == publish.request);
        if taken.is_some_and(|found| found.answers(&publish)) {
            return;
        }
        if let Err((code, text)) = self.may_publish(id, publish.request) {
            return self.send_error(id, code, text.into(), publish.request);
        }
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let media = media_of(&session.join, &publish);
        let Some(publisher) = session.live_mut().and_then(|live| live.media.as_mut()) else {
            return;
        };
        publisher.published += 1;
        let published = publisher.published;
        if media.is_some() && !publisher.publishing.take(1, now) {
            let text = "you publish too often: 16 pictures at once, then one a second";
            return self.send_error(id, "publish_rate", text.into(), publish.request);
        }
        let name = format!("p-{}-{}-{published}", self.opened_revision, id.0);
        let publication = Publication::new(name.clone(), id, publish, media);
        self.publications.insert(name, publication);
    }

    fn may_publish(&self, id: SessionId, request: u32) -> Result<(), (&'static str, &'static str)> {
        let session = self.sessions.get(&id);
        let granted = session.filter(|session| session.join.grants.publish);
        let Some(live) = granted.and_then(|session| session.live()) else {
            return Err(("grant", "your invitation does not allow you to publish"));
        };
        if live.media.is_none() {
            return Err(("no_transport", "this session has no transport"));
        }
        if self.publications_of(id).count() >= limits::PUBLICATIONS_MAX {
            return Err((
                "publications_full",
                "a participant may publish at most 8 sources",
            ));
        }
        let mut mine = self.publications_of(id);
        if mine.any(|publication| publication.request == request) {
            return Err(("request_taken", "another publication has this request"));
        }
        Ok(())
    }

    pub(super) fn publications_of(&self, id: SessionId) -> impl Iterator<Item = &Publication> {
        let all = self.publications.values();
        all.filter(move |publication| publication.owner == id)
    }

    pub(super) fn unpublish(&mut self, id: SessionId, publication: &str) {
        if !self.owns(id, publication) {
            return;
        }
        let found = self.publications.get(publication);
        let begun = found.is_some_and(|found| found.asked.is_none());
        if begun {
            self.remove_on_link(publication);
        }
        self.end_publication(publication);
    }

    /// Has the forwarding unit end a publication.
    pub(super) fn remove_on_link(&mut self, publication: &str) {
        self.tell_sfu(to_sfu::Message::RemovePublication(RemovePublication {
            room: self.info.room.clone(),
            publication: publication.to_owned(),
        }));
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

    /// Returns true if a publication is the session's own. If it is not, the session is told so.
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

    /// Returns the publications that the participants know of.
    pub(super) fn started(&self) -> impl Iterator<Item = &Publication> {
        self.publications
            .values()
            .filter(|publication| publication.started)
    }

    pub(super) fn end_publications(&mut self, owner: SessionId) {
        let names: Vec<_> = self
            .publications_of(owner)
            .map(|found| found.state.publication.clone())
            .collect();
        for name in names {
            self.end_publication(&name);
        }
    }

    pub(super) fn end_publication(&mut self, publication: &str) {
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
            M::Up(up) => self.link_up(&up, now),
            M::Down(down) => self.link_down(&down, now),
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
        if let Some(description) = offer.offer
            && let Some(id) = self.on_transport(offer.session, description.transport)
        {
            self.send(id, Message::Offer(description));
        }
    }

    fn transport_state(&mut self, state: &TransportState) {
        let Some(id) = self.on_transport(state.session, state.transport) else {
            return;
        };
        tracing::debug!(room = self.info.room, participant = id.0, status = ?state.status(), "transport");
        if state.status() == TransportStatus::Closed {
            self.end_transport(id, |opened| Transport::Ended { opened });
        }
    }

    fn channel_state(&mut self, state: &ChannelState) {
        let Some(id) = self.on_transport(state.session, state.transport) else {
            return;
        };
        match state.channel() {
            Channel::Ops if state.open => self.take_channel(id),
            Channel::Ops => self.leave_channel(id),
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
        let live = self.sessions.live_mut(&id);
        if let Some(transport) = live.and_then(Live::transport_mut) {
            transport.live = open;
        }
    }

    /// Returns the session of the link's number, if this is its transport now.
    fn on_transport(&self, session: u64, transport: u32) -> Option<SessionId> {
        let id = SessionId::from_link(session, self.link?)?;
        self.is_on_transport(id, transport).then_some(id)
    }

    fn is_on_transport(&self, id: SessionId, transport: u32) -> bool {
        let session = self.sessions.get(&id);
        session.is_some_and(|session| session.is_on_transport(transport))
    }

    /// Returns true if a session's transport is open.
    pub(super) fn has_transport(&self, id: SessionId) -> bool {
        self.sessions.live(&id).and_then(Live::transport).is_some()
    }

    pub(super) fn media_mut(&mut self, id: SessionId) -> Option<&mut Media> {
        self.sessions.live_mut(&id)?.media.as_mut()
    }

    fn received_data(&mut self, data: &ReceivedData, now: Instant) {
        // Data of a transport that was given up is ignored: batches of it may be missing.
        let Some(id) = self.on_transport(data.session, data.transport) else {
            return;
        };
        let path = if data.channel() == Channel::Live {
            Path::Live
        } else {
            Path::Ops
        };
        match read_client(&data.payload) {
            Ok(message) if fits(path, &message) && is_small(path, data.payload.len()) => {
                self.take_message(id, message, path, now);
            }
            Ok(_) => self.send_error(
                id,
                "wrong_channel",
                "this does not go on that channel".into(),
                0,
            ),
            Err(error) => self.take_malformed(id, &error, now),
        }
    }

    fn publication_started(&mut self, started: PublicationStarted) {
        let Some(found) = self.publications.get_mut(&started.publication) else {
            return;
        };
        let owner = self.link.map(|epoch| found.owner.on_link(epoch));
        if owner != Some(started.session) || found.started {
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
        let session = self
            .link
            .map(|epoch| SessionId::from_link(error.session, epoch));
        let Some(id) = session.flatten() else {
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

/// Returns true if a message may come on this path. The unreliable channel carries what may be
/// lost. What belongs to a connection's setup stays on the WebSocket.
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

/// Returns true if a frame is small enough: on the unreliable channel it is one datagram.
fn is_small(path: Path, bytes: usize) -> bool {
    path != Path::Live || bytes <= COPY_FRAME_BYTES_MAX
}
