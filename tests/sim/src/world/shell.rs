//! The server's shell: opens the room from its log and carries out its effects, as
//! `signaling/server` does.

use super::World;
use crate::{
    agenda::{MS, Micros},
    disk::Job,
    event::{Event, LinkId},
    plant::Plant,
};
use bytes::Bytes;
use fmz_proto::{
    EncodedBatch, Message as _, decode_server,
    v1::{Hello, PublicationStarted, from_sfu, server_message::Message, to_sfu},
};
use fmz_signaling_core::{
    AppendToken, Class, Effect, Join, Path, Reason, Room, RoomInfo, SessionId,
};
use std::time::{Duration, Instant};

/// Life of tokens: longer than any run.
const TOKEN: Duration = Duration::from_secs(3600);

impl World {
    pub(super) fn room_due(&self) -> Option<Micros> {
        if self.plant == Some(Plant::ForgetTimeouts) {
            return None;
        }
        let room = self.server.room.as_ref()?;
        let due = room.poll_timeout(self.agenda.instant())?;
        Some(self.agenda.of(due).max(self.agenda.now()))
    }

    /// Calls the room, if it is open, and carries out its effects.
    pub(super) fn with_room(&mut self, verb: impl FnOnce(&mut Room, Instant)) {
        let now = self.agenda.instant();
        if let Some(room) = &mut self.server.room {
            verb(room, now);
        }
        self.perform();
    }

    /// Handles the first message on a connection.
    pub(super) fn hello(&mut self, id: LinkId, hello: &Hello) {
        let Some(link) = self.links.get(&id).filter(|link| !link.broken) else {
            return;
        };
        let page = link.page;
        if !self.server.up || self.server.disk.is_broken() {
            self.agenda.after(MS, Event::PageLost { link: id });
            return;
        }
        self.open_room();
        let session = SessionId(self.server.next_session);
        self.server.next_session += 1;
        let join = self.join(page, session, hello);
        self.server.sessions.insert(session, id);
        if let Some(link) = self.links.get_mut(&id) {
            link.session = Some(session);
        }
        self.with_room(|room, now| room.handle_joined(join, now));
    }

    pub(super) fn open_room(&mut self) {
        if self.server.room.is_some() {
            return;
        }
        let found = self.server.disk.recover();
        self.judge.recovered(&found);
        let Ok(document) = found.document else { return };
        self.server.kept = document.revision();
        self.server.rooms += 1;
        let info = RoomInfo {
            room: "demo".into(),
            limits: self.plan.limits,
            ..RoomInfo::default()
        };
        let mut unix_ms = self.wall_ms + self.agenda.now() / MS;
        self.server.opened = (unix_ms, self.agenda.now());
        if self.plant == Some(Plant::WrongTimeOfDay) {
            unix_ms -= 3_600_000;
        }
        let now = self.agenda.instant();
        let mut room = Room::new(info, document, unix_ms, now);
        if self.server.unit.up {
            room.handle_sfu(self.server.unit.news(), now);
        }
        self.server.room = Some(room);
    }

    fn join(&self, page: usize, session: SessionId, hello: &Hello) -> Join {
        let page = &self.pages[page];
        let subject = if self.plant == Some(Plant::WrongIdentity) {
            "person-0".into()
        } else {
            page.subject()
        };
        Join {
            session,
            name: subject.clone(),
            subject,
            grants: self.grants(page),
            machine: false,
            expires: self.agenda.instant() + TOKEN,
            session_key: hello.session_key.clone(),
            revision: hello.revision,
            transport: hello.transport,
        }
    }

    fn perform(&mut self) {
        while let Some(effect) = self.server.room.as_mut().and_then(Room::poll_effect) {
            self.perform_one(effect);
        }
        let closed = self.server.room.as_ref().and_then(Room::closed);
        if closed.is_some() {
            self.server.close_room();
        }
        self.keep_snapshot();
    }

