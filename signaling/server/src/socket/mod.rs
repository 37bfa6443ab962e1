//! One WebSocket: its upgrade, its first message, then frames both ways until either side ends it.

mod hello;
mod queue;
mod relays;

pub(crate) use queue::{Outgoing, Pushed, SocketFrames, SocketQueue};

use crate::{
    origin,
    problem::Problem,
    rooms::{Input, InputSender},
    state::State,
};
use axum::{
    extract::{
        State as Extract,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, Uri},
    response::Response,
};
use bytes::Bytes;
use fmz_proto::{
    WireError, decode_client, encode_server, limits,
    v1::{Closing, server_message},
};
use fmz_signaling_core::{Reason, SessionId, limits::PING_INTERVAL};
use relays::Relays;
use std::time::{Duration, Instant};
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{MissedTickBehavior, interval_at, timeout},
};

/// Bytes that each session holds for reading; all of them are zeroed at every read. A batch of
/// strokes is below 2 KiB, and larger frames get what they need.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// How long one frame may take to be written.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the other side may take to answer a close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Codes of RFC 6455 section 7.4.1.
const AWAY: u16 = 1001;
const NORMAL: u16 = 1000;
const POLICY: u16 = 1008;
const TOO_BIG: u16 = 1009;
const ERROR: u16 = 1011;

/// Takes a WebSocket in. Who it is says the first message on it.
pub(crate) async fn upgrade(
    Extract(state): Extract<State>,
    headers: HeaderMap,
    uri: Uri,
    socket: WebSocketUpgrade,
) -> Result<Response, Problem> {
    origin::check(&headers, &uri, &state.config.allowed_origins)?;
    let full = || Problem::unavailable("sessions_full", "the server is full");
    let permit = state
        .sockets
        .clone()
        .try_acquire_owned()
        .map_err(|_| full())?;
    if state.is_stopping() {
        return Err(Problem::stopping());
    }
    let socket = socket
        .max_frame_size(limits::CLIENT_FRAME_BYTES_MAX)
        .max_message_size(limits::CLIENT_FRAME_BYTES_MAX);
    let reached = origin::host(&headers, &uri).map(str::to_owned);
    Ok(socket
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .on_upgrade(|socket| run(state, socket, reached, permit)))
}

async fn run(
    state: State,
    mut socket: WebSocket,
    reached: Option<String>,
    _permit: OwnedSemaphorePermit,
) {
    let _session = Counted::new(&state);
    match hello::receive(&state, &mut socket).await {
        Ok(admitted) => serve(state, socket, admitted, reached).await,
        Err(refusal) => {
            state
                .metrics
                .closed
                .with_label_values(&[refusal.code])
                .inc();
            end(&mut socket, refusal).await;
        }
    }
}

/// Counts a session for as long as it is held.
struct Counted(prometheus::IntGauge);

