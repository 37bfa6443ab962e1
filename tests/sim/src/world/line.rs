//! Messages on the lines, and how the two ends learn of breaks.

use super::World;
use crate::{
    agenda::{MS, Micros, S},
    event::{Event, LinkId, Parcel},
    net::{Link, Pushed, Queue, Waiting},
    plan::Quality,
    plant::Plant,
};
use bytes::Bytes;
use fmz_participant::{Path as Way, Transmit};
use fmz_proto::{
    decode_client, decode_server, encode_client, encode_server,
    v1::{
        Channel, CommittedBatch, ReceivedData, client_message::Message as Up, from_sfu, op,
        property, server_message::Message,
    },
};
use fmz_signaling_core::{Class, Path, Reason, SessionId, limits, read_client};

impl World {
    pub(super) fn dial(&mut self, page: usize) {
        if self.pages[page].link.is_some() {
            return;
        }
        let id = self.next_link;
        self.next_link += 1;
        let quality = if self.calm {
            Quality::calm()
        } else {
            self.pages[page].plan.quality
        };
        let bounded = self.plant != Some(Plant::UnboundedQueue);
        let queue = Queue::new(self.plan.queue_bytes_max, bounded);
        self.links.insert(id, Link::new(page, quality, queue));
        self.pages[page].dial(id, &mut self.judge);
        self.speak(page);
        self.agenda.after(
            limits::PING_INTERVAL.as_micros() as Micros,
            Event::Alive { link: id },
        );
    }

    pub(super) fn alive(&mut self, id: LinkId) {
        let Some(link) = self.links.get(&id).filter(|link| !link.broken) else {
            return;
        };
        let session = link.session;
        let ping = limits::PING_INTERVAL.as_micros() as Micros;
        self.agenda.after(ping, Event::Alive { link: id });
        if let Some(session) = session {
            self.with_room(|room, now| room.handle_alive(session, now));
        }
    }

    /// Puts a page's messages on their way.
    pub(super) fn speak(&mut self, page: usize) {
        self.send_asks(page);
        let now = self.agenda.now();
        let said = std::mem::take(&mut self.pages[page].out);
        let channels = self.pages[page].channels.unwrap_or(0);
        let Some(id) = self.pages[page].link else {
            return;
        };
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        for Transmit { path, frame } in said {
            let path = path_of(path);
            let at = match path {
                Path::Socket => vec![link.up.arrival(now, link.quality, &mut self.random)],
                Path::Ops => vec![(link.channels.up).arrival(now, link.quality, &mut self.random)],
                Path::Live => (link.channels.up).arrivals(now, link.quality, &mut self.random),
            };
            for at in at {
                let up = Event::Up {
                    link: id,
                    path,
                    channels,
                    frame: frame.clone(),
                };
                self.agenda.at(at, up);
            }
        }
    }

    pub(super) fn up(&mut self, id: LinkId, path: Path, channels: u32, frame: &Bytes) {
        let Some(link) = self.links.get(&id).filter(|link| !link.broken) else {
            return;
        };
        let Some(mut session) = link.session else {
            if let Ok(Up::Hello(hello)) = decode_client(frame) {
                self.hello(id, &hello);
            }
            return;
        };
        let passes = link.channels.alive && link.channels.life == channels;
        if path != Path::Socket && !passes {
            return;
        }
        if self.plant == Some(Plant::WrongSession) && self.random.percent(2) {
            let others: Vec<_> = self.server.sessions.keys().copied().collect();
            session = self.random.pick(&others).copied().unwrap_or(session);
        }
        if path == Path::Socket {
            match read_client(frame) {
                Ok(message) => {
                    self.with_room(|room, now| room.handle_message(session, message, path, now))
                }
                Err(error) => {
                    self.with_room(|room, now| room.handle_malformed(session, &error, now))
                }
            }
            return;
        }
        let own = self.server.sessions.get(&session);
        let own = own.and_then(|id| self.links.get(id));
        let transport = own.map_or(0, |link| link.channels.number);
        for (path, payload) in self.mistake(path, frame) {
            let data = ReceivedData {
                room: "demo".into(),
                session: self.server.unit.number(session),
                transport,
                channel: channel(path).into(),
                payload,
            };
            self.tell_room(from_sfu::Message::Data(data));
        }
    }

    /// Applies plants that take a copy for another message.
    fn mistake(&self, path: Path, frame: &Bytes) -> Vec<(Path, Bytes)> {
        let shift = match self.plant {
            Some(Plant::CopyUpTwice) => 1_000_000,
            Some(Plant::CopyUpPastGap) => 0,
            _ => return vec![(path, frame.clone())],
        };
        let Ok(Up::Copies(copies)) = decode_client(frame) else {
            return vec![(path, frame.clone())];
        };
        let ordered = copies.batches.into_iter().map(|mut batch| {
            batch.client_seq += shift;
            (Path::Ops, encode_client(Up::Ops(batch)))
        });
        ordered.collect()
    }

