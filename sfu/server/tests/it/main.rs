//! A forwarding unit on a real socket, with two clients on loopback.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod client;

use client::{Client, keyframe};
use fmz_proto::v1::{self, MediaKind, TransportStatus, from_sfu, to_sfu};
use fmz_sfu::{Config, Running};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

const ROOM: &str = "room";
const QUEUE: usize = 64;
/// Longer than anything here takes, so that a fault ends a test instead of holding it.
const PATIENCE: Duration = Duration::from_secs(60);

/// The number of a session on the link to the first unit.
fn numbered(session: u64) -> u64 {
    1 << 32 | session
}

struct House {
    sfu: Running,
    to_sfu: mpsc::Sender<to_sfu::Message>,
    from_sfu: mpsc::Receiver<from_sfu::Message>,
    registry: prometheus::Registry,
    clients: Vec<Client>,
    events: Vec<from_sfu::Message>,
}

impl House {
    async fn with(clients: u64) -> Self {
        let (to_sfu, messages) = mpsc::channel(QUEUE);
        let (events, from_sfu) = mpsc::channel(QUEUE);
        let registry = prometheus::Registry::new();
        let config = Config {
            media_listen: ([127, 0, 0, 1], 0).into(),
            ..Config::default()
        };
        let sfu = fmz_sfu::start(config, messages, events, &registry).unwrap();
        let mut house = Self {
            sfu,
            to_sfu,
            from_sfu,
            registry,
            clients: Vec::new(),
            events: Vec::new(),
        };
        for session in (1..=clients).map(numbered) {
            house.clients.push(Client::new(session).await);
            house.tell(to_sfu::Message::Open(v1::OpenTransport {
                room: ROOM.into(),
                session,
                transport: 1,
            }));
        }
        house
    }

    fn tell(&self, message: to_sfu::Message) {
        self.to_sfu.try_send(message).unwrap();
    }

    /// Lets the network work until it holds.
    async fn until(&mut self, what: &str, mut holds: impl FnMut(&mut Self) -> bool) {
        let held = async {
            while !holds(self) {
                self.work().await;
            }
        };
        timeout(PATIENCE, held).await.expect(what);
    }

    async fn work(&mut self) {
        let Self {
            clients, from_sfu, ..
        } = self;
        let (first, rest) = clients.split_at_mut(1);
        tokio::select! {
            event = from_sfu.recv() => self.heed(event.unwrap()),
            () = first[0].work() => {}
            () = rest[0].work() => {}
        }
    }

    fn heed(&mut self, event: from_sfu::Message) {
        if let from_sfu::Message::Offer(offer) = &event {
            let found = self.clients.iter_mut().find(|c| c.session == offer.session);
            let answer = found.unwrap().answer(offer.offer.clone().unwrap());
            self.tell(to_sfu::Message::Answer(v1::TransportAnswer {
                room: ROOM.into(),
                session: offer.session,
                answer: Some(answer),
            }));
        }
        self.events.push(event);
    }

    fn metric(&self, name: &str) -> u64 {
        let families = self.registry.gather();
        let family = families.iter().find(|family| family.name() == name);
        let metric = &family.unwrap().get_metric()[0];
        match metric.get_histogram().get_sample_count() {
            0 => (metric.get_counter().get_value() + metric.get_gauge().get_value()) as u64,
            samples => samples,
        }
    }
}

#[tokio::test]
async fn sfu16_media_and_channels_cross_real_sockets() {
    let mut house = House::with(2).await;
    house
        .until("channels open", |house| {
            house.clients.iter().all(|client| client.open == 2)
        })
        .await;
    house.tell(to_sfu::Message::AddPublication(v1::AddPublication {
        room: ROOM.into(),
        session: numbered(1),
        publication: "film".into(),
        publish: Some(v1::Publish {
            kind: MediaKind::Video.into(),
            codec: "VP8".into(),
            ..v1::Publish::default()
        }),
    }));
    house
        .until("a line to publish on", |house| {
            house.clients[0].line.is_some()
        })
        .await;
    // Answers travel beside the packets, which are dropped until they are there: keyframes go on
    // until enough pass.
    let mut sequence = 0;
    house
        .until("packets at the viewer", |house| {
            sequence += 1;
            house.clients[0].write(sequence, &keyframe());
            house.clients[1].packets >= 100
        })
        .await;
    assert_eq!(house.clients[1].answers, 2);
    house.tell(to_sfu::Message::Send(v1::SendData {
        room: ROOM.into(),
        sessions: vec![numbered(2)],
        channel: v1::Channel::Ops.into(),
        payload: b"commit".as_slice().into(),
    }));
    house
        .until("a message at the viewer", |house| {
            house.clients[1].data == [b"commit".to_vec()]
        })
        .await;
    // A packet that leaves later than it was forwarded has no time.
    house
        .until("times of forwarding", |house| {
            sequence += 1;
            house.clients[0].write(sequence, &keyframe());
            house.metric("fmz_sfu_forward_seconds") >= 100
        })
        .await;
    assert_eq!(house.metric("fmz_sfu_transports"), 2);
    let House {
        sfu, mut from_sfu, ..
    } = house;
    sfu.shutdown().await;
    let mut closed = 0;
    while let Some(event) = from_sfu.recv().await {
        let state = match event {
            from_sfu::Message::State(state) => state.status(),
            _ => TransportStatus::Unspecified,
        };
        closed += usize::from(state == TransportStatus::Closed);
    }
    assert_eq!(closed, 2);
}

#[tokio::test]
async fn sfu16_an_address_in_use_is_a_clear_error() {
    let house = House::with(0).await;
    let config = Config {
        media_listen: house.sfu.local_addr(),
        ..Config::default()
    };
    let (_to_sfu, messages) = mpsc::channel(QUEUE);
    let (events, _from_sfu) = mpsc::channel(QUEUE);
    let registry = prometheus::Registry::new();
    let refused = fmz_sfu::start(config, messages, events, &registry).unwrap_err();
    let text = refused.to_string();
    let expected = format!("cannot listen for media on {}", house.sfu.local_addr());
    assert!(text.starts_with(&expected), "{text}");
    house.sfu.shutdown().await;
}

#[tokio::test]
async fn sfu16_the_unit_ends_with_its_link() {
    let House {
        to_sfu,
        mut from_sfu,
        sfu,
        ..
    } = House::with(0).await;
    drop(to_sfu);
    let first = from_sfu.recv().await;
    assert!(matches!(first, Some(from_sfu::Message::Up(_))), "{first:?}");
    assert!(from_sfu.recv().await.is_none());
    sfu.shutdown().await;
}
