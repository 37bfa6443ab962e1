//! The way into a room: one queue in the order of arrival. Connections and the room link have
//! places of their own in it, so neither can fill it for the other. The queue's reader may leave
//! ops waiting while the room gathers them.

use super::{replies::Request, socket_queue::SocketQueue};
use fmz_annotation::Ops;
use fmz_proto::{
    FromClient, WireError,
    v1::{Channel, from_sfu},
};
use fmz_signaling_core::{Asker, Join, Reason, SessionId};
use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Instant,
};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};

/// Inputs of connections that wait for a room at most. A connection that has more waits, and so
/// does its client.
const INPUTS_MAX: usize = 1024;
/// Messages of the forwarding unit that wait for a room at most: a second of 500 people who all
/// draw. What comes after is lost, as the link serves all rooms and waits for none.
pub(crate) const LINK_INPUTS_MAX: usize = 16_384;
/// The place of the news that messages of the link were lost.
const OVERRUNS_MAX: usize = 1;

/// Something that happened to a room.
#[derive(Debug)]
pub(crate) enum Input {
    /// A participant with a valid token comes in.
    Join { join: Box<Join>, queue: SocketQueue },
    /// A message came over a WebSocket.
    Message {
        session: SessionId,
        message: FromClient<Ops>,
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
    /// Messages of the forwarding unit were lost, because the room did not keep up.
    LinkOverrun {
        /// Whether the unit is up, if a lost message said so.
        news: Option<from_sfu::Message>,
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
            Self::Message { message, .. } => matches!(message, FromClient::Ops(_)),
            Self::Sfu { message, .. } => {
                matches!(message, from_sfu::Message::Data(data) if data.channel() == Channel::Ops)
            }
            _ => false,
        }
    }
}

/// An input with its place in the queue, which is free when the input is taken.
#[derive(Debug)]
struct Waiting {
    input: Input,
    _place: Option<OwnedSemaphorePermit>,
}

/// The end of a connection.
#[derive(Debug, Clone)]
pub(crate) struct InputSender {
    queue: mpsc::Sender<Waiting>,
    places: Arc<Semaphore>,
    /// Wakes a room that gathers, for inputs that cannot wait.
    urgent: Arc<Notify>,
}

/// The end of the room link, which never waits.
#[derive(Debug)]
pub(crate) struct LinkSender {
    queue: mpsc::Sender<Waiting>,
    places: Arc<Semaphore>,
    lost: Arc<Mutex<Lost>>,
    urgent: Arc<Notify>,
}

/// Messages that the room missed because it does not keep up.
#[derive(Debug, Default)]
struct Lost {
    /// True from the first message that found no place until the room is told.
    any: bool,
    /// The newest of the lost messages that says whether the forwarding unit is up: it makes the
    /// older ones needless, and is not lost.
    news: Option<from_sfu::Message>,
}

/// The fate of a message of the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Brought {
    Queued,
    /// It is the first that found no place: the room will be told, and replaces its transports.
    Overrun,
    /// It is lost, as those since the overrun are.
    Lost,
    /// The room is gone.
    Gone,
}

/// The end of the room.
#[derive(Debug)]
pub(super) struct Inputs {
    queue: mpsc::Receiver<Waiting>,
    places: Arc<Semaphore>,
    lost: Arc<Mutex<Lost>>,
    urgent: Arc<Notify>,
}

/// Makes the queue of a room, with the ends of connections, of the room link and of the room.
pub(super) fn inputs() -> (InputSender, LinkSender, Inputs) {
    let (sender, queue) = mpsc::channel(INPUTS_MAX + LINK_INPUTS_MAX + OVERRUNS_MAX);
    let (urgent, lost) = (Arc::new(Notify::new()), Arc::default());
    let places = Arc::new(Semaphore::new(INPUTS_MAX));
    let link = LinkSender {
        queue: sender.clone(),
        places: Arc::new(Semaphore::new(LINK_INPUTS_MAX)),
        lost: Arc::clone(&lost),
        urgent: Arc::clone(&urgent),
    };
    let inputs = Inputs {
        queue,
        places: Arc::clone(&places),
        lost,
        urgent: Arc::clone(&urgent),
    };
    let sender = InputSender {
        queue: sender,
        places,
        urgent,
    };
    (sender, link, inputs)
}