    /// Puts frames into a session's queue.
    pub(super) fn push(&mut self, session: SessionId, class: Class, frames: &[Bytes]) {
        let Some(id) = self.server.sessions.get(&session).copied() else {
            return;
        };
        let frames = self.spoil(frames);
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        let pushed = link.queue.push(class, &frames);
        if self.plant == Some(Plant::SwapFrames) && self.random.percent(5) {
            link.queue.swap_last();
        }
        match pushed {
            Pushed::Queued => self.start_drain(id),
            Pushed::Dropped => {}
            Pushed::Full => {
                self.with_room(|room, now| room.handle_violation(session, Reason::Slow, now));
            }
        }
    }

    /// Applies plants that change one session's frames.
    pub(super) fn spoil(&mut self, frames: &[Bytes]) -> Vec<Bytes> {
        let mut frames = frames.to_vec();
        match self.plant {
            Some(Plant::DropInFanOut) => frames.retain(|frame| {
                !(self.random.percent(2)
                    && matches!(decode_server(frame), Ok(Some(Message::Committed(_)))))
            }),
            Some(Plant::FlipOnTheWay) if self.random.percent(5) => {
                frames.iter_mut().for_each(flip);
            }
            _ => {}
        }
        frames
    }

    pub(super) fn start_drain(&mut self, id: LinkId) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        if !std::mem::replace(&mut link.draining, true) {
            self.agenda.after(0, Event::Drain { link: id });
        }
    }

    pub(super) fn drain(&mut self, id: LinkId) {
        let now = self.agenda.now();
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        if now < link.stalled_until {
            self.agenda
                .at(link.stalled_until, Event::Drain { link: id });
            return;
        }
        let Some(waiting) = link.queue.pop().filter(|_| !link.broken) else {
            link.draining = false;
            return;
        };
        let (bytes, parcel) = match waiting {
            Waiting::Frame(frame, _) => (frame.len() as u64, Parcel::Frame(frame)),
            Waiting::Close(reason) => (0, Parcel::Closing(reason)),
        };
        let takes = bytes * S / link.quality.bytes_per_s;
        let at = link
            .down
            .arrival(now + takes, link.quality, &mut self.random);
        let down = Event::Down {
            link: id,
            path: Path::Socket,
            channels: 0,
            parcel,
        };
        self.agenda.at(at, down);
        self.agenda.after(takes, Event::Drain { link: id });
    }

    pub(super) fn down(&mut self, id: LinkId, path: Path, channels: u32, parcel: Parcel) {
        let Some(link) = self.links.get(&id).filter(|link| !link.broken) else {
            return;
        };
        let lost = path != Path::Socket && !(link.channels.alive && link.channels.life == channels);
        let page = link.page;
        if lost || self.pages[page].link != Some(id) {
            return;
        }
        match parcel {
            Parcel::Closing(reason) => {
                self.trace.say(
                    self.agenda.now(),
                    format_args!("page {page} is told {reason:?}"),
                );
                self.page_lost(id);
            }
            Parcel::Open => self.pages[page].open_channels(channels, &mut self.judge),
            Parcel::Frame(frame) => {
                self.pages[page].hear(way_of(path), &frame, &mut self.judge);
            }
        }
        self.speak(page);
    }

    pub(super) fn server_lost(&mut self, id: LinkId) {
        let Some(session) = self.links.get_mut(&id).and_then(|link| link.session.take()) else {
            return;
        };
        self.server.sessions.remove(&session);
        self.with_room(|room, now| room.handle_left(session, Reason::Disconnected, now));
    }

    /// Makes the page give a connection up and try again later. The server's end learns of it too.
    pub(super) fn page_lost(&mut self, id: LinkId) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        let page = link.page;
        link.broken = true;
        if self.pages[page].link != Some(id) {
            return;
        }
        self.pages[page].lost(&mut self.judge);
        let delay = self.pages[page].backoff(&mut self.random);
        self.agenda.after(delay, Event::Dial { page });
        self.agenda.after(20 * MS, Event::ServerLost { link: id });
    }
}

/// Converts a participant's path to the room's.
fn path_of(way: Way) -> Path {
    match way {
        Way::Socket => Path::Socket,
        Way::Channel(fmz_participant::Channel::Ops) => Path::Ops,
        Way::Channel(fmz_participant::Channel::Live) => Path::Live,
    }
}

fn way_of(path: Path) -> Way {
    match path {
        Path::Socket => Way::Socket,
        Path::Ops => Way::Channel(fmz_participant::Channel::Ops),
        Path::Live => Way::Channel(fmz_participant::Channel::Live),
    }
}

fn channel(path: Path) -> Channel {
    match path {
        Path::Live => Channel::Live,
        Path::Socket | Path::Ops => Channel::Ops,
    }
}

/// Changes a colour in a commit.
fn flip(frame: &mut Bytes) {
    let Ok(Some(Message::Committed(mut committed))) = decode_server(frame) else {
        return;
    };
    let properties = |batch: &mut CommittedBatch| {
        for op in &mut batch.ops {
            if let Some(op::Op::Set(set)) = &mut op.op
                && let Some(property::Value::Color(color)) = set
                    .property
                    .as_mut()
                    .and_then(|property| property.value.as_mut())
            {
                *color ^= 1;
            }
        }
    };
    committed.batches.iter_mut().for_each(properties);
    *frame = encode_server(Message::Committed(committed));
}
