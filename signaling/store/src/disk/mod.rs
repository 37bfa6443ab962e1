//! The embedded store: one append-only log in a folder of its own, synced before
//! anything is acknowledged.

mod files;
mod folder;
mod format;
mod index;
mod names;
mod read;
mod recovery;
mod sealed;
mod segment;
mod snapshots;
mod writer;

pub use files::{Files, ReadFile, WriteFile};
pub use folder::Folder;
pub use format::FORMAT;
pub use segment::RECORD_BYTES_MAX;
pub use writer::GROUP_BYTES_MAX;

use crate::{
    Answer, AppendError, Catalog, CatalogError, Loss, OpLog, OpenError, OpenReport,
    READ_PAGE_BYTES, Snapshot, SnapshotError, SnapshotStore, StoreError,
};
use bytes::Bytes;
use fmz_proto::v1::{CommittedBatch, StoredRoom};
use format::{Newer, Noted};
use index::Index;
use recovery::Recovered;
use snapshots::Snapshots;
use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, OnceLock, RwLock, RwLockReadGuard, RwLockWriteGuard},
    thread::{self, JoinHandle},
};
use tokio::sync::{mpsc, oneshot};
use writer::{Request, Writer};

/// Requests that wait for the writer at most; who comes later waits before handing over.
/// A room has one on its way.
pub const QUEUE_REQUESTS_MAX: usize = 4096;

/// Size at which the next segment begins, bytes: what opening a folder reads and
/// holds in memory at once.
const SEGMENT_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// How a [`Disk`] lays out its files.
#[derive(Debug, Clone, Copy)]
pub struct DiskOptions {
    /// Size at which the next segment begins, bytes, below 2^31.
    pub segment_bytes_max: u64,
}

impl Default for DiskOptions {
    fn default() -> Self {
        Self {
            segment_bytes_max: SEGMENT_BYTES_MAX,
        }
    }
}

/// What the writer and the readers share.
#[derive(Debug, Default)]
struct Shared {
    index: RwLock<Index>,
    report: Mutex<OpenReport>,
    failure: OnceLock<String>,
}

impl Shared {
    fn report(&self) -> MutexGuard<'_, OpenReport> {
        self.report.lock().expect("no holder of this lock panics")
    }

    fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().expect("no holder of this lock panics")
    }

    fn index_mut(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().expect("no holder of this lock panics")
    }

    fn failure(&self) -> Option<String> {
        self.failure.get().cloned()
    }

    fn fail(&self, text: String) {
        self.failure.get_or_init(|| text);
    }
}

/// A store in a folder. One process at a time may have it open; dropping it writes
/// out what was handed over.
#[derive(Debug)]
pub struct Disk {
    files: Arc<dyn Files>,
    shared: Arc<Shared>,
    snapshots: Arc<Snapshots>,
    requests: Option<mpsc::Sender<Request>>,
    writer: Option<JoinHandle<()>>,
}

impl Disk {
    /// Opens a folder, making it where it is absent, and reads back what it holds. What is damaged
    /// is told by [`OpLog::report`]; everything else is served.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_with(path, DiskOptions::default())
    }

    /// Opens a folder with options other than the usual.
    ///
    /// # Errors
    /// [`OpenError`], see [`Disk::open`].
    pub fn open_with(path: impl AsRef<Path>, options: DiskOptions) -> Result<Self, OpenError> {
        let folder = Folder::open(&path)?;
        Self::open_files(Arc::new(folder), options).map_err(|source| {
            let path = path.as_ref().to_owned();
            match source.get_ref().and_then(|error| error.downcast_ref()) {
                Some(&Newer(found)) => OpenError::Newer { path, found },
                None => OpenError::Unusable { path, source },
            }
        })
    }

    /// Opens what lies in given files, see [`Disk::open`].
    ///
    /// # Errors
    /// What the files say.
    pub fn open_files(files: Arc<dyn Files>, options: DiskOptions) -> io::Result<Self> {
        let noted = format::read(&*files)?;
        if let Noted::Format(newer) = noted
            && newer > FORMAT
        {
            return Err(io::Error::new(io::ErrorKind::Unsupported, Newer(newer)));
        }
        let Recovered {
            index,
            mut report,
            tail,
        } = recovery::recover(&*files)?;
        if noted == Noted::Damaged {
            report.lost(Loss::Format);
        }
        if noted != Noted::Format(FORMAT) {
            format::write(&*files)?;
        }
        let shared = Arc::new(Shared {
            index: RwLock::new(index),
            report: Mutex::new(report),
            failure: OnceLock::new(),
        });
        let writer = Writer::new(files.clone(), options, shared.clone(), tail)?;
        let (requests, queue) = mpsc::channel(QUEUE_REQUESTS_MAX);
        let thread = thread::Builder::new().name("fmz-store".into());
        let writer = thread.spawn(move || writer.run(queue))?;
        Ok(Self {
            snapshots: Arc::new(Snapshots::new(files.clone(), shared.clone())),
            files,
            shared,
            requests: Some(requests),
            writer: Some(writer),
        })
    }

    /// Reads a full segment whole, notes what is damaged in it (see [`OpLog::report`]), and returns
    /// the number of the next one; `None` behind the last. Opening a folder reads indexes only, so
    /// this finds what nobody has asked for yet. Begin with 1.
    pub fn scrub(&self, segment: u32) -> Option<u32> {
        let open = self.shared.index().open_segment();
        if segment >= open {
            return None;
        }
        for loss in recovery::scrub(&*self.files, segment) {
            self.shared.report().lost(loss);
        }
        Some(segment + 1)
    }

    /// Hands a request to the writer and waits for its answer; `None` where the writer is gone.
    fn ask<T: Send + 'static>(
        &self,
        make: impl FnOnce(oneshot::Sender<T>) -> Request,
    ) -> Answer<Option<T>> {
        let (answer, answered) = oneshot::channel();
        let request = make(answer);
        // Weak, so that an answer nobody waits for does not keep the writer from ending.
        let requests = self.requests.as_ref().map(mpsc::Sender::downgrade);
        Box::pin(async move {
            requests?.upgrade()?.send(request).await.ok()?;
            answered.await.ok()
        })
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(self.requests.take());
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the writer of the log panicked");
        }
    }
}

