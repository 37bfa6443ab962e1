//! Objects of which a way back sets nothing but whether they are deleted, as runs: going back to
//! where little was drawn deletes nearly all there is.

use crate::limits::OBJECTS_MAX;
use crate::object::ObjectId;
use fmz_proto::{WireError, v1};
use std::ops::RangeInclusive;

const FIELD: &str = "revert.deleted";

/// Objects of one author whose counters follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DeletedRun {
    pub(crate) first: ObjectId,
    pub(crate) last: ObjectId,
    pub(crate) deleted: bool,
}

impl DeletedRun {
    pub(crate) fn len(&self) -> usize {
        (self.last.counter() - self.first.counter()) as usize + 1
    }

    pub(crate) fn range(&self) -> RangeInclusive<ObjectId> {
        self.first..=self.last
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = ObjectId> {
        let author = self.first.author();
        let counters = self.first.counter()..=self.last.counter();
        counters.filter_map(move |counter| ObjectId::new(author, counter))
    }

    fn from_wire(run: &v1::DeletedRun) -> Option<Self> {
        let last = run.first.checked_add(run.count.checked_sub(1)?)?;
        Some(Self {
            first: ObjectId::new(run.author, run.first)?,
            last: ObjectId::new(run.author, last)?,
            deleted: run.deleted,
        })
    }

    fn to_wire(self) -> v1::DeletedRun {
        v1::DeletedRun {
            author: self.first.author(),
            first: self.first.counter(),
            count: self.len() as u32,
            deleted: self.deleted,
        }
    }
}

/// Runs in order of id, as long as they can be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DeletedRuns(Vec<DeletedRun>);

impl DeletedRuns {
    /// Adds an object; its id is above all others.
    pub(crate) fn push(&mut self, id: ObjectId, deleted: bool) {
        let goes_on = |run: &&mut DeletedRun| {
            let next = run.last.counter().checked_add(1);
            let same = run.last.author() == id.author() && run.deleted == deleted;
            same && next == Some(id.counter())
        };
        match self.0.last_mut().filter(goes_on) {
            Some(run) => run.last = id,
            None => self.0.push(DeletedRun {
                first: id,
                last: id,
                deleted,
            }),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(DeletedRun::len).sum()
    }

    /// Whether it sets an object, and to what.
    pub(crate) fn get(&self, id: ObjectId) -> Option<bool> {
        let at = self.0.partition_point(|run| run.last < id);
        let run = self.0.get(at).filter(|run| run.first <= id)?;
        Some(run.deleted)
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = ObjectId> {
        self.0.iter().flat_map(DeletedRun::ids)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &DeletedRun> {
        self.0.iter()
    }

    pub(crate) fn ranges(&self) -> impl Iterator<Item = RangeInclusive<ObjectId>> {
        self.0.iter().map(DeletedRun::range)
    }

    pub(crate) fn to_wire(&self) -> Vec<v1::DeletedRun> {
        self.0.iter().map(|run| run.to_wire()).collect()
    }

    /// More objects than a document holds are refused before anything is made for them.
    pub(crate) fn from_wire(wire: &[v1::DeletedRun]) -> Result<Self, WireError> {
        let runs: Option<Vec<_>> = wire.iter().map(DeletedRun::from_wire).collect();
        let runs = Self(runs.ok_or(WireError::OutOfRange { field: FIELD })?);
        let rises = runs.0.windows(2).all(|pair| pair[0].last < pair[1].first);
        let count = runs.0.iter().try_fold(0_usize, |count, run| {
            count
                .checked_add(run.len())
                .filter(|&count| count <= OBJECTS_MAX)
        });
        match count.filter(|_| rises) {
            Some(_) => Ok(runs),
            None => Err(WireError::OutOfRange { field: FIELD }),
        }
    }
}
