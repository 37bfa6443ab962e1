//! The state that the writer and the readers share.

use super::{
    files::Files,
    index::{Index, Page},
    read,
};
use crate::{LogEntry, Loss, OpenReport, READ_PAGE_BYTES, StoreError};
use std::{
    io,
    sync::{Mutex, MutexGuard, OnceLock, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

/// The index, the findings, and the failure that ended all writing.
#[derive(Debug)]
pub(super) struct Shared {
    index: RwLock<Index>,
    report: Mutex<OpenReport>,
    failure: OnceLock<String>,
}

impl Shared {
    pub(super) fn new(index: Index, report: OpenReport) -> Self {
        Self {
            index: RwLock::new(index),
            report: Mutex::new(report),
            failure: OnceLock::new(),
        }
    }

    pub(super) fn report(&self) -> MutexGuard<'_, OpenReport> {
        self.report.lock().expect("no holder of this lock panics")
    }

    pub(super) fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().expect("no holder of this lock panics")
    }

    pub(super) fn index_mut(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().expect("no holder of this lock panics")
    }

    /// Returns `Err` with the text of the first failed write, if there was one.
    pub(super) fn health(&self) -> Result<(), String> {
        self.failure.get().cloned().map_or(Ok(()), Err)
    }

    /// Notes a failed write: nothing is acknowledged from now on.
    pub(super) fn fail(&self, error: &io::Error) {
        self.failure.get_or_init(|| error.to_string());
    }

    pub(super) fn lost(&self, loss: Loss) {
        self.report().losses.note(loss);
    }

    /// Reads the next page of a video's records behind `after` up to `to`.
    pub(super) fn page(
        &self,
        files: &dyn Files,
        video: &str,
        after: u64,
        to: u64,
    ) -> Result<Vec<LogEntry>, StoreError> {
        let page = self.index().page(video, after..to, READ_PAGE_BYTES)?;
        self.read(files, video, &page)
    }

    /// Reads the entries of a page, or those before the first one that cannot be read.
    fn read(
        &self,
        files: &dyn Files,
        video: &str,
        page: &Page,
    ) -> Result<Vec<LogEntry>, StoreError> {
        let read = read::page(files, video, page);
        if let Some(bad) = read.bad {
            self.lost(Loss::Revisions {
                video: video.to_owned(),
                first: bad.first,
                last: bad.last(),
            });
            if read.entries.is_empty() {
                return Err(read::unreadable(video, &bad));
            }
        }
        Ok(read.entries)
    }

    /// Returns the revision before the first batch behind `from` that was committed later than
    /// `ms`.
    pub(super) fn revision_at(
        &self,
        files: &dyn Files,
        video: &str,
        ms: u64,
        from: u64,
    ) -> Result<u64, StoreError> {
        let mut revision = from;
        loop {
            let page = self.page(files, video, revision, u64::MAX)?;
            let Some(last) = page.last() else {
                return Ok(revision);
            };
            let last = last.record.head().revision;
            let later = page.iter().position(|entry| entry.batch.committed_ms > ms);
            match later {
                Some(0) => return Ok(revision),
                Some(at) => return Ok(page[at - 1].record.head().revision),
                None => revision = last,
            }
        }
    }
}
