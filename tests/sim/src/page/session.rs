//! The shell around a page's participant, as `web/sdk` and `client` have theirs: it hands frames in
//! and out. It shows each frame to the judge. Planted bugs change the frames.

use super::{Page, created, screen::Screen};
use crate::{
    agenda::{MS, Micros},
    event::LinkId,
    judge::Judge,
    plant::Plant,
    random::Random,
};
use bytes::Bytes;
use fmz_annotation::{Authority, Lost, ObjectId, Replica};
use fmz_participant::{Channel, Event, Missed, Participant, Path};
use fmz_proto::{
    decode_client, decode_server, encode_client, encode_server,
    v1::{
        Answer, Committed, Hello, Offer, OpBatch, PublicationAdded, RestartTransport,
        client_message::Message as ToServer, server_message::Message as FromServer,
    },
};

/// The channel that loses and reorders.
const LIVE: Path = Path::Channel(Channel::Live);
/// Commits between two comparisons of the whole view.
const LOOK_EVERY: u32 = 16;
/// First and longest delay before a new attempt to connect.
const BACKOFF: (Micros, Micros) = (250 * MS, 8_000 * MS);

impl Page {
    /// Opens a WebSocket.
    pub(crate) fn dial(&mut self, link: LinkId, judge: &mut Judge) {
        let again = self.replica().author() != 0;
        self.link = Some(link);
        if again && self.plant == Some(Plant::NewSessionKey) {
            self.key += 1000;
        }
        self.drive(Participant::handle_connected, judge);
    }

    /// Notes that the connection is gone.
    pub(crate) fn lost(&mut self, judge: &mut Judge) {
        self.link = None;
        self.channels = None;
        self.drive(|participant, _| participant.handle_disconnected(), judge);
    }

    /// Returns the delay before the next attempt: doubled each time, at random in the upper half of
    /// its range.
    pub(crate) fn backoff(&mut self, random: &mut Random) -> Micros {
        let range = (BACKOFF.0 << self.tries.min(16)).min(BACKOFF.1);
        self.tries += 1;
        range / 2 + random.between(0, range / 2)
    }

    pub(crate) fn open_channels(&mut self, life: u32, judge: &mut Judge) {
        self.channels = Some(life);
        self.set_channels(true, judge);
    }

    /// Notes that the data channels are gone. The page goes back to the WebSocket and asks for new
    /// channels.
    pub(crate) fn lose_channels(&mut self, judge: &mut Judge) {
        self.channels = None;
        self.set_channels(false, judge);
        self.say(ToServer::RestartTransport(RestartTransport {}));
    }

    fn set_channels(&mut self, open: bool, judge: &mut Judge) {
        for channel in [Channel::Live, Channel::Ops] {
            let set = |participant: &mut Participant, now| {
                participant.handle_channel(channel, open, now);
            };
            self.drive(set, judge);
        }
    }

    /// Wakes the participant at the time it asked for. Returns whether it gives the connection up.
    pub(crate) fn wake(&mut self, judge: &mut Judge) -> bool {
        self.drive(Participant::handle_timeout, judge);
        std::mem::take(&mut self.silent)
    }

