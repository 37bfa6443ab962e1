//! A client's document: the committed one with its own unconfirmed changes on top.

mod copies;
mod follow;
mod held;
mod history;
mod order;
mod pending;
mod receive;
mod restamp;
mod shown;
mod submit;
mod view;
mod walk;

pub use receive::Received;

use crate::authority::{Authority, Sender};
use crate::check::{Draft, Rules};
use crate::object::{Object, ObjectId};
use crate::op::Op;
use crate::overlay::{Overlay, View};
use crate::{Document, OpError, SnapshotError};
use copies::Early;
use fmz_proto::v1;
use history::History;
use pending::Pending;
use std::collections::BTreeSet;

/// Own changes that cannot be committed any more and were dropped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Lost {
    /// Numbers of dropped batches.
    pub batches: Vec<u64>,
    /// Dropped ops that were in no batch yet.
    pub queued_ops: usize,
}

/// A client's document.
///
/// The view is the committed document with the own pending ops applied after it: exactly what the
/// server will make of them if nothing else comes first.
#[derive(Debug, Clone, Default)]
pub struct Replica {
    document: Document,
    author: u32,
    authority: Authority,
    pending: Pending,
    /// Objects whose creating op stays out of batches.
    held: BTreeSet<ObjectId>,
    /// Copies that came ahead of what is missing before them.
    early: Early,
    /// True if the document may be of no use, so that any snapshot is better.
    doubtful: bool,
    /// Objects that pending ops touch, as they will be.
    overlay: Overlay,
    history: History,
    last_counter: u32,
    /// Objects that changed since [`Self::take_changes`]: at most all there are.
    changed: BTreeSet<ObjectId>,
    version: u64,
}

impl Replica {
    /// Makes an empty replica that may only look: give it an author to write.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the author who writes here, and its last batch that the server holds.
    ///
    /// The same author keeps its pending ops. Another one starts anew, for objects carry their
    /// author's number: what the former had pending is lost.
    pub fn set_author(&mut self, author: u32, last_client_seq: u64) -> Lost {
        let mut lost = Lost::default();
        self.early.clear();
        self.doubtful = true;
        if author != self.author {
            lost.batches = self
                .pending
                .sent
                .iter()
                .map(|sent| sent.client_seq)
                .collect();
            lost.queued_ops = self.pending.queue.len();
            self.author = author;
            self.pending = Pending::default();
            self.held.clear();
            self.history = History::default();
            self.last_counter = 0;
            self.clear_overlay();
        }
        self.pending.number_above(last_client_seq);
        self.catch_up_counters();
        lost
    }

    /// Sets what the author may change, by its grants.
    pub fn set_authority(&mut self, authority: Authority) {
        self.authority = authority;
    }

    /// Returns the number of the author who writes here, 0 if there is none.
    pub fn author(&self) -> u32 {
        self.author
    }

    /// Replaces the committed document and applies what is still pending on it. A snapshot
    /// that is older than the document is passed over: copies may overtake it. Not so the
    /// first one of a connection (after [`Self::set_author`]), and the first one after an
    /// error of [`Self::receive`].
    ///
    /// # Errors
    /// [`SnapshotError`]; the replica is as before.
    pub fn load(&mut self, snapshot: v1::DocumentSnapshot) -> Result<Lost, SnapshotError> {
        let document = Document::from_snapshot(snapshot)?;
        if document.revision() < self.document.revision() && !self.doubtful {
            return Ok(Lost::default());
        }
        self.doubtful = false;
        let settled = document.last_client_seq(self.author);
        let (texts, base) = (self.texts_up_to(settled), self.document.revision());
        self.touch_all();
        self.document = document;
        self.touch_all();
        self.pending.settle(settled);
        self.catch_up_counters();
        self.follow_points(base);
        self.follow_texts(texts);
        Ok(self.rebuild(None))
    }

    fn catch_up_counters(&mut self) {
        let author = self.author;
        self.pending
            .number_above(self.document.last_client_seq(author));
        self.last_counter = self.last_counter.max(self.document.last_counter(author));
    }

    fn touch(&mut self, ids: impl IntoIterator<Item = ObjectId>) {
        for id in ids {
            self.changed.insert(id);
            self.version += 1;
        }
    }

    fn touch_all(&mut self) {
        let ids = self.document.objects().map(Object::id);
        self.changed.extend(ids);
        self.version += 1;
    }

    fn clear_overlay(&mut self) {
        let overlay = std::mem::take(&mut self.overlay);
        self.touch(overlay.into_keys());
    }

    fn sender(&self) -> Sender {
        Sender {
            author: self.author,
            authority: self.authority,
        }
    }

    fn draft(&self) -> Draft<'_> {
        Draft::new(self.view(), Rules::Replica(self.authority), self.author)
    }

    fn check(&self, ops: &[Op]) -> Result<(), OpError> {
        let mut draft = self.draft();
        ops.iter().try_for_each(|op| draft.check(op))
    }

    fn view(&self) -> View<'_> {
        View {
            document: &self.document,
            overlay: Some(&self.overlay),
        }
    }

    /// Takes the next batch to be sent, at most `ops_max` ops (never none, never more than a
    /// message may hold); `None` when nothing waits, what waits is held ([`Self::hold`]), or
    /// it edits a text of which another edit is not acknowledged yet. It counts as
    /// un-acknowledged from now on.
    pub fn take_batch(&mut self, ops_max: usize) -> Option<v1::OpBatch> {
        self.pending
            .take_batch(ops_max, self.document.revision(), &self.held)
    }

    /// Returns the batches that were taken and not acknowledged, oldest first, as they are after
    /// what has been received since. They are to be sent again on a new connection.
    pub fn unacked(&self) -> Vec<v1::OpBatch> {
        self.pending.unacked(self.document.revision())
    }

    /// Takes back a batch that the server refused, and those that depended on it.
    ///
    /// A commit of a later batch may overtake the refusal. It settles the refused batch too, and
    /// only the refusal tells that what depended on it is impossible.
    pub fn rejected(&mut self, client_seq: u64) -> Lost {
        self.rebuild(Some(client_seq))
    }

    /// Returns the id for the next object; `None` without an author or if its numbers are used up.
    pub fn next_id(&self) -> Option<ObjectId> {
        ObjectId::new(self.author, self.last_counter.checked_add(1)?)
    }

    /// Returns the revision of the committed document.
    pub fn revision(&self) -> u64 {
        self.document.revision()
    }

    /// Returns the committed document.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Ops that the server has not confirmed.
    pub fn pending_count(&self) -> usize {
        self.pending.len()
    }

    /// Returns the ops that the server has not confirmed, in order, as they are after what has been
    /// received since.
    pub fn pending_ops(&self) -> Vec<v1::Op> {
        self.pending.ops().map(Into::into).collect()
    }

    /// Ops that wait for [`Self::take_batch`].
    pub fn queued_count(&self) -> usize {
        self.pending.queue.len()
    }

    /// Returns a number that changes whenever the view may look different.
    pub fn version(&self) -> u64 {
        self.version
    }
}
