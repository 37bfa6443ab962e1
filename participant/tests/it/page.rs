//! A participant with its clock, and the messages that it sent.

use crate::hub::{Hub, committed, op};
use bytes::Bytes;
use fmz_annotation::ObjectId;
use fmz_participant::{Channel, Event, Introduction, Moment, Participant, Path};
use fmz_proto::v1::client_message::Message as ToServer;
use fmz_proto::{decode_client, v1};
use std::time::Duration;

pub(crate) const OPS: Path = Path::Channel(Channel::Ops);
pub(crate) const LIVE: Path = Path::Channel(Channel::Live);

#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) participant: Participant,
    pub(crate) now: Moment,
    pub(crate) author: u32,
    /// Messages that were sent and not examined yet.
    pub(crate) said: Vec<(Path, ToServer)>,
    pub(crate) events: Vec<Event>,
}

impl Page {
    /// Makes a page that has not connected yet.
    pub(crate) fn new(author: u32) -> Self {
        let introduction = Introduction {
            token: "token".into(),
            name: format!("Person {author}"),
            session_key: vec![author as u8; 16].into(),
            transport: true,
            pings: true,
        };
        Self {
            participant: Participant::new(introduction),
            now: Moment::default(),
            author,
            said: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Makes a page that was let in and holds the room's document.
    pub(crate) fn joined(author: u32, hub: &Hub) -> Self {
        let mut page = Self::new(author);
        page.connect(hub);
        page
    }

    /// Makes such a page with both data channels open.
    pub(crate) fn on_channels(author: u32, hub: &Hub) -> Self {
        let mut page = Self::joined(author, hub);
        page.open(true);
        page
    }

    /// Connects, and receives the data for a joining page: the snapshot, or the commits that it
    /// missed.
    pub(crate) fn connect(&mut self, hub: &Hub) {
        // Messages sent on the connection before are lost with it.
        self.said.clear();
        self.drive(Participant::handle_connected);
        let Some((Path::Socket, ToServer::Hello(hello))) = self.said.pop() else {
            panic!("a participant says Hello first: {:?}", self.said);
        };
        assert_eq!(self.said, [], "and nothing before the welcome");
        self.hear(Path::Socket, &hub.welcome(self.author));
        if hello.revision == 0 {
            self.load(hub);
        } else {
            let missed = hub.behind(hello.revision);
            self.hear(Path::Socket, &committed(&missed));
        }
    }

    pub(crate) fn load(&mut self, hub: &Hub) {
        for part in hub.snapshot() {
            self.hear(Path::Socket, &part);
        }
    }

    pub(crate) fn open(&mut self, open: bool) {
        for channel in [Channel::Ops, Channel::Live] {
            self.drive(|participant, now| participant.handle_channel(channel, open, now));
        }
    }

    /// Calls a verb and takes the output that it makes.
    pub(crate) fn drive<T>(&mut self, verb: impl FnOnce(&mut Participant, Moment) -> T) -> T {
        let done = verb(&mut self.participant, self.now);
        while let Some(transmit) = self.participant.poll_transmit() {
            let message = decode_client(&transmit.frame).expect("a server takes its frames");
            self.said.push((transmit.path, message));
        }
        while let Some(event) = self.participant.poll_event() {
            self.events.push(event);
        }
        done
    }

    pub(crate) fn hear(&mut self, path: Path, frame: &Bytes) {
        self.drive(|participant, now| participant.handle_frame(path, frame, now))
            .expect("the server keeps the protocol");
    }

    /// Moves the clock on, and stops at each moment that the participant asked for.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.participant.poll_timeout().filter(|due| *due <= end) {
            assert!(due >= self.now, "what is past was done");
            self.now = due;
            self.drive(Participant::handle_timeout);
            let next = self.participant.poll_timeout();
            assert!(next.is_none_or(|next| next > due), "what is due is done");
        }
        self.now = end;
    }

    pub(crate) fn pass_ms(&mut self, ms: u64) {
        self.pass(Duration::from_millis(ms));
    }

    pub(crate) fn next_id(&self) -> ObjectId {
        self.participant.replica().next_id().expect("may draw")
    }

    /// Draws a rectangle.
    pub(crate) fn draw(&mut self) {
        let create = rectangle(self.next_id(), Vec::new());
        self.drive(|participant, now| participant.submit(&[create], now))
            .expect("a rectangle is possible");
    }

    /// Writes a text that is too long for a datagram.
    pub(crate) fn write_much(&mut self) {
        let text = v1::property::Value::Text(scrambled());
        let create = rectangle(self.next_id(), vec![v1::Property { value: Some(text) }]);
        self.drive(|participant, now| participant.submit(&[create], now))
            .expect("a text is possible");
    }

    /// Takes the messages that were sent on a path.
    pub(crate) fn take(&mut self, path: Path) -> Vec<ToServer> {
        let (taken, rest) = std::mem::take(&mut self.said)
            .into_iter()
            .partition(|(way, _)| *way == path);
        self.said = rest;
        let taken: Vec<_> = taken;
        taken.into_iter().map(|(_, message)| message).collect()
    }

    /// Takes the numbers of the batches that were sent on a path, each with the counters of the
    /// objects that it creates.
    pub(crate) fn take_batches(&mut self, path: Path) -> Vec<(u64, Vec<u32>)> {
        let batches = self
            .take(path)
            .into_iter()
            .filter_map(|message| match message {
                ToServer::Ops(batch) => Some((batch.client_seq, counters(&batch.ops))),
                _ => None,
            });
        batches.collect()
    }

    /// Takes the `Resync`s that were sent.
    pub(crate) fn take_resyncs(&mut self) -> Vec<(u64, bool)> {
        let asked = self.take(Path::Socket).into_iter();
        let asked = asked.filter_map(|message| match message {
            ToServer::Resync(resync) => Some((resync.revision, resync.diverged)),
            _ => None,
        });
        asked.collect()
    }

    pub(crate) fn pending(&self) -> usize {
        self.participant.replica().pending_count()
    }

    pub(crate) fn revision(&self) -> u64 {
        self.participant.replica().revision()
    }
}

pub(crate) fn rectangle(id: ObjectId, properties: Vec<v1::Property>) -> v1::Op {
    op(v1::op::Op::Create(v1::Create {
        parent: None,
        id: Some((&id).into()),
        kind: v1::Kind::Rectangle.into(),
        frame: Some(v1::FrameStamp::default()),
        properties,
    }))
}

/// Returns text that snappy cannot make shorter.
fn scrambled() -> String {
    let mut state = 1_u32;
    let letter = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'!' + (state >> 24) as u8 % 90)
    };
    (0..2000).map(letter).collect()
}

fn counters(ops: &[v1::Op]) -> Vec<u32> {
    let created = ops.iter().filter_map(|op| match &op.op {
        Some(v1::op::Op::Create(create)) => create.id.map(|id| id.counter),
        _ => None,
    });
    created.collect()
}