    /// Hands a frame of the server to the participant.
    pub(crate) fn hear(&mut self, path: Path, frame: &Bytes, judge: &mut Judge) {
        let Ok(Some(message)) = decode_server(frame) else {
            return;
        };
        match &message {
            FromServer::Welcome(welcome) => {
                judge.welcomed(self.index, self.replica().author(), welcome);
                self.screen = Screen::again(&self.screen);
                for publication in &welcome.publications {
                    self.show(publication, judge);
                }
            }
            FromServer::Committed(committed) => judge.shown(self.index, &committed.batches),
            FromServer::Rejected(_) if self.plant == Some(Plant::IgnoreRefusal) => return,
            FromServer::Rejected(rejected) => {
                judge.told_refused(self.replica().author(), rejected.client_seq);
            }
            FromServer::Offer(offer) => {
                // The server began anew by itself.
                if self.channels.take().is_some() {
                    self.set_channels(false, judge);
                }
                self.answer(offer);
                self.publish();
            }
            FromServer::PublicationAdded(PublicationAdded {
                publication: Some(publication),
            }) => self.show(publication, judge),
            FromServer::PublicationRemoved(removed) => self.hide(&removed.publication),
            _ => {}
        }
        let from = self.replica().revision();
        let frame = self.misplace(path, &message).unwrap_or(frame.clone());
        let taken = self.drive(
            |participant, now| participant.handle_frame(path, &frame, now),
            judge,
        );
        match (message, taken) {
            (_, Err(error)) => judge.bad_snapshot(self.index, &error.to_string()),
            (FromServer::Committed(_), Ok(())) => {
                judge.holds(self.index, from, self.replica());
                if path != LIVE {
                    self.look(judge);
                }
            }
            (FromServer::Snapshot(part), Ok(())) if part.last => {
                judge.loaded(self.index, from, self.replica());
            }
            (_, Ok(())) => {}
        }
        self.see_own(judge);
    }

    /// Runs `work` on the document.
    pub(super) fn edit<T>(&mut self, work: impl FnOnce(&mut Replica) -> T, judge: &mut Judge) -> T {
        self.drive(|participant, now| participant.edit(work, now), judge)
    }

    /// Calls a verb of the participant and handles its output.
    pub(super) fn drive<T>(
        &mut self,
        verb: impl FnOnce(&mut Participant, fmz_participant::Moment) -> T,
        judge: &mut Judge,
    ) -> T {
        let known = self.sent;
        let done = verb(&mut self.participant, judge.moment());
        let mut said = Vec::new();
        while let Some(transmit) = self.participant.poll_transmit() {
            let message = decode_client(&transmit.frame).expect("a server takes these frames");
            self.see_said(&message, judge);
            said.push((transmit, message));
        }
        match self.plant {
            None => self.out.extend(said.into_iter().map(|(sent, _)| sent)),
            Some(plant) => self.say_wrong(plant, said, known),
        }
        while let Some(event) = self.participant.poll_event() {
            self.take_event(event, judge);
        }
        done
    }

    /// Shows the judge a message that leaves.
    fn see_said(&mut self, message: &ToServer, judge: &mut Judge) {
        match message {
            ToServer::Ops(batch) => self.see_batch(batch, judge),
            ToServer::Copies(copies) => {
                judge.copied(copies);
                let batches = copies.batches.iter();
                batches.for_each(|batch| self.see_batch(batch, judge));
            }
            _ => {}
        }
    }

    fn see_batch(&mut self, batch: &OpBatch, judge: &mut Judge) {
        judge.made(self.index, self.replica().author(), batch);
        self.sent = self.sent.max(batch.client_seq);
        let ids = || created(&batch.ops).into_keys().collect();
        self.creates.entry(batch.client_seq).or_insert_with(ids);
    }

    fn take_event(&mut self, event: Event, judge: &mut Judge) {
        match event {
            Event::Welcomed(_) => {
                self.tries = 0;
                if self.plan.believes_own {
                    self.edit(|replica| replica.set_authority(Authority::Owner), judge);
                }
            }
            Event::Refused { lost, .. } | Event::Lost(lost) => self.dropped(&lost, judge),
            Event::Missed(Missed::Behind(revision)) => judge.missed(self.index, revision),
            Event::Missed(Missed::Unfit(error)) => judge.unfit(self.index, &error),
            Event::Silent => self.silent = true,
            _ => {}
        }
    }

    /// Applies planted bugs by which a page takes the copy of a commit for the next commit.
    fn misplace(&self, path: Path, message: &FromServer) -> Option<Bytes> {
        let FromServer::Committed(Committed { batches }) = message else {
            return None;
        };
        let next = self.replica().revision() + 1;
        let wrong = |first: u64| match self.plant {
            Some(Plant::CopyDownTwice) => first < next,
            Some(Plant::CopyDownPastGap) => first > next,
            _ => false,
        };
        let mut batches = batches.clone();
        for batch in batches.iter_mut().filter(|_| path == LIVE) {
            if wrong(batch.first_revision) {
                batch.first_revision = next;
            }
        }
        Some(encode_server(FromServer::Committed(Committed { batches })))
    }