fn writer_gone() -> String {
    "the writer is gone".into()
}

impl OpLog for Disk {
    fn append(
        &self,
        video: &str,
        expected_revision: u64,
        batches: Vec<CommittedBatch>,
    ) -> Answer<Result<(), AppendError>> {
        let video = video.to_owned();
        let asked = self.ask(move |answer| Request::Append {
            video,
            expected: expected_revision,
            batches,
            answer,
        });
        Box::pin(async {
            asked
                .await
                .unwrap_or_else(|| Err(AppendError::Failed(writer_gone())))
        })
    }

    fn read(
        &self,
        video: &str,
        after: u64,
        to: u64,
    ) -> Answer<Result<Vec<CommittedBatch>, StoreError>> {
        let page = self.shared.index().page(video, after..to, READ_PAGE_BYTES);
        let (video, files, shared) = (video.to_owned(), self.files.clone(), self.shared.clone());
        blocking(move || shared.read(&*files, &video, &page?))
    }

    fn report(&self) -> OpenReport {
        self.shared.report().clone()
    }

    fn health(&self) -> Result<(), StoreError> {
        self.shared
            .failure()
            .map_or(Ok(()), |text| Err(StoreError::Failed(text)))
    }

    fn flush(&self) -> Answer<()> {
        let asked = self.ask(Request::Flush);
        Box::pin(async move { asked.await.unwrap_or_default() })
    }
}

impl Catalog for Disk {
    fn create_room(&self, room: StoredRoom) -> Answer<Result<(), CatalogError>> {
        let asked = self.ask(move |answer| Request::CreateRoom { room, answer });
        Box::pin(async {
            asked
                .await
                .unwrap_or_else(|| Err(CatalogError::Failed(writer_gone())))
        })
    }

    fn rooms(&self) -> Vec<StoredRoom> {
        self.shared.index().rooms().values().cloned().collect()
    }

    fn room(&self, room: &str) -> Option<StoredRoom> {
        self.shared.index().rooms().get(room).cloned()
    }
}

impl SnapshotStore for Disk {
    fn put_snapshot(
        &self,
        video: &str,
        revision: u64,
        document: Bytes,
    ) -> Answer<Result<(), SnapshotError>> {
        let (video, snapshots) = (video.to_owned(), self.snapshots.clone());
        blocking(move || snapshots.put(&video, revision, document))
    }

    fn snapshot(&self, video: &str, at: u64) -> Answer<Result<Option<Snapshot>, StoreError>> {
        let (video, snapshots) = (video.to_owned(), self.snapshots.clone());
        blocking(move || Ok(snapshots.newest(&video, at)?))
    }

    fn snapshots(&self, video: &str) -> Answer<Result<Vec<u64>, StoreError>> {
        let (video, snapshots) = (video.to_owned(), self.snapshots.clone());
        blocking(move || Ok(snapshots.list(&video)?))
    }
}

impl Shared {
    /// Reads a page, or what lies before the first batch in it that cannot be read.
    fn read(
        &self,
        files: &dyn Files,
        video: &str,
        page: &index::Page,
    ) -> Result<Vec<CommittedBatch>, StoreError> {
        let read = read::page(files, video, page);
        if let Some(bad) = read.bad {
            self.report().lost(Loss::Revisions {
                video: video.to_owned(),
                first: bad.first,
                last: bad.last(),
            });
            if read.batches.is_empty() {
                return Err(read::unreadable(video, &bad));
            }
        }
        Ok(read.batches)
    }
}

/// Runs what waits for the disk where it keeps nobody else waiting.
fn blocking<T: Send + 'static, E: From<Gone> + Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Answer<Result<T, E>> {
    Box::pin(async {
        let done = tokio::task::spawn_blocking(work).await;
        done.unwrap_or_else(|error| Err(Gone(error.to_string()).into()))
    })
}

/// Work that did not come to its end.
struct Gone(String);

impl From<Gone> for StoreError {
    fn from(Gone(text): Gone) -> Self {
        Self::Failed(text)
    }
}

impl From<Gone> for SnapshotError {
    fn from(Gone(text): Gone) -> Self {
        Self::Failed(text)
    }
}
