//! The directory of the rooms that are open. It knows neither sockets nor HTTP.

mod deps;
mod inputs;
mod link;
mod outbox;
mod reads;
mod replies;
mod snapshots;
mod socket_queue;
mod task;

pub(crate) use deps::RoomDeps;
pub(crate) use inputs::{Input, InputSender};
pub(crate) use link::Link;
pub(crate) use replies::{Reply, Request};
pub(crate) use socket_queue::{Outgoing, SocketFrames, SocketQueue, socket_queue};

use fmz_signaling_core::{Asker, Join, Reason, Refusal};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};
use tokio::sync::oneshot;

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

/// All open rooms. There are no more than the catalog holds.
pub(crate) struct Rooms {
    deps: Arc<RoomDeps>,
    directory: Arc<Mutex<Directory>>,
}

#[derive(Debug, Default)]
struct Directory {
    rooms: HashMap<String, Handle>,
    /// Rooms opened so far.
    opened: u64,
    /// True once the server stops: no room is opened any more.
    closed: bool,
}

/// Reaches a room's task.
#[derive(Debug, Clone)]
struct Handle {
    /// Tells a room from one of the same name that was opened later.
    generation: u64,
    inputs: InputSender,
}

impl Rooms {
    pub(crate) fn new(deps: RoomDeps) -> Self {
        Self {
            deps: Arc::new(deps),
            directory: Arc::default(),
        }
    }

    fn directory(&self) -> MutexGuard<'_, Directory> {
        locked(&self.directory)
    }

    /// Brings a session to its room, which is opened if it is not open. Returns `None` if the room
    /// closes just now.
    pub(crate) async fn join(
        &self,
        room: String,
        join: Join,
        queue: SocketQueue,
    ) -> Option<InputSender> {
        let inputs = self.room(&room)?;
        let join = Box::new(join);
        let sent = inputs.send(Input::Join { join, queue }).await;
        sent.then_some(inputs)
    }

    /// Gives a room the command that `request` makes, and waits for its answer. The room is opened
    /// if it is not open.
    pub(crate) async fn command<A>(
        &self,
        room: &str,
        asker: Asker,
        request: impl FnOnce(Reply<A>) -> Request,
    ) -> Result<A, RoomError> {
        self.deps.store.room(room).ok_or(RoomError::NoRoom)?;
        let inputs = self.room(room).ok_or(RoomError::Closing)?;
        let (reply, answered) = oneshot::channel();
        let (asker, request) = (Box::new(asker), request(reply));
        let input = Input::Command { asker, request };
        if !inputs.send(input).await {
            return Err(RoomError::Closing);
        }
        // The sender is dropped without an answer if the room ends before it takes the command.
        let answered = answered.await.map_err(|_| RoomError::Closing)?;
        answered.map_err(RoomError::Refused)
    }

    fn room(&self, name: &str) -> Option<InputSender> {
        let mut directory = self.directory();
        if directory.closed {
            return None;
        }
        let open = directory.rooms.get(name);
        if let Some(handle) = open.filter(|handle| !handle.inputs.is_closed()) {
            return Some(handle.inputs.clone());
        }
        let stored = self.deps.store.room(name)?;
        let (inputs, link, received) = inputs::inputs();
        self.deps.link.connect(name, link);
        directory.opened += 1;
        let generation = directory.opened;
        let handle = Handle {
            generation,
            inputs: inputs.clone(),
        };
        directory.rooms.insert(name.to_owned(), handle);
        self.deps.metrics.rooms.set(directory.rooms.len() as i64);
        let (deps, open, name) = (self.deps.clone(), self.directory.clone(), name.to_owned());
        tokio::spawn(async move {
            task::run(deps.clone(), stored, received).await;
            let mut directory = locked(&open);
            directory.forget_room(&name, generation);
            deps.link.disconnect(&name);
            deps.metrics.rooms.set(directory.rooms.len() as i64);
        });
        Some(inputs)
    }

    /// Returns the owner's end of the room link.
    pub(crate) fn link(&self) -> &Link {
        &self.deps.link
    }

    /// Closes every room, and waits until all are closed. No room is opened afterwards.
    pub(crate) async fn close_all(&self, reason: Reason) {
        let handles: Vec<_> = {
            let mut directory = self.directory();
            directory.closed = true;
            directory.rooms.values().cloned().collect()
        };
        for handle in &handles {
            // Fails if the room has ended already.
            handle.inputs.send(Input::Shutdown(reason)).await;
        }
        for handle in handles {
            handle.inputs.closed().await;
        }
    }
}

impl Directory {
    /// Forgets a room whose task ends, unless it was opened again meanwhile.
    fn forget_room(&mut self, name: &str, generation: u64) {
        let handle = self.rooms.get(name);
        if handle.is_some_and(|handle| handle.generation == generation) {
            self.rooms.remove(name);
        }
    }
}

fn locked(directory: &Mutex<Directory>) -> MutexGuard<'_, Directory> {
    directory.lock().expect("no holder of this lock panics")
}
