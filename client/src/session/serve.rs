use super::{Command, End, Session};
use crate::events::Event;
use crate::socket::{Heard, Socket};
use crate::transport::{Transport, TransportEvent};
use crate::{ClientError, Room};
use bytes::Bytes;
use fmz_participant::{Channel, Event as Told, Missed, Path, Transmit};
use fmz_proto::encode_client;
use fmz_proto::v1::{self, client_message::Message as ClientMessage, server_message::Message};
use tokio::time::Instant;

enum Input {
    Heard(Heard),
    Transport(TransportEvent),
    Command(Option<Command>),
    Timeout,
}

impl Session {
    /// Runs one connection to its end.
    pub(super) async fn serve(&mut self, socket: &mut Socket) -> End {
        loop {
            if let Err(end) = self.turn(socket).await {
                return end;
            }
        }
    }

    /// Sends and reports everything that waits, then waits for the next input and takes it in.
    pub(super) async fn turn(&mut self, socket: &mut Socket) -> Result<(), End> {
        self.drain(socket).await?;
        let due = self.participant.poll_timeout();
        let due = due.map(|due| self.began + due.since_beginning());
        // Dropping any of these futures loses nothing, so the inputs that did not win come in the
        // next turn.
        let input = tokio::select! {
            heard = socket.receive() => Input::Heard(heard?),
            event = next_event(&mut self.transport) => Input::Transport(event),
            command = self.commands.recv() => Input::Command(command),
            () = until(due) => Input::Timeout,
        };
        match input {
            Input::Heard(Heard::Frame(frame)) => self.frame(Path::Socket, &frame)?,
            Input::Heard(Heard::Alive) => self.participant.handle_alive(self.now()),
            Input::Transport(event) => self.transport_event(socket, event).await?,
            Input::Command(Some(command)) if self.participant.is_welcomed() => {
                self.command(socket, command).await?;
            }
            Input::Command(command) => self.keep(command)?,
            Input::Timeout => self.participant.handle_timeout(self.now()),
        }
        Ok(())
    }

    fn frame(&mut self, path: Path, frame: &Bytes) -> Result<(), End> {
        let taken = self.participant.handle_frame(path, frame, self.now());
        Ok(taken.map_err(|error| ClientError::Protocol(error.to_string()))?)
    }

    /// Sends the participant's frames and hands on its events until none is left.
    pub(super) async fn drain(&mut self, socket: &mut Socket) -> Result<(), End> {
        loop {
            if let Some(transmit) = self.participant.poll_transmit() {
                self.send(socket, transmit).await?;
            } else if let Some(told) = self.participant.poll_event() {
                self.told(socket, told).await?;
            } else {
                return Ok(());
            }
        }
    }

    /// Sends a frame. If the channel `ops` does not take it, the channel counts as closed, and the
    /// participant sends its batches again over the socket.
    async fn send(&mut self, socket: &mut Socket, transmit: Transmit) -> Result<(), End> {
        let Transmit { path, frame } = transmit;
        let Path::Channel(channel) = path else {
            return Ok(socket.send_frame(frame).await?);
        };
        let taken = match &self.transport {
            Some(transport) => transport.send(channel, &frame).await,
            None => false,
        };
        if !taken && channel == Channel::Ops {
            tracing::warn!("the data channel does not take frames, using the WebSocket");
            let now = self.now();
            self.participant.handle_channel(channel, false, now);
        }
        Ok(())
    }

