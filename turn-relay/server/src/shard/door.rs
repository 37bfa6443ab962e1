//! Entry of other threads to a shard: two bounded queues and a bell.

use crate::{Session, stream::Queue};
use bytes::Bytes;
use fmz_turn_core::{AllocationId, Client, Command, Config};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{mpsc, oneshot};

/// Messages of streams that wait for a shard: as many as it takes in a few rounds. If the queue is
/// full, the connection waits.
pub(crate) const STREAM_INPUTS_MAX: usize = 1024;
/// Commands that wait for a shard. One more waits at its sender.
pub(crate) const CONTROLS_MAX: usize = 64;

/// The relay's threads have ended; it can no longer be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the relay has stopped")]
pub struct Stopped;

/// An input from a connection.
pub(crate) enum StreamInput {
    /// The connection is open; it writes what the shard puts into the queue.
    Opened(Client, Arc<Queue>),
    /// One whole message.
    Message(Client, Bytes),
    /// The connection with this queue is closed.
    Closed(Client, Arc<Queue>),
}

/// A command of an operator.
pub(crate) enum Control {
    Config(Box<Config>),
    Command(Command),
    Kick(AllocationId, oneshot::Sender<bool>),
    /// List the sessions of one user or of all, up to a number.
    Sessions(Option<String>, usize, oneshot::Sender<Vec<Session>>),
    Stop,
}

/// Wakes a shard. It rings once for everything that comes before the shard looks.
#[derive(Debug)]
pub(crate) struct Bell {
    waker: mio::Waker,
    rung: AtomicBool,
}

impl Bell {
    pub(crate) fn new(waker: mio::Waker) -> Self {
        let rung = AtomicBool::new(false);
        Self { waker, rung }
    }

    pub(crate) fn ring(&self) {
        if !self.rung.swap(true, Ordering::AcqRel)
            && let Err(error) = self.waker.wake()
        {
            tracing::error!(%error, "a relay thread cannot be woken");
        }
    }

    /// Resets the bell. Call it before looking into the queues.
    pub(crate) fn heard(&self) {
        self.rung.store(false, Ordering::Release);
    }
}

/// The side of the senders.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    pub(crate) inputs: mpsc::Sender<StreamInput>,
    pub(crate) controls: mpsc::Sender<Control>,
    pub(crate) bell: Arc<Bell>,
}

impl Door {
    /// Hands over an input. Returns false if the shard has ended.
    pub(crate) async fn send(&self, input: StreamInput) -> bool {
        let sent = self.inputs.send(input).await.is_ok();
        self.bell.ring();
        sent
    }

    pub(crate) async fn control(&self, control: Control) -> Result<(), Stopped> {
        let sent = self.controls.send(control).await;
        self.bell.ring();
        sent.map_err(|_| Stopped)
    }
}

/// The side of the shard.
pub(crate) struct Inbox {
    pub(crate) inputs: mpsc::Receiver<StreamInput>,
    pub(crate) controls: mpsc::Receiver<Control>,
    pub(crate) bell: Arc<Bell>,
}

/// Makes both sides.
pub(crate) fn door(bell: Arc<Bell>) -> (Door, Inbox) {
    let (to_inputs, inputs) = mpsc::channel(STREAM_INPUTS_MAX);
    let (to_controls, controls) = mpsc::channel(CONTROLS_MAX);
    let outer = Door {
        inputs: to_inputs,
        controls: to_controls,
        bell: Arc::clone(&bell),
    };
    let inner = Inbox {
        inputs,
        controls,
        bell,
    };
    (outer, inner)
}
