//! The judge's own log and document, with the hash of the state at every revision.

use crate::disk::{last_revision, until};
use fmz_annotation::{ApplyError, Document, Kind, Object, ObjectId};
use fmz_proto::{
    Message,
    v1::{self, CommittedBatch, op, property::Value},
};
use std::collections::BTreeMap;

/// Batches between two comparisons of the whole document. They guard the hash by which all other
/// comparisons are made.
const LOOK_EVERY: usize = 16;
/// Batches between two documents that are kept.
const MARK_EVERY: usize = 64;

#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) log: Vec<CommittedBatch>,
    pub(super) document: Document,
    /// State hash after each batch, by its last revision.
    hashes: BTreeMap<u64, u64>,
    /// Checksums of whole snapshots, after some of the batches.
    snapshots: BTreeMap<u64, u32>,
    /// Documents after some of the batches. Older states are made from them.
    marks: BTreeMap<u64, Document>,
}

impl History {
    pub(super) fn head(&self) -> u64 {
        self.log.last().map_or(0, last_revision)
    }

    /// Applies the next batch.
    pub(super) fn push(&mut self, batch: &CommittedBatch) -> Result<(), ApplyError> {
        self.document.apply(batch)?;
        let revision = last_revision(batch);
        self.hashes.insert(revision, self.document.state_hash());
        self.log.push(batch.clone());
        if self.log.len().is_multiple_of(LOOK_EVERY) {
            self.snapshots.insert(revision, checksum(&self.document));
        }
        if self.log.len().is_multiple_of(MARK_EVERY) {
            self.marks.insert(revision, self.document.clone());
        }
        Ok(())
    }

    /// Forgets the batches that never reached the disk.
    pub(super) fn truncate(&mut self, batches: usize) -> Result<(), ApplyError> {
        if batches == self.log.len() {
            return Ok(());
        }
        self.log.truncate(batches);
        let head = self.head();
        self.hashes.split_off(&(head + 1));
        self.snapshots.split_off(&(head + 1));
        self.marks.split_off(&(head + 1));
        self.document = self.document_at(head)?;
        Ok(())
    }

    /// Returns the document after any op, also in the middle of a batch.
    pub(super) fn document_at(&self, revision: u64) -> Result<Document, ApplyError> {
        let mark = self.marks.range(..=revision).next_back();
        let mut document = mark.map_or_else(Document::new, |(_, document)| document.clone());
        for batch in self.between(document.revision(), revision) {
            document.apply(&until(batch, revision))?;
        }
        Ok(document)
    }

    /// Returns the batch that begins at a revision.
    pub(super) fn batch_at(&self, first_revision: u64) -> Option<&CommittedBatch> {
        let at = self
            .log
            .binary_search_by_key(&first_revision, |batch| batch.first_revision);
        at.ok().map(|at| &self.log[at])
    }

    /// Returns the batches that have ops after `from` and up to `to`.
    fn between(&self, from: u64, to: u64) -> &[CommittedBatch] {
        let start = self
            .log
            .partition_point(|batch| last_revision(batch) <= from);
        let end = self.log.partition_point(|batch| batch.first_revision <= to);
        &self.log[start.min(end)..end]
    }

    /// Returns whether `revision` was the head at a time of day: nothing up to it was committed
    /// later, and the next batch was.
    pub(super) fn was_head_at(&self, ms: u64, revision: u64) -> bool {
        let at = self
            .log
            .partition_point(|batch| last_revision(batch) <= revision);
        let before = at.checked_sub(1).map(|before| &self.log[before]);
        let next = self.log.get(at);
        before.map_or(0, last_revision) == revision
            && before.is_none_or(|before| before.committed_ms <= ms)
            && next.is_none_or(|next| next.committed_ms > ms)
    }

    /// Returns whether a document is the one that this log gives at its revision.
    pub(super) fn is_right(&self, document: &Document) -> bool {
        let revision = document.revision();
        let expected = match revision {
            0 => Some(Document::new().state_hash()),
            _ => self.hashes.get(&revision).copied(),
        };
        let same = |expected: &u32| *expected == checksum(document);
        expected == Some(document.state_hash()) && self.snapshots.get(&revision).is_none_or(same)
    }

