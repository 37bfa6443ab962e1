//! The directory of the rooms that are open. It knows neither sockets nor HTTP.

mod deps;
mod inputs;
mod link;
mod opening;
mod outbox;
mod reads;
mod replies;
mod snapshots;
mod socket_queue;
mod task;
#[cfg(test)]
mod tests;

pub(crate) use deps::RoomDeps;
pub(crate) use inputs::{Input, InputSender};
pub(crate) use link::Link;
pub(crate) use opening::NotOpen;
pub(crate) use replies::{Reply, Request};
pub(crate) use socket_queue::{Outgoing, SocketFrames, SocketQueue, socket_queue};

use fmz_signaling_core::{Asker, Join, Reason, Refusal};
use opening::Opening;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::{sync::oneshot, time::timeout};

/// Longest that an asker waits for an opening: one that waits holds a socket's place. The largest
/// document takes some seconds to read.
const OPENING_MAX: Duration = Duration::from_secs(20);

/// Says why a room does not do what it was asked.
#[derive(Debug)]
pub(crate) enum RoomError {
    /// The room cannot be entered.
    NotOpen(NotOpen),
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

/// Reaches a room's task. It is there from the moment that the first asker wants the room, so that
/// all who come while it opens share one opening.
#[derive(Debug, Clone)]
struct Handle {
    /// Tells a room from one of the same name that was opened later.
    generation: u64,
    inputs: InputSender,
    opening: Opening,
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

    /// Brings a session to its room, which is opened if it is not open.
    pub(crate) async fn join(
        &self,
        room: String,
        join: Join,
        queue: SocketQueue,
    ) -> Result<InputSender, NotOpen> {
        let inputs = self.room(&room).await?;
        let join = Box::new(join);
        let sent = inputs.send(Input::Join { join, queue }).await;
        sent.then_some(inputs).ok_or(NotOpen::Closing)
    }

    /// Gives a room the command that `request` makes, and waits for its answer. The room is opened
    /// if it is not open.
    pub(crate) async fn command<A>(
        &self,
        room: &str,
        asker: Asker,
        request: impl FnOnce(Reply<A>) -> Request,
    ) -> Result<A, RoomError> {
        let closing = RoomError::NotOpen(NotOpen::Closing);
        let inputs = self.room(room).await.map_err(RoomError::NotOpen)?;
        let (reply, answered) = oneshot::channel();
        let (asker, request) = (Box::new(asker), request(reply));
        let input = Input::Command { asker, request };
        if !inputs.send(input).await {
            return Err(closing);
        }
        // The sender is dropped without an answer if the room ends before it takes the command.
        let answered = answered.await.map_err(|_| closing)?;
        answered.map_err(RoomError::Refused)
    }

    /// Returns the way into a room once it is open. The first asker has it opened; those that come
    /// meanwhile wait for the same opening. After an opening that failed the next asker begins one.
    async fn room(&self, name: &str) -> Result<InputSender, NotOpen> {
        let Handle {
            inputs, opening, ..
        } = self.handle(name)?;
        // The opening goes on. Whoever waits is told to come again, and gives its place back.
        let outcome = timeout(OPENING_MAX, opening.outcome()).await;
        outcome.unwrap_or(Err(NotOpen::Closing))?;
        Ok(inputs)
    }

    /// Returns the handle of a room, whose task is started if there is none.
    fn handle(&self, name: &str) -> Result<Handle, NotOpen> {
        let mut directory = self.directory();
        if directory.closed {
            return Err(NotOpen::Closing);
        }
        let found = directory.rooms.get(name);
        if let Some(handle) = found.filter(|handle| !handle.inputs.is_closed()) {
            return Ok(handle.clone());
        }
        let (inputs, link, received) = inputs::inputs();
        let (opener, opening) = opening::opening();
        self.deps.link.connect(name, link);
        directory.opened += 1;
        let generation = directory.opened;
        let handle = Handle {
            generation,
            inputs,
            opening,
        };
        directory.rooms.insert(name.to_owned(), handle.clone());
        self.deps.metrics.rooms.set(directory.rooms.len() as i64);
        let (deps, open, name) = (self.deps.clone(), self.directory.clone(), name.to_owned());
        tokio::spawn(async move {
            let forget = || {
                let mut directory = locked(&open);
                directory.forget_room(&name, generation);
                deps.link.disconnect(&name);
                deps.metrics.rooms.set(directory.rooms.len() as i64);
            };
            match opening::open(&deps.stores, &name).await {
                Ok(room) => {
                    opener.tell(Ok(()));
                    task::run(deps.clone(), room, received).await;
                    forget();
                }
                Err(error) => {
                    // First: whoever is told may try again at once.
                    drop(received);
                    forget();
                    opener.tell(Err(error));
                }
            }
        });
        Ok(handle)
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
