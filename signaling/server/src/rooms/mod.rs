//! The rooms that are open, and which session is in which.

mod commands;
mod inputs;
mod outbox;
mod snapshots;
mod task;

pub(crate) use inputs::InputSender;
pub(crate) use task::Input;

use crate::{
    socket::{Admitted, SocketQueue},
    state::State,
};
use fmz_proto::v1::to_sfu;
use fmz_signaling_core::{Asker, Command, Outcome, Reason, Refusal, SessionId};
use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::{mpsc, oneshot};

/// Says why a room does not do what it was asked.
#[derive(Debug)]
pub(crate) enum RoomError {
    /// The catalog holds no room of this name.
    NoRoom,
    /// The room closes just now, or cannot be opened: asking again may help.
    Closing,
    /// The room is open, and refuses.
    Refused(Refusal),
}

/// All open rooms. There are no more than the catalog holds, and no more sessions
/// than the server takes.
#[derive(Debug)]
pub(crate) struct Rooms {
    to_sfu: mpsc::Sender<to_sfu::Message>,
    open: Mutex<Open>,
    opened: AtomicU64,
}

#[derive(Debug, Default)]
struct Open {
    rooms: HashMap<String, Handle>,
    sessions: HashMap<SessionId, InputSender>,
}

/// The way to a room's task.
#[derive(Debug, Clone)]
struct Handle {
    /// Tells a room from one of the same name that was opened later.
    generation: u64,
    inputs: InputSender,
}

impl Rooms {
    pub(crate) fn new(to_sfu: mpsc::Sender<to_sfu::Message>) -> Self {
        Self {
            to_sfu,
            open: Mutex::default(),
            opened: AtomicU64::new(0),
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().expect("no holder of this lock panics")
    }

    /// Brings a session to its room, which is opened where it is not open. `None` where
    /// the room closes just now.
    pub(crate) async fn join(
        &self,
        state: &State,
        admitted: Admitted,
        queue: SocketQueue,
    ) -> Option<InputSender> {
        let Admitted { room, join } = admitted;
        let (session, inputs) = (join.session, self.room(state, &room)?);
        self.open().sessions.insert(session, inputs.clone());
        let sent = inputs
            .send(Input::Join {
                join: Box::new(join),
                queue,
            })
            .await;
        if !sent {
            self.forget_session(session);
        }
        sent.then_some(inputs)
    }

    /// Gives a room a command and waits for what comes of it. The room is opened
    /// where it is not open.
    pub(crate) async fn command(
        &self,
        state: &State,
        room: &str,
        asker: Asker,
        command: Command,
    ) -> Result<Outcome, RoomError> {
        state.store.room(room).ok_or(RoomError::NoRoom)?;
        let inputs = self.room(state, room).ok_or(RoomError::Closing)?;
        let (answer, answered) = oneshot::channel();
        let input = Input::Command {
            asker: Box::new(asker),
            command,
            answer,
        };
        if !inputs.send(input).await {
            return Err(RoomError::Closing);
        }
        // The sender is dropped without an answer if the room ends before it takes the command.
        let answered = answered.await.map_err(|_| RoomError::Closing)?;
        answered.map_err(RoomError::Refused)
    }

    fn room(&self, state: &State, name: &str) -> Option<InputSender> {
        let mut open = self.open();
        if state.is_stopping() {
            return None;
        }
        if let Some(handle) = open
            .rooms
            .get(name)
            .filter(|handle| !handle.inputs.is_closed())
        {
            return Some(handle.inputs.clone());
        }
        let stored = state.store.room(name)?;
        let (inputs, received) = inputs::inputs();
        let generation = self.opened.fetch_add(1, Ordering::Relaxed);
        open.rooms.insert(
            name.to_owned(),
            Handle {
                generation,
                inputs: inputs.clone(),
            },
        );
        state.metrics.rooms.set(open.rooms.len() as i64);
        tokio::spawn(task::run(
            state.clone(),
            stored,
            generation,
            received,
            self.to_sfu.clone(),
        ));
        Some(inputs)
    }

    /// Forgets a room whose task ends, unless it was opened again meanwhile.
    fn forget_room(&self, state: &State, name: &str, generation: u64) {
        let mut open = self.open();
        if open
            .rooms
            .get(name)
            .is_some_and(|handle| handle.generation == generation)
        {
            open.rooms.remove(name);
        }
        state.metrics.rooms.set(open.rooms.len() as i64);
    }

    pub(crate) fn forget_session(&self, session: SessionId) {
        self.open().sessions.remove(&session);
    }

    /// The room of a session.
    pub(crate) fn of_session(&self, session: SessionId) -> Option<InputSender> {
        self.open().sessions.get(&session).cloned()
    }

    /// Tells every room to close, and waits until all have.
    pub(crate) async fn close_all(&self, reason: Reason) {
        let handles: Vec<_> = self.open().rooms.values().cloned().collect();
        for handle in &handles {
            // A room that has ended already needs no telling.
            handle.inputs.send(Input::Shutdown(reason)).await;
        }
        for handle in handles {
            handle.inputs.closed().await;
        }
    }
}
