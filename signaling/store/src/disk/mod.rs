//! The embedded store: one append-only log in a folder of its own, synced before
//! anything is acknowledged.

mod files;
mod folder;
mod format;
mod index;
mod names;
mod options;
mod read;
mod recovery;
mod sealed;
mod segment;
mod shared;
mod snapshots;
mod stored;
mod writer;

pub use files::{Files, ReadFile, WriteFile};
pub use folder::Folder;
pub use format::FORMAT;
pub use options::DiskOptions;
pub use segment::RECORD_BYTES_MAX;
pub use writer::GROUP_BYTES_MAX;

use crate::{
    Answer, AppendError, Catalog, CatalogError, Health, Lease, LogEntry, Loss, Losses, OpLog,
    OpenError, OpenReport, OpenedLog, Records, Snapshot, SnapshotError, SnapshotStore, StoreError,
};
use fmz_proto::v1::StoredRoom;
use format::{Newer, Noted};
use recovery::Recovered;
use shared::Shared;
use snapshots::Snapshots;
use std::{
    future::ready,
    io,
    path::Path,
    sync::Arc,
    thread::{self, JoinHandle},
};
use tokio::sync::{mpsc, oneshot};
use writer::{Request, Writer};

/// Most requests that wait for the writer; a further asker waits before it hands over. A room has
/// one on its way.
pub const QUEUE_REQUESTS_MAX: usize = 4096;

/// A store in a folder. One process at a time may have it open. Dropping it writes out all that was
/// handed over.
#[derive(Debug)]
pub struct Disk {
    files: Arc<dyn Files>,
    shared: Arc<Shared>,
    snapshots: Arc<Snapshots>,
    requests: Option<mpsc::Sender<Request>>,
    writer: Option<JoinHandle<()>>,
}

impl Disk {
    /// Opens a folder, which is made if it is absent, and reads its contents back. Damage is told
    /// by [`Disk::report`]; everything else is served.
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

    /// Opens a folder by other means than the system's file system, see [`Disk::open`].
    ///
    /// # Errors
    /// The error of the files.
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
            report.losses.note(Loss::Format);
        }
        if noted != Noted::Format(FORMAT) {
            format::write(&*files)?;
        }
        let shared = Arc::new(Shared::new(index, report));
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

    /// Returns the findings when the folder was opened, and since.
    pub fn report(&self) -> OpenReport {
        self.shared.report().clone()
    }

    /// Reads a full segment whole, and notes its damage (see [`Disk::report`]). Returns the number
    /// of the next one, or `None` behind the last. Opening a folder reads indexes only, so this
    /// finds damage that nobody has come across yet. Begin with 1.
    pub fn scrub(&self, segment: u32) -> Option<u32> {
        let open = self.shared.index().open_segment();
        if segment >= open {
            return None;
        }
        for loss in recovery::scrub(&*self.files, segment) {
            self.shared.lost(loss);
        }
        Some(segment + 1)
    }

    /// Hands a request to the writer and waits for its answer.
    fn ask<T: Send + 'static, E: From<Gone> + Send + 'static>(
        &self,
        make: impl FnOnce(oneshot::Sender<Result<T, E>>) -> Request,
    ) -> Answer<Result<T, E>> {
        let (answer, answered) = oneshot::channel();
        let asked = self.send(make(answer));
        Box::pin(async move {
            asked.await?;
            answered
                .await
                .unwrap_or_else(|_| Err(Gone::writer().into()))
        })
    }

    /// Hands a request to the writer.
    fn send(&self, request: Request) -> impl Future<Output = Result<(), Gone>> + Send + use<> {
        // Weak, so that an answer nobody waits for does not keep the writer from ending.
        let requests = self.requests.as_ref().map(mpsc::Sender::downgrade);
        async move {
            let requests = requests.and_then(|requests| requests.upgrade());
            let sent = requests.ok_or_else(Gone::writer)?.send(request).await;
            sent.map_err(|_| Gone::writer())
        }
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

impl OpLog for Disk {
    fn open(&self, video: &str) -> Answer<Result<OpenedLog, StoreError>> {
        let video: Arc<str> = video.into();
        let (name, snapshots) = (video.clone(), self.snapshots.clone());
        let settled = blocking(move || Ok::<_, StoreError>(snapshots.settle_head(&name)?));
        let opened = self.ask(move |answer| Request::Open { video, answer });
        Box::pin(async move {
            settled.await?;
            opened.await
        })
    }

    fn append(&self, lease: &Lease, records: Records) -> Answer<Result<(), AppendError>> {
        let lease = lease.clone();
        self.ask(move |answer| Request::Append {
            lease,
            records,
            answer,
        })
    }

    fn read(&self, video: &str, after: u64, to: u64) -> Answer<Result<Vec<LogEntry>, StoreError>> {
        let (video, files, shared) = (video.to_owned(), self.files.clone(), self.shared.clone());
        blocking(move || shared.page(&*files, &video, after, to))
    }

    fn revision_at(&self, video: &str, ms: u64, from: u64) -> Answer<Result<u64, StoreError>> {
        let (video, files, shared) = (video.to_owned(), self.files.clone(), self.shared.clone());
        blocking(move || shared.revision_at(&*files, &video, ms, from))
    }

    fn flush(&self) -> Answer<()> {
        let (answer, answered) = oneshot::channel();
        let asked = self.send(Request::Flush(answer));
        Box::pin(async move {
            // If the writer is gone, nothing waits any more.
            if asked.await.is_ok() {
                answered.await.unwrap_or_default();
            }
        })
    }
}

impl Catalog for Disk {
    fn create_room(&self, room: StoredRoom) -> Answer<Result<(), CatalogError>> {
        self.ask(move |answer| Request::CreateRoom { room, answer })
    }

    fn rooms(&self) -> Answer<Result<Vec<StoredRoom>, CatalogError>> {
        let rooms = self.shared.index().rooms().values().cloned().collect();
        Box::pin(ready(Ok(rooms)))
    }

    fn room(&self, room: &str) -> Answer<Result<Option<StoredRoom>, CatalogError>> {
        let room = self.shared.index().rooms().get(room).cloned();
        Box::pin(ready(Ok(room)))
    }
}

impl SnapshotStore for Disk {
    fn put_snapshot(&self, video: &str, snapshot: Snapshot) -> Answer<Result<(), SnapshotError>> {
        let (video, snapshots) = (video.to_owned(), self.snapshots.clone());
        blocking(move || snapshots.put(&video, snapshot))
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

impl Health for Disk {
    fn health(&self) -> Result<(), StoreError> {
        self.shared.health().map_err(StoreError::Failed)
    }

    fn losses(&self) -> Losses {
        self.shared.report().losses.clone()
    }
}

/// Runs work that waits for the disk on a thread where it keeps nobody else waiting.
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

impl Gone {
    fn writer() -> Self {
        Self("the writer is gone".into())
    }
}

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

impl From<Gone> for AppendError {
    fn from(Gone(text): Gone) -> Self {
        Self::Failed(text)
    }
}

impl From<Gone> for CatalogError {
    fn from(Gone(text): Gone) -> Self {
        Self::Failed(text)
    }
}