impl Counted {
    fn new(state: &State) -> Self {
        state.metrics.sessions.inc();
        Self(state.metrics.sessions.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A session that may enter its room.
pub(crate) struct Admitted {
    pub(crate) room: String,
    pub(crate) join: fmz_signaling_core::Join,
}

/// Why a WebSocket is closed, and whether to come back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ending {
    pub(crate) code: &'static str,
    pub(crate) text: &'static str,
    pub(crate) retry: bool,
}

impl From<Reason> for Ending {
    fn from(reason: Reason) -> Self {
        Self {
            code: reason.code(),
            text: reason.text(),
            retry: reason.retry(),
        }
    }
}

async fn serve(state: State, mut socket: WebSocket, admitted: Admitted, reached: Option<String>) {
    let session = admitted.join.session;
    let mut relays = Relays::new(&state, &admitted.room, &admitted.join, reached);
    let (queue, mut frames) = queue::queue();
    let Some(room) = state.rooms.join(&state, admitted, queue).await else {
        end(&mut socket, Reason::Reloading.into()).await;
        return;
    };
    let ended = exchange(
        &state,
        &mut socket,
        session,
        &room,
        &mut frames,
        &mut relays,
    )
    .await;
    if let Some(reason) = ended {
        state
            .metrics
            .closed
            .with_label_values(&[reason.code()])
            .inc();
        end(&mut socket, reason.into()).await;
    } else {
        state
            .metrics
            .closed
            .with_label_values(&[Reason::Disconnected.code()])
            .inc();
        // A room that is gone knows the session no more.
        room.send(Input::Left {
            session,
            reason: Reason::Disconnected,
        })
        .await;
    }
    state.rooms.forget_session(session);
}

/// Carries frames both ways. Returns the room's reason to close, or `None` where
/// the connection is gone.
async fn exchange(
    state: &State,
    socket: &mut WebSocket,
    session: SessionId,
    room: &InputSender,
    frames: &mut SocketFrames,
    relays: &mut Relays,
) -> Option<Reason> {
    let mut ping = interval_at(tokio::time::Instant::now() + PING_INTERVAL, PING_INTERVAL);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut reading = true;
    loop {
        tokio::select! {
            outgoing = frames.next() => match outgoing? {
                Outgoing::Frame { frame, .. } => {
                    write(socket, Message::Binary(frame)).await?;
                    if let Some(told) = relays.behind_welcome() {
                        write(socket, Message::Binary(told)).await?;
                    }
                    if frames.has_eased() && !room.send(Input::Eased { session }).await {
                        return None;
                    }
                }
                Outgoing::Close(reason) => return Some(reason),
            },
            () = relays.due() => if let Some(told) = relays.next(tokio::time::Instant::now()) {
                write(socket, Message::Binary(told)).await?;
            },
            _ = ping.tick() => write(socket, Message::Ping(Bytes::new())).await?,
            received = socket.recv(), if reading => {
                let input = read(state, session, received?)?;
                // After a violation the room's answer is all that is still to come.
                reading = !matches!(input, Input::Violation { .. });
                if !room.send(input).await {
                    return None;
                }
            }
        }
    }
}

/// `None` where the connection is gone or does not move.
async fn write(socket: &mut WebSocket, message: Message) -> Option<()> {
    timeout(WRITE_TIMEOUT, socket.send(message))
        .await
        .ok()?
        .ok()
}

/// What a received frame means to the room; `None` where the connection is over.
fn read(
    state: &State,
    session: SessionId,
    received: Result<Message, axum::Error>,
) -> Option<Input> {
    state.metrics.messages.inc();
    let refused = |error| {
        state.metrics.frames_refused.inc();
        Input::Malformed { session, error }
    };
    match received {
        Ok(Message::Binary(frame)) => Some(match decode_client(&frame) {
            Ok(message) => Input::Message {
                session,
                message,
                at: Instant::now(),
            },
            Err(error) => refused(error),
        }),
        Ok(Message::Text(_)) => Some(refused(WireError::Malformed("text frame"))),
        Ok(Message::Ping(_) | Message::Pong(_)) => Some(Input::Alive { session }),
        Ok(Message::Close(_)) => None,
        Err(error) => is_too_large(&error).then(|| {
            state.metrics.frames_refused.inc();
            Input::Violation {
                session,
                reason: Reason::FrameTooLarge,
            }
        }),
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    use tungstenite::Error;
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<Error>());
    matches!(source, Some(Error::Capacity(_)))
}

/// Says why, closes, and lets the other side close too.
async fn end(socket: &mut WebSocket, ending: Ending) {
    let closing = Closing {
        code: ending.code.into(),
        text: ending.text.into(),
        retry: ending.retry,
    };
    let frame = encode_server(server_message::Message::Closing(closing));
    let close = CloseFrame {
        code: close_code(ending.code),
        reason: ending.code.into(),
    };
    let said = async {
        write(socket, Message::Binary(frame)).await?;
        write(socket, Message::Close(Some(close))).await?;
        while let Some(Ok(_)) = socket.recv().await {}
        Some(())
    };
    let _ = timeout(CLOSE_TIMEOUT, said).await;
}

fn close_code(code: &str) -> u16 {
    match code {
        "left" => NORMAL,
        "shutdown" | "reloading" => AWAY,
        "frame_too_large" => TOO_BIG,
        "storage" | "overloaded" => ERROR,
        _ => POLICY,
    }
}
