use crate::keepalive::Keepalive;
use crate::limits::{EVENTS_MAX, TRANSMITS_MAX};
use crate::outbox::{Outbox, Sent};
use crate::pointer::Pointer;
use crate::snapshot::Parts;
use crate::{Channel, Event, Missed, Moment, Path, ProtocolError, Transmit};
use bytes::Bytes;
use fmz_annotation::{ApplyError, Authority, Lost, ObjectId, OpError, Received, Replica};
use fmz_proto::limits::COPY_FRAME_BYTES_MAX;
use fmz_proto::v1::client_message::Message as ToServer;
use fmz_proto::v1::server_message::Message as FromServer;
use fmz_proto::{decode_server, encode_client, v1};
use std::collections::VecDeque;
use std::time::Duration;

/// Version of the protocol.
const PROTOCOL: u32 = 1;

/// Facts that a participant states on each connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Introduction {
    /// JSON Web Token. It names the room.
    pub token: String,
    /// Name shown to others; the token's name replaces it if the token has one.
    pub name: String,
    /// 16 random bytes, made once in a page's life. By them the server recognises the author after
    /// a reconnect, so marks stay the author's own.
    pub session_key: Bytes,
    /// Whether the client wants media and data channels.
    pub transport: bool,
    /// Whether to send pings: true if the shell cannot see the WebSocket's own pings, and so cannot
    /// report them by [`Participant::handle_alive`].
    pub pings: bool,
}

/// State of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// There is no connection.
    Away,
    /// The connection stands, and `Hello` was sent.
    Greeting,
    /// The server has answered. Messages may be sent.
    Welcomed,
}

/// Part of the document that is missing and was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    Nothing,
    /// The commits after the document's revision.
    Tail,
    /// The whole document: it is of no use until a snapshot comes, on this connection or a later
    /// one.
    Whole,
}

/// One participant of a room, as a client keeps it.
#[derive(Debug)]
pub struct Participant {
    introduction: Introduction,
    replica: Replica,
    stage: Stage,
    ops_open: bool,
    live_open: bool,
    missing: Missing,
    parts: Parts,
    outbox: Outbox,
    pointer: Pointer,
    keepalive: Keepalive,
    transmits: VecDeque<Transmit>,
    events: VecDeque<Event>,
}

