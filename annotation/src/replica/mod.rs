//! A client's document: the committed one with its own unconfirmed changes on top.

mod copies;
mod deferred;
mod history;
mod pending;
mod shown;
mod texts;

use crate::check::{Authority, Draft, Rules};
use crate::limits::PENDING_OPS_MAX;
use crate::object::{Object, ObjectId};
use crate::op::{Batch, Op};
use crate::overlay::{self, Overlay, Sender, View};
use crate::{ApplyError, Document, OpError, SnapshotError};
use copies::Early;
pub use deferred::Deferred;
use fmz_proto::v1;
use history::{Direction, History};
use pending::Pending;
use std::collections::BTreeSet;

/// What a message from the server changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Received {
    /// Objects that may look different now.
    pub changed: BTreeSet<ObjectId>,
    /// Batches are missing: everything after this revision must be asked for.
    pub gap: Option<u64>,
}

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
/// The view is the committed document with the own pending ops applied after it: exactly what the server will make of
/// them if nothing else comes first.
#[derive(Debug, Clone, Default)]
pub struct Replica {
    document: Document,
    author: u32,
    authority: Authority,
    pending: Pending,
    /// Copies that came ahead of what is missing before them.
    early: Early,
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

    /// Says which author writes here, and its last batch that the server holds.
    ///
    /// The same author keeps its pending ops. Another one starts anew, for objects carry their author's number: what
    /// the former had pending is lost.
    pub fn set_author(&mut self, author: u32, last_client_seq: u64) -> Lost {
        let mut lost = Lost::default();
        self.early.clear();
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
            self.history = History::default();
            self.last_counter = 0;
            self.clear_overlay();
        }
        self.pending.number_above(last_client_seq);
        self.catch_up_counters();
        lost
    }

    /// Says what the author may change, by its grants.
    pub fn set_authority(&mut self, authority: Authority) {
        self.authority = authority;
    }

    /// Number of the author who writes here, 0 for none.
    pub fn author(&self) -> u32 {
        self.author
    }

    /// Replaces the committed document and applies what is still pending on it.
    ///
    /// # Errors
    /// [`SnapshotError`]; the replica is as before.
    pub fn load(&mut self, snapshot: v1::DocumentSnapshot) -> Result<Lost, SnapshotError> {
        let document = Document::from_snapshot(snapshot)?;
        let settled = document.last_client_seq(self.author);
        let texts = self.texts_up_to(settled);
        self.touch_all();
        self.document = document;
        self.touch_all();
        self.pending.settle(settled);
        self.catch_up_counters();
        self.move_texts_from(texts);
        Ok(self.rebuild(None))
    }

    fn catch_up_counters(&mut self) {
        let author = self.author;
        self.pending
            .number_above(self.document.last_client_seq(author));
        self.last_counter = self.last_counter.max(self.document.last_counter(author));
    }

    /// Applies what the server committed. Batches that are known already are passed over; the own ones among the new
    /// are the acknowledgement of what was pending.
    ///
    /// # Errors
    /// [`ApplyError`] where a batch does not fit the document: load a snapshot. Batches before it are applied.
    pub fn receive(&mut self, committed: &v1::Committed) -> Result<Received, ApplyError> {
        let mut changed = BTreeSet::new();
        let (cleared, before) = (self.pending.clears(), self.document.revision());
        let gap = self.receive_batches(&committed.batches, &mut changed);
        let gap = gap.and_then(|gap| self.receive_early(&mut changed).map(|()| gap));
        // What it hid is shown again, even where the commit of a clear names nothing.
        if cleared && self.document.revision() > before {
            changed.append(&mut self.rederive_all());
        } else {
            self.rederive(&changed);
        }
        self.touch(changed.iter().copied());
        Ok(Received { changed, gap: gap? })
    }

    fn receive_batches(
        &mut self,
        batches: &[v1::CommittedBatch],
        changed: &mut BTreeSet<ObjectId>,
    ) -> Result<Option<u64>, ApplyError> {
        for batch in batches {
            match self.document.place(batch.first_revision) {
                Ok(()) => {}
                Err(ApplyError::Repeat { .. }) => continue,
                Err(ApplyError::Gap { .. }) => return Ok(Some(self.document.revision())),
                Err(error) => return Err(error),
            }
            let batch = Batch::try_from(batch)?;
            let texts = self.document.commit(&batch)?;
            changed.extend(batch.ops.iter().flat_map(Op::ids));
            if batch.author != self.author || !self.settle(batch.client_seq, changed) {
                self.move_texts(&texts);
            }
        }
        Ok(None)
    }

    /// Settles own batches up to one that was committed; false where that one is not pending here.
    fn settle(&mut self, client_seq: u64, changed: &mut BTreeSet<ObjectId>) -> bool {
        let mut known = false;
        for sent in self.pending.settle(client_seq) {
            changed.extend(sent.ops.iter().flat_map(Op::ids));
            known = sent.client_seq == client_seq;
            if !known {
                let changes = self.without(self.document.view(), &sent.ops);
                let mut rest = self.pending.take();
                self.leave_out(&changes, &mut rest);
                self.pending = rest;
            }
        }
        self.catch_up_counters();
        known
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

    /// Derives the given objects of the overlay again from the committed document.
    fn rederive(&mut self, ids: &BTreeSet<ObjectId>) {
        self.overlay.retain(|id, _| !ids.contains(id));
        let sender = self.sender();
        for op in self.pending.ops() {
            for &id in op.ids().iter().filter(|id| ids.contains(id)) {
                overlay::write_one(&self.document, &mut self.overlay, sender, op, id);
            }
        }
    }

    /// Derives the whole overlay again: what a pending clear deletes depends on all objects. Gives the objects that
    /// were or are in it.
    fn rederive_all(&mut self) -> BTreeSet<ObjectId> {
        let sender = self.sender();
        let before = std::mem::take(&mut self.overlay);
        for op in self.pending.ops() {
            overlay::write(&self.document, &mut self.overlay, sender, op);
        }
        before
            .into_keys()
            .chain(self.overlay.keys().copied())
            .collect()
    }

    /// Derives the whole overlay again, without a refused batch and the pending ops that have become impossible.
    fn rebuild(&mut self, refused: Option<u64>) -> Lost {
        let mut lost = Lost::default();
        self.clear_overlay();
        let mut rest = self.pending.take();
        while let Some(sent) = rest.sent.pop_front() {
            if refused != Some(sent.client_seq) && self.try_overlay(&sent.ops).is_ok() {
                self.pending.sent.push_back(sent);
            } else {
                lost.batches.push(sent.client_seq);
                let changes = self.without(self.view(), &sent.ops);
                self.leave_out(&changes, &mut rest);
            }
        }
        while let Some(op) = rest.queue.pop_front() {
            if self.try_overlay(std::slice::from_ref(&op)).is_ok() {
                self.pending.queue.push_back(op);
            } else {
                lost.queued_ops += 1;
                let changes = self.without(self.view(), std::slice::from_ref(&op));
                self.leave_out(&changes, &mut rest);
            }
        }
        let overlay: Vec<ObjectId> = self.overlay.keys().copied().collect();
        self.touch(overlay);
        lost
    }

    fn try_overlay(&mut self, ops: &[Op]) -> Result<(), OpError> {
        self.check(ops)?;
        let sender = self.sender();
        for op in ops {
            overlay::write(&self.document, &mut self.overlay, sender, op);
        }
        Ok(())
    }

    fn sender(&self) -> Sender {
        Sender {
            author: self.author,
            authority: self.authority,
        }
    }

    fn check(&self, ops: &[Op]) -> Result<(), OpError> {
        let mut draft = Draft::new(self.view(), Rules::Sender(self.authority), self.author);
        ops.iter().try_for_each(|op| draft.check(op))
    }

    fn view(&self) -> View<'_> {
        View {
            document: &self.document,
            overlay: Some(&self.overlay),
        }
    }

    /// Changes the view at once and keeps the ops for the next batches. All ops are taken or none.
    ///
    /// # Errors
    /// [`OpError`] for the first op that the server would refuse.
    pub fn submit(&mut self, ops: &[v1::Op]) -> Result<(), OpError> {
        let mut ops = Op::many_from_wire(ops)?;
        self.accept(&ops)?;
        for op in &mut ops {
            if let Op::Clear(clear) = op {
                clear.seen = self.document.revision();
            }
        }
        for op in ops {
            let sender = self.sender();
            let view = View {
                document: &self.document,
                overlay: Some(&self.overlay),
            };
            self.history.record(view, sender, &op);
            self.write(op);
        }
        self.history.submitted();
        Ok(())
    }

    fn accept(&self, ops: &[Op]) -> Result<(), OpError> {
        if self.author == 0 {
            return Err(OpError::NoAuthor);
        }
        if self.pending.len() + ops.len() > PENDING_OPS_MAX {
            return Err(OpError::TooManyPending);
        }
        self.check(ops)
    }

    fn write(&mut self, op: Op) {
        if let Op::Create(create) = &op {
            self.last_counter = self.last_counter.max(create.id.counter());
        }
        let touched = match &op {
            Op::Clear(clear) => self.view().cleared(self.sender(), clear),
            _ => op.ids().to_vec(),
        };
        let sender = self.sender();
        overlay::write(&self.document, &mut self.overlay, sender, &op);
        self.touch(touched);
        self.pending.queue.push_back(op);
    }

    /// Begins a gesture: what is submitted until [`Self::end_group`] is undone as one. Ends one that is open.
    pub fn begin_group(&mut self) {
        self.history.begin_group();
    }

    /// Ends the gesture.
    pub fn end_group(&mut self) {
        self.history.end_group();
    }

    /// Takes the next batch to be sent, at most `ops_max` ops (never none, never more than a message may hold); `None`
    /// when nothing waits, or what waits edits a text of which another edit is not acknowledged yet. It counts as
    /// un-acknowledged from now on.
    pub fn take_batch(&mut self, ops_max: usize) -> Option<v1::OpBatch> {
        self.pending.take_batch(ops_max, self.document.revision())
    }

    /// The batches that were taken and not acknowledged, oldest first, as they are after what has been received since:
    /// to be sent again on a new connection.
    pub fn unacked(&self) -> Vec<v1::OpBatch> {
        self.pending.unacked(self.document.revision())
    }

    /// Takes back a batch that the server refused, and those that depended on it. Unknown numbers are passed over.
    pub fn rejected(&mut self, client_seq: u64) -> Lost {
        if !self
            .pending
            .sent
            .iter()
            .any(|sent| sent.client_seq == client_seq)
        {
            return Lost::default();
        }
        self.rebuild(Some(client_seq))
    }

    /// Takes back the last gesture by new ops, as far as nobody else wrote since. False when there is none.
    pub fn undo(&mut self) -> bool {
        self.walk(Direction::Undo)
    }

    /// Does again what was undone last. False when there is none.
    pub fn redo(&mut self) -> bool {
        self.walk(Direction::Redo)
    }

    /// Walks the newest step that still changes something; those before it that do not are forgotten.
    fn walk(&mut self, direction: Direction) -> bool {
        self.end_group();
        while let Some(step) = self.history.pop(direction) {
            let ops = step.ops(self.view(), self.author, direction);
            match self.accept(&ops) {
                Ok(()) if !ops.is_empty() => {
                    let back = step.turned(self.view());
                    ops.into_iter().for_each(|op| self.write(op));
                    self.history.push(direction.opposite(), back);
                    return true;
                }
                Err(OpError::TooManyPending) => {
                    self.history.push(direction, step);
                    return false;
                }
                Ok(()) | Err(_) => self.history.pass_over(&step),
            }
        }
        false
    }

    /// Whether [`Self::undo`] would change something.
    pub fn can_undo(&self) -> bool {
        self.can_walk(Direction::Undo)
    }

    /// Whether [`Self::redo`] would change something.
    pub fn can_redo(&self) -> bool {
        self.can_walk(Direction::Redo)
    }

    fn can_walk(&self, direction: Direction) -> bool {
        let mut steps = self.history.newest_first(direction);
        steps.any(|step| {
            let ops = step.ops(self.view(), self.author, direction);
            !ops.is_empty() && self.accept(&ops).is_ok()
        })
    }

    /// The id for the next object; `None` without an author or when its numbers are used up.
    pub fn next_id(&self) -> Option<ObjectId> {
        ObjectId::new(self.author, self.last_counter.checked_add(1)?)
    }

    /// Revision of the committed document.
    pub fn revision(&self) -> u64 {
        self.document.revision()
    }

    /// The committed document.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Ops that the server has not confirmed.
    pub fn pending_count(&self) -> usize {
        self.pending.len()
    }

    /// The ops that the server has not confirmed, in order, as they are after what has been received since.
    pub fn pending_ops(&self) -> Vec<v1::Op> {
        self.pending.ops().map(Into::into).collect()
    }

    /// Ops that wait for [`Self::take_batch`].
    pub fn queued_count(&self) -> usize {
        self.pending.queue.len()
    }

    /// A number that changes whenever the view may look different.
    pub fn version(&self) -> u64 {
        self.version
    }
}
