//! The committed state: what every replica holds after the same revision.

mod apply;
mod author;
mod authors;
mod media;
mod prepare;
mod read;
mod texts;
mod versions;

pub use author::Author;
pub use prepare::Prepared;

use crate::fold::{Fold, Sort};
use crate::media::Media;
use crate::object::{Counted, Object, ObjectId, OrderKey, Writer};
use crate::op::{Batch, Op};
use crate::text::{TextChange, TextLog};
use crate::version::{FrameIndex, Version, Versions};
use std::collections::BTreeMap;
use std::mem;
use std::ops::RangeInclusive;
use std::sync::Arc;

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
    /// Sum of the hashes of objects, authors, media and versions.
    pub(crate) parts_hash: u64,
    pub(crate) media: BTreeMap<Arc<str>, Media>,
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

    /// Writes the next batch, which was checked, and returns what it changed in texts.
    pub(super) fn write_batch(&mut self, batch: &Batch) -> Vec<TextChange> {
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
        texts
    }

    fn note_client_seq(&mut self, batch: &Batch) {
        if let Some(author) = self.authors.get_mut(&batch.author) {
            assert!(
                batch.client_seq > author.last_client_seq,
                "an author's batch is committed once, in its turn"
            );
            author.last_client_seq = batch.client_seq;
            let hash = author.hash(batch.author);
            let before = mem::replace(&mut author.counted_hash, hash);
            self.replace_part(before, hash);
        }
    }

    /// The same 64 bits wherever the document is the same, never 0.
    pub fn state_hash(&self) -> u64 {
        Fold::new(Sort::Document)
            .number(self.revision)
            .number(self.changed_revision)
            .number(self.parts_hash)
            .value()
            .max(1)
    }

    fn write(&mut self, op: &Op, batch: &Batch) {
        let writer = Writer {
            revision: self.revision,
            author: batch.author,
        };
        match op {
            Op::Create(create) => {
                let mut object = create.object(writer.revision, batch.committed_ms);
                self.frames.add(&mut object);
                self.frames.touch(&object, self.revision);
                self.changed_revision = self.revision;
                self.insert(object);
            }
            Op::AddAuthor(added) => {
                self.insert_author(added.author, added.into());
            }
            Op::AddMedia(media) => self.insert_media(media.clone()),
            Op::Commit(version) => self.insert_version(version.clone()),
            Op::Revert(revert) => revert.ranges().for_each(|ids| self.change(ids, op, writer)),
            _ => op
                .ids()
                .iter()
                .for_each(|&id| self.change(id..=id, op, writer)),
        }
    }

    fn change(&mut self, ids: RangeInclusive<ObjectId>, op: &Op, writer: Writer) {
        // Lent out, so that what follows from an object can be written beside it.
        let mut objects = mem::take(&mut self.objects);
        if ids.start() == ids.end() {
            let object = objects.get_mut(ids.start());
            object
                .into_iter()
                .for_each(|object| self.rewrite(object, op, writer));
        } else {
            objects
                .range_mut(ids)
                .for_each(|(_, object)| self.rewrite(object, op, writer));
        }
        self.objects = objects;
    }

    fn rewrite(&mut self, object: &mut Object, op: &Op, writer: Writer) {
        let id = object.id;
        let before = op.reorders(id).then(|| object.drawing_place());
        op.write(object, writer);
        self.count(object);
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

    pub(crate) fn insert_author(&mut self, number: u32, mut author: Author) {
        author.counted_hash = author.hash(number);
        self.replace_part(0, author.counted_hash);
        self.authors.insert(number, author);
    }

    /// Counts an object in the sums as it is now, in place of what it was when it was counted last.
    pub(crate) fn count(&mut self, object: &mut Object) {
        let now = Counted {
            hash: object.hash(),
            content_bytes: object.content_bytes(),
        };
        let before = mem::replace(&mut object.counted, now);
        self.replace_part(before.hash, now.hash);
        self.content_bytes = self.content_bytes - before.content_bytes + now.content_bytes;
    }

    /// Puts the hash of a part into the sum in place of its former one; 0 for a new part.
    fn replace_part(&mut self, before: u64, now: u64) {
        self.parts_hash = self.parts_hash.wrapping_sub(before).wrapping_add(now);
    }

    fn insert(&mut self, mut object: Object) {
        self.count(&mut object);
        self.order.insert(object.drawing_place(), object.id);
        self.objects.insert(object.id, object);
    }
}
