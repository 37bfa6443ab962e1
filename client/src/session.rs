//! One client's session: a task that owns the socket, the transport and the participant.

mod reconnect;
mod serve;

use crate::backoff::Backoff;
use crate::events::{Event, EventSender};
use crate::publication::{LocalTrack, Publications};
use crate::relay::Relays;
use crate::socket::Socket;
use crate::transport::Transport;
use crate::{ClientError, Options, Room};
use bytes::Bytes;
use fmz_annotation::Replica;
use fmz_media::Codec;
use fmz_participant::{Introduction, Moment, Participant};
use fmz_proto::limits::SESSION_KEY_BYTES;
use fmz_proto::v1::{self, client_message::Message as ClientMessage};
use std::fmt;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// Longest wait for the server's welcome.
const WELCOME_WITHIN: Duration = Duration::from_secs(10);

/// Work on the document.
pub(crate) type Edit = Box<dyn FnOnce(&mut Replica) + Send>;

pub(crate) enum Command {
    Edit(Edit),
    Room(oneshot::Sender<Room>),
    Publish(
        Box<v1::Publish>,
        Codec,
        oneshot::Sender<Result<LocalTrack, ClientError>>,
    ),
    Unpublish(u32),
    FrameMap(Box<v1::FrameMap>),
    Presence(v1::Presence),
    Leave(oneshot::Sender<()>),
}

impl fmt::Debug for Command {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Edit(_) => "Edit",
            Self::Room(_) => "Room",
            Self::Publish(..) => "Publish",
            Self::Unpublish(_) => "Unpublish",
            Self::FrameMap(_) => "FrameMap",
            Self::Presence(_) => "Presence",
            Self::Leave(_) => "Leave",
        })
    }
}

/// Reasons for which a connection ended.
#[derive(Debug)]
enum End {
    /// The connection broke. It may be made again.
    Broken(ClientError),
    /// The server said that reconnecting is pointless.
    Closed { code: String, text: String },
    /// The application left, or dropped its last handle.
    Left(Option<oneshot::Sender<()>>),
}

impl From<ClientError> for End {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Closed { code, text } => Self::Closed { code, text },
            error => Self::Broken(error),
        }
    }
}

impl From<v1::Closing> for End {
    fn from(closing: v1::Closing) -> Self {
        let v1::Closing { code, text, retry } = closing;
        if retry {
            Self::Broken(ClientError::Connect(format!("it said {code}: {text}")))
        } else {
            Self::Closed { code, text }
        }
    }
}

pub(crate) struct Session {
    url: String,
    options: Options,
    commands: mpsc::Receiver<Command>,
    events: EventSender,
    participant: Participant,
    room: Room,
    publications: Publications,
    relays: Relays,
    transport: Option<Transport>,
    connected: bool,
    backoff: Backoff,
    /// Instant from which the participant's time counts.
    began: Instant,
}

impl Session {
    pub(crate) fn new(
        url: &str,
        token: &str,
        options: Options,
        commands: mpsc::Receiver<Command>,
        events: EventSender,
    ) -> Self {
        let session_key = rand::random::<[u8; SESSION_KEY_BYTES]>();
        let introduction = Introduction {
            token: token.to_owned(),
            name: options.name.clone(),
            session_key: Bytes::copy_from_slice(&session_key),
            transport: options.transport,
            // The WebSocket library answers the server's pings and shows them here, so the
            // participant needs none of its own.
            pings: false,
        };
        Self {
            url: url.to_owned(),
            options,
            commands,
            events,
            participant: Participant::new(introduction),
            room: Room::default(),
            publications: Publications::default(),
            relays: Relays::default(),
            transport: None,
            connected: false,
            backoff: Backoff::default(),
            began: Instant::now(),
        }
    }

    /// Connects for the first time.
    pub(crate) async fn join(&mut self) -> Result<Socket, ClientError> {
        match self.enter().await {
            Ok(socket) => Ok(socket),
            Err(End::Broken(error)) => Err(error),
            Err(End::Closed { code, text }) => Err(ClientError::Closed { code, text }),
            Err(End::Left(_)) => Err(ClientError::Ended),
        }
    }

    /// Runs until the application leaves or the server ends the session for good.
    pub(crate) async fn run(mut self, mut socket: Socket) {
        loop {
            let since = Instant::now();
            let end = self.serve(&mut socket).await;
            self.backoff.ended_after(since.elapsed());
            self.drop_transport().await;
            self.participant.handle_disconnected();
            let end = match end {
                End::Broken(error) => match self.reconnect(error).await {
                    Ok(next) => {
                        socket = next;
                        continue;
                    }
                    Err(end) => end,
                },
                End::Left(reply) => {
                    let _ = socket.send(ClientMessage::Leave(v1::Leave {})).await;
                    socket.close().await;
                    return self.finish(End::Left(reply));
                }
                end => end,
            };
            return self.finish(end);
        }
    }

    fn finish(self, end: End) {
        let (code, text, reply) = match end {
            End::Left(reply) => ("left".into(), String::new(), reply),
            End::Closed { code, text } => (code, text, None),
            End::Broken(error) => (error.code().to_owned(), error.to_string(), None),
        };
        tracing::info!(code, "session ended");
        self.events.send_last(Event::Ended { code, text });
        if let Some(reply) = reply {
            let _ = reply.send(());
        }
    }

    fn now(&self) -> Moment {
        Moment::after_beginning(self.began.elapsed())
    }
}
