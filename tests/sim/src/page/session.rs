//! The page's side of a connection: what `web/sdk` does in `session.ts`, `document.ts` and `outbox.ts`.

use super::{Page, Say, created, screen::Screen};
use crate::{
    agenda::{MS, Micros},
    event::LinkId,
    judge::Judge,
    plant::Plant,
    random::Random,
};
use fmz_annotation::{Authority, Deferred, Lost, ObjectId};
use fmz_proto::{
    Message as _,
    v1::{
        Answer, Committed, DocumentSnapshot, Offer, OpCopies, PublicationAdded, Rejected,
        RestartTransport, Resync, Snapshot, Welcome, client_message::Message, server_message,
    },
};
use fmz_signaling_core::Path;

/// Ops that leave in one batch.
const BATCH_OPS: usize = 20;
/// Time between two batches.
pub(crate) const BATCH_INTERVAL: Micros = 25 * MS;
/// Ops under way at once.
const UNDER_WAY_OPS_MAX: usize = 64 * BATCH_OPS;
/// Commits from one look at the whole view to the next.
const LOOK_EVERY: u32 = 16;
/// First and last delay before a new try to connect.
const BACKOFF: (Micros, Micros) = (250 * MS, 8_000 * MS);

impl Page {
    /// Opens a WebSocket; returns the revision that `Hello` tells.
    pub(crate) fn dial(&mut self, link: LinkId) -> u64 {
        let again = self.replica.author() != 0;
        self.link = Some(link);
        self.welcomed = false;
        if again && self.plant == Some(Plant::NewSessionKey) {
            self.key += 1000;
        }
        let off = u64::from(self.plant == Some(Plant::ResumeOffByOne) && again);
        self.replica.revision() + off
    }

    /// The connection is gone.
    pub(crate) fn lost(&mut self) {
        self.link = None;
        self.welcomed = false;
        self.channels = None;
        self.set_path(None);
    }

    /// Delay before the next try, doubled each time, in the upper half of its range.
    pub(crate) fn backoff(&mut self, random: &mut Random) -> Micros {
        let range = (BACKOFF.0 << self.tries.min(16)).min(BACKOFF.1);
        self.tries += 1;
        range / 2 + random.between(0, range / 2)
    }

    pub(crate) fn open_channels(&mut self, life: u32) {
        self.channels = Some(life);
        self.choose_path();
    }

    /// The data channels are gone: the page goes back to the WebSocket and asks for new ones.
    pub(crate) fn lose_channels(&mut self) {
        self.channels = None;
        self.choose_path();
        self.say(Path::Socket, Message::RestartTransport(RestartTransport {}));
    }

    /// Takes a message of the server. `steady` where nothing can have been missed on the way it came.
    pub(crate) fn handle(
        &mut self,
        message: server_message::Message,
        steady: bool,
        judge: &mut Judge,
    ) {
        use server_message::Message as M;
        match message {
            M::Welcome(welcome) => self.welcome(&welcome, judge),
            M::Committed(committed) => self.committed(&committed, steady, judge),
            M::Snapshot(part) => self.snapshot(&part, judge),
            M::Rejected(rejected) => self.rejected(&rejected, judge),
            M::Offer(offer) => {
                self.answer(&offer);
                self.publish();
            }
            M::PublicationAdded(PublicationAdded {
                publication: Some(publication),
            }) => self.show(&publication, judge),
            M::PublicationRemoved(removed) => self.hide(&removed.publication),
            _ => {}
        }
        self.see_own(judge);
    }

    fn welcome(&mut self, welcome: &Welcome, judge: &mut Judge) {
        judge.welcomed(self.index, self.replica.author(), welcome);
        self.screen = Screen::again(&self.screen);
        for publication in &welcome.publications {
            self.show(publication, judge);
        }
        (self.welcomed, self.resyncing, self.tries) = (true, false, 0);
        self.parts.clear();
        self.held = welcome.last_client_seq;
        let lost = self
            .replica
            .set_author(welcome.author, welcome.last_client_seq);
        self.replica.set_authority(if self.plan.believes_own {
            Authority::Owner
        } else {
            Authority::Author
        });
        self.dropped(&lost, judge);
        self.choose_path();
        self.flush(judge);
    }

