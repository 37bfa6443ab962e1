//! The task that owns one open room, and drives it.

mod appends;
mod effects;

use super::{
    deps::RoomDeps,
    inputs::{Input, Inputs},
    opening::OpenedRoom,
};
use crate::history::Opened;
use appends::Append;
use effects::Effects;
use fmz_proto::v1::from_sfu;
use fmz_signaling_core::{Path, Reason, Room, RoomInfo};
use fmz_store::AppendError;
use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// The task looks at its room after this long at the latest, even if nothing is due.
const LOOK: Duration = Duration::from_secs(60);

/// Inputs that are taken before their effects are carried out. They are some milliseconds of a
/// full room, so that no append waits for long.
const INPUTS_AT_ONCE: usize = 64;

struct Task {
    deps: Arc<RoomDeps>,
    room: Room,
    effects: Effects,
    idle_since: Option<Instant>,
}

/// Serves a room that was opened, until it closes.
pub(super) async fn run(deps: Arc<RoomDeps>, room: OpenedRoom, mut inputs: Inputs) {
    let name = room.stored.room.clone();
    note_opened(&name, &room.opened);
    let reason = Task::new(deps, room).serve(&mut inputs).await;
    inputs.close();
    while let Some(input) = inputs.next(false).await {
        if let Input::Join { queue, .. } = input {
            queue.close(reason);
        }
    }
    tracing::info!(room = name, reason = reason.code(), "room closed");
}

/// Logs how the room was opened. A loss ends the document early. The log then takes no more ops,
/// because it continues behind the loss.
fn note_opened(room: &str, opened: &Opened) {
    let revision = opened.document.revision();
    let (snapshot, tail) = (opened.snapshot_bytes, opened.tail_bytes);
    tracing::info!(room, revision, snapshot, tail, "room opened");
    if let Some(lost) = &opened.lost {
        tracing::error!(room, revision, %lost, "the room is shown as it was before what is lost");
    }
}

impl Task {
    fn new(deps: Arc<RoomDeps>, room: OpenedRoom) -> Self {
        let OpenedRoom {
            stored,
            lease,
            opened,
        } = room;
        let effects = Effects::new(deps.clone(), stored.room.clone(), lease, &opened);
        let info = RoomInfo {
            room: stored.room,
            title: stored.title,
            server: concat!("fmz ", env!("CARGO_PKG_VERSION")).into(),
            limits: deps.limits,
        };
        let now = Instant::now();
        let unix_ms = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis() as u64;
        Self {
            room: Room::new(info, opened.document, unix_ms, now),
            deps,
            effects,
            idle_since: None,
        }
    }

    /// Serves the room until it closes, and returns why it did.
    ///
    /// The order of precedence is: answers of the log, messages that the media server takes, older
    /// states that were read, timeouts, inputs.
    async fn serve(mut self, inputs: &mut Inputs) -> Reason {
        let to_sfu = self.deps.link.to_sfu();
        loop {
            if let Some(reason) = self.room.closed() {
                // A sender must not wait for this room while the room waits for others.
                inputs.close();
                return self.finish(reason).await;
            }
            let now = Instant::now();
            let gathers_until = self.room.gathers_until(now);
            let due = self.due(now).min(gathers_until.unwrap_or(now + LOOK));
            tokio::select! {
                biased;
                (append, answer) = self.effects.appends.answered() => {
                    self.handle_appended(append, answer, inputs);
                }
                permit = to_sfu.reserve(), if !self.effects.outbox.is_empty() => match permit {
                    Ok(permit) => drop(self.effects.outbox.pop().map(|message| permit.send(message))),
                    // The forwarding unit is gone for good.
                    Err(_) => self.effects.outbox.clear(),
                },
                (token, state) = self.effects.reads.next() => {
                    self.room.handle_state(token, state, Instant::now());
                }
                () = tokio::time::sleep_until(due.into()) => self.handle_timeout(inputs),
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

    /// Returns when the room closes for lack of people, if nobody is in it.
    fn closes_at(&self) -> Option<Instant> {
        Some(self.idle_since? + self.deps.idle)
    }

    fn handle_timeout(&mut self, inputs: &mut Inputs) {
        self.handle_more(inputs.len(), inputs);
        let now = Instant::now();
        if self.closes_at().is_some_and(|at| at <= now) {
            self.room.handle_shutdown(Reason::Reloading);
        }
        self.room.handle_timeout(now);
    }

    fn handle_appended(
        &mut self,
        append: Append,
        answer: Result<(), AppendError>,
        inputs: &mut Inputs,
    ) {
        // Ops that came before the answer share the next append.
        self.handle_more(inputs.len(), inputs);
        let metrics = &self.deps.metrics;
        match &answer {
            Ok(()) => {
                let took = append.begun.elapsed();
                metrics.append.observe(took.as_secs_f64());
                let growth = append.growth;
                self.effects
                    .snapshots
                    .appended(growth.head.revision, growth.bytes);
            }
            Err(_) => metrics.append_failures.inc(),
        }
        self.room
            .handle_appended(append.token, answer, Instant::now());
    }

    /// Takes an input and some that came behind it, before any effect is carried out.
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
                self.effects.queues.insert(join.session, queue);
                self.room.handle_joined(*join, now);
            }
            Input::Message {
                session,
                message,
                at,
            } => self.room.handle_message(session, message, Path::Socket, at),
            Input::Malformed { session, error } => self.room.handle_malformed(session, &error, now),
            Input::Alive { session } => self.room.handle_alive(session, now),
            Input::Eased { session } => {
                self.effects.report_pressure(&mut self.room, session, now);
            }
            Input::Left { session, reason } => {
                self.effects.queues.remove(&session);
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
            Input::Command { asker, request } => {
                let (id, command) = self.effects.replies.add(request);
                self.room.handle_command(id, *asker, command, now);
            }
            Input::Shutdown(reason) => self.room.handle_shutdown(reason),
        }
    }

    /// Takes a message of the room link.
    fn take_link(&mut self, message: from_sfu::Message, at: Instant) {
        if matches!(message, from_sfu::Message::Down(_)) {
            // It was for transports that are gone.
            self.effects.outbox.clear();
        }
        self.room.handle_sfu(message, at);
    }

    /// Carries out the room's effects, and notes since when the room is idle.
    fn perform(&mut self) {
        self.effects.perform(&mut self.room);
        let idle = self.room.is_idle();
        self.idle_since = idle.then(|| self.idle_since.unwrap_or_else(Instant::now));
    }

    /// Sends the media server the messages that are left, and waits for the append on its way.
    async fn finish(mut self, reason: Reason) -> Reason {
        self.perform();
        let to_sfu = self.deps.link.to_sfu();
        while let Some(message) = self.effects.outbox.pop() {
            if to_sfu.send(message).await.is_err() {
                break;
            }
        }
        self.effects.appends.finish().await;
        if reason == Reason::Reloading {
            self.effects.snapshots.closing();
        }
        reason
    }
}
