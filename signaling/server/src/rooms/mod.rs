//! The rooms that are open, and which session is in which.

mod commands;
mod inputs;
mod opening;
mod outbox;
mod snapshots;
mod task;
#[cfg(test)]
mod tests;

pub(crate) use inputs::InputSender;
pub(crate) use opening::NotOpen;
pub(crate) use task::Input;

use crate::{
    api::ApiError,
    socket::{Admitted, SocketQueue},
    state::State,
};
use fmz_proto::v1::to_sfu;
use fmz_signaling_core::{Asker, Command, Outcome, Reason, SessionId};
use opening::Opening;
use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::{mpsc, oneshot};

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

/// The way to a room's task. It is there from the moment that the first asker wants the room, so
/// that all who come while it opens share one opening.
#[derive(Debug, Clone)]
struct Handle {
    /// Tells a room from one of the same name that was opened later.
    generation: u64,
    inputs: InputSender,
    opening: Opening,
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

    /// Brings a session to its room, which is opened if it is not open.
    pub(crate) async fn join(
        &self,
        state: &State,
        admitted: Admitted,
        queue: SocketQueue,
    ) -> Result<InputSender, NotOpen> {
        let Admitted { room, join } = admitted;
        let (session, inputs) = (join.session, self.room(state, &room).await?);
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
        sent.then_some(inputs).ok_or(NotOpen::Closing)
    }

    /// Gives a room a command and returns its outcome. The room is opened if it is not open.
    pub(crate) async fn command(
        &self,
        state: &State,
        room: &str,
        asker: Asker,
        command: Command,
    ) -> Result<Outcome, ApiError> {
        let inputs = self.room(state, room).await?;
        let (answer, answered) = oneshot::channel();
        let input = Input::Command {
            asker: Box::new(asker),
            command,
            answer,
        };
        if !inputs.send(input).await {
            return Err(ApiError::closing());
        }
        let answered = answered.await.map_err(|_| ApiError::closing())?;
        Ok(answered?)
    }

    /// Returns the way into a room once it is open. The first asker has it opened; those that come
    /// meanwhile wait for the same opening. After an opening that failed the next asker begins one.
    async fn room(&self, state: &State, name: &str) -> Result<InputSender, NotOpen> {
        let Handle {
            inputs, opening, ..
        } = self.handle(state, name)?;
        opening.outcome().await?;
        Ok(inputs)
    }

    /// Returns the handle of a room, whose task is started if there is none.
    fn handle(&self, state: &State, name: &str) -> Result<Handle, NotOpen> {
        let mut open = self.open();
        if state.is_stopping() {
            return Err(NotOpen::Closing);
        }
        let found = open.rooms.get(name);
        if let Some(handle) = found.filter(|handle| !handle.inputs.is_closed()) {
            return Ok(handle.clone());
        }
        let (inputs, received) = inputs::inputs();
        let (opener, opening) = opening::opening();
        let generation = self.opened.fetch_add(1, Ordering::Relaxed);
        let handle = Handle {
            generation,
            inputs,
            opening,
        };
        open.rooms.insert(name.to_owned(), handle.clone());
        state.metrics.rooms.set(open.rooms.len() as i64);
        tokio::spawn(task::run(
            state.clone(),
            name.to_owned(),
            generation,
            opener,
            received,
            self.to_sfu.clone(),
        ));
        Ok(handle)
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
