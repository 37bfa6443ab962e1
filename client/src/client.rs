use crate::events::{self, Events};
use crate::session::{Command, Edit, Session};
use crate::{ClientError, LocalTrack, Options, Room};
use fmz_annotation::{OpError, Replica};
use fmz_media::Codec;
use fmz_proto::v1;
use tokio::sync::{mpsc, oneshot};

/// Commands that wait for the session. It takes them at once, unless it is in the middle of sending
/// on a slow connection; then callers wait.
const COMMANDS_MAX: usize = 256;

/// A participant of one room. Cheap to clone. The session ends when the last clone is dropped or
/// [`Client::leave`] is called.
///
/// Edits show in this client's document at once. They are sent as soon as the connection allows,
/// also across reconnects, and each is applied exactly once.
#[derive(Debug, Clone)]
pub struct Client {
    commands: mpsc::Sender<Command>,
}

impl Client {
    /// Joins a room: `url` is `ws://host:port/ws` or `wss://…`; the token names the room.
    ///
    /// # Errors
    /// [`ClientError::Connect`] if no server answers, [`ClientError::Closed`] if the server
    /// refuses. Once joined, the session reconnects by itself.
    pub async fn connect(
        url: &str,
        token: &str,
        options: Options,
    ) -> Result<(Self, Events), ClientError> {
        let (commands, receiver) = mpsc::channel(COMMANDS_MAX);
        let (sender, events) = events::channel();
        let mut session = Session::new(url, token, options, receiver, sender);
        let socket = session.join().await?;
        tokio::spawn(session.run(socket));
        Ok((Self { commands }, events))
    }

    /// Runs `edit` on the document and returns its result. `edit` runs on the session's task and
    /// holds up everything else there, so keep it short.
    ///
    /// # Errors
    /// [`ClientError::Ended`] if the session has ended.
    pub async fn edit<T: Send + 'static>(
        &self,
        edit: impl FnOnce(&mut Replica) -> T + Send + 'static,
    ) -> Result<T, ClientError> {
        let (reply, answer) = oneshot::channel();
        let edit: Edit = Box::new(move |replica| {
            let _ = reply.send(edit(replica));
        });
        self.command(Command::Edit(edit)).await?;
        answer.await.map_err(|_| ClientError::Ended)
    }

    /// Applies changes: all ops or none.
    ///
    /// # Errors
    /// [`ClientError::Ended`] if the session has ended; inside, [`OpError`] for the first op that
    /// the server would refuse.
    pub async fn submit(&self, ops: Vec<v1::Op>) -> Result<Result<(), OpError>, ClientError> {
        self.edit(move |replica| replica.submit(&ops)).await
    }

    /// Returns the visible objects in drawing order.
    ///
    /// # Errors
    /// [`ClientError::Ended`] if the session has ended.
    pub async fn objects(&self) -> Result<v1::ObjectList, ClientError> {
        self.edit(|replica| replica.objects()).await
    }

    /// Undoes this client's last change; returns false if there is none.
    ///
    /// # Errors
    /// [`ClientError::Ended`] if the session has ended.
    pub async fn undo(&self) -> Result<bool, ClientError> {
        self.edit(Replica::undo).await
    }

    /// Redoes the change that was undone last; returns false if there is none.
    ///
    /// # Errors
    /// [`ClientError::Ended`] if the session has ended.
    pub async fn redo(&self) -> Result<bool, ClientError> {
        self.edit(Replica::redo).await
    }

    /// Returns the room as the server last described it.
    ///
    /// # Errors
    /// [`ClientError::Ended`] if the session has ended.
    pub async fn room(&self) -> Result<Room, ClientError> {
        let (reply, answer) = oneshot::channel();
        self.command(Command::Room(reply)).await?;
        answer.await.map_err(|_| ClientError::Ended)
    }

    /// Asks the server to publish; `publish.request` and `publish.codec` are filled in here. The
    /// client asks again after every reconnect.
    ///
    /// # Errors
    /// [`ClientError::TooManyPublications`], or [`ClientError::Ended`] if the session has ended.
    /// The server's refusal comes from [`LocalTrack::bound`].
    pub async fn publish(
        &self,
        publish: v1::Publish,
        codec: Codec,
    ) -> Result<LocalTrack, ClientError> {
        let (reply, answer) = oneshot::channel();
        self.command(Command::Publish(Box::new(publish), codec, reply))
            .await?;
        answer.await.map_err(|_| ClientError::Ended)?
    }

    /// Ends a publication.
    ///
    /// # Errors
    /// [`ClientError::Ended`] if the session has ended.
    pub async fn unpublish(&self, track: LocalTrack) -> Result<(), ClientError> {
        self.command(Command::Unpublish(track.request())).await
    }

    /// Sends the rule by which a publication's timestamps count frames. The server forgets it with
    /// the connection, so send it again for each new binding.
    ///
    /// # Errors
    /// [`ClientError::Ended`] if the session has ended.
    pub async fn frame_map(&self, map: v1::FrameMap) -> Result<(), ClientError> {
        self.command(Command::FrameMap(Box::new(map))).await
    }

    /// Shows the pointer to others; `None` if it is off the picture. A position may be lost.
    ///
    /// # Errors
    /// [`ClientError::Ended`] if the session has ended.
    pub async fn presence(&self, pointer: Option<v1::Point>) -> Result<(), ClientError> {
        self.command(Command::Presence(v1::Presence { pointer }))
            .await
    }

    /// Leaves the room and waits until the connections are closed. Edits that were not sent are
    /// lost.
    pub async fn leave(self) {
        let (reply, answer) = oneshot::channel();
        if self.command(Command::Leave(reply)).await.is_ok() {
            let _ = answer.await;
        }
    }

    async fn command(&self, command: Command) -> Result<(), ClientError> {
        let sent = self.commands.send(command).await;
        sent.map_err(|_| ClientError::Ended)
    }
}
