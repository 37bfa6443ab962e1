//! Durable, ordered storage of rooms and of the operations on their videos.
//!
//! Two small traits, [`OpLog`] and [`Catalog`], and two implementations that pass one contract suite: [`Memory`], which
//! forgets, and [`Disk`], the embedded default. Start at [`Disk::open`]. What a batch means is no business of this crate.

mod disk;
mod error;
mod memory;

pub use disk::{
    Disk, DiskOptions, GROUP_BYTES_MAX, QUEUE_REQUESTS_MAX, RECORD_BYTES_MAX, SegmentFile,
};
pub use error::{AppendError, CatalogError, OpenError, StoreError};
pub use memory::Memory;

use fmz_proto::v1::{CommittedBatch, StoredRoom};
use std::{future::Future, pin::Pin};

/// An answer that is still on its way.
pub type Answer<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Rooms a catalog holds at most: a page of them still lists in one answer.
pub const ROOMS_MAX: usize = 100_000;

/// Bytes of batches in one page of [`OpLog::read`], about: what a reader holds at once.
pub const READ_PAGE_BYTES: usize = 4 * 1024 * 1024;

/// The ordered log of each video's batches.
pub trait OpLog: Send + Sync {
    /// Appends batches behind `expected_revision`, the last revision that the caller knows (0 for an empty log).
    ///
    /// `Ok` means durable. The batches carry consecutive revisions from `expected_revision + 1`.
    ///
    /// # Errors
    /// [`AppendError`]; after a conflict nothing was written, after any other error the batches may or may not be
    /// found by a later reader.
    fn append(
        &self,
        video: &str,
        expected_revision: u64,
        batches: Vec<CommittedBatch>,
    ) -> Answer<Result<(), AppendError>>;

    /// Reads the next page of batches whose first revision is above `after`; empty at the end of the log.
    ///
    /// # Errors
    /// [`StoreError`] where a page cannot be read back as it was written.
    fn read(&self, video: &str, after: u64) -> Answer<Result<Vec<CommittedBatch>, StoreError>>;

    /// Tells whether appends can still become durable.
    ///
    /// # Errors
    /// [`StoreError::Failed`] once they cannot.
    fn health(&self) -> Result<(), StoreError>;

    /// Waits until everything handed over before is durable or refused.
    fn flush(&self) -> Answer<()>;
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
pub trait Store: OpLog + Catalog {}

impl<T: OpLog + Catalog> Store for T {}

/// Returns the revision of a batch's last op.
pub fn last_revision(batch: &CommittedBatch) -> u64 {
    batch.first_revision + (batch.ops.len() as u64).saturating_sub(1)
}

/// Checks that batches follow `head` without gap, and returns the new head.
fn follow(head: u64, batches: &[CommittedBatch]) -> Result<u64, AppendError> {
    let step = |head: u64, batch: &CommittedBatch| {
        let follows = batch.first_revision == head + 1 && !batch.ops.is_empty();
        follows
            .then(|| last_revision(batch))
            .ok_or(AppendError::Invalid)
    };
    batches.iter().try_fold(head, step)
}
