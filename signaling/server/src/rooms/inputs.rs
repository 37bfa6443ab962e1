//! The inputs of a room: one queue in the order of arrival. The room's task may sleep while only
//! inputs wait that it need not take yet.

use super::{replies::Request, socket_queue::SocketQueue};
use fmz_proto::{
    WireError,
    v1::{Channel, client_message, from_sfu},
};
use fmz_signaling_core::{Asker, Join, Reason, SessionId};
use std::{sync::Arc, time::Instant};
use tokio::sync::{Notify, mpsc};

/// Inputs that wait for a room at most. A sender waits while there are as many, and so does the
/// connection that it reads from.
const INPUTS_MAX: usize = 1024;

/// Something that happened to a room.
#[derive(Debug)]
pub(crate) enum Input {
    /// A participant with a valid token comes in.
    Join { join: Box<Join>, queue: SocketQueue },
    /// A message came over a WebSocket.
    Message {
        session: SessionId,
        message: client_message::Message,
        /// Time of arrival.
        at: Instant,
    },
    /// A frame came that is not a message.
    Malformed {
        session: SessionId,
        error: WireError,
    },
    /// A sign of life came that is no message.
    Alive { session: SessionId },
    /// The frames that waited for a session are written.
    Eased { session: SessionId },
    /// The connection of a session is gone.
    Left { session: SessionId, reason: Reason },
    /// The connection of a session broke a rule that ends it.
    Violation { session: SessionId, reason: Reason },
    /// The media server sent a message.
    Sfu {
        message: from_sfu::Message,
        /// Time of arrival.
        at: Instant,
    },
    /// REST gives a command.
    Command { asker: Box<Asker>, request: Request },
    /// The room has to close.
    Shutdown(Reason),
}

impl Input {
    /// Returns whether a room that gathers ops may take this input later.
    fn can_wait(&self) -> bool {
        match self {
            Self::Message { message, .. } => matches!(message, client_message::Message::Ops(_)),
            Self::Sfu { message, .. } => {
                matches!(message, from_sfu::Message::Data(data) if data.channel() == Channel::Ops)
            }
            _ => false,
        }
    }
}

/// The end of the queue that connections hold.
#[derive(Debug, Clone)]
pub(crate) struct InputSender {
    queue: mpsc::Sender<Input>,
    /// Notified of each input that cannot wait.
    urgent: Arc<Notify>,
}

/// The end of the queue that the room's task holds.
#[derive(Debug)]
pub(super) struct Inputs {
    queue: mpsc::Receiver<Input>,
    urgent: Arc<Notify>,
}

/// Makes the queue of one room.
pub(super) fn inputs() -> (InputSender, Inputs) {
    let (sender, receiver) = mpsc::channel(INPUTS_MAX);
    let urgent = Arc::new(Notify::new());
    let inputs = Inputs {
        queue: receiver,
        urgent: urgent.clone(),
    };
    let sender = InputSender {
        queue: sender,
        urgent,
    };
    (sender, inputs)
}

impl InputSender {
    /// Waits for a place in the queue. Returns false if the room is gone.
    pub(crate) async fn send(&self, input: Input) -> bool {
        let urgent = !input.can_wait();
        let sent = self.queue.send(input).await.is_ok();
        if urgent {
            self.urgent.notify_one();
        }
        sent
    }

    pub(super) fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    pub(super) async fn closed(&self) {
        self.queue.closed().await;
    }
}

impl Inputs {
    /// Waits for the next input. Returns `None` if the queue is closed and empty.
    ///
    /// Inputs that can wait do not wake a room that is `gathering`: waking it would cost more than
    /// handling them. The room takes them with [`Self::try_next`] when it is awake.
    pub(super) async fn next(&mut self, gathering: bool) -> Option<Input> {
        if gathering {
            loop {
                self.urgent.notified().await;
                if let Some(input) = self.try_next() {
                    return Some(input);
                }
            }
        }
        self.queue.recv().await
    }

    pub(super) fn try_next(&mut self) -> Option<Input> {
        self.queue.try_recv().ok()
    }

    /// Returns how many inputs wait.
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    /// Refuses further inputs. Those that wait can still be taken.
    pub(super) fn close(&mut self) {
        self.queue.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fmz_proto::v1::{OpBatch, Ping, client_message::Message};
    use futures_util::FutureExt as _;
    use tokio::task::unconstrained;

    fn input(message: Message) -> Input {
        Input::Message {
            session: SessionId(1),
            message,
            at: Instant::now(),
        }
    }

    fn is_ping(input: &Input) -> bool {
        let Input::Message { message, .. } = input else {
            return false;
        };
        matches!(message, Message::Ping(_))
    }

    #[tokio::test]
    async fn gather5_ops_do_not_wake_a_room_that_gathers_and_all_else_does_in_order() {
        let (sender, mut inputs) = inputs();
        assert!(sender.send(input(Message::Ops(OpBatch::default()))).await);
        assert!(inputs.next(true).now_or_never().is_none());
        assert!(sender.send(input(Message::Ping(Ping::default()))).await);
        let first = inputs.next(true).now_or_never().flatten();
        assert!(!is_ping(&first.expect("an input wakes the room")));
        assert!(is_ping(&inputs.try_next().expect("the ping that woke it")));
        assert!(sender.send(input(Message::Ops(OpBatch::default()))).await);
        assert!(inputs.next(false).now_or_never().flatten().is_some());
    }

    #[tokio::test]
    async fn gather5_a_sender_waits_for_a_place_in_a_full_queue() {
        let (sender, mut inputs) = inputs();
        for _ in 0..INPUTS_MAX {
            assert!(sender.send(input(Message::Ops(OpBatch::default()))).await);
        }
        // The loop used this task's share of time, which must not look like a full queue.
        let ping = || unconstrained(sender.send(input(Message::Ping(Ping::default()))));
        assert!(ping().now_or_never().is_none());
        assert!(inputs.try_next().is_some());
        assert_eq!(ping().now_or_never(), Some(true));
        inputs.close();
        assert!(!ping().await);
    }
}
