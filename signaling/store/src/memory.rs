//! A store that lives as long as the process: for tests and for rooms that nobody wants to keep.

use crate::{
    Answer, AppendError, Catalog, CatalogError, OpLog, OpenReport, READ_PAGE_BYTES, ROOMS_MAX,
    Snapshot, SnapshotError, SnapshotStore, StoreError, follow, last_revision,
    thinning::{self, Kept},
};
use bytes::Bytes;
use fmz_proto::{
    Message,
    v1::{CommittedBatch, StoredRoom},
};
use std::{
    collections::{BTreeMap, HashMap},
    future::ready,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard},
};

/// A store in memory. Clones share what is stored.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    videos: HashMap<String, Vec<CommittedBatch>>,
    snapshots: HashMap<String, BTreeMap<u64, Bytes>>,
    rooms: BTreeMap<String, StoredRoom>,
}

impl Memory {
    /// Makes an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of this lock panics")
    }

    fn append_now(
        &self,
        video: &str,
        expected: u64,
        batches: Vec<CommittedBatch>,
    ) -> Result<(), AppendError> {
        let mut state = self.state();
        let log = state.videos.entry(video.to_owned()).or_default();
        let head = log.last().map_or(0, last_revision);
        if head != expected {
            return Err(AppendError::Conflict { head });
        }
        follow(head, &batches)?;
        log.extend(batches);
        Ok(())
    }

    fn create_now(&self, room: StoredRoom) -> Result<(), CatalogError> {
        let rooms = &mut self.state().rooms;
        if rooms.contains_key(&room.room) {
            return Err(CatalogError::Exists);
        }
        if rooms.len() >= ROOMS_MAX {
            return Err(CatalogError::Full);
        }
        rooms.insert(room.room.clone(), room);
        Ok(())
    }

    fn put_now(&self, video: &str, revision: u64, document: Bytes) -> Result<(), SnapshotError> {
        let mut state = self.state();
        let State {
            videos, snapshots, ..
        } = &mut *state;
        let log = videos.get(video).map_or(&[][..], Vec::as_slice);
        let ends = |batch: &CommittedBatch| last_revision(batch) == revision;
        if !log.iter().any(ends) {
            return Err(SnapshotError::Revision(revision));
        }
        let snapshots = snapshots.entry(video.to_owned()).or_default();
        snapshots.insert(revision, document);
        let kept: Vec<Kept> = snapshots
            .iter()
            .map(|(&revision, document)| Kept {
                revision,
                bytes: document.len() as u64,
            })
            .collect();
        for revision in thinning::surplus(&kept, |after, to| log_bytes(log, after, to)) {
            snapshots.remove(&revision);
        }
        Ok(())
    }

    fn page(&self, video: &str, revisions: Range<u64>) -> Vec<CommittedBatch> {
        let state = self.state();
        let Some(log) = state.videos.get(video) else {
            return Vec::new();
        };
        let from = log.partition_point(|batch| batch.first_revision <= revisions.start);
        let mut bytes = 0;
        let fits = |batch: &&CommittedBatch| {
            let room = bytes < READ_PAGE_BYTES && batch.first_revision <= revisions.end;
            bytes += batch.encoded_len();
            room
        };
        log[from..].iter().take_while(fits).cloned().collect()
    }
}

fn log_bytes(log: &[CommittedBatch], after: u64, to: u64) -> u64 {
    let within = |batch: &&CommittedBatch| (after + 1..=to).contains(&batch.first_revision);
    log.iter()
        .filter(within)
        .map(|batch| batch.encoded_len() as u64)
        .sum()
}

impl OpLog for Memory {
    fn append(
        &self,
        video: &str,
        expected_revision: u64,
        batches: Vec<CommittedBatch>,
    ) -> Answer<Result<(), AppendError>> {
        Box::pin(ready(self.append_now(video, expected_revision, batches)))
    }

    fn read(
        &self,
        video: &str,
        after: u64,
        to: u64,
    ) -> Answer<Result<Vec<CommittedBatch>, StoreError>> {
        Box::pin(ready(Ok(self.page(video, after..to))))
    }

    fn health(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn report(&self) -> OpenReport {
        OpenReport::default()
    }

    fn flush(&self) -> Answer<()> {
        Box::pin(ready(()))
    }
}

impl SnapshotStore for Memory {
    fn put_snapshot(
        &self,
        video: &str,
        revision: u64,
        document: Bytes,
    ) -> Answer<Result<(), SnapshotError>> {
        Box::pin(ready(self.put_now(video, revision, document)))
    }

    fn snapshot(&self, video: &str, at: u64) -> Answer<Result<Option<Snapshot>, StoreError>> {
        let state = self.state();
        let newest = state
            .snapshots
            .get(video)
            .and_then(|snapshots| snapshots.range(..=at).next_back());
        let snapshot = newest.map(|(&revision, document)| Snapshot {
            revision,
            document: document.clone(),
        });
        Box::pin(ready(Ok(snapshot)))
    }

    fn snapshots(&self, video: &str) -> Answer<Result<Vec<u64>, StoreError>> {
        let state = self.state();
        let revisions = state.snapshots.get(video).map(BTreeMap::keys);
        let revisions = revisions.into_iter().flatten().copied().collect();
        Box::pin(ready(Ok(revisions)))
    }
}

impl Catalog for Memory {
    fn create_room(&self, room: StoredRoom) -> Answer<Result<(), CatalogError>> {
        Box::pin(ready(self.create_now(room)))
    }

    fn rooms(&self) -> Vec<StoredRoom> {
        self.state().rooms.values().cloned().collect()
    }

    fn room(&self, room: &str) -> Option<StoredRoom> {
        self.state().rooms.get(room).cloned()
    }
}
