//! Durable, ordered storage of rooms and of the operations on their videos.
//!
//! Three small traits, [`OpLog`], [`SnapshotStore`] and [`Catalog`], and two implementations that
//! pass one contract suite: [`Memory`], which forgets, and [`Disk`], the embedded default. Start at
//! [`Disk::open`]. What a batch or a snapshot means is no business of this crate.

mod chain;
mod disk;
mod error;
mod memory;
mod report;
mod thinning;

pub use chain::Chain;
pub use disk::{
    Disk, DiskOptions, FORMAT, Files, Folder, GROUP_BYTES_MAX, QUEUE_REQUESTS_MAX,
    RECORD_BYTES_MAX, ReadFile, WriteFile,
};
pub use error::{AppendError, CatalogError, OpenError, SnapshotError, StoreError};
pub use memory::Memory;
pub use report::{Cut, LOSSES_MAX, Loss, OpenReport};
pub use thinning::{NEWEST_KEPT, TAIL_BYTES_MAX, TAIL_BYTES_MIN, snapshot_is_due};

use bytes::Bytes;
use fmz_proto::v1::{CommittedBatch, StoredRoom};
use std::{future::Future, pin::Pin};

/// An answer that is still on its way.
pub type Answer<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Rooms a catalog holds at most: a page of them still lists in one answer.
pub const ROOMS_MAX: usize = 100_000;

/// Highest revision of any log: the highest integer that JavaScript counts exactly,
/// and far from overflow.
pub const REVISION_MAX: u64 = 1 << 53;

/// Bytes of batches in one page of [`OpLog::read`], about: what a reader holds at once.
pub const READ_PAGE_BYTES: usize = 4 * 1024 * 1024;

/// The ordered log of each video's batches.
pub trait OpLog: Send + Sync {
    /// Appends batches behind `expected_revision`, the last revision that the caller
    /// knows (0 for an empty log).
    ///
    /// `Ok` means durable. The batches carry consecutive revisions from `expected_revision + 1`.
    ///
    /// # Errors
    /// [`AppendError`]; after a conflict nothing was written, after any other error the batches may
    /// or may not be found by a later reader.
    fn append(
        &self,
        video: &str,
        expected_revision: u64,
        batches: Vec<CommittedBatch>,
    ) -> Answer<Result<(), AppendError>>;

    /// Reads the next page of batches whose first revision is above `after` and not above `to`;
    /// empty where there are no more. A page ends before what cannot be read back as it was
    /// written; the next one says so.
    ///
    /// # Errors
    /// [`StoreError`].
    fn read(
        &self,
        video: &str,
        after: u64,
        to: u64,
    ) -> Answer<Result<Vec<CommittedBatch>, StoreError>>;

    /// Tells whether appends can still become durable.
    ///
    /// # Errors
    /// [`StoreError::Failed`] once they cannot.
    fn health(&self) -> Result<(), StoreError>;

    /// Tells what was found lost, when the store was opened and since.
    fn report(&self) -> OpenReport;

    /// Waits until everything handed over before is durable or refused.
    fn flush(&self) -> Answer<()>;
}

/// What a video's document was at a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Revision of the last op in it.
    pub revision: u64,
    /// The document, as it was put.
    pub document: Bytes,
}

/// Snapshots of videos' documents, so that nobody needs a whole log. Old ones are thinned
/// out, see [`snapshot_is_due`]: from the newest at or before any revision it is not further
/// than that snapshot is large.
pub trait SnapshotStore: Send + Sync {
    /// Keeps a document as it is behind the durable batch that ends at `revision`;
    /// `Ok` means durable.
    ///
    /// # Errors
    /// [`SnapshotError`]; the log and older snapshots stay as they are.
    fn put_snapshot(
        &self,
        video: &str,
        revision: u64,
        document: Bytes,
    ) -> Answer<Result<(), SnapshotError>>;

    /// Returns the newest snapshot at or before revision `at` that can be read back
    /// and belongs to this log.
    ///
    /// # Errors
    /// [`StoreError`] where snapshots cannot be looked for. One that is damaged is passed over and
    /// told by [`OpLog::report`].
    fn snapshot(&self, video: &str, at: u64) -> Answer<Result<Option<Snapshot>, StoreError>>;

    /// Returns the revisions of a video's snapshots, ascending.
    ///
    /// # Errors
    /// [`StoreError`] where they cannot be listed.
    fn snapshots(&self, video: &str) -> Answer<Result<Vec<u64>, StoreError>>;
}

/// The rooms that exist.
pub trait Catalog: Send + Sync {
    /// Adds a room; `Ok` means durable.
    ///
    /// # Errors
    /// [`CatalogError::Exists`] for a name that is taken, else why it could not be kept.
    fn create_room(&self, room: StoredRoom) -> Answer<Result<(), CatalogError>>;

    /// Returns all rooms in order of name.
    fn rooms(&self) -> Vec<StoredRoom>;

    /// Returns one room.
    fn room(&self, room: &str) -> Option<StoredRoom>;
}

/// Everything a signaling server keeps.
pub trait Store: OpLog + SnapshotStore + Catalog {}

impl<T: OpLog + SnapshotStore + Catalog> Store for T {}

/// Returns the revision of a batch's last op.
pub fn last_revision(batch: &CommittedBatch) -> u64 {
    batch.first_revision + (batch.ops.len() as u64).saturating_sub(1)
}

/// Checks that batches follow `head` without gap, and returns the new head.
fn follow(head: u64, batches: &[CommittedBatch]) -> Result<u64, AppendError> {
    let step = |head: u64, batch: &CommittedBatch| {
        let follows = batch.first_revision == head + 1 && !batch.ops.is_empty();
        let last = Some(last_revision(batch)).filter(|last| follows && *last <= REVISION_MAX);
        last.ok_or(AppendError::Invalid)
    };
    batches.iter().try_fold(head, step)
}
