//! The committed state: what every replica holds after the same revision.

use crate::check::{Draft, Rules};
use crate::hash::{Fold, Sort};
use crate::object::{Object, ObjectId, OrderKey, Writer};
use crate::op::{AddAuthor, Batch, Op};
use crate::overlay::{self, Overlay, Sender, View};
use crate::text::{TextChange, TextLog};
use crate::version::{FrameHistory, FrameIndex, Version, Versions};
use crate::{ApplyError, Authority, OpError};
use fmz_proto::limits::SESSION_KEY_BYTES;
use fmz_proto::v1;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// A person's session that may annotate, as the document knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    pub(crate) identity: String,
    pub(crate) name: String,
    pub(crate) session_key: [u8; SESSION_KEY_BYTES],
    pub(crate) last_client_seq: u64,
}

impl Author {
    /// Subject of the token.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Shown name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl From<&AddAuthor> for Author {
    fn from(added: &AddAuthor) -> Self {
        Self {
            identity: added.identity.clone(),
            name: added.name.clone(),
            session_key: added.session_key,
            last_client_seq: 0,
        }
    }
}

/// The shared document at a revision.
///
/// Equal batches give equal documents, whoever applies them. Deleted objects stay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    pub(crate) revision: u64,
    pub(crate) objects: BTreeMap<ObjectId, Object>,
    pub(crate) authors: BTreeMap<u32, Author>,
    /// Drawing order, see [`Object::drawing_place`].
    pub(crate) order: BTreeMap<(OrderKey, u64), ObjectId>,
    pub(crate) content_bytes: usize,
    /// Sum of the hashes of objects, authors and versions.
    pub(crate) parts_hash: u64,
    pub(crate) frames: FrameIndex,
    pub(crate) versions: Versions,
    /// Revision of the last op that changed an object.
    pub(crate) changed_revision: u64,
    pub(crate) texts: TextLog,
}

impl Document {
    /// Makes the empty document, revision 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Revision of the last op applied; 0 for none.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Applies the next batch of the log, whole or not at all.
    ///
    /// # Errors
    /// [`ApplyError`]; the document is as before. After [`ApplyError::Diverged`] it is not, and of no use any more.
    pub fn apply(&mut self, batch: &v1::CommittedBatch) -> Result<(), ApplyError> {
        self.place(batch.first_revision)?;
        self.commit(&Batch::try_from(batch)?)?;
        Ok(())
    }

    /// Says whether a batch with this first revision is the next one.
    pub(crate) fn place(&self, found: u64) -> Result<(), ApplyError> {
        let expected = self.revision + 1;
        match found.cmp(&expected) {
            Ordering::Less => Err(ApplyError::Repeat { found }),
            Ordering::Equal => Ok(()),
            Ordering::Greater => Err(ApplyError::Gap { expected, found }),
        }
    }

    /// Applies the next batch and says what it changed in texts.
    pub(crate) fn commit(&mut self, batch: &Batch) -> Result<Vec<TextChange>, ApplyError> {
        self.place(batch.first_revision)?;
        self.check_batch(batch)?;
        let mut texts = Vec::new();
        for op in &batch.ops {
            self.revision += 1;
            texts.extend(self.text_changes(op, batch.author));
            self.write(op, batch);
        }
        texts
            .iter()
            .for_each(|change| self.texts.push(change.clone()));
        self.note_client_seq(batch);
        if batch.state_hash != 0 && batch.state_hash != self.state_hash() {
            let revision = self.revision;
            return Err(ApplyError::Diverged { revision });
        }
        Ok(texts)
    }

    /// What the op of this revision is about to change in texts.
    fn text_changes(&self, op: &Op, author: u32) -> Vec<TextChange> {
        let revision = self.revision;
        let edits = match op {
            Op::TextEdit { id, edit } => vec![(*id, edit.clone())],
            Op::Revert(revert) => revert.text_edits(self),
            _ => Vec::new(),
        };
        let edits = edits.into_iter().filter(|(_, edit)| !edit.is_empty());
        let change = |(id, edit)| TextChange {
            revision,
            author,
            id,
            edit,
        };
        edits.map(change).collect()
    }

