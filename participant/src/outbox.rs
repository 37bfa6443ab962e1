//! Timing and paths of this client's ops.

use crate::deferred::Deferred;
use crate::limits::{BATCH_INTERVAL, BATCH_OPS, UNDER_WAY_OPS_MAX};
use crate::{Channel, Moment, Path};
use fmz_annotation::Replica;
use fmz_proto::v1::client_message::Message;

/// A message and its path.
pub(crate) type Sent = (Path, Message);

/// Sends a replica's ops: the first at once, then one batch every [`BATCH_INTERVAL`].
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// Path of the batches; `None` without a welcome.
    path: Option<Path>,
    /// Whether copies go beside the batches.
    copies: bool,
    /// Last batch of this author that the log is known to hold.
    held: u64,
    /// Moment before which no further batch leaves; `None` if one may leave at once.
    pause_until: Option<Moment>,
    deferred: Deferred,
}

impl Outbox {
    /// Notes the last batch that the log holds, so that it and those before it are not sent again.
    pub(crate) fn set_held(&mut self, client_seq: u64) {
        self.held = client_seq;
    }

    pub(crate) fn path(&self) -> Option<Path> {
        self.path
    }

    /// Switches to another path, or to none. Batches without an answer are returned once more for
    /// the new path, in order; the server drops those that it has.
    pub(crate) fn set_path(
        &mut self,
        path: Option<Path>,
        copies: bool,
        replica: &Replica,
    ) -> Vec<Sent> {
        self.copies = copies;
        if path == self.path {
            return Vec::new();
        }
        self.path = path;
        let Some(path) = path else { return Vec::new() };
        let mut batches = replica.unacked();
        batches.retain(|batch| batch.client_seq > self.held);
        self.deferred = Deferred::after(&batches);
        let sent = batches.into_iter().map(|batch| (path, Message::Ops(batch)));
        sent.collect()
    }

    /// Takes the messages that are to leave now.
    pub(crate) fn flush(&mut self, replica: &mut Replica, now: Moment) -> Vec<Sent> {
        let Some(path) = self.path else {
            return Vec::new();
        };
        let mut sent = Vec::new();
        if self.pause_until.is_none_or(|until| until <= now) {
            self.pause_until = None;
            let taken = take_one(replica);
            // Copies go only beside the data channel: over the WebSocket, a copy would wait in the
            // same queue as its original.
            let copies = self.copies.then(|| replica.take_copies()).flatten();
            if taken.is_some() || copies.is_some() {
                self.pause_until = Some(now + BATCH_INTERVAL);
            }
            if let Some(taken) = taken {
                self.deferred.note(taken, copies.as_ref(), now);
            }
            let live = Path::Channel(Channel::Live);
            sent.extend(copies.map(|copies| (live, Message::Copies(copies))));
        }
        // Batches whose copies brought no answer in time, and those that were not copied, go on the
        // ordered path.
        let due = self.deferred.take_due(replica, now).into_iter();
        sent.extend(due.map(|batch| (path, Message::Ops(batch))));
        sent
    }

    /// Returns when [`Self::flush`] has something to do, if ever.
    pub(crate) fn due_at(&self) -> Option<Moment> {
        self.path?;
        let times = [self.pause_until, self.deferred.due_at()];
        times.into_iter().flatten().min()
    }
}

/// Moves waiting ops into a batch, unless too many are under way; returns the batch's number.
fn take_one(replica: &mut Replica) -> Option<u64> {
    let under_way = replica.pending_count() - replica.queued_count();
    if under_way >= UNDER_WAY_OPS_MAX {
        return None;
    }
    replica.take_batch(BATCH_OPS).map(|batch| batch.client_seq)
}
