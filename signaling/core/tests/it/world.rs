//! A room with a log that answers when told to, and with what every session was sent.

use bytes::Bytes;
use fmz_annotation::{Document, Ops};
use fmz_proto::{
    EncodedBatch, FromClient, Message as _, decode_server,
    v1::{
        Channel, ChannelState, CommittedBatch, Create, DocumentSnapshot, FrameStamp, Grants, Kind,
        Media, MediaKind, ObjectId, Op, OpBatch, Publish, ReceivedData, Source, UnitUp, Welcome,
        client_message, from_sfu, op, server_message::Message, to_sfu,
    },
};
use fmz_signaling_core::{
    AppendToken, Asker, Class, Command, CommandId, Effect, Join, LinkEpoch, LinkSession, Outcome,
    Path, ReadToken, Reason, Room, RoomInfo, RoomLimits, SessionId, StateAt,
};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

pub(crate) const VIEW: Grants = Grants {
    view: true,
    annotate: false,
    publish: false,
    present: false,
    own: false,
};
pub(crate) const DRAW: Grants = Grants {
    annotate: true,
    ..VIEW
};
pub(crate) const PUBLISH: Grants = Grants {
    publish: true,
    ..DRAW
};

/// The epoch of the forwarding unit that is up at the beginning: sessions have the same numbers on
/// the link as in the room.
pub(crate) const EPOCH: LinkEpoch = LinkEpoch(0);

/// A film of 100 frames at 24 a second.
pub(crate) fn film(id: &str) -> Media {
    Media {
        id: id.into(),
        name: "Film".into(),
        num: 24,
        den: 1,
        start_timecode: 86_400,
        frames: 100,
        ..Media::default()
    }
}

/// What one session was sent by one way.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sent {
    pub(crate) path: Path,
    pub(crate) class: Option<Class>,
    pub(crate) frame: Bytes,
}

impl Sent {
    pub(crate) fn message(&self) -> Message {
        decode_server(&self.frame).unwrap().unwrap()
    }
}

/// Returns a message as a connection gives it to the room.
pub(crate) fn read(message: client_message::Message) -> FromClient<Ops> {
    let checked = FromClient::check(message).and_then(|message| message.try_map(Ops::read));
    checked.expect("a message within the limits")
}