    fn perform_one(&mut self, effect: Effect) {
        match effect {
            Effect::Append { token, batches, .. } => {
                self.judge
                    .bounded("appends on their way", !self.server.flying);
                self.server.flying = true;
                let keys = self.keys();
                let said: Vec<_> = batches.iter().map(EncodedBatch::decode).collect();
                self.judge.appended(&keys, &said);
                self.judge.timed(self.time_of_day(), &said);
                if let Some(room) = &self.server.room {
                    self.judge.numbered(room.document());
                }
                let room = self.server.rooms;
                self.give_disk(Job::Append {
                    room,
                    token,
                    batches,
                });
            }
            Effect::SendSocket {
                sessions,
                class,
                frames,
            } => self.send_socket(&sessions, class, &frames),
            Effect::ToSfu(message) => self.tell_sfu(message),
            Effect::Close { session, reason } => self.close(session, reason),
            Effect::ReadState { token, at } => self.begin_read(token, at),
            Effect::Answer { command, outcome } => self.answered(command, outcome),
            Effect::HandedOut { .. } | Effect::Diverged => {}
        }
    }

    /// Returns the time of day by the room's clock, which was read once, when the room was opened.
    fn time_of_day(&self) -> u64 {
        let (unix_ms, at) = self.server.opened;
        unix_ms + (self.agenda.now() - at) / MS
    }

    /// Returns the identity of each page.
    fn keys(&self) -> Vec<(String, Vec<u8>)> {
        let key = |page: &crate::page::Page| (page.subject(), page.session_key().to_vec());
        self.pages.iter().map(key).collect()
    }

    fn send_socket(&mut self, sessions: &[SessionId], class: Class, frames: &[Bytes]) {
        let frames = self.stale(class, frames);
        for session in sessions {
            self.observe(*session, &frames);
            self.push(*session, class, &frames);
        }
    }

    /// Replaces a snapshot by the first joiner's, if that is the planted bug.
    fn stale(&mut self, class: Class, frames: &[Bytes]) -> Vec<Bytes> {
        let first = frames.first().and_then(|frame| decode_server(frame).ok());
        let snapshot = class == Class::CatchUp && matches!(first, Some(Some(Message::Snapshot(_))));
        if self.plant == Some(Plant::StaleSnapshot) && snapshot {
            if self.first_snapshot.is_empty() {
                self.first_snapshot = frames.to_vec();
            }
            return self.first_snapshot.clone();
        }
        frames.to_vec()
    }

    /// Looks at the frames that the room sends to a session.
    fn observe(&mut self, session: SessionId, frames: &[Bytes]) {
        for frame in frames {
            match decode_server(frame) {
                Ok(Some(Message::Welcome(welcome))) => {
                    self.server.authors.insert(session, welcome.author);
                }
                Ok(Some(Message::Rejected(rejected))) => {
                    let author = self.server.authors.get(&session).copied().unwrap_or(0);
                    self.judge.refused(author, rejected.client_seq);
                    self.trace.say(
                        self.agenda.now(),
                        format_args!("refused: author {author}, {rejected:?}"),
                    );
                }
                _ => {}
            }
        }
    }

    fn tell_sfu(&mut self, message: to_sfu::Message) {
        match message {
            to_sfu::Message::Send(send) => {
                let path = match send.channel() {
                    fmz_proto::v1::Channel::Live => Path::Live,
                    _ => Path::Ops,
                };
                let numbers = send.sessions.iter();
                let sessions = numbers.filter_map(|number| self.server.unit.session(*number));
                for session in sessions.collect::<Vec<_>>() {
                    self.observe(session, std::slice::from_ref(&send.payload));
                    self.send_channel(session, path, &send.payload);
                }
            }
            to_sfu::Message::Open(open) => self.open_channels(open.session, open.transport),
            to_sfu::Message::Answer(answer) => {
                let number = answer.answer.map_or(0, |answer| answer.transport);
                self.connect_channels(answer.session, number);
            }
            to_sfu::Message::AddPublication(added) => {
                if self.server.unit.session(added.session).is_none() {
                    return;
                }
                let started = PublicationStarted {
                    room: "demo".into(),
                    publication: added.publication,
                    session: added.session,
                    codec: "VP8".into(),
                };
                self.tell_room(from_sfu::Message::PublicationStarted(started));
            }
            to_sfu::Message::Close(close) => self.close_channels(close.session),
            _ => {}
        }
    }