    /// Applies plants to the messages that a page sends; batches up to `known` were sent before.
    fn say_wrong(
        &mut self,
        plant: Plant,
        said: Vec<(fmz_participant::Transmit, ToServer)>,
        known: u64,
    ) {
        let again = |message: &ToServer| matches!(message, ToServer::Ops(batch) if batch.client_seq <= known);
        let said = said.into_iter().map(|(sent, message)| (sent.path, message));
        let (mut first, mut said): (Vec<_>, Vec<_>) = said.partition(|(_, message)| again(message));
        match plant {
            Plant::SkipResend => first.clear(),
            Plant::ResendBackwards => first.reverse(),
            Plant::ResendRenumbered => {
                let mut other = first.clone();
                for (_, message) in &mut other {
                    if let ToServer::Ops(batch) = message {
                        batch.client_seq += 1_000_000;
                    }
                }
                first.append(&mut other);
            }
            _ => {}
        }
        for (_, message) in &mut said {
            if let ToServer::Hello(hello) = message {
                self.introduce_wrong(plant, hello);
            }
        }
        first.append(&mut said);
        for (path, message) in first {
            let frame = encode_client(message);
            self.out.push(fmz_participant::Transmit { path, frame });
        }
    }

    fn introduce_wrong(&self, plant: Plant, hello: &mut Hello) {
        match plant {
            Plant::NewSessionKey => hello.session_key = self.session_key(),
            Plant::ResumeOffByOne if self.replica().author() != 0 => hello.revision += 1,
            _ => {}
        }
    }

    /// Derives the view anew after every [`LOOK_EVERY`] commits, and compares it.
    fn look(&mut self, judge: &mut Judge) {
        self.looks += 1;
        if !self.looks.is_multiple_of(LOOK_EVERY) {
            return;
        }
        let replica = self.replica();
        let mut anew = replica.clone();
        let loaded = anew.load(replica.document().snapshot());
        let same = loaded == Ok(Lost::default()) && anew.objects() == replica.objects();
        let waits = loaded.is_ok_and(|lost| self.awaits_refusal(&lost, judge));
        judge.viewed(self.index, same || waits);
    }

    /// Returns whether ops became impossible because an earlier batch was refused. That happens if
    /// a copy of a later commit overtakes the refusal.
    fn awaits_refusal(&self, lost: &Lost, judge: &Judge) -> bool {
        let first = lost.batches.first().copied();
        let before = first.or((lost.queued_ops > 0).then_some(u64::MAX));
        before.is_some_and(|seq| judge.awaits_refusal(self.replica().author(), seq))
    }

    fn answer(&mut self, offer: &Offer) {
        self.say(ToServer::Answer(Answer {
            offer: offer.offer,
            transport: offer.transport,
            ..Answer::default()
        }));
    }

    fn dropped(&mut self, lost: &Lost, judge: &mut Judge) {
        for seq in &lost.batches {
            judge.dropped(self.replica().author(), *seq);
            for id in self.creates.remove(seq).unwrap_or_default() {
                self.created.remove(&id);
            }
        }
        if lost.queued_ops > 0 {
            // If a pin is dropped, its replies are dropped with it.
            let (replica, creates) = (self.participant.replica(), &self.creates);
            let sent = |id: &ObjectId| creates.values().any(|ids| ids.contains(id));
            self.created
                .retain(|id, _| replica.object(*id).is_some() || sent(id));
        }
    }

    /// Sends a message that is not about the document.
    pub(super) fn say(&mut self, message: ToServer) {
        self.out.push(fmz_participant::Transmit {
            path: Path::Socket,
            frame: encode_client(message),
        });
    }
}