    fn note_client_seq(&mut self, batch: &Batch) {
        if let Some(author) = self.authors.get_mut(&batch.author) {
            let before = author.hash(batch.author);
            author.last_client_seq = batch.client_seq;
            let after = author.hash(batch.author);
            self.parts_hash = self.parts_hash.wrapping_sub(before).wrapping_add(after);
        }
    }

    /// The same 64 bits wherever the document is the same, never 0.
    pub fn state_hash(&self) -> u64 {
        let fold = Fold::new(Sort::Document)
            .number(self.revision)
            .number(self.changed_revision);
        fold.number(self.parts_hash).value().max(1)
    }

    fn check_batch(&self, batch: &Batch) -> Result<(), ApplyError> {
        let Batch {
            author, client_seq, ..
        } = *batch;
        if batch.ops.is_empty() {
            return Err(ApplyError::Empty);
        }
        if author != 0 && client_seq <= self.last_client_seq(author) {
            return Err(ApplyError::ClientSeq { author, client_seq });
        }
        let mut draft = Draft::new(self.view(), Rules::Log, author);
        let broken = |revision| move |source| ApplyError::Op { revision, source };
        draft.sender().map_err(broken(batch.first_revision))?;
        (batch.first_revision..)
            .zip(&batch.ops)
            .try_for_each(|(revision, op)| draft.check(op).map_err(broken(revision)))
    }

    fn write(&mut self, op: &Op, batch: &Batch) {
        let writer = Writer {
            revision: self.revision,
            author: batch.author,
        };
        match op {
            Op::Create(create) => {
                let object = Object::new(create, writer.revision, batch.committed_ms);
                self.frames.add(&object);
                self.frames.touch(&object, self.revision);
                self.changed_revision = self.revision;
                self.insert(object);
            }
            Op::AddAuthor(added) => {
                self.insert_author(added.author, added.into());
            }
            Op::Commit(version) => self.insert_version(version.clone()),
            _ => {
                for &id in op.ids() {
                    self.change(id, op, writer);
                }
            }
        }
    }

    fn change(&mut self, id: ObjectId, op: &Op, writer: Writer) {
        let Some(object) = self.objects.get_mut(&id) else {
            return;
        };
        let before = op.reorders(id).then(|| object.drawing_place());
        self.content_bytes -= object.content_bytes();
        self.parts_hash = self.parts_hash.wrapping_sub(object.hash());
        object.write(op, writer);
        self.parts_hash = self.parts_hash.wrapping_add(object.hash());
        self.content_bytes += object.content_bytes();
        self.frames.touch(object, writer.revision);
        self.changed_revision = writer.revision;
        if let Some(before) = before {
            self.order.remove(&before);
            self.order.insert(object.drawing_place(), id);
        }
    }

    pub(crate) fn insert_version(&mut self, version: Version) {
        self.parts_hash = self.parts_hash.wrapping_add(version.hash());
        self.versions.add(version);
    }

    pub(crate) fn insert_author(&mut self, number: u32, author: Author) {
        self.parts_hash = self.parts_hash.wrapping_add(author.hash(number));
        self.authors.insert(number, author);
    }

    pub(crate) fn insert(&mut self, object: Object) {
        self.content_bytes += object.content_bytes();
        self.parts_hash = self.parts_hash.wrapping_add(object.hash());
        self.order.insert(object.drawing_place(), object.id);
        self.objects.insert(object.id, object);
    }

    /// Says whether ops of an ordinary author may be committed. 0 is the server itself.
    ///
    /// # Errors
    /// [`OpError`] for the first op that may not.
    pub fn check(&self, author: u32, ops: &[v1::Op]) -> Result<(), OpError> {
        self.check_as(author, Authority::Author, ops)
    }

    /// Says whether ops of somebody with an authority may be committed.
    ///
    /// # Errors
    /// [`OpError`] for the first op that may not.
    pub fn check_as(
        &self,
        author: u32,
        authority: Authority,
        ops: &[v1::Op],
    ) -> Result<(), OpError> {
        let mut draft = Draft::new(self.view(), Rules::Sender(authority), author);
        draft.sender()?;
        ops.iter()
            .try_for_each(|op| draft.check(&Op::try_from(op)?))
    }

