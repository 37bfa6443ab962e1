//! The rooms that are open.

mod commands;
mod inputs;
mod outbox;
mod snapshots;
mod task;

pub(crate) use inputs::{Brought, InputSender, LinkSender};
pub(crate) use task::Input;

use crate::{
    api::ApiError,
    link::Link,
    socket::{Admitted, SocketQueue},
    state::State,
};
use fmz_signaling_core::{Asker, Command, Outcome, Reason};
use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::oneshot;

/// All open rooms. There are no more than the catalog holds.
#[derive(Debug)]
pub(crate) struct Rooms {
    link: Link,
    open: Mutex<Open>,
    opened: AtomicU64,
}

#[derive(Debug, Default)]
struct Open {
    rooms: HashMap<String, Handle>,
}

/// The way to a room's task.
#[derive(Debug, Clone)]
struct Handle {
    /// Tells a room from one of the same name that was opened later.
    generation: u64,
    inputs: InputSender,
}

impl Rooms {
    pub(crate) fn new(link: Link) -> Self {
        Self {
            link,
            open: Mutex::default(),
            opened: AtomicU64::new(0),
        }
    }

    /// Returns the owner's end of the room link.
    pub(crate) fn link(&self) -> &Link {
        &self.link
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
        let inputs = self.room(state, &room)?;
        let sent = inputs
            .send(Input::Join {
                join: Box::new(join),
                queue,
            })
            .await;
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
    ) -> Result<Outcome, ApiError> {
        state.store.room(room).ok_or_else(ApiError::no_room)?;
        let inputs = self.room(state, room).ok_or_else(ApiError::closing)?;
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
        let (inputs, link, received) = inputs::inputs();
        self.link.connect(name, link);
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
            self.link.to_sfu(),
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
        self.link.disconnect(name);
        state.metrics.rooms.set(open.rooms.len() as i64);
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
