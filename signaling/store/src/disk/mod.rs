//! The embedded store: one append-only log in a folder of its own, synced before anything is acknowledged.

mod folder;
mod index;
mod recovery;
mod segment;
mod writer;

pub use segment::RECORD_BYTES_MAX;
pub use writer::{GROUP_BYTES_MAX, SegmentFile};

use crate::{
    Answer, AppendError, Catalog, CatalogError, OpLog, OpenError, READ_PAGE_BYTES, StoreError,
};
use fmz_proto::{
    Message,
    v1::{CommittedBatch, StoredRecord, StoredRoom, stored_record::Record},
};
use folder::Folder;
use index::{Index, Place};
use std::{
    fmt,
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock, RwLock, RwLockReadGuard, RwLockWriteGuard},
    thread::{self, JoinHandle},
};
use tokio::sync::{mpsc, oneshot};
use writer::{Request, Writer};

/// Requests that wait for the writer at most; who comes later waits before handing over. A room has one on its way.
pub const QUEUE_REQUESTS_MAX: usize = 4096;

/// Size at which the next segment begins, bytes: what recovery holds in memory at once.
const SEGMENT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// How a [`Disk`] lays out and writes its files.
#[derive(Clone)]
pub struct DiskOptions {
    /// Size at which the next segment begins, bytes.
    pub segment_bytes_max: u64,
    /// Wraps each file that is written to.
    pub wrap: Arc<dyn Fn(File) -> Box<dyn SegmentFile> + Send + Sync>,
}

impl Default for DiskOptions {
    fn default() -> Self {
        Self {
            segment_bytes_max: SEGMENT_BYTES_MAX,
            wrap: Arc::new(|file| Box::new(file)),
        }
    }
}

impl fmt::Debug for DiskOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiskOptions")
            .field("segment_bytes_max", &self.segment_bytes_max)
            .finish_non_exhaustive()
    }
}

/// What the writer and the readers share.
#[derive(Debug, Default)]
struct Shared {
    index: RwLock<Index>,
    failure: OnceLock<String>,
}

impl Shared {
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

/// A store in a folder. One process at a time may have it open; dropping it writes out what was handed over.
#[derive(Debug)]
pub struct Disk {
    folder: PathBuf,
    shared: Arc<Shared>,
    requests: Option<mpsc::Sender<Request>>,
    writer: Option<JoinHandle<()>>,
}

impl Disk {
    /// Opens a folder, making it where it is absent, and reads back what it holds.
    ///
    /// # Errors
    /// [`OpenError`]; damage leaves every file as it was found.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_with(path, DiskOptions::default())
    }

    /// Opens a folder with options other than the usual.
    ///
    /// # Errors
    /// [`OpenError`], see [`Disk::open`].
    pub fn open_with(path: impl AsRef<Path>, options: DiskOptions) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let unusable = |source: io::Error| OpenError::Unusable {
            path: path.to_owned(),
            source,
        };
        let folder = Folder::open(path)?;
        let (index, tail) = recovery::recover(&folder)?;
        let shared = Arc::new(Shared {
            index: RwLock::new(index),
            failure: OnceLock::new(),
        });
        let writer = Writer::new(folder, options, shared.clone(), tail).map_err(unusable)?;
        let (requests, queue) = mpsc::channel(QUEUE_REQUESTS_MAX);
        let thread = thread::Builder::new().name("fmz-store".into());
        let writer = thread.spawn(move || writer.run(queue)).map_err(unusable)?;
        Ok(Self {
            folder: path.to_owned(),
            shared,
            requests: Some(requests),
            writer: Some(writer),
        })
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

    fn read(&self, video: &str, after: u64) -> Answer<Result<Vec<CommittedBatch>, StoreError>> {
        let places = self.shared.index().places(video, after, READ_PAGE_BYTES);
        let (video, folder) = (video.to_owned(), self.folder.clone());
        Box::pin(async move {
            tokio::task::spawn_blocking(move || read_batches(&folder, &video, &places))
                .await
                .unwrap_or_else(|error| Err(StoreError::Failed(error.to_string())))
        })
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

fn read_batches(
    folder: &Path,
    video: &str,
    places: &[Place],
) -> Result<Vec<CommittedBatch>, StoreError> {
    let mut open: Option<(u32, File)> = None;
    let mut batches = Vec::with_capacity(places.len());
    for place in places {
        let unreadable = || StoreError::Unreadable {
            video: video.into(),
            segment: place.segment,
            offset: place.offset,
        };
        let file = match open.take() {
            Some((number, file)) if number == place.segment => file,
            _ => File::open(folder.join(folder::segment_name(place.segment)))
                .map_err(|_| unreadable())?,
        };
        batches.push(read_batch(&file, *place).ok_or_else(unreadable)?);
        open = Some((place.segment, file));
    }
    Ok(batches)
}

fn read_batch(file: &File, place: Place) -> Option<CommittedBatch> {
    let mut bytes = vec![0; place.length as usize];
    file.read_exact_at(&mut bytes, place.offset).ok()?;
    let found = segment::record_at(&bytes, 0)?;
    match StoredRecord::decode(found.body).ok()?.record? {
        Record::Batch(stored) => stored.batch,
        Record::Room(_) => None,
    }
}
