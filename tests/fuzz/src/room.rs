//! The room under any messages of several sessions, with a log that answers late.

use crate::input::Input;
use bytes::Bytes;
use fmz_annotation::Document;
use fmz_proto::v1::{Channel, Grants, ReceivedData, UnitUp, from_sfu};
use fmz_proto::{EncodedBatch, limits::SESSION_KEY_BYTES};
use fmz_signaling_core::{
    AppendToken, Effect, Join, LinkEpoch, Path, Reason, Room, RoomInfo, RoomLimits, SessionId,
    read_client,
};
use std::time::{Duration, Instant};

/// Sessions: one owner, one author, one viewer.
const SESSIONS: u8 = 3;
/// Effects of one step. More would mean that the room answers itself.
const EFFECTS_MAX: usize = 10_000;

/// Runs a plan. After it, the log must give the document that the room holds.
pub(crate) fn run(data: &[u8]) {
    let mut world = World::new();
    let mut input = Input::new(data);
    while !input.is_empty() && world.room.closed().is_none() {
        world.step(&mut input);
        world.settle();
    }
    world.append();
    assert_eq!(replay(&world.log), *world.room.document());
}

fn replay(log: &[EncodedBatch]) -> Document {
    let mut document = Document::new();
    for batch in log {
        document
            .apply(&batch.decode())
            .expect("the log is one order");
    }
    document
}

struct World {
    room: Room,
    now: Instant,
    sessions: u32,
    append: Option<(AppendToken, Vec<EncodedBatch>)>,
    log: Vec<EncodedBatch>,
}

impl World {
    fn new() -> Self {
        let now = Instant::now();
        let info = RoomInfo {
            room: "fuzz".into(),
            limits: RoomLimits::default(),
            ..RoomInfo::default()
        };
        let mut room = Room::new(info, Document::new(), 1_000_000, now);
        room.handle_sfu(from_sfu::Message::Up(UnitUp::default()), now);
        let mut world = Self {
            room,
            now,
            sessions: 0,
            append: None,
            log: Vec::new(),
        };
        for who in 0..SESSIONS {
            world.join(who);
        }
        world
    }

    fn join(&mut self, who: u8) {
        self.sessions += 1;
        let grants = Grants {
            view: true,
            annotate: who < 2,
            publish: who == 0,
            present: false,
            own: who == 0,
        };
        let join = Join {
            session: SessionId(self.sessions),
            subject: format!("s{who}"),
            name: format!("S{who}"),
            grants,
            machine: false,
            expires: self.now + Duration::from_secs(3600),
            session_key: vec![who; SESSION_KEY_BYTES].into(),
            revision: 0,
            transport: true,
        };
        self.room.handle_joined(join, self.now);
        self.settle();
        self.append();
    }

    fn step(&mut self, input: &mut Input<'_>) {
        let session = SessionId(1 + u32::from(input.byte()) % self.sessions);
        match input.below(8) {
            0..=3 => self.say(session, input.block()),
            4 => self.append(),
            5 => self.pass(Duration::from_millis(u64::from(input.byte()))),
            6 => self.data(session, input),
            _ if self.sessions < 100 => {
                self.room.handle_left(session, Reason::Left, self.now);
                let who = input.below(SESSIONS);
                self.join(who);
            }
            _ => {}
        }
    }

    fn say(&mut self, session: SessionId, body: &[u8]) {
        let mut frame = vec![0];
        frame.extend_from_slice(body);
        match read_client(&frame) {
            Ok(message) => self
                .room
                .handle_message(session, message, Path::Socket, self.now),
            Err(error) => self.room.handle_malformed(session, &error, self.now),
        }
    }

    fn data(&mut self, session: SessionId, input: &mut Input<'_>) {
        let channel = if input.flag() {
            Channel::Ops
        } else {
            Channel::Live
        };
        let data = ReceivedData {
            room: "fuzz".into(),
            session: session.on_link(LinkEpoch(0)),
            transport: 1,
            channel: channel.into(),
            payload: Bytes::copy_from_slice(input.block()),
        };
        self.room
            .handle_sfu(from_sfu::Message::Data(data), self.now);
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.room.handle_timeout(self.now);
    }

    fn append(&mut self) {
        while let Some((token, batches)) = self.append.take() {
            self.log.extend(batches);
            self.room
                .handle_appended(token, Ok::<_, &str>(()), self.now);
            self.settle();
        }
    }

    fn settle(&mut self) {
        for _ in 0..EFFECTS_MAX {
            match self.room.poll_effect() {
                None => return,
                Some(Effect::Append { token, batches, .. }) => {
                    let before = self.append.replace((token, batches));
                    assert!(before.is_none(), "one append is on its way at a time");
                }
                Some(_) => {}
            }
        }
        panic!("the room has more and more to do");
    }
}
