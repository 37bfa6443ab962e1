//! Everything outside of a room that its effects act on: the log, the media server, sockets.

use super::appends::Appends;
use crate::{
    history::Opened,
    metrics::Metrics,
    rooms::{
        deps::RoomDeps,
        outbox::Outbox,
        reads::Reads,
        replies::Replies,
        snapshots::Snapshots,
        socket_queue::{Pushed, SocketQueue},
    },
};
use bytes::Bytes;
use fmz_proto::v1::to_sfu;
use fmz_signaling_core::{Class, Effect, LinkSession, Path, Reason, Room, SessionId};
use fmz_store::Lease;
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

/// Carries out the effects of one room.
pub(super) struct Effects {
    deps: Arc<RoomDeps>,
    room: String,
    pub(super) queues: BTreeMap<SessionId, SocketQueue>,
    pub(super) appends: Appends,
    pub(super) snapshots: Snapshots,
    pub(super) replies: Replies,
    pub(super) reads: Reads,
    pub(super) outbox: Outbox,
}

impl Effects {
    pub(super) fn new(deps: Arc<RoomDeps>, room: String, lease: Lease, opened: &Opened) -> Self {
        Self {
            snapshots: Snapshots::new(deps.clone(), room.clone(), opened),
            deps,
            room,
            queues: BTreeMap::new(),
            appends: Appends::new(lease, opened.head),
            replies: Replies::default(),
            reads: Reads::default(),
            outbox: Outbox::default(),
        }
    }

    /// Carries out everything that the room asks for.
    pub(super) fn perform(&mut self, room: &mut Room) {
        while let Some(effect) = room.poll_effect() {
            match effect {
                Effect::Append {
                    token,
                    expected_revision,
                    batches,
                } => {
                    let log = &*self.deps.stores.log;
                    self.appends.append(log, token, expected_revision, batches);
                }
                Effect::SendSocket {
                    sessions,
                    class,
                    frames,
                } => self.send(room, &sessions, class, &frames),
                Effect::ToSfu(message) => self.send_to_sfu(room, message),
                Effect::Close { session, reason } => {
                    if let Some(queue) = self.queues.remove(&session) {
                        queue.close(reason);
                    }
                }
                Effect::ReadState { token, at } => {
                    self.reads.begin(&self.deps, &self.room, token, at);
                }
                Effect::Answer { command, outcome } => self.replies.send(command, outcome),
                Effect::Diverged => self.deps.metrics.diverged.inc(),
                Effect::HandedOut { ops, waits } => observe(&self.deps.metrics, ops, &waits),
            }
        }
    }

    fn send(&self, room: &mut Room, sessions: &[SessionId], class: Class, frames: &[Bytes]) {
        for session in sessions {
            let Some(queue) = self.queues.get(session) else {
                continue;
            };
            match queue.push(class, frames) {
                Pushed::Queued => {}
                Pushed::Dropped => self.deps.metrics.presence_dropped.inc(),
                Pushed::Full => room.handle_violation(*session, Reason::Slow, Instant::now()),
            }
            self.report_pressure(room, *session, Instant::now());
        }
    }

    /// Tells the room how much waits for a session, if that has changed.
    pub(super) fn report_pressure(&self, room: &mut Room, session: SessionId, now: Instant) {
        let queue = self.queues.get(&session);
        if let Some(pressure) = queue.and_then(SocketQueue::pressure) {
            room.handle_pressure(session, Path::Socket, pressure, now);
        }
    }

    fn send_to_sfu(&mut self, room: &mut Room, message: to_sfu::Message) {
        for number in self.outbox.push(message) {
            let session = LinkSession::from_number(number).session;
            room.handle_violation(session, Reason::Overloaded, Instant::now());
        }
    }
}

fn observe(metrics: &Metrics, ops: u64, waits: &[Duration]) {
    metrics.ops.inc_by(ops);
    for wait in waits {
        metrics.op_latency.observe(wait.as_secs_f64());
    }
}