impl InputSender {
    /// Waits for a place in the queue. Returns false if the room is gone.
    pub(crate) async fn send(&self, input: Input) -> bool {
        let Ok(place) = Arc::clone(&self.places).acquire_owned().await else {
            return false;
        };
        put(&self.queue, &self.urgent, input, Some(place))
    }

    pub(super) fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    pub(super) async fn closed(&self) {
        self.queue.closed().await;
    }
}

impl LinkSender {
    /// Brings a message of the forwarding unit. If the room does not keep up, the message is lost
    /// with all that follow, until the room knows that it missed some.
    pub(crate) fn send(&self, message: from_sfu::Message, at: Instant) -> Brought {
        let mut lost = guard(&self.lost);
        let place = Arc::clone(&self.places).try_acquire_owned();
        match place {
            Ok(place) if !lost.any => {
                let input = Input::Sfu { message, at };
                match put(&self.queue, &self.urgent, input, Some(place)) {
                    true => Brought::Queued,
                    false => Brought::Gone,
                }
            }
            _ => {
                if matches!(
                    message,
                    from_sfu::Message::Up(_) | from_sfu::Message::Down(_)
                ) {
                    lost.news = Some(message);
                }
                if std::mem::replace(&mut lost.any, true) {
                    return Brought::Lost;
                }
                let overrun = Input::LinkOverrun { news: None };
                match put(&self.queue, &self.urgent, overrun, None) {
                    true => Brought::Overrun,
                    false => Brought::Gone,
                }
            }
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }
}

/// Puts an input into the queue. Returns false if the room is gone: a place was found before.
fn put(
    queue: &mpsc::Sender<Waiting>,
    urgent: &Notify,
    input: Input,
    _place: Option<OwnedSemaphorePermit>,
) -> bool {
    let can_wait = input.can_wait();
    let put = queue.try_send(Waiting { input, _place });
    debug_assert!(
        !matches!(put, Err(mpsc::error::TrySendError::Full(_))),
        "there are as many places as permits"
    );
    if !can_wait {
        urgent.notify_one();
    }
    put.is_ok()
}

fn guard(lost: &Mutex<Lost>) -> MutexGuard<'_, Lost> {
    lost.lock().expect("no holder of this lock panics")
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
        let waiting = self.queue.recv().await?;
        Some(self.take(waiting))
    }

    pub(super) fn try_next(&mut self) -> Option<Input> {
        let waiting = self.queue.try_recv().ok()?;
        Some(self.take(waiting))
    }

    fn take(&self, waiting: Waiting) -> Input {
        match waiting.input {
            Input::LinkOverrun { .. } => {
                // From here on the link brings messages again.
                let news = std::mem::take(&mut *guard(&self.lost)).news;
                Input::LinkOverrun { news }
            }
            input => input,
        }
    }

    /// Returns how many inputs wait.
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    /// Refuses further inputs. Those that wait can still be taken.
    pub(super) fn close(&mut self) {
        self.queue.close();
        self.places.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{metrics::Metrics, rooms::link::Link};
    use fmz_proto::encode_client;
    use fmz_proto::v1::{
        Add, Channel, ObjectId, Op, OpBatch, Ping, Point, ReceivedData, UnitDown, UnitUp,
        client_message::Message, op,
    };
    use fmz_signaling_core::{SessionId, read_client};
    use futures_util::FutureExt as _;
    use tokio::task::unconstrained;

    fn input(message: Message) -> Input {
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

    fn data() -> from_sfu::Message {
        data_of("demo")
    }

    fn data_of(room: &str) -> from_sfu::Message {
        from_sfu::Message::Data(ReceivedData {
            room: room.into(),
            channel: Channel::Ops.into(),
            ..ReceivedData::default()
        })
    }

    #[tokio::test]
    async fn gather5_ops_do_not_wake_a_room_that_gathers_and_all_else_does_in_order() {
        let (sender, link, mut inputs) = inputs();
        assert!(sender.send(input(ops())).await);
        assert_eq!(link.send(data(), Instant::now()), Brought::Queued);
        assert!(inputs.next(true).now_or_never().is_none());
        assert!(sender.send(input(Message::Ping(Ping::default()))).await);
        let first = inputs.next(true).now_or_never().flatten();
        assert!(!is_ping(&first.expect("an input wakes the room")));
        assert!(matches!(inputs.try_next(), Some(Input::Sfu { .. })));
        assert!(is_ping(&inputs.try_next().expect("the ping that woke it")));
        assert!(sender.send(input(ops())).await);
        assert!(inputs.next(false).now_or_never().flatten().is_some());
    }

    #[tokio::test]
    async fn gather5_a_connection_that_brings_more_than_there_is_room_for_waits() {
        let (sender, link, mut inputs) = inputs();
        for _ in 0..INPUTS_MAX {
            assert!(sender.send(input(ops())).await);
        }
        // The loop used this task's share of time, which must not look like a full queue.
        let ping = || unconstrained(sender.send(input(Message::Ping(Ping::default()))));
        assert!(ping().now_or_never().is_none());
        // The link's places are its own.
        assert_eq!(link.send(data(), Instant::now()), Brought::Queued);
        assert!(inputs.try_next().is_some());
        assert_eq!(ping().now_or_never(), Some(true));
        inputs.close();
        assert!(!ping().await);
        assert_eq!(link.send(data(), Instant::now()), Brought::Gone);
    }

    #[test]
    fn link4_a_room_whose_queue_is_full_holds_up_no_other() {
        let (to_sfu, _unit) = mpsc::channel(1);
        let metrics = Metrics::new(&prometheus::Registry::new()).unwrap();
        let link = Link::new(to_sfu);
        let [mut slow, mut other] = ["slow", "other"].map(|room| {
            let (_, way, inputs) = inputs();
            link.connect(room, way);
            inputs
        });
        for _ in 0..=LINK_INPUTS_MAX {
            link.take(data_of("slow"), &metrics);
        }
        assert_eq!(metrics.link_overruns.get(), 1);
        for _ in 0..LINK_INPUTS_MAX {
            link.take(data_of("other"), &metrics);
            let came = other.try_next();
            assert!(matches!(came, Some(Input::Sfu { .. })), "{came:?}");
        }
        let up = UnitUp {
            epoch: 4,
            transports: vec![],
        };
        link.take(from_sfu::Message::Up(up.clone()), &metrics);
        assert!(matches!(other.try_next(), Some(Input::Sfu { .. })));
        // The slow room takes what it has, and then learns what it missed.
        let waited = std::iter::from_fn(|| slow.try_next());
        let (brought, rest): (Vec<_>, Vec<_>) =
            waited.partition(|input| matches!(input, Input::Sfu { .. }));
        assert_eq!(brought.len(), LINK_INPUTS_MAX);
        let [Input::LinkOverrun { news: Some(news) }] = &rest[..] else {
            panic!("{rest:?}");
        };
        assert_eq!(news, &from_sfu::Message::Up(up));
        assert_eq!(metrics.link_overruns.get(), 1);
    }

    #[tokio::test]
    async fn link4_a_room_that_does_not_keep_up_is_told_once_and_misses_no_news_of_the_unit() {
        let (sender, link, mut inputs) = inputs();
        let now = Instant::now();
        let filled = (0..LINK_INPUTS_MAX).all(|_| link.send(data(), now) == Brought::Queued);
        assert!(filled);
        assert_eq!(link.send(data(), now), Brought::Overrun);
        let news = [
            from_sfu::Message::Down(UnitDown { epoch: 1 }),
            from_sfu::Message::Up(UnitUp {
                epoch: 2,
                transports: vec![],
            }),
        ];
        for message in news.clone() {
            assert_eq!(link.send(message, now), Brought::Lost);
        }
        // Connections have places of their own.
        assert!(sender.send(input(Message::Ping(Ping::default()))).await);
        // With a place free again, what follows a lost message is lost too.
        assert!(matches!(inputs.try_next(), Some(Input::Sfu { .. })));
        assert_eq!(link.send(data(), now), Brought::Lost);
        let overrun = std::iter::from_fn(|| inputs.try_next())
            .find(|input| !matches!(input, Input::Sfu { .. }));
        let Some(Input::LinkOverrun { news: told }) = overrun else {
            panic!("{overrun:?}");
        };
        assert_eq!(told.as_ref(), news.last());
        assert_eq!(link.send(data(), now), Brought::Queued);
        assert!(is_ping(&inputs.try_next().expect("it came before")));
        assert!(matches!(inputs.try_next(), Some(Input::Sfu { .. })));
        assert!(inputs.try_next().is_none());
    }
}
