//! The owner's end of the room link: brings messages of the forwarding unit to the rooms that they
//! concern, and keeps whether the unit is up.
//!
//! One reader serves all rooms, and waits for none of them ([`LinkSender::send`]).

use super::inputs::{Brought, LinkSender};
use crate::metrics::Metrics;
use fmz_proto::v1::{CloseRoom, HeldTransport, UnitDown, UnitUp, from_sfu::Message, to_sfu};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard},
    time::Instant,
};
use tokio::sync::mpsc;

/// The way to the forwarding unit, and the ways from it to all open rooms.
#[derive(Debug)]
pub(crate) struct Link {
    to_sfu: mpsc::Sender<to_sfu::Message>,
    ways: Mutex<Ways>,
}

#[derive(Debug, Default)]
struct Ways {
    /// Epoch of the forwarding unit that is up.
    up: Option<u32>,
    rooms: HashMap<String, LinkSender>,
}

impl Link {
    pub(crate) fn new(to_sfu: mpsc::Sender<to_sfu::Message>) -> Self {
        Self {
            to_sfu,
            ways: Mutex::default(),
        }
    }

    pub(crate) fn to_sfu(&self) -> mpsc::Sender<to_sfu::Message> {
        self.to_sfu.clone()
    }

    /// Returns true if the forwarding unit is up.
    pub(crate) fn is_up(&self) -> bool {
        self.ways().up.is_some()
    }

    /// Connects a room that opens. If the forwarding unit is up, the room is told first of all.
    pub(crate) fn connect(&self, room: &str, way: LinkSender) {
        let mut ways = self.ways();
        if let Some(epoch) = ways.up {
            let transports = Vec::new();
            way.send(Message::Up(UnitUp { epoch, transports }), Instant::now());
        }
        ways.rooms.insert(room.to_owned(), way);
    }

    /// Forgets a room that closed, unless it was opened again meanwhile.
    pub(crate) fn disconnect(&self, room: &str) {
        let mut ways = self.ways();
        if ways.rooms.get(room).is_some_and(LinkSender::is_closed) {
            ways.rooms.remove(room);
        }
    }

    /// Brings a message to the rooms that it concerns.
    pub(crate) fn take(&self, message: Message, metrics: &Metrics) {
        match message {
            Message::Up(up) => self.take_up(up, metrics),
            Message::Down(_) => self.take_down(metrics),
            message => {
                let ways = self.ways();
                // A room that has closed has no use for it.
                if let Some(way) = room_of(&message).and_then(|room| ways.rooms.get(room)) {
                    bring(way, message, metrics);
                }
            }
        }
    }

    /// Tells each room what the forwarding unit has of it, and ends what belongs to no open room.
    fn take_up(&self, up: UnitUp, metrics: &Metrics) {
        let epoch = up.epoch;
        let mut held: BTreeMap<String, Vec<HeldTransport>> = BTreeMap::new();
        for transport in up.transports {
            let of_room = held.entry(transport.room.clone()).or_default();
            of_room.push(transport);
        }
        let mut ways = self.ways();
        ways.up = Some(epoch);
        metrics.media_up.set(1);
        for (room, way) in &ways.rooms {
            let transports = held.remove(room).unwrap_or_default();
            bring(way, Message::Up(UnitUp { epoch, transports }), metrics);
        }
        drop(ways);
        for room in held.into_keys() {
            tracing::info!(room, "the media server has a room that is closed");
            let close = to_sfu::Message::CloseRoom(CloseRoom { room });
            // The next inventory names it again if the queue is full now.
            let _ = self.to_sfu.try_send(close);
        }
    }

    /// Tells each room that the forwarding unit is gone.
    pub(crate) fn take_down(&self, metrics: &Metrics) {
        let mut ways = self.ways();
        if let Some(epoch) = ways.up.take() {
            metrics.media_up.set(0);
            for way in ways.rooms.values() {
                bring(way, Message::Down(UnitDown { epoch }), metrics);
            }
        }
    }

    fn ways(&self) -> MutexGuard<'_, Ways> {
        self.ways.lock().expect("no holder of this lock panics")
    }
}

fn bring(way: &LinkSender, message: Message, metrics: &Metrics) {
    if way.send(message, Instant::now()) == Brought::Overrun {
        metrics.link_overruns.inc();
    }
}

/// Returns the room that a message concerns, unless it concerns all.
fn room_of(message: &Message) -> Option<&str> {
    Some(match message {
        Message::Offer(offer) => &offer.room,
        Message::State(state) => &state.room,
        Message::Channel(channel) => &channel.room,
        Message::Data(data) => &data.room,
        Message::PublicationStarted(started) => &started.room,
        Message::PublicationEnded(ended) => &ended.room,
        Message::Error(error) => &error.room,
        Message::Pressure(pressure) => &pressure.room,
        Message::Up(_) | Message::Down(_) => return None,
    })
}
