//! The task that owns one open room and does what it asks.

use super::{
    commands::{Answers, Commands},
    inputs::Inputs,
    outbox::Outbox,
    snapshots::Snapshots,
};
use crate::{
    history::{self, Opened},
    metrics::Metrics,
    socket::{Pushed, SocketQueue},
    state::State,
};
use bytes::Bytes;
use fmz_annotation::Ops;
use fmz_proto::{
    EncodedBatch, FromClient, WireError,
    v1::{Channel, StoredRoom, from_sfu, to_sfu},
};
use fmz_signaling_core::{
    AppendToken, Asker, Class, Command, Effect, Join, LinkSession, Path, Reason, Room, RoomInfo,
    SessionId,
};
use fmz_store::{Answer, AppendError};
use std::{
    collections::BTreeMap,
    future::pending,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::sync::mpsc;

/// A room in which nothing is due is looked at again after this long.
const LOOK: Duration = Duration::from_secs(60);

/// Inputs that are taken before what they ask for is done: some milliseconds of a full room, so
/// that no append waits for long.
const INPUTS_AT_ONCE: usize = 64;

/// What can happen to a room.
#[derive(Debug)]
pub(crate) enum Input {
    Join {
        join: Box<Join>,
        queue: SocketQueue,
    },
    Message {
        session: SessionId,
        message: FromClient<Ops>,
        /// When it came.
        at: Instant,
    },
    Malformed {
        session: SessionId,
        error: WireError,
    },
    Alive {
        session: SessionId,
    },
    /// What waited for a session is written.
    Eased {
        session: SessionId,
    },
    Left {
        session: SessionId,
        reason: Reason,
    },
    Violation {
        session: SessionId,
        reason: Reason,
    },
    Sfu {
        message: from_sfu::Message,
        /// When it came.
        at: Instant,
    },
    /// Messages of the forwarding unit were lost, because the room did not keep up.
    LinkOverrun {
        /// Whether the unit is up, if a lost message said so.
        news: Option<from_sfu::Message>,
    },
    Command {
        asker: Box<Asker>,
        command: Command,
        answer: Answers,
    },
    Shutdown(Reason),
}

impl Input {
    /// Whether nobody waits for it where the room gathers ops anyway.
    pub(super) fn can_wait(&self) -> bool {
        match self {
            Self::Message { message, .. } => matches!(message, FromClient::Ops(_)),
            Self::Sfu { message, .. } => {
                matches!(message, from_sfu::Message::Data(data) if data.channel() == Channel::Ops)
            }
            _ => false,
        }
    }
}

/// An append on its way.
struct Append {
    token: AppendToken,
    begun: Instant,
    /// Revision and bytes that the log grows by.
    growth: (u64, u64),
    answer: Answer<Result<(), AppendError>>,
}

/// The same, answered.
struct Landed {
    token: AppendToken,
    begun: Instant,
    growth: (u64, u64),
    answer: Result<(), AppendError>,
}

struct Task {
    state: State,
    room: Room,
    name: String,
    queues: BTreeMap<SessionId, SocketQueue>,
    append: Option<Append>,
    snapshots: Snapshots,
    commands: Commands,
    outbox: Outbox,
    to_sfu: mpsc::Sender<to_sfu::Message>,
    idle_since: Option<Instant>,
}

/// Opens a room from its log and serves it until it closes.
pub(super) async fn run(
    state: State,
    stored: StoredRoom,
    generation: u64,
    mut inputs: Inputs,
    to_sfu: mpsc::Sender<to_sfu::Message>,
) {
    let name = stored.room.clone();
    let reason = match history::newest(state.store.clone(), &name).await {
        Ok(opened) => {
            note_opened(&name, &opened);
            Task::new(state.clone(), stored, opened, to_sfu)
                .serve(&mut inputs)
                .await
        }
        Err(error) => {
            tracing::error!(room = name, code = error.code(), %error, "the room cannot be read from its log");
            Reason::Storage
        }
    };
    inputs.close();
    state.rooms.forget_room(&state, &name, generation);
    while let Some(input) = inputs.next(false).await {
        if let Input::Join { queue, .. } = input {
            queue.close(reason);
        }
    }
    tracing::info!(room = name, reason = reason.code(), "room closed");
}

/// What is lost ends the document early; its log takes nothing more, for it goes on behind that.
fn note_opened(room: &str, opened: &Opened) {
    let revision = opened.document.revision();
    let (snapshot, tail) = (opened.snapshot_bytes, opened.tail_bytes);
    tracing::info!(room, revision, snapshot, tail, "room opened");
    if let Some(lost) = &opened.lost {
        tracing::error!(room, revision, %lost, "the room is shown as it was before what is lost");
    }
}

impl Task {
    fn new(
        state: State,
        stored: StoredRoom,
        opened: Opened,
        to_sfu: mpsc::Sender<to_sfu::Message>,
    ) -> Self {
        let info = RoomInfo {
            room: stored.room.clone(),
            title: stored.title,
            server: concat!("fmz ", env!("CARGO_PKG_VERSION")).into(),
            limits: state.config.room,
        };
        let now = Instant::now();
        let unix_ms = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis() as u64;
        Self {
            snapshots: Snapshots::new(state.clone(), stored.room.clone(), &opened),
            room: Room::new(info, opened.document, unix_ms, now),
            state,
            name: stored.room,
            queues: BTreeMap::new(),
            append: None,
            commands: Commands::default(),
            outbox: Outbox::default(),
            to_sfu,
            idle_since: None,
        }
    }

    /// In order of precedence: what became durable, what the media server takes,
    /// what is due, what comes in.
    async fn serve(mut self, inputs: &mut Inputs) -> Reason {
        let to_sfu = self.to_sfu.clone();
        loop {
            if let Some(reason) = self.room.closed() {
                // Nobody may wait for this room while it waits for others.
                inputs.close();
                return self.finish(reason).await;
            }
            let now = Instant::now();
            let gathers_until = self.room.gathers_until(now);
            let due = self.due(now).min(gathers_until.unwrap_or(now + LOOK));
            tokio::select! {
                biased;
                answer = answered(&mut self.append) => self.appended(answer, inputs),
                permit = to_sfu.reserve(), if !self.outbox.is_empty() => match permit {
                    Ok(permit) => drop(self.outbox.pop().map(|message| permit.send(message))),
                    // The forwarding unit is gone for good.
                    Err(_) => self.outbox.clear(),
                },
                (token, state) = self.commands.next_read() => {
                    self.room.handle_state(token, state, Instant::now());
                }
                () = tokio::time::sleep_until(due.into()) => self.timeout(inputs),
                input = inputs.next(gathers_until.is_some()) => match input {
                    Some(input) => self.handle_some(input, inputs),
                    None => self.room.handle_shutdown(Reason::Shutdown),
                },
            }
            self.perform();
        }
    }

    fn due(&self, now: Instant) -> Instant {
        let due = self.room.poll_timeout(now);
        due.into_iter()
            .chain(self.closes_at())
            .min()
            .unwrap_or(now + LOOK)
    }

    /// When the room closes for lack of people.
    fn closes_at(&self) -> Option<Instant> {
        Some(self.idle_since? + self.state.config.room_idle)
    }

    fn timeout(&mut self, inputs: &mut Inputs) {
        self.handle_more(inputs.len(), inputs);
        let now = Instant::now();
        if self.closes_at().is_some_and(|at| at <= now) {
            self.room.handle_shutdown(Reason::Reloading);
        }
        self.room.handle_timeout(now);
    }

    fn appended(
        &mut self,
        Landed {
            token,
            begun,
            growth: (revision, bytes),
            answer,
        }: Landed,
        inputs: &mut Inputs,
    ) {
        self.handle_more(inputs.len(), inputs);
        let metrics = &self.state.metrics;
        match &answer {
            Ok(()) => {
                metrics.append.observe(begun.elapsed().as_secs_f64());
                self.snapshots.appended(revision, bytes);
            }
            Err(_) => metrics.append_failures.inc(),
        }
        self.room.handle_appended(token, answer, Instant::now());
    }

    /// Takes what has come, before anything is done about it.
    fn handle_some(&mut self, first: Input, inputs: &mut Inputs) {
        self.handle(first);
        self.handle_more(INPUTS_AT_ONCE - 1, inputs);
    }

    fn handle_more(&mut self, count: usize, inputs: &mut Inputs) {
        let more = std::iter::from_fn(|| inputs.try_next());
        more.take(count).for_each(|input| self.handle(input));
    }

    fn handle(&mut self, input: Input) {
        let now = Instant::now();
        match input {
            Input::Join { join, queue } => {
                self.queues.insert(join.session, queue);
                self.room.handle_joined(*join, now);
            }
            Input::Message {
                session,
                message,
                at,
            } => self.room.handle_message(session, message, Path::Socket, at),
            Input::Malformed { session, error } => self.room.handle_malformed(session, &error, now),
            Input::Alive { session } => self.room.handle_alive(session, now),
            Input::Eased { session } => self.press(session, now),
            Input::Left { session, reason } => {
                self.queues.remove(&session);
                self.room.handle_left(session, reason, now);
            }
            Input::Violation { session, reason } => {
                self.room.handle_violation(session, reason, now)
            }
            Input::Sfu { message, at } => self.take_link(message, at),
            Input::LinkOverrun { news } => {
                self.room.handle_link_overrun(now);
                if let Some(news) = news {
                    self.take_link(news, now);
                }
            }
            Input::Command {
                asker,
                command,
                answer,
            } => {
                let id = self.commands.add(answer);
                self.room.handle_command(id, *asker, command, now);
            }
            Input::Shutdown(reason) => self.room.handle_shutdown(reason),
        }
    }

    fn take_link(&mut self, message: from_sfu::Message, at: Instant) {
        if matches!(message, from_sfu::Message::Down(_)) {
            // It was for transports that are gone.
            self.outbox.clear();
        }
        self.room.handle_sfu(message, at);
    }

    /// Does what the room asks.
    fn perform(&mut self) {
        while let Some(effect) = self.room.poll_effect() {
            match effect {
                Effect::Append {
                    token,
                    expected_revision,
                    batches,
                } => {
                    let growth = growth(&batches);
                    let batches = batches.iter().map(EncodedBatch::decode).collect();
                    let answer = self
                        .state
                        .store
                        .append(&self.name, expected_revision, batches);
                    self.append = Some(Append {
                        token,
                        begun: Instant::now(),
                        growth,
                        answer,
                    });
                }
                Effect::SendSocket {
                    sessions,
                    class,
                    frames,
                } => self.send(&sessions, class, &frames),
                Effect::ToSfu(message) => self.tell_sfu(message),
                Effect::Close { session, reason } => {
                    if let Some(queue) = self.queues.remove(&session) {
                        queue.close(reason);
                    }
                }
                Effect::ReadState { token, at } => {
                    self.commands.read(&self.state, &self.name, token, at);
                }
                Effect::Answer { command, answer } => self.commands.answer(command, answer),
                Effect::Diverged => self.state.metrics.diverged.inc(),
                Effect::HandedOut { ops, waits } => observe(&self.state.metrics, ops, &waits),
            }
        }
        let idle = self.room.is_idle();
        self.idle_since = idle.then(|| self.idle_since.unwrap_or_else(Instant::now));
    }

    fn send(&mut self, sessions: &[SessionId], class: Class, frames: &[Bytes]) {
        for session in sessions {
            let Some(queue) = self.queues.get(session) else {
                continue;
            };
            match queue.push(class, frames) {
                Pushed::Queued => {}
                Pushed::Dropped => self.state.metrics.presence_dropped.inc(),
                Pushed::Full => self
                    .room
                    .handle_violation(*session, Reason::Slow, Instant::now()),
            }
            self.press(*session, Instant::now());
        }
    }

    /// Tells the room how much waits for a session.
    fn press(&mut self, session: SessionId, now: Instant) {
        let queue = self.queues.get(&session);
        if let Some(pressure) = queue.and_then(SocketQueue::pressure) {
            self.room
                .handle_pressure(session, Path::Socket, pressure, now);
        }
    }

    fn tell_sfu(&mut self, message: to_sfu::Message) {
        for number in self.outbox.push(message) {
            let session = LinkSession::from_number(number).session;
            self.room
                .handle_violation(session, Reason::Overloaded, Instant::now());
        }
    }

    /// Tells the media server what it must still know, and waits for the append on its way.
    async fn finish(mut self, reason: Reason) -> Reason {
        self.perform();
        while let Some(message) = self.outbox.pop() {
            if self.to_sfu.send(message).await.is_err() {
                break;
            }
        }
        if let Some(append) = self.append.take() {
            // Nobody is left to be told; what is durable is found when the room is opened again.
            let _ = append.answer.await;
        }
        if reason == Reason::Reloading {
            self.snapshots.closing();
        }
        reason
    }
}

/// Waits for the append on its way, for ever where there is none.
async fn answered(append: &mut Option<Append>) -> Landed {
    let Some(Append {
        token,
        begun,
        growth,
        answer,
    }) = append
    else {
        return pending().await;
    };
    let landed = Landed {
        token: *token,
        begun: *begun,
        growth: *growth,
        answer: answer.as_mut().await,
    };
    *append = None;
    landed
}

/// Last revision and bytes of batches.
fn growth(batches: &[EncodedBatch]) -> (u64, u64) {
    let bytes = batches.iter().map(|batch| batch.bytes().len() as u64);
    let last = batches.last().map_or(0, EncodedBatch::last_revision);
    (last, bytes.sum())
}

fn observe(metrics: &Metrics, ops: u64, waits: &[Duration]) {
    metrics.ops.inc_by(ops);
    for wait in waits {
        metrics.op_latency.observe(wait.as_secs_f64());
    }
}
