//! The way into a room: one queue in the order of arrival, whose reader may sleep
//! over what can wait.

use super::Input;
use std::sync::Arc;
use tokio::sync::{Notify, mpsc};

/// Inputs that wait for a room at most; who has more waits, and so does its connection.
const INPUTS_MAX: usize = 1024;

/// The end of those who bring something.
#[derive(Debug, Clone)]
pub(crate) struct InputSender {
    queue: mpsc::Sender<Input>,
    /// Told of inputs that cannot wait.
    urgent: Arc<Notify>,
}

/// The end of the room.
#[derive(Debug)]
pub(super) struct Inputs {
    queue: mpsc::Receiver<Input>,
    urgent: Arc<Notify>,
}

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
    /// Waits for a place in the queue; false where the room is gone.
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
    /// The next input; `None` where nobody can bring one any more. A room that is `gathering` is
    /// not woken by what can wait, which would cost more than all that is done about it; it takes
    /// it with [`Self::try_next`] when it is awake.
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

    /// Inputs that wait.
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    /// Takes nothing more; what waits can still be taken.
    pub(super) fn close(&mut self) {
        self.queue.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fmz_proto::v1::{Add, ObjectId, Op, OpBatch, Ping, Point, client_message::Message, op};
    use fmz_proto::{FromClient, encode_client};
    use fmz_signaling_core::{SessionId, read_client};
    use futures_util::FutureExt as _;
    use std::time::Instant;
    use tokio::task::unconstrained;

    fn said(message: Message) -> Input {
        Input::Message {
            session: SessionId(1),
            message: read_client(&encode_client(message)).expect("within the limits"),
            at: Instant::now(),
        }
    }

    fn ops() -> Message {
        let id = ObjectId {
            author: 1,
            counter: 1,
        };
        let add = op::Op::Add(Add {
            id: Some(id),
            offset: Some(Point::default()),
        });
        Message::Ops(OpBatch {
            client_seq: 1,
            base: 0,
            ops: vec![Op { op: Some(add) }],
        })
    }

    fn is_ping(input: &Input) -> bool {
        let Input::Message { message, .. } = input else {
            return false;
        };
        matches!(message, FromClient::Other(Message::Ping(_)))
    }

    #[tokio::test]
    async fn gather5_ops_do_not_wake_a_room_that_gathers_and_all_else_does_in_order() {
        let (sender, mut inputs) = inputs();
        assert!(sender.send(said(ops())).await);
        assert!(inputs.next(true).now_or_never().is_none());
        assert!(sender.send(said(Message::Ping(Ping::default()))).await);
        let first = inputs.next(true).now_or_never().flatten();
        assert!(!is_ping(&first.expect("the room is woken")));
        assert!(is_ping(&inputs.try_next().expect("what woke it")));
        assert!(sender.send(said(ops())).await);
        assert!(inputs.next(false).now_or_never().flatten().is_some());
    }

    #[tokio::test]
    async fn gather5_who_brings_more_than_there_is_room_for_waits() {
        let (sender, mut inputs) = inputs();
        for _ in 0..INPUTS_MAX {
            assert!(sender.send(said(ops())).await);
        }
        // What the loop took of this task's share of time must not look like a full queue.
        let ping = || unconstrained(sender.send(said(Message::Ping(Ping::default()))));
        assert!(ping().now_or_never().is_none());
        assert!(inputs.try_next().is_some());
        assert_eq!(ping().now_or_never(), Some(true));
        inputs.close();
        assert!(!ping().await);
    }
}
