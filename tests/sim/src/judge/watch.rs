//! Judges events as they happen.

use super::{Invariant, Judge, append::as_made};
use crate::disk::{Recovered, last_revision};
use fmz_annotation::{ApplyError, Document, ObjectId, Replica};
use fmz_proto::encode_client;
use fmz_proto::limits::{COPIES_MAX, COPY_FRAME_BYTES_MAX};
use fmz_proto::v1::{CommittedBatch, OpBatch, OpCopies, Welcome, client_message};

impl Judge {
    /// Notes a batch that a page sends for the first time, and checks that each repeat is the same.
    pub(crate) fn made(&mut self, page: usize, author: u32, batch: &OpBatch) {
        let Some(claim) = self.claims.get(author, batch.client_seq) else {
            self.claims.make(author, batch);
            return;
        };
        if as_made(&claim.ops) != as_made(&batch.ops) {
            let text = format!("page {page} gave number {} twice", batch.client_seq);
            self.find(Invariant::ExactlyOnce, text);
        }
    }

    /// Checks copies of batches that a page sends.
    pub(crate) fn copied(&mut self, copies: &OpCopies) {
        self.counts.copies += 1;
        let frame = encode_client(client_message::Message::Copies(copies.clone()));
        let within = frame.len() <= COPY_FRAME_BYTES_MAX && copies.batches.len() <= COPIES_MAX;
        self.bounded("a frame of copies", within);
    }

    /// Notes that the disk is durable up to a revision.
    pub(crate) fn durable(&mut self, revision: u64) {
        self.durable = self.durable.max(revision);
    }

    /// Checks a snapshot that goes to the disk.
    pub(crate) fn stored(&mut self, revision: u64) {
        if revision > self.durable {
            let text = format!(
                "a snapshot at {revision} is stored, durable is {}",
                self.durable
            );
            self.find(Invariant::Durable, text);
        }
    }

    /// Notes that the server refuses a batch.
    pub(crate) fn refused(&mut self, author: u32, client_seq: u64) {
        self.counts.refused += 1;
        if let Some(claim) = self.claims.get(author, client_seq) {
            claim.refused = true;
        }
    }

    /// Returns whether the server refused a batch.
    pub(crate) fn is_refused(&self, author: u32, client_seq: u64) -> bool {
        let claim = self.claims.made.get(&(author, client_seq));
        claim.is_some_and(|claim| claim.refused)
    }

    /// Returns whether the server refused an earlier batch of this author and the page was not
    /// told.
    pub(crate) fn awaits_refusal(&self, author: u32, before: u64) -> bool {
        let mut earlier = self.claims.made.range((author, 0)..(author, before));
        earlier.any(|(_, claim)| claim.refused && !claim.told)
    }

    /// Notes that a page was told of a refusal.
    pub(crate) fn told_refused(&mut self, author: u32, client_seq: u64) {
        if let Some(claim) = self.claims.get(author, client_seq) {
            claim.told = true;
        }
    }

    /// Notes that a page dropped a batch of its own.
    pub(crate) fn dropped(&mut self, author: u32, client_seq: u64) {
        if let Some(claim) = self.claims.get(author, client_seq) {
            claim.dropped = true;
        }
    }

    /// Checks the log that was read as the server, or only the room, started again.
    pub(crate) fn recovered(&mut self, found: &Recovered) {
        let same = |(a, b): (&CommittedBatch, &CommittedBatch)| a == b;
        let count = found.log.len();
        if count > self.history.log.len() || !found.log.iter().zip(&self.history.log).all(same) {
            self.find(
                Invariant::Prefix,
                "the log found is not the log written".into(),
            );
            return;
        }
        let head = found.log.last().map_or(0, last_revision);
        if head < self.durable {
            let text = format!("the log ends at {head}, {} was durable", self.durable);
            self.find(Invariant::Durable, text);
        }
        // Batches that were not durable may be gone. Their pages send them again.
        for batch in &self.history.log[count..] {
            if let Some(claim) = self.claims.get(batch.author, batch.client_seq) {
                claim.committed = false;
            }
        }
        if let Err(error) = self.history.truncate(count) {
            self.find(Invariant::Convergence, error.to_string());
        }
        self.durable = head;
        match &found.document {
            Err(error) => self.find(Invariant::SnapshotTail, error.clone()),
            Ok(document) => self.opened(document),
        }
        self.judge_versions();
    }

    fn opened(&mut self, document: &Document) {
        if document.revision() != self.history.head() || !self.history.is_right(document) {
            let text = format!(
                "snapshot and tail give another document at {}",
                document.revision()
            );
            self.find(Invariant::SnapshotTail, text);
        }
    }