impl Participant {
    /// Makes a participant that has no connection and an empty document.
    pub fn new(introduction: Introduction) -> Self {
        Self {
            introduction,
            replica: Replica::new(),
            stage: Stage::Away,
            ops_open: false,
            live_open: false,
            missing: Missing::Nothing,
            parts: Parts::default(),
            outbox: Outbox::default(),
            pointer: Pointer::default(),
            keepalive: Keepalive::new(Moment::default()),
            transmits: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// Notes a new connection and says `Hello` on it.
    pub fn handle_connected(&mut self, now: Moment) {
        self.handle_disconnected();
        self.stage = Stage::Greeting;
        self.keepalive = Keepalive::new(now);
        let Introduction {
            token,
            name,
            session_key,
            transport,
            ..
        } = self.introduction.clone();
        // If the document held here is of no use, revision 0 asks for a snapshot.
        let revision = match self.missing {
            Missing::Whole => 0,
            Missing::Nothing | Missing::Tail => self.replica.revision(),
        };
        let hello = v1::Hello {
            protocol: PROTOCOL,
            token,
            name,
            session_key,
            revision,
            transport,
        };
        self.transmit((Path::Socket, ToServer::Hello(hello)));
    }

    /// Notes that the connection is gone, and its data channels with it. Ops wait from here on.
    pub fn handle_disconnected(&mut self) {
        self.stage = Stage::Away;
        (self.ops_open, self.live_open) = (false, false);
        // Frames for the old connection are void. Ops are not lost with them: the replica keeps all
        // batches that have no answer.
        self.transmits.clear();
        self.parts.clear();
        let _ = self.outbox.set_path(None, false, &self.replica);
    }

    /// Notes that a data channel opened or closed.
    pub fn handle_channel(&mut self, channel: Channel, open: bool, now: Moment) {
        match channel {
            Channel::Ops => self.ops_open = open,
            Channel::Live => self.live_open = open,
        }
        self.choose_path(now);
    }

    /// Handles a frame from the server.
    ///
    /// A frame of a data channel that cannot be read is ignored. Its contents are then missing, and
    /// are asked for like any other gap.
    ///
    /// # Errors
    /// [`ProtocolError`] if the server broke the protocol; the shell must close the connection.
    pub fn handle_frame(
        &mut self,
        path: Path,
        frame: &[u8],
        now: Moment,
    ) -> Result<(), ProtocolError> {
        self.keepalive.heard(now);
        // Every frame of the socket counts, so an unreadable one ends the connection. Commits that
        // a channel's frame held are asked for again.
        let message = match (decode_server(frame), path) {
            (Ok(Some(message)), _) => message,
            (Ok(None), _) | (Err(_), Path::Channel(_)) => return Ok(()),
            (Err(error), Path::Socket) => return Err(error.into()),
        };
        self.handle_message(path, message, now)?;
        self.flush(now);
        Ok(())
    }

    /// Notes that the server is alive though it sent no frame.
    pub fn handle_alive(&mut self, now: Moment) {
        self.keepalive.heard(now);
    }

    /// Does whatever is due.
    pub fn handle_timeout(&mut self, now: Moment) {
        self.flush(now);
        if self.stage == Stage::Away {
            return;
        }
        if self.keepalive.take_silence(now) {
            self.tell(Event::Silent);
        }
        if let Some(ping) = self.keepalive.take_ping(now) {
            self.transmit((Path::Socket, ToServer::Ping(ping)));
        }
    }

    /// Returns the next frame to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    /// Returns the next event for the application.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Returns when to call [`Self::handle_timeout`], if ever.
    pub fn poll_timeout(&self) -> Option<Moment> {
        let alive = match self.stage {
            Stage::Away => None,
            Stage::Greeting | Stage::Welcomed => self.keepalive.due_at(),
        };
        let pointer = match self.stage {
            Stage::Away | Stage::Greeting => None,
            Stage::Welcomed => self.pointer.due_at(),
        };
        let times = [alive, pointer, self.outbox.due_at()];
        times.into_iter().flatten().min()
    }

    /// Runs `work` on the document and sends the ops that it made.
    pub fn edit<T>(&mut self, work: impl FnOnce(&mut Replica) -> T, now: Moment) -> T {
        let done = work(&mut self.replica);
        self.flush(now);
        done
    }

    /// Applies ops and sends them: all or none.
    ///
    /// # Errors
    /// [`OpError`] for the first op that the server would refuse.
    pub fn submit(&mut self, ops: &[v1::Op], now: Moment) -> Result<(), OpError> {
        self.edit(|replica| replica.submit(ops), now)
    }

    /// Applies ops of which the first creates an object, and holds them back. Neither they nor
    /// later ops leave before [`Self::restamp`] names the frame that the object is on. If too many
    /// objects are already held, these ops leave at once.
    ///
    /// # Errors
    /// As for [`Self::submit`]; then nothing is held.
    pub fn submit_held(
        &mut self,
        id: ObjectId,
        ops: &[v1::Op],
        now: Moment,
    ) -> Result<(), OpError> {
        self.replica.hold(id);
        let submitted = self.submit(ops, now);
        if submitted.is_err() {
            self.replica.release(id);
        }
        submitted
    }

    /// Corrects the frame of an object that has not left yet, and lets it and all ops behind it
    /// leave, even if the frame is invalid. Returns whether the frame was corrected.
    pub fn restamp(&mut self, id: ObjectId, frame: &v1::FrameStamp, now: Moment) -> bool {
        let correct = |replica: &mut Replica| {
            let corrected = replica.restamp(id, frame);
            replica.release(id);
            corrected
        };
        self.edit(correct, now)
    }

    /// Moves this client's pointer, or takes it off the picture. Others see the newest position, 20
    /// times a second at most.
    pub fn point(&mut self, place: Option<v1::Point>, now: Moment) {
        self.pointer.set(place);
        self.flush(now);
    }

    /// Sends a message that is not about the document over the WebSocket. Before the welcome it is
    /// dropped; a caller that needs it to arrive sends it again at [`Event::Welcomed`].
    pub fn send(&mut self, message: ToServer) {
        if self.is_welcomed() {
            self.transmit((Path::Socket, message));
        }
    }

    /// Returns the visible objects and counts their changes as taken, see
    /// [`Replica::take_objects`].
    pub fn take_objects(&mut self) -> v1::ObjectList {
        self.replica.take_objects()
    }

    /// Returns the objects that changed since the last call, see [`Replica::take_changes`].
    pub fn take_changes(&mut self) -> v1::ObjectList {
        self.replica.take_changes()
    }

    /// Returns the document, with the pending ops applied.
    pub fn replica(&self) -> &Replica {
        &self.replica
    }

    /// Returns whether the server has let this participant in on this connection.
    pub fn is_welcomed(&self) -> bool {
        self.stage == Stage::Welcomed
    }

    /// Returns the path on which ops go now, if any.
    pub fn path(&self) -> Option<Path> {
        self.outbox.path()
    }

    fn handle_message(
        &mut self,
        path: Path,
        message: FromServer,
        now: Moment,
    ) -> Result<(), ProtocolError> {
        match message {
            FromServer::Welcome(welcome) => self.handle_welcome(welcome, now),
            FromServer::Committed(copy) if path == Path::Channel(Channel::Live) => {
                // A copy may run ahead of the ordered path, so it never reveals a gap. Nor does it
                // answer a request for missing commits: the answer is still on its way.
                match self.replica.receive_copy(&copy) {
                    Ok(received) => self.tell_changed(received),
                    Err(error) => self.ask_whole(error),
                }
            }
            FromServer::Committed(committed) => self.handle_committed(&committed),
            FromServer::Snapshot(part) => self.handle_snapshot(&part)?,
            FromServer::Rejected(rejected) => {
                let lost = self.replica.rejected(rejected.client_seq);
                self.tell(Event::Refused { rejected, lost });
            }
            FromServer::Pong(pong) => {
                let sent = Moment::after_beginning(Duration::from_micros(pong.sent_us));
                self.tell(Event::RoundTrip(now.since(sent)));
            }
            other => self.tell(Event::Message(Box::new(other))),
        }
        Ok(())
    }

    fn handle_welcome(&mut self, welcome: v1::Welcome, now: Moment) {
        self.stage = Stage::Welcomed;
        if self.missing == Missing::Tail {
            // No request is needed: `Hello` named the revision, so the server sends the missing
            // commits.
            self.missing = Missing::Nothing;
        }
        if self.introduction.pings {
            self.keepalive.ping_each(welcome.ping_interval_ms, now);
        }
        let owns = welcome.grants.as_ref().is_some_and(|grants| grants.own);
        self.replica.set_authority(match owns {
            true => Authority::Owner,
            false => Authority::Author,
        });
        let lost = self
            .replica
            .set_author(welcome.author, welcome.last_client_seq);
        self.outbox.set_held(welcome.last_client_seq);
        self.pointer.begin();
        self.tell(Event::Welcomed(Box::new(welcome)));
        self.tell_lost(lost);
        self.choose_path(now);
    }

    fn handle_committed(&mut self, committed: &v1::Committed) {
        match self.replica.receive(committed) {
            Ok(received) => {
                match received.gap {
                    Some(revision) => self.ask_tail(revision),
                    None if self.missing == Missing::Tail => self.missing = Missing::Nothing,
                    None => {}
                }
                self.tell_changed(received);
            }
            Err(error) => self.ask_whole(error),
        }
    }

    fn handle_snapshot(&mut self, part: &v1::Snapshot) -> Result<(), ProtocolError> {
        let loaded = match self.parts.push(part) {
            Ok(None) => return Ok(()),
            Ok(Some(snapshot)) => self.replica.load(snapshot).map_err(ProtocolError::from),
            Err(error) => Err(error),
        };
        self.missing = match loaded {
            Ok(_) => Missing::Nothing,
            Err(_) => Missing::Whole,
            // Whatever arrived is no document. Only a whole snapshot helps, on the next connection.
        };
        let lost = loaded?;
        self.tell(Event::Loaded);
        self.tell_lost(lost);
        Ok(())
    }

    /// Asks for the commits after a revision, unless a request that covers them is under way.
    fn ask_tail(&mut self, revision: u64) {
        if self.missing == Missing::Nothing {
            self.missing = Missing::Tail;
            self.ask(revision, false, Missed::Behind(revision));
        }
    }

    /// Asks for a snapshot, unless one was already asked for. The request tells the server if the
    /// two documents have diverged.
    fn ask_whole(&mut self, error: ApplyError) {
        if self.missing != Missing::Whole {
            self.missing = Missing::Whole;
            let diverged = matches!(error, ApplyError::Diverged { .. });
            self.ask(0, diverged, Missed::Unfit(error));
        }
    }

    fn ask(&mut self, revision: u64, diverged: bool, missed: Missed) {
        let resync = v1::Resync { revision, diverged };
        self.transmit((Path::Socket, ToServer::Resync(resync)));
        self.tell(Event::Missed(missed));
    }

    /// Chooses the path of ops: the data channel if it is open, else the WebSocket. Copies go only
    /// beside the channel, if `live` is open too.
    fn choose_path(&mut self, now: Moment) {
        let path = match (self.stage, self.ops_open) {
            (Stage::Welcomed, true) => Some(Path::Channel(Channel::Ops)),
            (Stage::Welcomed, false) => Some(Path::Socket),
            (Stage::Away | Stage::Greeting, _) => None,
        };
        let copies = self.ops_open && self.live_open;
        let again = self.outbox.set_path(path, copies, &self.replica);
        again.into_iter().for_each(|sent| self.transmit(sent));
        self.flush(now);
    }

    fn flush(&mut self, now: Moment) {
        let sent = self.outbox.flush(&mut self.replica, now);
        sent.into_iter().for_each(|sent| self.transmit(sent));
        if self.stage == Stage::Welcomed
            && let Some(presence) = self.pointer.take(now)
        {
            let path = match self.live_open {
                true => Path::Channel(Channel::Live),
                false => Path::Socket,
            };
            self.transmit((path, ToServer::Presence(presence)));
        }
    }

    fn transmit(&mut self, (path, message): Sent) {
        let copies = matches!(message, ToServer::Copies(_));
        let frame = encode_client(message);
        debug_assert!(
            !copies || frame.len() <= COPY_FRAME_BYTES_MAX,
            "a replica gives no more copies than fit a datagram"
        );
        debug_assert!(
            self.transmits.len() < TRANSMITS_MAX,
            "the shell takes frames after every verb"
        );
        self.transmits.push_back(Transmit { path, frame });
    }

    fn tell_changed(&mut self, received: Received) {
        if !received.changed.is_empty() {
            self.tell(Event::Changed(received.changed));
        }
    }

    fn tell_lost(&mut self, lost: Lost) {
        if lost != Lost::default() {
            self.tell(Event::Lost(lost));
        }
    }

    fn tell(&mut self, event: Event) {
        debug_assert!(
            self.events.len() < EVENTS_MAX,
            "the shell takes events after every verb"
        );
        self.events.push_back(event);
    }
}