    /// Takes commits by the channel that loses and reorders.
    pub(crate) fn copied(&mut self, copy: &Committed, judge: &mut Judge) {
        let from = self.replica.revision();
        judge.shown(self.index, &copy.batches);
        let copy = &self.misplace(copy.clone());
        match self.replica.receive_copy(copy) {
            Ok(_) => judge.holds(self.index, from, &self.replica),
            Err(error) => {
                judge.unfit(self.index, &error);
                self.ask(0);
            }
        }
        self.flush(judge);
        self.see_own(judge);
    }

    /// Plants that take copies for what they are not.
    fn misplace(&self, mut copy: Committed) -> Committed {
        let next = self.replica.revision() + 1;
        for batch in &mut copy.batches {
            let wrong = match self.plant {
                Some(Plant::CopyDownTwice) => batch.first_revision < next,
                Some(Plant::CopyDownPastGap) => batch.first_revision > next,
                _ => false,
            };
            if wrong {
                batch.first_revision = next;
            }
        }
        copy
    }

    fn committed(&mut self, committed: &Committed, steady: bool, judge: &mut Judge) {
        let from = self.replica.revision();
        judge.shown(self.index, &committed.batches);
        match self.replica.receive(committed) {
            Ok(received) => {
                judge.holds(self.index, from, &self.replica);
                if let Some(revision) = received.gap {
                    judge.missed(self.index, revision, steady && !self.resyncing);
                    self.ask(revision);
                    return;
                }
            }
            Err(error) => {
                judge.unfit(self.index, &error);
                self.ask(0);
                return;
            }
        }
        self.resyncing = false;
        self.look(judge);
        self.flush(judge);
    }

    /// Now and then, derives the view anew and compares.
    fn look(&mut self, judge: &mut Judge) {
        self.looks += 1;
        if !self.looks.is_multiple_of(LOOK_EVERY) {
            return;
        }
        let mut anew = self.replica.clone();
        let loaded = anew.load(self.replica.document().snapshot());
        let same = loaded == Ok(Lost::default()) && anew.objects() == self.replica.objects();
        let waits = loaded.is_ok_and(|lost| self.awaits_refusal(&lost, judge));
        judge.viewed(self.index, same || waits);
    }

    /// Whether what became impossible rests on a refused batch: a copy of a later commit overtook the word of that.
    fn awaits_refusal(&self, lost: &Lost, judge: &Judge) -> bool {
        let first = lost.batches.first().copied();
        let before = first.or((lost.queued_ops > 0).then_some(u64::MAX));
        before.is_some_and(|seq| judge.awaits_refusal(self.replica.author(), seq))
    }

    fn snapshot(&mut self, part: &Snapshot, judge: &mut Judge) {
        self.parts.extend_from_slice(&part.part);
        if !part.last {
            return;
        }
        let from = self.replica.revision();
        let whole = self.parts.split().freeze();
        let loaded = DocumentSnapshot::decode(whole)
            .map_err(|error| error.to_string())
            .and_then(|snapshot| {
                self.replica
                    .load(snapshot)
                    .map_err(|error| error.to_string())
            });
        match loaded {
            Ok(lost) => {
                self.resyncing = false;
                judge.loaded(self.index, from, &self.replica);
                self.dropped(&lost, judge);
                self.flush(judge);
            }
            Err(error) => {
                judge.bad_snapshot(self.index, &error);
                self.ask(0);
            }
        }
    }

    fn rejected(&mut self, rejected: &Rejected, judge: &mut Judge) {
        if self.plant == Some(Plant::IgnoreRefusal) {
            return;
        }
        judge.told_refused(self.replica.author(), rejected.client_seq);
        let lost = self.replica.rejected(rejected.client_seq);
        self.dropped(&lost, judge);
        self.flush(judge);
    }

    fn answer(&mut self, offer: &Offer) {
        let answer = Answer {
            offer: offer.offer,
            transport: offer.transport,
            ..Answer::default()
        };
        self.say(Path::Socket, Message::Answer(answer));
    }