    /// Checks a welcome.
    pub(crate) fn welcomed(&mut self, page: usize, author: u32, welcome: &Welcome) {
        self.counts.joins += 1;
        self.participants.insert(welcome.participant, page);
        if author != 0 && author != welcome.author {
            let text = format!("page {page} was author {author} and is {}", welcome.author);
            self.find(Invariant::Session, text);
        }
        if self.added.get(&welcome.author) > Some(&self.durable) {
            let text = format!("page {page} is welcomed by a number that is not durable");
            self.find(Invariant::Durable, text);
        }
        if (welcome.author != 0) != self.plans[page].annotate
            || (welcome.author != 0 && self.authors.get(&welcome.author) != Some(&page))
        {
            let text = format!("page {page} is welcomed as author {}", welcome.author);
            self.find(Invariant::Authority, text);
        }
    }

    /// Checks commits that a page is shown.
    pub(crate) fn shown(&mut self, page: usize, batches: &[CommittedBatch]) {
        for batch in batches {
            let revision = batch.first_revision;
            if self.history.batch_at(revision) != Some(batch) {
                let text =
                    format!("page {page} is shown another revision {revision} than the log's");
                self.find(Invariant::Prefix, text);
            }
            if last_revision(batch) > self.durable {
                let text = format!(
                    "page {page} is shown revision {revision}, durable is {}",
                    self.durable
                );
                self.find(Invariant::Durable, text);
            }
            if self.authors.get(&batch.author) == Some(&page) {
                self.claims.acknowledged = self.claims.acknowledged.max(revision);
            }
        }
    }

    /// Checks a page that was at `from` and took commits.
    pub(crate) fn holds(&mut self, page: usize, from: u64, replica: &Replica) {
        let to = replica.revision();
        if to < from {
            self.find(
                Invariant::Session,
                format!("page {page} went from {from} to {to}"),
            );
        }
        if !self.history.is_right(replica.document()) {
            self.find(
                Invariant::Convergence,
                format!("page {page} differs at revision {to}"),
            );
        }
    }

    /// Checks a page that was at `from` and took a snapshot.
    pub(crate) fn loaded(&mut self, page: usize, from: u64, replica: &Replica) {
        self.counts.snapshots += 1;
        let to = replica.revision();
        if to < from {
            self.find(
                Invariant::Session,
                format!("page {page} was set back from {from} to {to}"),
            );
        }
        if to > self.durable {
            self.find(
                Invariant::Durable,
                format!("page {page} holds {to}, durable is {}", self.durable),
            );
        }
        if !self.history.is_right(replica.document()) {
            self.find(
                Invariant::Convergence,
                format!("page {page} was given another document at {to}"),
            );
        }
    }

    /// Checks that a page's view is its document with the pending ops applied.
    pub(crate) fn viewed(&mut self, page: usize, right: bool) {
        if !right {
            let text =
                format!("page {page} shows something else than document and pending ops give");
            self.find(Invariant::Session, text);
        }
    }

    /// Reports a page that misses commits on the ordered path.
    pub(crate) fn missed(&mut self, page: usize, revision: u64) {
        let text = format!(
            "page {page} misses what follows {revision}, though all that may be lost is said again"
        );
        self.find(Invariant::Prefix, text);
    }

    /// Reports a commit that does not fit a page's document.
    pub(crate) fn unfit(&mut self, page: usize, error: &ApplyError) {
        self.find(Invariant::Convergence, format!("page {page}: {error}"));
    }

    /// Reports a snapshot that cannot be read.
    pub(crate) fn bad_snapshot(&mut self, page: usize, error: &str) {
        self.find(Invariant::Convergence, format!("page {page}: {error}"));
    }

    /// Reports that a page does not have an object that it created and nobody refused.
    pub(crate) fn own_object_gone(&mut self, page: usize, id: ObjectId) {
        self.find(
            Invariant::Session,
            format!("page {page} does not see its own {id:?}"),
        );
    }

    /// Reports that an object of the page has another stamp than it was given.
    pub(crate) fn own_stamp_changed(&mut self, page: usize, id: ObjectId) {
        self.find(
            Invariant::Session,
            format!("page {page} sees its own {id:?} with another stamp"),
        );
    }

    /// Checks whether a page was right to correct the stamp of its own object, or to leave it.
    pub(crate) fn restamped(&mut self, page: usize, done: bool, right: bool) {
        self.counts.restamps += u64::from(done);
        if !right {
            let text = format!("page {page} let a held mark go, or corrects another than waits");
            self.find(Invariant::Session, text);
        }
    }

    /// Checks an undo, or a redo of the change just undone.
    pub(crate) fn undone(&mut self, page: usize, right: bool, what: &str) {
        if !right {
            self.find(
                Invariant::Undo,
                format!("{what} on page {page} gives something else"),
            );
        }
    }

    /// Checks a bound.
    pub(crate) fn bounded(&mut self, what: &str, within: bool) {
        if !within {
            self.find(Invariant::Bounded, format!("{what} is over its bound"));
        }
    }
}
