//! Sending: to which sessions, and on which path.

use super::Room;
use crate::{Class, Effect, Path, Pressure, SessionId, session::Session};
use bytes::Bytes;
use fmz_proto::{
    encode_server,
    v1::{Channel, SendData, server_message::Message, to_sfu},
};

impl Room {
    /// Sends a message to one session, over its WebSocket.
    pub(super) fn send(&mut self, id: SessionId, message: Message) {
        self.send_frame(vec![id], Class::Must, encode_server(message));
    }

    /// Sends a message to one session, by the path on which it asked.
    pub(super) fn send_by(&mut self, id: SessionId, path: Path, message: Message) {
        let frame = encode_server(message);
        match path {
            Path::Socket => self.send_frame(vec![id], Class::Must, frame),
            Path::Ops => self.send_channel(vec![id], Channel::Ops, frame),
            Path::Live => self.send_channel(vec![id], Channel::Live, frame),
        }
    }

    /// Sends a message to one session by the path of committed ops, in order with them.
    pub(super) fn send_with_ops(&mut self, id: SessionId, message: Message) {
        let on_channel = self.sessions.get(&id).is_some_and(Session::is_on_channel);
        self.send_by(
            id,
            if on_channel { Path::Ops } else { Path::Socket },
            message,
        );
    }

    /// Sends a message to all sessions that take part, over their WebSockets.
    pub(super) fn broadcast(&mut self, message: Message, except: Option<SessionId>) {
        let sessions = self.select(|id, session| session.is_live() && Some(id) != except);
        self.send_frame(sessions, Class::Must, encode_server(message));
    }

    /// Sends the same committed ops to all sessions that are wanted and get ops, to each by one
    /// path.
    pub(super) fn fan_out(&mut self, frame: &Bytes, wanted: impl Fn(&Session) -> bool) {
        let (mut sockets, mut channels) = (Vec::new(), Vec::new());
        for (id, session) in self.sessions.iter() {
            if session.is_fed() && wanted(session) {
                match session.is_on_channel() {
                    false => sockets.push(*id),
                    true => channels.push(*id),
                }
            }
        }
        self.send_frame(sockets, Class::Must, frame.clone());
        self.send_channel(channels, Channel::Ops, frame.clone());
    }

    /// Sends the same copies to all sessions that take them.
    pub(super) fn fan_out_copies(&mut self, frame: Bytes) {
        let sessions = self.select(|_, session| session.is_covered());
        self.send_channel(sessions, Channel::Live, frame);
    }

    /// Sends a message that may be lost to all sessions that keep up, except one.
    pub(super) fn fan_out_presence(&mut self, message: Message, except: SessionId) {
        let frame = encode_server(message);
        let keeps_up = |session: &Session| {
            let live = session.live();
            live.is_some_and(|live| live.pressure == Pressure::Low)
        };
        let other = |id, session: &Session| id != except && keeps_up(session);
        let sockets = self.select(|id, session| other(id, session) && !session.has_live_channel());
        let channels = self.select(|id, session| other(id, session) && session.has_live_channel());
        self.send_frame(sockets, Class::Presence, frame.clone());
        self.send_channel(channels, Channel::Live, frame);
    }

    pub(super) fn send_frame(&mut self, sessions: Vec<SessionId>, class: Class, frame: Bytes) {
        self.send_frames(sessions, class, vec![frame]);
    }

    pub(super) fn send_frames(
        &mut self,
        sessions: Vec<SessionId>,
        class: Class,
        frames: Vec<Bytes>,
    ) {
        if !sessions.is_empty() && !frames.is_empty() {
            self.effects.push_back(Effect::SendSocket {
                sessions,
                class,
                frames,
            });
        }
    }

    pub(super) fn send_channel(
        &mut self,
        sessions: Vec<SessionId>,
        channel: Channel,
        payload: Bytes,
    ) {
        if !sessions.is_empty() {
            let sessions = sessions.into_iter().map(|id| self.on_link(id)).collect();
            self.tell_sfu(to_sfu::Message::Send(SendData {
                room: self.info.room.clone(),
                sessions,
                channel: channel.into(),
                payload,
            }));
        }
    }

    /// Sends a message to the forwarding unit, which is up.
    pub(super) fn tell_sfu(&mut self, message: to_sfu::Message) {
        debug_assert!(self.link.is_some(), "a unit that is away has no transports");
        self.effects.push_back(Effect::ToSfu(message));
    }

    /// Returns the sessions that are wanted.
    pub(super) fn select(
        &self,
        mut wanted: impl FnMut(SessionId, &Session) -> bool,
    ) -> Vec<SessionId> {
        self.sessions
            .iter()
            .filter(|(id, session)| wanted(**id, session))
            .map(|(id, _)| *id)
            .collect()
    }
}