pub(crate) struct World {
    pub(crate) room: Room,
    pub(crate) now: Instant,
    pub(crate) log: Vec<CommittedBatch>,
    pub(crate) appends: Vec<(AppendToken, u64, Vec<CommittedBatch>)>,
    pub(crate) sent: BTreeMap<SessionId, Vec<Sent>>,
    pub(crate) closed: Vec<(SessionId, Reason)>,
    pub(crate) to_sfu: Vec<to_sfu::Message>,
    pub(crate) handed_out: u64,
    /// How long each batch waited that was handed out.
    pub(crate) waits: Vec<Duration>,
    pub(crate) reads: Vec<(ReadToken, StateAt)>,
    pub(crate) answers: BTreeMap<CommandId, Outcome>,
    commands: u64,
    pub(crate) diverged: u64,
    /// Whether the log answers at once.
    pub(crate) prompt: bool,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(RoomLimits::default(), Document::new())
    }

    #[allow(
        clippy::disallowed_methods,
        reason = "time has to begin somewhere; from there it is moved by hand"
    )]
    pub(crate) fn with(limits: RoomLimits, document: Document) -> Self {
        let now = Instant::now();
        let info = RoomInfo {
            room: "demo".into(),
            title: "Demo".into(),
            server: "test".into(),
            limits,
        };
        let mut room = Room::new(info, document, 1_000_000, now);
        room.handle_sfu(from_sfu::Message::Up(UnitUp::default()), now);
        Self {
            room,
            now,
            log: Vec::new(),
            appends: Vec::new(),
            sent: BTreeMap::new(),
            closed: Vec::new(),
            to_sfu: Vec::new(),
            handed_out: 0,
            waits: Vec::new(),
            reads: Vec::new(),
            answers: BTreeMap::new(),
            commands: 0,
            diverged: 0,
            prompt: true,
        }
    }

    pub(crate) fn join(&self, session: u32, subject: &str, grants: Grants) -> Join {
        Join {
            session: SessionId(session),
            subject: subject.into(),
            name: subject.to_uppercase(),
            grants,
            machine: false,
            expires: self.now + Duration::from_secs(3600),
            session_key: vec![subject.as_bytes()[0]; 16].into(),
            revision: 0,
            transport: false,
        }
    }

    pub(crate) fn enter(&mut self, join: Join) -> SessionId {
        let id = join.session;
        self.room.handle_joined(join, self.now);
        self.settle();
        id
    }

    /// Lets somebody in who has a transport.
    pub(crate) fn enter_with_transport(
        &mut self,
        session: u32,
        subject: &str,
        grants: Grants,
    ) -> SessionId {
        let mut join = self.join(session, subject, grants);
        join.transport = true;
        self.enter(join)
    }

    /// Makes a film known: a program that may only publish begins to send it, and leaves.
    pub(crate) fn send_film(&mut self, media: Media) {
        let publish = Publish {
            request: 1,
            kind: MediaKind::Video.into(),
            source: Source::Program.into(),
            media: Some(media),
            ..Publish::default()
        };
        let grants = Grants {
            publish: true,
            ..VIEW
        };
        let stream = self.enter_with_transport(90, "stream", grants);
        self.say(stream, client_message::Message::Publish(publish));
        self.room.handle_left(stream, Reason::Left, self.now);
        self.settle();
    }

    pub(crate) fn say(&mut self, id: SessionId, message: client_message::Message) {
        self.room
            .handle_message(id, read(message), Path::Socket, self.now);
        self.settle();
    }

    pub(crate) fn say_on(
        &mut self,
        id: SessionId,
        channel: Channel,
        message: client_message::Message,
    ) {
        let payload = fmz_proto::encode_client(message);
        let data = ReceivedData {
            room: "demo".into(),
            session: id.on_link(EPOCH),
            transport: 1,
            channel: channel.into(),
            payload,
        };
        self.sfu(from_sfu::Message::Data(data));
    }

    pub(crate) fn sfu(&mut self, message: from_sfu::Message) {
        self.room.handle_sfu(message, self.now);
        self.settle();
    }

    pub(crate) fn channel(&mut self, id: SessionId, channel: Channel, open: bool) {
        let state = ChannelState {
            room: "demo".into(),
            session: id.on_link(EPOCH),
            transport: 1,
            channel: channel.into(),
            open,
        };
        self.sfu(from_sfu::Message::Channel(state));
    }

    /// Moves time, stopping wherever the room wants to be called.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.settle();
        let end = self.now + time;
        for _ in 0..100_000 {
            let Some(due) = self.room.poll_timeout(self.now).filter(|due| *due <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(due);
            self.room.handle_timeout(self.now);
            self.settle();
        }
        panic!("the room is due again and again");
    }

    /// Answers the append on its way.
    pub(crate) fn append(&mut self) {
        let (token, expected, batches) = self.appends.remove(0);
        let head = self
            .log
            .last()
            .map_or(0, |batch| batch.first_revision + batch.ops.len() as u64 - 1);
        assert_eq!(expected, head, "appends follow each other");
        self.log.extend(batches);
        self.room
            .handle_appended(token, Ok::<_, &str>(()), self.now);
        self.settle();
    }

    fn settle(&mut self) {
        while let Some(effect) = self.room.poll_effect() {
            self.perform(effect);
        }
        if self.prompt && !self.appends.is_empty() {
            self.append();
        }
        if self.prompt && !self.reads.is_empty() {
            self.read();
        }
    }

    /// Answers the first reading of an older state, from the log.
    pub(crate) fn read(&mut self) {
        let (token, at) = self.reads.remove(0);
        let state = self.state_at(at);
        self.room
            .handle_state(token, Ok::<_, &str>(state), self.now);
        self.settle();
    }

    fn state_at(&self, at: StateAt) -> Document {
        let mut document = Document::new();
        for batch in &self.log {
            let later = match at {
                StateAt::Revision(revision) => batch.first_revision > revision,
                StateAt::Time { ms, from } => {
                    batch.first_revision > from && batch.committed_ms > ms
                }
            };
            if later {
                break;
            }
            document.apply(batch).unwrap();
        }
        document
    }

    /// Gives a command and returns its number.
    pub(crate) fn give(&mut self, asker: Asker, command: Command) -> CommandId {
        self.commands += 1;
        let id = CommandId(self.commands);
        self.room.handle_command(id, asker, command, self.now);
        self.settle();
        id
    }

    /// Gives a command and returns its answer, which must be there at once.
    pub(crate) fn ask(&mut self, asker: Asker, command: Command) -> Outcome {
        let id = self.give(asker, command);
        self.answers.remove(&id).expect("an answer")
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Append {
                token,
                expected_revision,
                batches,
            } => {
                let batches = batches.iter().map(EncodedBatch::decode).collect();
                self.appends.push((token, expected_revision, batches));
                assert_eq!(self.appends.len(), 1, "one append is on its way at a time");
            }
            Effect::SendSocket {
                sessions,
                class,
                frames,
            } => {
                for id in sessions {
                    let sent = |frame: &Bytes| Sent {
                        path: Path::Socket,
                        class: Some(class),
                        frame: frame.clone(),
                    };
                    self.sent
                        .entry(id)
                        .or_default()
                        .extend(frames.iter().map(sent));
                }
            }
            Effect::ToSfu(to_sfu::Message::Send(send)) => {
                let path = if send.channel() == Channel::Live {
                    Path::Live
                } else {
                    Path::Ops
                };
                for session in send.sessions {
                    let sent = Sent {
                        path,
                        class: None,
                        frame: send.payload.clone(),
                    };
                    self.sent
                        .entry(LinkSession::from_number(session).session)
                        .or_default()
                        .push(sent);
                }
            }
            Effect::ToSfu(message) => self.to_sfu.push(message),
            Effect::Close { session, reason } => self.closed.push((session, reason)),
            Effect::Diverged => self.diverged += 1,
            Effect::HandedOut { ops, waits } => {
                self.handed_out += ops;
                self.waits.extend(waits);
            }
            Effect::ReadState { token, at } => self.reads.push((token, at)),
            Effect::Answer { command, outcome } => {
                let first = self.answers.insert(command, outcome).is_none();
                assert!(first, "a command is answered once");
            }
        }
    }

    /// Takes what a session was sent.
    pub(crate) fn take(&mut self, id: SessionId) -> Vec<Sent> {
        self.sent.remove(&id).unwrap_or_default()
    }

    pub(crate) fn messages(&mut self, id: SessionId) -> Vec<Message> {
        self.take(id).iter().map(Sent::message).collect()
    }

    pub(crate) fn welcome(&mut self, id: SessionId) -> Welcome {
        self.messages(id)
            .into_iter()
            .find_map(|message| match message {
                Message::Welcome(welcome) => Some(welcome),
                _ => None,
            })
            .expect("a welcome")
    }

    /// Forgets what was sent so far.
    pub(crate) fn forget(&mut self) {
        self.sent.clear();
        self.to_sfu.clear();
        self.waits.clear();
    }
}

