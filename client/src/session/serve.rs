use super::{Command, End, Session};
use crate::document::Path;
use crate::events::Event;
use crate::socket::Socket;
use crate::transport::{Lane, Transport, TransportEvent};
use bytes::Bytes;
use fmz_annotation::{Lost, Received};
use fmz_proto::v1::{self, client_message::Message as ClientMessage, server_message::Message};
use fmz_proto::{decode_server, encode_client};
use std::time::Duration;
use tokio::time::Instant;

/// Ops made within this time of a batch travel in the next one.
const BATCH_INTERVAL: Duration = Duration::from_millis(16);

/// Time between two copies of a batch behind which nothing follows.
const COPY_INTERVAL: Duration = Duration::from_millis(25);

enum Input {
    Message(Message),
    Transport(TransportEvent),
    Command(Option<Command>),
    Flush,
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

    async fn turn(&mut self, socket: &mut Socket) -> Result<(), End> {
        self.flush(socket).await?;
        let input = tokio::select! {
            message = socket.receive() => Input::Message(message?),
            event = next_event(&mut self.transport) => Input::Transport(event),
            command = self.commands.recv() => Input::Command(command),
            () = until(self.flush_at) => Input::Flush,
        };
        match input {
            Input::Message(message) => self.message(socket, message).await?,
            Input::Transport(event) => self.transport_event(socket, event).await?,
            Input::Command(None) => return Err(End::Left(None)),
            Input::Command(Some(command)) => self.command(socket, command).await?,
            Input::Flush => {}
        }
        Ok(())
    }