    fn dropped(&mut self, lost: &Lost, judge: &mut Judge) {
        for seq in &lost.batches {
            judge.dropped(self.replica.author(), *seq);
            for id in self.creates.remove(seq).unwrap_or_default() {
                self.created.remove(&id);
            }
        }
        if lost.queued_ops > 0 {
            // An answer goes with the pin that it answers.
            let (replica, creates) = (&self.replica, &self.creates);
            let sent = |id: &ObjectId| creates.values().any(|ids| ids.contains(id));
            self.created
                .retain(|id, _| replica.object(*id).is_some() || sent(id));
        }
    }

    fn ask(&mut self, revision: u64) {
        if self.resyncing {
            return;
        }
        self.resyncing = true;
        self.say(
            Path::Socket,
            Message::Resync(Resync {
                revision,
                diverged: false,
            }),
        );
    }

    fn choose_path(&mut self) {
        let channel = self.channels.map_or(Path::Socket, |_| Path::Ops);
        self.set_path(self.welcomed.then_some(channel));
    }

    /// Takes another path, or none: ops then wait in the replica.
    fn set_path(&mut self, path: Option<Path>) {
        if path == self.path {
            return;
        }
        self.path = path;
        if path.is_some() {
            self.resend();
        }
    }

    fn resend(&mut self) {
        let Some(path) = self.path else { return };
        let mut batches = self.replica.unacked();
        batches.retain(|batch| batch.client_seq > self.held);
        self.deferred = Deferred::after(&batches);
        match self.plant {
            Some(Plant::SkipResend) => batches.clear(),
            Some(Plant::ResendBackwards) => batches.reverse(),
            Some(Plant::ResendRenumbered) => {
                let mut again = batches.clone();
                again
                    .iter_mut()
                    .for_each(|batch| batch.client_seq += 1_000_000);
                batches.extend(again);
            }
            _ => {}
        }
        for batch in batches {
            self.say(path, Message::Ops(batch));
        }
    }

    /// Sends copies of what waits and of what has no answer, unless something left just now.
    pub(crate) fn flush(&mut self, judge: &mut Judge) {
        if self.pausing {
            return;
        }
        let taken = self.take_one(judge);
        let copies = self.send_copies(judge);
        if taken.is_some() || copies.is_some() {
            (self.pausing, self.wants_pause) = (true, true);
        }
        self.order(taken, copies.as_ref(), judge);
    }

    fn take_one(&mut self, judge: &mut Judge) -> Option<u64> {
        let under_way = self.replica.pending_count() - self.replica.queued_count();
        if self.path.is_none() || under_way >= UNDER_WAY_OPS_MAX {
            return None;
        }
        let batch = self.replica.take_batch(BATCH_OPS)?;
        judge.made(self.index, self.replica.author(), &batch);
        let ids = created(&batch.ops).into_keys().collect();
        self.creates.insert(batch.client_seq, ids);
        Some(batch.client_seq)
    }

    /// Sends on the ordered path what is due there: later where copies of it have left, at once where not.
    fn order(&mut self, taken: Option<u64>, copies: Option<&OpCopies>, judge: &Judge) {
        let Some(path) = self.path else { return };
        let now = judge.instant();
        self.deferred.note(taken.as_slice(), copies, now);
        for batch in self.deferred.take_due(&self.replica, now) {
            self.say(path, Message::Ops(batch));
        }
        if !self.awaits_order {
            self.ordered_at = self.deferred.due_at();
            self.awaits_order = self.ordered_at.is_some();
        }
    }

    /// Something may be due on the ordered path.
    pub(crate) fn order_due(&mut self, judge: &Judge) {
        self.awaits_order = false;
        self.order(None, None, judge);
    }

    /// Beside the channel only: over the WebSocket a copy would stand in the queue of what it is a copy of.
    fn send_copies(&mut self, judge: &mut Judge) -> Option<OpCopies> {
        let beside = self.path == Some(Path::Ops);
        let copies = beside.then(|| self.replica.take_copies()).flatten()?;
        judge.copied(&copies);
        self.say(Path::Live, Message::Copies(copies.clone()));
        Some(copies)
    }

    /// The pause after a batch is over.
    pub(crate) fn resume(&mut self, judge: &mut Judge) {
        self.pausing = false;
        self.flush(judge);
    }

    pub(super) fn say(&mut self, path: Path, message: Message) {
        self.out.push(Say { path, message });
    }
}