    async fn told(&mut self, socket: &mut Socket, told: Told) -> Result<(), End> {
        match told {
            Told::Welcomed(welcome) => {
                tracing::info!(
                    room = welcome.room,
                    participant = welcome.participant,
                    "joined"
                );
                self.room = Room::of(&welcome);
                self.events.send(Event::Connected(welcome));
                self.ask_to_publish(socket).await?;
            }
            Told::Message(message) => self.message(socket, *message).await?,
            Told::Loaded => self.events.send(Event::DocumentLoaded),
            Told::Changed(changed) => self.events.send(Event::DocumentChanged(changed)),
            Told::Refused { rejected, lost } => {
                self.events.send(Event::Rejected { rejected, lost });
            }
            Told::Lost(lost) => self.events.send(Event::ChangesLost(lost)),
            Told::Missed(Missed::Unfit(error)) => {
                tracing::warn!(code = error.code(), "a commit does not fit the document");
            }
            Told::Silent => return Err(ClientError::Connect("it fell silent".into()).into()),
            _ => {}
        }
        Ok(())
    }

    async fn message(&mut self, socket: &mut Socket, message: Message) -> Result<(), End> {
        self.room.apply(&message);
        match message {
            Message::IceServers(told) => self.relays_told(&told).await?,
            Message::Offer(offer) => self.offer(socket, offer).await?,
            Message::Error(error) => {
                self.publications
                    .refuse(error.request, &error.code, &error.text);
                self.events.send(Event::Error(error));
            }
            Message::Closing(closing) => return Err(closing.into()),
            told => self.tell(told),
        }
        Ok(())
    }

    /// Hands on messages that only the application needs.
    fn tell(&mut self, message: Message) {
        let event = match message {
            Message::ParticipantJoined(v1::ParticipantJoined {
                participant: Some(one),
            }) => Event::ParticipantJoined(one),
            Message::ParticipantLeft(left) => Event::ParticipantLeft(left),
            Message::PublicationAdded(v1::PublicationAdded {
                publication: Some(one),
            }) => Event::PublicationAdded(Box::new(one)),
            Message::PublicationRemoved(removed) => Event::PublicationRemoved(removed.publication),
            Message::PublicationMuted(muted) => Event::PublicationMuted(muted),
            Message::FrameMap(map) => Event::FrameMap(map),
            Message::Presence(presence) => Event::Presence(presence),
            _ => return,
        };
        self.events.send(event);
    }

    async fn command(&mut self, socket: &mut Socket, command: Command) -> Result<(), End> {
        match command {
            Command::Edit(edit) => self.participant.edit(edit, self.now()),
            Command::Room(reply) => drop(reply.send(self.room.clone())),
            Command::Publish(publish, codec, reply) => {
                let added = self.publications.add(*publish, codec, rand::random());
                let (answer, publish) = match added {
                    Ok((track, publish)) => (Ok(track), Some(publish)),
                    Err(error) => (Err(error), None),
                };
                let _ = reply.send(answer);
                if let Some(publish) = publish {
                    socket.send(ClientMessage::Publish(publish)).await?;
                }
            }
            Command::Unpublish(request) => {
                if let Some(publication) = self.publications.remove(request) {
                    let unpublish = v1::Unpublish { publication };
                    socket.send(ClientMessage::Unpublish(unpublish)).await?;
                }
            }
            Command::FrameMap(map) => {
                let frame = encode_client(ClientMessage::FrameMap(*map));
                self.send_ordered(socket, frame).await?;
            }
            Command::Presence(presence) => {
                self.participant.point(presence.pointer, self.now());
            }
            Command::Leave(reply) => return Err(End::Left(Some(reply))),
        }
        Ok(())
    }

    /// Sends on the current ordered path. If the channel does not take the frame, it goes over the
    /// socket.
    async fn send_ordered(&mut self, socket: &mut Socket, frame: Bytes) -> Result<(), End> {
        let ops = Path::Channel(Channel::Ops);
        if self.participant.path() == Some(ops) {
            let transmit = Transmit {
                path: ops,
                frame: frame.clone(),
            };
            self.send(socket, transmit).await?;
        }
        match self.participant.path() {
            Some(path) if path == ops => Ok(()),
            _ => Ok(socket.send_frame(frame).await?),
        }
    }