    async fn message(&mut self, socket: &mut Socket, message: Message) -> Result<(), End> {
        self.room.apply(&message);
        match message {
            Message::IceServers(told) => self.relays_told(&told).await?,
            Message::Offer(offer) => self.offer(socket, offer).await?,
            Message::Committed(committed) => {
                let applied = self.document.committed(&committed);
                self.applied(socket, applied).await?;
            }
            Message::Snapshot(part) => self.snapshot(&part)?,
            Message::Rejected(rejected) => {
                let lost = self.document.replica.rejected(rejected.client_seq);
                self.events.send(Event::Rejected { rejected, lost });
            }
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

    /// Passes on what only the application cares about.
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

    /// Takes a frame of a data channel; commits on the lane that loses are copies.
    async fn frame(&mut self, socket: &mut Socket, lane: Lane, frame: &Bytes) -> Result<(), End> {
        let message = decode_server(frame);
        match message.map_err(|error| crate::ClientError::Protocol(error.to_string()))? {
            Some(Message::Committed(copy)) if lane == Lane::Live => {
                let applied = self.document.copied(&copy);
                self.applied(socket, applied).await
            }
            Some(message) => self.message(socket, message).await,
            None => Ok(()),
        }
    }

    async fn applied(
        &mut self,
        socket: &mut Socket,
        (received, ask): (Received, Option<v1::Resync>),
    ) -> Result<(), End> {
        if !received.changed.is_empty() {
            self.events.send(Event::DocumentChanged(received.changed));
        }
        if let Some(resync) = ask {
            socket.send(ClientMessage::Resync(resync)).await?;
        }
        Ok(())
    }

    fn snapshot(&mut self, part: &v1::Snapshot) -> Result<(), End> {
        let loaded = self.document.snapshot(part);
        let loaded = loaded.map_err(|error| crate::ClientError::Protocol(error.to_string()))?;
        if let Some(lost) = loaded {
            self.events.send(Event::DocumentLoaded);
            self.report_lost(lost);
        }
        Ok(())
    }

    pub(super) fn report_lost(&mut self, lost: Lost) {
        if lost != Lost::default() {
            self.events.send(Event::ChangesLost(lost));
        }
    }

    async fn command(&mut self, socket: &mut Socket, command: Command) -> Result<(), End> {
        match command {
            Command::Edit(edit) => edit(&mut self.document.replica),
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
            Command::Presence(presence) => self.presence(socket, presence).await?,
            Command::Leave(reply) => return Err(End::Left(Some(reply))),
        }
        Ok(())
    }

    async fn presence(&self, socket: &mut Socket, presence: v1::Presence) -> Result<(), End> {
        let frame = encode_client(ClientMessage::Presence(presence));
        let sent = match &self.transport {
            Some(transport) if self.connected => transport.send(Lane::Live, &frame).await,
            _ => false,
        };
        if !sent {
            socket.send_frame(frame).await?;
        }
        Ok(())
    }

    /// Sends what is due.
    async fn flush(&mut self, socket: &mut Socket) -> Result<(), End> {
        let now = Instant::now();
        // Ops made shortly after a batch wait for the next one.
        let taken = if now >= self.flush_from {
            self.document.take_batches()
        } else {
            Vec::new()
        };
        if !taken.is_empty() {
            self.flush_from = now + BATCH_INTERVAL;
            self.copy_at = Some(now);
        }
        let copies = self.send_copies(now).await;
        let ordered = self
            .document
            .ordered(&taken, copies.as_ref(), now.into_std());
        for batch in ordered {
            let frame = encode_client(ClientMessage::Ops(batch));
            self.send_ordered(socket, frame).await?;
        }
        self.flush_at = self.next_flush();
        Ok(())
    }

    fn next_flush(&self) -> Option<Instant> {
        let waits = self.document.replica.queued_count() > 0;
        let ordered = self.document.ordered_at().map(Instant::from_std);
        let queued = waits.then_some(self.flush_from);
        [queued, self.copy_at, ordered].into_iter().flatten().min()
    }

    /// Sends copies of what has no answer where they are due; returns those that left.
    async fn send_copies(&mut self, now: Instant) -> Option<v1::OpCopies> {
        self.copy_at.take_if(|at| *at <= now)?;
        let copies = self.document.copies()?;
        let transport = self.transport.as_ref()?;
        let frame = encode_client(ClientMessage::Copies(copies.clone()));
        let taken = transport.send(Lane::Live, &frame).await;
        self.copy_at = Some(now + COPY_INTERVAL);
        taken.then_some(copies)
    }

    /// Sends on the ordered path of the moment. Where the channel does not take it, the socket is the path.
    async fn send_ordered(&mut self, socket: &mut Socket, frame: Bytes) -> Result<(), End> {
        if self.document.path() == Path::Channel {
            let taken = match &self.transport {
                Some(transport) => transport.send(Lane::Ops, &frame).await,
                None => false,
            };
            if taken {
                return Ok(());
            }
            tracing::warn!("the data channel does not take frames, using the WebSocket");
            self.switch(socket, Path::Socket).await?;
        }
        Ok(socket.send_frame(frame).await?)
    }

    async fn switch(&mut self, socket: &mut Socket, path: Path) -> Result<(), End> {
        tracing::debug!(?path, "ops go another way");
        for batch in self.document.switch(path) {
            let frame = encode_client(ClientMessage::Ops(batch));
            match (&self.transport, path) {
                (Some(transport), Path::Channel) if transport.send(Lane::Ops, &frame).await => {}
                _ => socket.send_frame(frame).await?,
            }
        }
        Ok(())
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
            TransportEvent::Channel { lane, open } => {
                if lane == Lane::Ops {
                    let path = if open { Path::Channel } else { Path::Socket };
                    self.switch(socket, path).await?;
                }
            }
            TransportEvent::Frame { lane, frame } => self.frame(socket, lane, &frame).await?,
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

    /// The transport that stands keeps its path; what it gathers from now on goes by the new relays.
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

    /// Publications whose line is agreed may send once the transport stands.
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

    /// Gives a dead transport up and asks for another; publications are asked for anew.
    async fn restart_transport(&mut self, socket: &mut Socket) -> Result<(), End> {
        tracing::info!("transport lost, asking for another");
        self.drop_transport().await;
        self.switch(socket, Path::Socket).await?;
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
