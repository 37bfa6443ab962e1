//! One WebSocket: its upgrade, its first message, then frames both ways until either side ends it.

mod ending;
mod frames;
mod hello;
mod relays;

use crate::{
    origin,
    problem::Problem,
    rooms::{Input, InputSender, Outgoing, SocketFrames, socket_queue},
    state::State,
};
use axum::{
    extract::{
        State as Extract,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, Uri},
    response::Response,
};
use bytes::Bytes;
use ending::Ending;
use fmz_proto::{WireError, limits};
use fmz_signaling_core::{Reason, SessionId, limits::PING_INTERVAL, read_client};
use frames::{is_too_large, write};
use hello::Admitted;
use relays::Relays;
use std::time::Instant;
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{MissedTickBehavior, interval_at},
};

/// Bytes that each session holds for reading; all of them are zeroed at every read. A batch of
/// strokes is below 2 KiB, and larger frames get what they need.
const READ_BUFFER_BYTES: usize = 4 * 1024;

/// Upgrades a request to a WebSocket. The first message on it names the participant.
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
        Err(refusal) => refuse(&state, &mut socket, refusal).await,
    }
}

/// Closes a WebSocket whose session does not begin.
async fn refuse(state: &State, socket: &mut WebSocket, refusal: Ending) {
    count_closed(state, refusal.code);
    refusal.end(socket).await;
}

/// Counts a session for as long as this is held.
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

fn count_closed(state: &State, code: &str) {
    state.metrics.closed.with_label_values(&[code]).inc();
}

async fn serve(state: State, mut socket: WebSocket, admitted: Admitted, reached: Option<String>) {
    let session = admitted.join.session;
    let mut relays = Relays::new(&state, &admitted.room, &admitted.join, reached);
    let (queue, mut frames) = socket_queue();
    let room = match state.rooms.join(admitted.room, admitted.join, queue).await {
        Ok(room) => room,
        Err(error) => return refuse(&state, &mut socket, error.into()).await,
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
        count_closed(&state, reason.code());
        Ending::from(reason).end(&mut socket).await;
    } else {
        count_closed(&state, Reason::Disconnected.code());
        // Fails if the room is gone: it has closed the session then.
        room.send(Input::Left {
            session,
            reason: Reason::Disconnected,
        })
        .await;
    }
}

/// Carries frames both ways. Returns the room's reason to close, or `None` if the connection is
/// gone.
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
                // After a violation only the room's answer is still to come.
                reading = !matches!(input, Input::Violation { .. });
                if !room.send(input).await {
                    return None;
                }
            }
        }
    }
}

/// Turns a received frame into an input of the room. Returns `None` if the connection is over.
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
        Ok(Message::Binary(frame)) => Some(match read_client(&frame) {
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
