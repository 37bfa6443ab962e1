//! A store that lives as long as the process: for tests and for rooms that nobody wants to keep.

use crate::{
    Answer, AppendError, Catalog, CatalogError, OpLog, READ_PAGE_BYTES, ROOMS_MAX, StoreError,
    follow, last_revision,
};
use fmz_proto::{
    Message,
    v1::{CommittedBatch, StoredRoom},
};
use std::{
    collections::{BTreeMap, HashMap},
    future::ready,
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

    fn page(&self, video: &str, after: u64) -> Vec<CommittedBatch> {
        let state = self.state();
        let Some(log) = state.videos.get(video) else {
            return Vec::new();
        };
        let from = log.partition_point(|batch| batch.first_revision <= after);
        let mut bytes = 0;
        let fits = |batch: &&CommittedBatch| {
            let room = bytes < READ_PAGE_BYTES;
            bytes += batch.encoded_len();
            room
        };
        log[from..].iter().take_while(fits).cloned().collect()
    }
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

    fn read(&self, video: &str, after: u64) -> Answer<Result<Vec<CommittedBatch>, StoreError>> {
        Box::pin(ready(Ok(self.page(video, after))))
    }

    fn health(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn flush(&self) -> Answer<()> {
        Box::pin(ready(()))
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