    /// Returns whether an op carries on the thread of a pin, which every author may do.
    pub(super) fn is_of_thread(&self, op: &v1::Op) -> bool {
        let Some(op::Op::Set(set)) = &op.op else {
            return false;
        };
        let value = set
            .property
            .as_ref()
            .and_then(|property| property.value.as_ref());
        let id = set.id.and_then(|id| ObjectId::new(id.author, id.counter));
        let object = id.and_then(|id| self.document.object(id));
        matches!(value, Some(Value::Status(_) | Value::Assignee(_)))
            && object.is_some_and(|object| object.kind() == Kind::Pin)
    }

    /// Returns the first object that a clear deleted though its author had not seen it.
    pub(super) fn cleared_unseen(&self) -> Option<ObjectId> {
        let unseen = |batch: &CommittedBatch| {
            batch.ops.iter().find_map(|op| {
                let Some(op::Op::Clear(clear)) = &op.op else {
                    return None;
                };
                let later = |id: &ObjectId| {
                    let created = self
                        .document
                        .object(*id)
                        .map_or(0, Object::created_revision);
                    id.author() != batch.author && created > clear.seen
                };
                touched(std::slice::from_ref(op)).into_iter().find(later)
            })
        };
        self.log.iter().find_map(unseen)
    }

    /// Returns the first object that is not at the place to which the sum of its moves brings it.
    pub(super) fn moved_wrong(&self) -> Option<ObjectId> {
        let mut sums: BTreeMap<ObjectId, (i32, i32)> = BTreeMap::new();
        for op in self.log.iter().flat_map(|batch| &batch.ops) {
            if let Some(op::Op::Revert(revert)) = &op.op {
                sums.extend(moved_back(revert));
            }
            if let Some(op::Op::Add(add)) = &op.op {
                for id in touched(std::slice::from_ref(op)) {
                    let by = add.offset.unwrap_or_default();
                    let sum = sums.entry(id).or_default();
                    *sum = (sum.0 + by.x, sum.1 + by.y);
                }
            }
        }
        let wrong = |object: &&Object| {
            let sum = sums.get(&object.id()).copied().unwrap_or_default();
            (object.offset().x, object.offset().y) != sum
        };
        self.document.objects().find(wrong).map(Object::id)
    }
}

/// Where a restore puts the objects that were moved.
fn moved_back(revert: &v1::Revert) -> impl Iterator<Item = (ObjectId, (i32, i32))> {
    revert.restores.iter().filter_map(|restore| {
        let id = restore.id?;
        let mut values = restore.properties.iter();
        let to = values.find_map(|property| match property.value {
            Some(Value::Offset(to)) => Some((to.x, to.y)),
            _ => None,
        });
        Some((ObjectId::new(id.author, id.counter)?, to?))
    })
}

/// Returns the objects that ops touch.
pub(super) fn touched(ops: &[v1::Op]) -> Vec<ObjectId> {
    let mut ids: Vec<_> = ops
        .iter()
        .flat_map(touched_by)
        .filter_map(|id| ObjectId::new(id.author, id.counter))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn touched_by(op: &v1::Op) -> Vec<v1::ObjectId> {
    let id = match &op.op {
        Some(op::Op::Create(create)) => create.id,
        Some(op::Op::Set(set)) => set.id,
        Some(op::Op::StrokeAppend(append)) => append.id,
        Some(op::Op::StrokeEnd(end)) => end.id,
        Some(op::Op::Add(add)) => add.id,
        Some(op::Op::TextEdit(edit)) => edit.id,
        Some(op::Op::SetDeleted(set)) => return set.ids.clone(),
        Some(op::Op::Clear(clear)) => return clear.ids.clone(),
        Some(op::Op::Revert(revert)) => {
            let restored = revert.restores.iter().filter_map(|restore| restore.id);
            return restored
                .chain(revert.deleted.iter().flat_map(of_run))
                .collect();
        }
        Some(op::Op::AuthorAdded(_) | op::Op::MediaAdded(_) | op::Op::Commit(_)) | None => None,
    };
    id.into_iter().collect()
}

fn of_run(run: &v1::DeletedRun) -> impl Iterator<Item = v1::ObjectId> + use<> {
    let (author, first) = (run.author, run.first);
    let counters = (0..run.count).map(move |at| first.saturating_add(at));
    counters.map(move |counter| v1::ObjectId { author, counter })
}

fn checksum(document: &Document) -> u32 {
    crc32fast::hash(&document.snapshot().encode_to_vec())
}