    /// Checks ops and makes of them what is to be committed: a clear names what it deletes.
    ///
    /// # Errors
    /// [`OpError`] for the first op that may not be committed.
    pub fn prepare(
        &self,
        author: u32,
        authority: Authority,
        ops: Vec<v1::Op>,
    ) -> Result<Vec<v1::Op>, OpError> {
        self.check_as(author, authority, &ops)?;
        let clears = |op: &v1::Op| matches!(op.op, Some(v1::op::Op::Clear(_)));
        if !ops.iter().any(clears) {
            return Ok(ops);
        }
        let ops = Op::many_from_wire(&ops)?;
        let ops = self.name_cleared(Sender { author, authority }, ops);
        Ok(ops.iter().map(Into::into).collect())
    }

    /// Each clear sees what the ops before it do.
    fn name_cleared(&self, sender: Sender, mut ops: Vec<Op>) -> Vec<Op> {
        let mut overlay = Overlay::new();
        for op in &mut ops {
            if let Op::Clear(clear) = op {
                let view = View {
                    document: self,
                    overlay: Some(&overlay),
                };
                clear.ids = view.cleared(sender, clear);
            } else {
                overlay::write(self, &mut overlay, sender, op);
            }
        }
        ops
    }

    pub(crate) fn view(&self) -> View<'_> {
        View {
            document: self,
            overlay: None,
        }
    }

    /// One object, deleted or not.
    pub fn object(&self, id: ObjectId) -> Option<&Object> {
        self.objects.get(&id)
    }

    /// All objects in order of id, deleted ones included.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        self.objects.values()
    }

    /// All objects in drawing order, deleted ones included.
    pub fn drawing_order(&self) -> impl Iterator<Item = &Object> {
        self.order.values().filter_map(|id| self.objects.get(id))
    }

    /// What happened on one frame of a publication, if anything did.
    pub fn frame_history(&self, publication: &str, frame: u32) -> Option<&FrameHistory> {
        self.frames.frame(publication, frame)
    }

    /// The frames of a publication within a range on which anything happened, in order.
    pub fn frames(
        &self,
        publication: &str,
        range: RangeInclusive<u32>,
    ) -> impl Iterator<Item = (u32, &FrameHistory)> {
        self.frames.frames(publication, range)
    }

    /// Number of objects, deleted ones included.
    pub fn object_count(&self) -> usize {
        self.objects.len()
    }

    /// Bytes of points and text, see [`crate::limits::CONTENT_BYTES_MAX`].
    pub fn content_bytes(&self) -> usize {
        self.content_bytes
    }

    /// The highest counter among the objects of an author, 0 for none.
    pub fn last_counter(&self, author: u32) -> u32 {
        let (Some(first), Some(last)) = (ObjectId::new(author, 1), ObjectId::new(author, u32::MAX))
        else {
            return 0;
        };
        let newest = self.objects.range(first..=last).next_back();
        newest.map_or(0, |(id, _)| id.counter())
    }

    /// Who stands behind an author's number.
    pub fn author(&self, author: u32) -> Option<&Author> {
        self.authors.get(&author)
    }

    /// All authors in order of their numbers.
    pub fn authors(&self) -> impl Iterator<Item = (u32, &Author)> {
        self.authors
            .iter()
            .map(|(&number, author)| (number, author))
    }

    /// Number of authors.
    pub fn author_count(&self) -> usize {
        self.authors.len()
    }

    /// The number that this person's session was given before. Newest first: those come back most.
    pub fn author_by_session(&self, identity: &str, session_key: &[u8]) -> Option<u32> {
        let same = |author: &Author| {
            author.identity == identity && author.session_key.as_slice() == session_key
        };
        let mut newest_first = self.authors.iter().rev();
        newest_first.find_map(|(&number, author)| same(author).then_some(number))
    }

    /// The number for the next new author.
    pub fn next_author(&self) -> u32 {
        let newest = self.authors.last_key_value();
        newest.map_or(1, |(&number, _)| number.saturating_add(1))
    }

    /// Number of an author's last batch in the document, 0 for none.
    pub fn last_client_seq(&self, author: u32) -> u64 {
        self.authors
            .get(&author)
            .map_or(0, |author| author.last_client_seq)
    }
}
