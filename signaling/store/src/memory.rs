//! An engine that lives as long as the process: for tests, and for rooms that nobody wants to keep.

use crate::{
    Answer, AppendError, Catalog, CatalogError, Epoch, Head, Health, Lease, LogEntry, Losses,
    OpLog, OpenedLog, READ_PAGE_BYTES, ROOMS_MAX, Record, Records, Snapshot, SnapshotError,
    SnapshotStore, StoreError,
    thinning::{self, Kept},
};
use bytes::Bytes;
use fmz_proto::v1::StoredRoom;
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
    videos: HashMap<Arc<str>, Video>,
    rooms: BTreeMap<String, StoredRoom>,
}

#[derive(Debug, Default)]
struct Video {
    /// Number of the last opening; 0 if there was none.
    epoch: u64,
    log: Vec<Record>,
    snapshots: BTreeMap<u64, Snapshot>,
}

impl Video {
    fn head(&self) -> Head {
        self.log.last().map_or_else(Head::default, Record::head)
    }

    /// Returns the records whose first revision is in `revisions`, the first one excluded and the
    /// last one included.
    fn records(&self, Range { start, end }: Range<u64>) -> &[Record] {
        let first = |record: &Record| record.batch().first_revision();
        let from = self.log.partition_point(|record| first(record) <= start);
        let to = self.log.partition_point(|record| first(record) <= end);
        &self.log[from..to.max(from)]
    }

    fn bytes(&self, after: u64, to: u64) -> u64 {
        let records = self.records(after..to).iter();
        records
            .map(|record| record.batch().bytes().len() as u64)
            .sum()
    }

    fn thin(&mut self) {
        let kept = |(&revision, snapshot): (&u64, &Snapshot)| Kept {
            revision,
            bytes: snapshot.document.len() as u64,
        };
        let kept: Vec<Kept> = self.snapshots.iter().map(kept).collect();
        for revision in thinning::surplus(&kept, |after, to| self.bytes(after, to)) {
            self.snapshots.remove(&revision);
        }
    }
}

impl Memory {
    /// Makes an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of this lock panics")
    }

    fn open_now(&self, name: &str) -> OpenedLog {
        let mut state = self.state();
        let name: Arc<str> = name.into();
        let video = state.videos.entry(name.clone()).or_default();
        video.epoch += 1;
        OpenedLog {
            lease: Lease::new(name, Epoch(video.epoch)),
            head: video.head(),
        }
    }

    fn append_now(&self, lease: &Lease, records: Records) -> Result<(), AppendError> {
        let mut state = self.state();
        let video = state.videos.get_mut(lease.video());
        let video = video.filter(|video| Epoch(video.epoch) == lease.epoch());
        let video = video.ok_or(AppendError::Fenced)?;
        let head = video.head();
        if head != records.after() {
            let head = head.revision;
            return Err(AppendError::Conflict { head });
        }
        video.log.extend(records.into_vec());
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

    fn put_now(&self, video: &str, snapshot: Snapshot) -> Result<(), SnapshotError> {
        let head = snapshot.head;
        let mut state = self.state();
        let video = state.videos.get_mut(video);
        let video = video.filter(|video| video.log.iter().any(|record| record.head() == head));
        let video = video.ok_or(SnapshotError::Head(head.revision))?;
        video.snapshots.insert(head.revision, snapshot);
        video.thin();
        Ok(())
    }

    fn page(&self, video: &str, revisions: Range<u64>) -> Vec<LogEntry> {
        let state = self.state();
        let records = state
            .videos
            .get(video)
            .map_or(&[][..], |video| video.records(revisions));
        let mut bytes = 0;
        let fits = |record: &&Record| {
            let fits = bytes < READ_PAGE_BYTES;
            bytes += record.batch().bytes().len();
            fits
        };
        let entry = |record: &Record| {
            let entry = LogEntry::read(Bytes::clone(record.batch().bytes()), record.chain());
            entry.expect("a record holds a batch")
        };
        records.iter().take_while(fits).map(entry).collect()
    }

    fn revision_now(&self, video: &str, ms: u64, from: u64) -> u64 {
        let state = self.state();
        let Some(video) = state.videos.get(video) else {
            return from;
        };
        let records = video.records(from..u64::MAX);
        let until = records
            .iter()
            .take_while(|record| record.batch().committed_ms() <= ms);
        until
            .last()
            .map_or(from, |record| record.batch().last_revision())
    }
}

impl OpLog for Memory {
    fn open(&self, video: &str) -> Answer<Result<OpenedLog, StoreError>> {
        Box::pin(ready(Ok(self.open_now(video))))
    }

    fn append(&self, lease: &Lease, records: Records) -> Answer<Result<(), AppendError>> {
        Box::pin(ready(self.append_now(lease, records)))
    }

    fn read(&self, video: &str, after: u64, to: u64) -> Answer<Result<Vec<LogEntry>, StoreError>> {
        Box::pin(ready(Ok(self.page(video, after..to))))
    }

    fn revision_at(&self, video: &str, ms: u64, from: u64) -> Answer<Result<u64, StoreError>> {
        Box::pin(ready(Ok(self.revision_now(video, ms, from))))
    }

    fn flush(&self) -> Answer<()> {
        Box::pin(ready(()))
    }
}

impl SnapshotStore for Memory {
    fn put_snapshot(&self, video: &str, snapshot: Snapshot) -> Answer<Result<(), SnapshotError>> {
        Box::pin(ready(self.put_now(video, snapshot)))
    }

    fn snapshot(&self, video: &str, at: u64) -> Answer<Result<Option<Snapshot>, StoreError>> {
        let state = self.state();
        let newest = state
            .videos
            .get(video)
            .and_then(|video| video.snapshots.range(..=at).next_back());
        Box::pin(ready(Ok(newest.map(|(_, snapshot)| snapshot.clone()))))
    }

    fn snapshots(&self, video: &str) -> Answer<Result<Vec<u64>, StoreError>> {
        let state = self.state();
        let revisions = state.videos.get(video).map(|video| video.snapshots.keys());
        let revisions = revisions.into_iter().flatten().copied().collect();
        Box::pin(ready(Ok(revisions)))
    }
}

impl Catalog for Memory {
    fn create_room(&self, room: StoredRoom) -> Answer<Result<(), CatalogError>> {
        Box::pin(ready(self.create_now(room)))
    }

    fn rooms(&self) -> Answer<Result<Vec<StoredRoom>, CatalogError>> {
        let rooms = self.state().rooms.values().cloned().collect();
        Box::pin(ready(Ok(rooms)))
    }

    fn room(&self, room: &str) -> Answer<Result<Option<StoredRoom>, CatalogError>> {
        let room = self.state().rooms.get(room).cloned();
        Box::pin(ready(Ok(room)))
    }
}

impl Health for Memory {
    fn health(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn losses(&self) -> Losses {
        Losses::default()
    }
}