    fn close(&mut self, session: SessionId, reason: Reason) {
        self.judge.counts.slow += u64::from(reason == Reason::Slow);
        let Some(id) = self.server.sessions.remove(&session) else {
            return;
        };
        if let Some(link) = self.links.get_mut(&id) {
            link.session = None;
            link.queue.close(reason);
            self.start_drain(id);
        }
    }

    pub(super) fn give_disk(&mut self, job: Job) {
        let life = self.server.life;
        let delay = self.random.between(10, self.plan.write);
        self.agenda.after(delay, Event::Written { life, job });
    }

    pub(super) fn written(&mut self, life: u32, job: Job) {
        if life != self.server.life {
            return;
        }
        if let Job::Snapshot { revision, .. } = &job {
            self.judge.stored(*revision);
        }
        if let Err(error) = self.server.disk.write(&job) {
            self.answer(&job, Err(error));
            return;
        }
        if self.plant == Some(Plant::AckBeforeDurable) {
            self.answer(&job, Ok(()));
        }
        let delay = self.random.between(self.plan.sync / 2, self.plan.sync);
        self.agenda.after(delay, Event::Synced { life, job });
    }

    pub(super) fn synced(&mut self, life: u32, job: Job) {
        if life != self.server.life {
            return;
        }
        let synced = self.server.disk.sync();
        self.judge.durable(self.server.disk.durable());
        if self.plant == Some(Plant::AckBeforeDurable) {
            return;
        }
        if self.plant == Some(Plant::DropAnswer) && self.random.percent(2) {
            return;
        }
        self.answer(&job, synced);
    }

    fn answer(&mut self, job: &Job, answer: Result<(), &'static str>) {
        self.judge.counts.failures += u64::from(answer.is_err());
        let answer = match self.plant {
            Some(Plant::SwallowFailure) => Ok(()),
            _ => answer,
        };
        if self.server.disk.is_broken() {
            // Whoever runs the server starts it again.
            let delay = self.random.between(500 * MS, 3000 * MS);
            self.agenda.after(delay, Event::Boot);
        }
        if let Job::Append { room, token, .. } = job
            && *room == self.server.rooms
        {
            self.appended(*token, answer);
        }
    }

    fn appended(&mut self, token: AppendToken, answer: Result<(), &'static str>) {
        self.server.flying = false;
        self.with_room(|room, now| room.handle_appended(token, answer, now));
    }

    /// Stores a snapshot beside the log once enough revisions have come since the last.
    fn keep_snapshot(&mut self) {
        let early = self.plant == Some(Plant::EarlyStoredSnapshot);
        let Some(room) = &self.server.room else {
            return;
        };
        let (document, head) = (room.document(), room.document().revision());
        if self.server.flying != early || head < self.server.kept + self.plan.snapshot_every {
            return;
        }
        self.server.kept = head;
        let mut snapshot = document.snapshot();
        match self.plant {
            Some(Plant::ForgetWriters) => snapshot
                .objects
                .iter_mut()
                .for_each(|object| object.writers.clear()),
            Some(Plant::ForgetUncertain) => {
                let stamps = snapshot.objects.iter_mut();
                let stamps = stamps.filter_map(|object| object.frame.as_mut());
                stamps.for_each(|stamp| stamp.uncertain = false);
            }
            Some(Plant::ForgetVersions) => snapshot.versions.clear(),
            Some(Plant::ForgetMedia) => snapshot.media.clear(),
            Some(Plant::StaleStoredSnapshot) => {
                std::mem::swap(&mut snapshot, &mut self.server.older);
                snapshot.revision = head;
            }
            _ => {}
        }
        self.give_disk(Job::Snapshot {
            revision: head,
            body: snapshot.encode_to_vec().into(),
        });
    }
}
