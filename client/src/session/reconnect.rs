use super::{Command, End, Session};
use crate::ClientError;
use crate::events::Event;
use crate::socket::Socket;
use std::pin::pin;

impl Session {
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
            let handshake = self.handshake();
            error = match self.meanwhile(handshake).await? {
                Ok((mut socket, welcome)) => match self.begin(&mut socket, welcome).await {
                    Ok(()) => return Ok(socket),
                    Err(End::Broken(error)) => error,
                    Err(end) => return Err(end),
                },
                Err(ClientError::Closed { code, text }) => {
                    return Err(End::Closed { code, text });
                }
                Err(error) => error,
            };
        }
    }

    /// Does some work while commands are served as far as they can be without a connection.
    async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> Result<T, End> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                command = self.commands.recv() => self.keep(command)?,
            }
        }
    }

    fn keep(&mut self, command: Option<Command>) -> Result<(), End> {
        match command {
            None => return Err(End::Left(None)),
            Some(Command::Leave(reply)) => return Err(End::Left(Some(reply))),
            Some(Command::Edit(edit)) => edit(&mut self.document.replica),
            Some(Command::Room(reply)) => drop(reply.send(self.room.clone())),
            Some(Command::Publish(publish, codec, reply)) => {
                let added = self.publications.add(*publish, codec, rand::random());
                let _ = reply.send(added.map(|(track, _)| track));
            }
            Some(Command::Unpublish(request)) => drop(self.publications.remove(request)),
            // Worth nothing by the time there is a connection.
            Some(Command::FrameMap(_) | Command::Presence(_)) => {}
        }
        Ok(())
    }
}
