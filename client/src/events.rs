use crate::Subscription;
use fmz_annotation::{Lost, ObjectId};
use fmz_proto::v1;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::mpsc;

/// Events that wait for the application. One that falls behind is told how many it missed and can
/// read the room and the document anew; the session never waits for it.
const EVENTS_MAX: usize = 1024;

/// What happened in a session.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A session stands, the first or after a reconnect; the room and author may be others.
    Connected(Box<v1::Welcome>),
    /// The connection broke; it is being made again.
    Disconnected {
        /// Why.
        reason: String,
        /// Until the next attempt.
        retry_in: Duration,
    },
    /// The session is over: the server said so, or the client left. The last event.
    Ended {
        /// Code of the server, `left` when the client left.
        code: String,
        /// For people.
        text: String,
    },
    /// Media and data channels are up, or down again.
    Transport {
        /// True while up.
        connected: bool,
    },
    /// Somebody came.
    ParticipantJoined(v1::Participant),
    /// Somebody went.
    ParticipantLeft(v1::ParticipantLeft),
    /// A publication started.
    PublicationAdded(Box<v1::Publication>),
    /// A publication ended.
    PublicationRemoved(String),
    /// A publication was muted or unmuted.
    PublicationMuted(v1::PublicationMuted),
    /// A publication tells how its timestamps count frames.
    FrameMap(v1::FrameMap),
    /// A publication arrives here.
    Subscribed(Subscription),
    /// The whole document was loaded.
    DocumentLoaded,
    /// These objects may look different.
    DocumentChanged(BTreeSet<ObjectId>),
    /// The server refused a batch: it and these changes are taken back.
    Rejected {
        /// The server's answer.
        rejected: v1::Rejected,
        /// What is gone.
        lost: Lost,
    },
    /// Own changes that could not be kept, after a reconnect.
    ChangesLost(Lost),
    /// Somebody's pointer moved.
    Presence(v1::PresenceFrom),
    /// The server complains.
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
    /// The next event; `None` after the last. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Event> {
        self.receiver.recv().await
    }
}

#[derive(Debug)]
pub(crate) struct EventSender {
    sender: mpsc::Sender<Event>,
    /// Kept free for [`Event::Ended`], which must not be missed.
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
