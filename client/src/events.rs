use crate::Subscription;
use fmz_annotation::{Lost, ObjectId};
use fmz_proto::v1;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::mpsc;

/// Events that wait for the application. The session never waits for it: if the queue is full,
/// events are dropped and counted, and the application can read the room and the document anew.
const EVENTS_MAX: usize = 1024;

/// An event of a session.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// The first session stands, or a new one after a reconnect. Participant number and author may
    /// be different ones.
    Connected(Box<v1::Welcome>),
    /// The connection broke; the client is reconnecting.
    Disconnected {
        /// Reason, for people.
        reason: String,
        /// Time until the next attempt.
        retry_in: Duration,
    },
    /// The session is over: the server ended it, or the client left. Always the last event.
    Ended {
        /// Code of the server, or `left` if the client left.
        code: String,
        /// Text for people.
        text: String,
    },
    /// Media and data channels came up or went down.
    Transport {
        /// True if they are up.
        connected: bool,
    },
    /// A participant joined.
    ParticipantJoined(v1::Participant),
    /// A participant left.
    ParticipantLeft(v1::ParticipantLeft),
    /// A publication started.
    PublicationAdded(Box<v1::Publication>),
    /// A publication ended.
    PublicationRemoved(String),
    /// A publication was muted or unmuted.
    PublicationMuted(v1::PublicationMuted),
    /// A publication has a new rule for counting frames.
    FrameMap(v1::FrameMap),
    /// This client receives a publication.
    Subscribed(Subscription),
    /// The whole document was loaded.
    DocumentLoaded,
    /// These objects may look different.
    DocumentChanged(BTreeSet<ObjectId>),
    /// The server refused a batch. Its changes, and those that depended on it, are taken back.
    Rejected {
        /// The server's answer.
        rejected: v1::Rejected,
        /// Changes that were taken back.
        lost: Lost,
    },
    /// Changes of this client that could not be kept after a reconnect.
    ChangesLost(Lost),
    /// A participant's pointer moved.
    Presence(v1::PresenceFrom),
    /// The server refused a request or reports a problem.
    Error(v1::Error),
    /// The application read too slowly: this many events were dropped.
    Missed(u64),
}

/// The events of a client, in order.
#[derive(Debug)]
pub struct Events {
    receiver: mpsc::Receiver<Event>,
}

impl Events {
    /// Returns the next event; `None` after the last. Dropping the future loses no event.
    pub async fn next(&mut self) -> Option<Event> {
        self.receiver.recv().await
    }
}

#[derive(Debug)]
pub(crate) struct EventSender {
    sender: mpsc::Sender<Event>,
    /// A place in the queue kept free for [`Event::Ended`], which must never be dropped.
    last: mpsc::OwnedPermit<Event>,
    missed: u64,
}

pub(crate) fn channel() -> (EventSender, Events) {
    let (sender, receiver) = mpsc::channel(EVENTS_MAX + 1);
    let last = sender.clone().try_reserve_owned();
    let sender = EventSender {
        sender,
        last: last.expect("a new channel is empty"),
        missed: 0,
    };
    (sender, Events { receiver })
}

impl EventSender {
    pub(crate) fn send(&mut self, event: Event) {
        if self.missed > 0 && self.sender.try_send(Event::Missed(self.missed)).is_ok() {
            self.missed = 0;
        }
        if self.missed > 0 || self.sender.try_send(event).is_err() {
            self.missed += 1;
        }
    }

    pub(crate) fn send_last(self, event: Event) {
        self.last.send(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_slow_reader_is_told_what_it_missed() {
        let (mut sender, mut events) = channel();
        for _ in 0..EVENTS_MAX + 5 {
            sender.send(Event::DocumentLoaded);
        }
        for _ in 0..EVENTS_MAX {
            assert!(matches!(events.next().await, Some(Event::DocumentLoaded)));
        }
        sender.send(Event::DocumentLoaded);
        assert!(matches!(events.next().await, Some(Event::Missed(5))));
        assert!(matches!(events.next().await, Some(Event::DocumentLoaded)));
        for _ in 0..EVENTS_MAX {
            sender.send(Event::DocumentLoaded);
        }
        sender.send_last(Event::Ended {
            code: "left".into(),
            text: String::new(),
        });
        for _ in 0..EVENTS_MAX {
            assert!(matches!(events.next().await, Some(Event::DocumentLoaded)));
        }
        assert!(matches!(events.next().await, Some(Event::Ended { .. })));
        assert!(events.next().await.is_none());
    }
}