    async fn transport_event(
        &mut self,
        socket: &mut Socket,
        event: TransportEvent,
    ) -> Result<(), End> {
        match event {
            TransportEvent::Candidate(candidate) => self.send_candidate(socket, candidate).await?,
            TransportEvent::Connected => {
                self.connected = true;
                self.events.send(Event::Transport { connected: true });
                self.bind().await;
            }
            TransportEvent::Failed => self.restart_transport(socket).await?,
            TransportEvent::Channel { channel, open } => {
                tracing::debug!(?channel, open, "data channel");
                self.participant.handle_channel(channel, open, self.now());
            }
            TransportEvent::Frame { channel, frame } => {
                self.frame(Path::Channel(channel), &frame)?;
            }
            TransportEvent::Subscribed(subscription) => {
                self.events.send(Event::Subscribed(subscription));
            }
        }
        Ok(())
    }

    async fn send_candidate(&self, socket: &mut Socket, candidate: String) -> Result<(), End> {
        let Some(transport) = &self.transport else {
            return Ok(());
        };
        let candidate = v1::IceCandidate {
            candidate,
            mid: "0".into(),
            transport: transport.number(),
        };
        Ok(socket.send(ClientMessage::Candidate(candidate)).await?)
    }

    /// Sets new relays. A transport that stands keeps its path; candidates that it gathers from now
    /// on use the new relays.
    async fn relays_told(&mut self, told: &v1::IceServers) -> Result<(), End> {
        self.relays.tell(told, &self.options).await;
        if let Some(transport) = &self.transport {
            transport.set_relays(self.relays.servers()).await?;
        }
        Ok(())
    }

    async fn offer(&mut self, socket: &mut Socket, offer: v1::Offer) -> Result<(), End> {
        let known = self.transport.as_ref().map(Transport::number);
        if known != Some(offer.transport) {
            self.drop_transport().await;
            let relays = self.relays.servers();
            self.transport = Some(Transport::open(offer.transport, &self.options, relays).await?);
            if known.is_some() {
                // The server began anew by itself: nothing of ours is on this transport.
                self.ask_to_publish(socket).await?;
            }
        }
        let Some(transport) = &self.transport else {
            return Ok(());
        };
        let tracks = self.publications.assign(&offer);
        let answer = transport.answer(&offer, &tracks).await?;
        socket.send(ClientMessage::Answer(answer)).await?;
        self.bind().await;
        Ok(())
    }

    /// Binds publications whose line is agreed, once the transport stands.
    async fn bind(&mut self) {
        let Some(transport) = self.transport.as_ref().filter(|_| self.connected) else {
            return;
        };
        for (request, mid, codec) in self.publications.unbound() {
            match transport.payload_type(&mid, codec).await {
                Some(payload_type) => self.publications.bind(request, payload_type),
                None => self.publications.refuse(
                    request,
                    "codec",
                    "the server does not take this codec",
                ),
            }
        }
    }

    /// Drops a dead transport, asks for another, and asks to publish again.
    async fn restart_transport(&mut self, socket: &mut Socket) -> Result<(), End> {
        tracing::info!("transport lost, asking for another");
        self.drop_transport().await;
        let restart = ClientMessage::RestartTransport(v1::RestartTransport {});
        socket.send(restart).await?;
        self.ask_to_publish(socket).await
    }

    pub(super) async fn ask_to_publish(&self, socket: &mut Socket) -> Result<(), End> {
        for publish in self.publications.requests() {
            socket.send(ClientMessage::Publish(publish)).await?;
        }
        Ok(())
    }

    pub(super) async fn drop_transport(&mut self) {
        self.publications.unbind();
        for channel in [Channel::Live, Channel::Ops] {
            self.participant.handle_channel(channel, false, self.now());
        }
        if let Some(transport) = self.transport.take() {
            transport.close().await;
        }
        if std::mem::take(&mut self.connected) {
            self.events.send(Event::Transport { connected: false });
        }
    }
}

async fn next_event(transport: &mut Option<Transport>) -> TransportEvent {
    match transport {
        Some(transport) => transport.event().await,
        None => std::future::pending().await,
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