/// A batch with one new rectangle.
pub(crate) fn rectangle(author: u32, client_seq: u64) -> OpBatch {
    let id = Some(ObjectId {
        author,
        counter: client_seq as u32,
    });
    create(
        Create {
            parent: None,
            id,
            kind: Kind::Rectangle.into(),
            frame: Some(FrameStamp::default()),
            properties: vec![],
        },
        client_seq,
    )
}

pub(crate) fn create(create: Create, client_seq: u64) -> OpBatch {
    OpBatch {
        client_seq,
        base: 0,
        ops: vec![Op {
            op: Some(op::Op::Create(create)),
        }],
    }
}

pub(crate) fn ops(batch: OpBatch) -> client_message::Message {
    client_message::Message::Ops(batch)
}

/// Revisions of all commits in messages.
pub(crate) fn revisions(messages: &[Message]) -> Vec<u64> {
    let batches = messages.iter().filter_map(|message| match message {
        Message::Committed(committed) => Some(&committed.batches),
        _ => None,
    });
    batches
        .flatten()
        .map(|batch| batch.first_revision)
        .collect()
}

/// The document in a snapshot's parts.
pub(crate) fn snapshot(messages: &[Message]) -> Option<Document> {
    let mut bytes = Vec::new();
    let mut whole = false;
    for message in messages {
        if let Message::Snapshot(part) = message {
            bytes.extend_from_slice(&part.part);
            whole = part.last;
        }
    }
    whole.then(|| Document::from_snapshot(DocumentSnapshot::decode(&*bytes).unwrap()).unwrap())
}
