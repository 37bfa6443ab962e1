use super::{Command, End, Session, WELCOME_WITHIN};
use crate::ClientError;
use crate::events::Event;
use crate::socket::Socket;
use std::pin::pin;
use tokio::time::timeout;

impl Session {
    /// Makes a connection, up to the server's welcome.
    pub(super) async fn enter(&mut self) -> Result<Socket, End> {
        let (url, options) = (self.url.clone(), self.options.clone());
        let connecting = async move { Socket::connect(&url, &options).await };
        let mut socket = self.meanwhile(connecting).await??;
        self.participant.handle_connected(self.now());
        match timeout(WELCOME_WITHIN, self.greet(&mut socket)).await {
            Ok(Ok(())) => Ok(socket),
            Ok(Err(end)) => Err(end),
            Err(_) => Err(ClientError::Connect("it does not welcome".into()).into()),
        }
    }

    async fn greet(&mut self, socket: &mut Socket) -> Result<(), End> {
        while !self.participant.is_welcomed() {
            self.turn(socket).await?;
        }
        // Before anything else, the welcome's events go out and unacknowledged batches are sent
        // again.
        self.drain(socket).await
    }

    /// Tries until a session stands, the server refuses for good, or the application leaves.
    pub(super) async fn reconnect(&mut self, mut error: ClientError) -> Result<Socket, End> {
        loop {
            let retry_in = self.backoff.next(rand::random());
            tracing::info!(%error, ?retry_in, "connection lost");
            self.events.send(Event::Disconnected {
                reason: error.to_string(),
                retry_in,
            });
            self.meanwhile(tokio::time::sleep(retry_in)).await?;
            error = match self.enter().await {
                Ok(socket) => return Ok(socket),
                Err(End::Broken(error)) => error,
                Err(end) => return Err(end),
            };
            self.drop_transport().await;
            self.participant.handle_disconnected();
        }
    }

    /// Runs `work`; commands are served meanwhile as far as they can be without a connection.
    async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> Result<T, End> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                command = self.commands.recv() => self.keep(command)?,
            }
        }
    }

    /// Serves a command as far as it can be served before a welcome.
    pub(super) fn keep(&mut self, command: Option<Command>) -> Result<(), End> {
        let now = self.now();
        match command {
            None => return Err(End::Left(None)),
            Some(Command::Leave(reply)) => return Err(End::Left(Some(reply))),
            Some(Command::Edit(edit)) => self.participant.edit(edit, now),
            Some(Command::Room(reply)) => drop(reply.send(self.room.clone())),
            Some(Command::Publish(publish, codec, reply)) => {
                let added = self.publications.add(*publish, codec, rand::random());
                let _ = reply.send(added.map(|(track, _)| track));
            }
            Some(Command::Unpublish(request)) => drop(self.publications.remove(request)),
            Some(Command::Presence(presence)) => self.participant.point(presence.pointer, now),
            // Dropped: the map would be out of date by the time there is a connection.
            Some(Command::FrameMap(_)) => {}
        }
        Ok(())
    }
}
