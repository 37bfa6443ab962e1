//! The judge's own log and document, with what every object looked like at every revision.

use crate::{disk::last_revision, trace::Fnv};
use fmz_annotation::{ApplyError, Document, Kind, Object, ObjectId};
use fmz_proto::{
    Message,
    v1::{self, CommittedBatch, op, property::Value},
};
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) log: Vec<CommittedBatch>,
    pub(super) document: Document,
    /// Digest of the whole document behind each batch, by its last revision.
    totals: BTreeMap<u64, u64>,
    /// Digests of each object, by revision.
    objects: BTreeMap<ObjectId, Vec<(u64, u64)>>,
    /// Sum of the objects' digests now.
    sum: u64,
}

impl History {
    pub(super) fn head(&self) -> u64 {
        self.log.last().map_or(0, last_revision)
    }

    /// Applies the next batch.
    pub(super) fn push(&mut self, batch: &CommittedBatch) -> Result<(), ApplyError> {
        self.document.apply(batch)?;
        let revision = last_revision(batch);
        for id in touched(&batch.ops) {
            let digest = of_object(self.document.object(id));
            let seen = self.objects.entry(id).or_default();
            let before = seen.last().map_or(0, |(_, digest)| *digest);
            self.sum = self.sum.wrapping_sub(before).wrapping_add(digest);
            seen.push((revision, digest));
        }
        let total = self.sum.wrapping_add(of_authors(&self.document));
        self.totals.insert(revision, total);
        self.log.push(batch.clone());
        Ok(())
    }

    /// Forgets what never reached the disk.
    pub(super) fn truncate(&mut self, batches: usize) -> Result<(), ApplyError> {
        if batches == self.log.len() {
            return Ok(());
        }
        let mut kept = std::mem::take(&mut self.log);
        kept.truncate(batches);
        *self = Self::default();
        kept.iter().try_for_each(|batch| self.push(batch))
    }

    /// The batch that begins at a revision.
    pub(super) fn batch_at(&self, first_revision: u64) -> Option<&CommittedBatch> {
        let at = self
            .log
            .binary_search_by_key(&first_revision, |batch| batch.first_revision);
        at.ok().map(|at| &self.log[at])
    }

    /// Batches behind `from` up to `to`.
    pub(super) fn between(&self, from: u64, to: u64) -> &[CommittedBatch] {
        let start = self
            .log
            .partition_point(|batch| last_revision(batch) <= from);
        let end = self.log.partition_point(|batch| last_revision(batch) <= to);
        &self.log[start.min(end)..end]
    }

    /// Whether a document is what this log gives at its revision.
    pub(super) fn is_whole(&self, document: &Document) -> bool {
        let revision = document.revision();
        revision == 0 || self.totals.get(&revision) == Some(&digest(document))
    }

    /// Whether a document that was right at `from` is right now, by what changed since.
    pub(super) fn is_right(&self, from: u64, document: &Document) -> bool {
        let revision = document.revision();
        if revision != 0 && !self.totals.contains_key(&revision) {
            return false;
        }
        let batches = self.between(from, revision);
        batches.iter().all(|batch| {
            let seq = document.last_client_seq(batch.author);
            let ids = touched(&batch.ops);
            let mut ids = ids.iter();
            (batch.author == 0 || seq >= batch.client_seq)
                && ids.all(|id| of_object(document.object(*id)) == self.object_at(*id, revision))
        })
    }

    /// Whether an op carries the thread of a pin on, which everybody may.
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

    /// The first thing that a clear deleted though its author had not seen it.
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

    /// The first object that does not stand where all its moves together bring it.
    pub(super) fn moved_wrong(&self) -> Option<ObjectId> {
        let mut sums: BTreeMap<ObjectId, (i32, i32)> = BTreeMap::new();
        for op in self.log.iter().flat_map(|batch| &batch.ops) {
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

    fn object_at(&self, id: ObjectId, revision: u64) -> u64 {
        let seen = self.objects.get(&id).map_or(&[][..], Vec::as_slice);
        let behind = seen.partition_point(|(at, _)| *at <= revision);
        behind.checked_sub(1).map_or(0, |at| seen[at].1)
    }
}

/// The objects that ops touch.
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
            let ids = revert.restores.iter().filter_map(|restore| restore.id);
            return ids.collect();
        }
        Some(op::Op::AuthorAdded(_) | op::Op::Commit(_)) | None => None,
    };
    id.into_iter().collect()
}

fn of_object(object: Option<&Object>) -> u64 {
    object.map_or(0, |object| {
        let state = object.to_state().encode_to_vec();
        Fnv::new().bytes(&state).value()
    })
}

fn of_authors(document: &Document) -> u64 {
    let authors = document.authors().map(|(number, author)| {
        Fnv::new()
            .number(u64::from(number))
            .bytes(author.identity().as_bytes())
            .number(document.last_client_seq(number))
            .value()
    });
    authors.fold(0, u64::wrapping_add)
}

/// All of a document in one number.
pub(super) fn digest(document: &Document) -> u64 {
    let objects = document.objects().map(|object| of_object(Some(object)));
    objects.fold(of_authors(document), u64::wrapping_add)
}
