//! Snapshots of documents.

use crate::{Answer, Head, SnapshotError, StoreError};
use bytes::Bytes;

/// A video's document at a place in its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The place: behind the last batch whose ops are in the document.
    pub head: Head,
    /// The document, as it was put.
    pub document: Bytes,
}

/// Snapshots of videos' documents, so that nobody needs to read a whole log.
///
/// Old ones are thinned out, see [`snapshot_is_due`](crate::snapshot_is_due): the newest snapshot
/// at or before a revision is at most as far away from it as that snapshot is large.
pub trait SnapshotStore: Send + Sync {
    /// Keeps a document as it is behind a durable batch. `Ok` means durable.
    ///
    /// # Errors
    /// [`SnapshotError::Head`] if the log has no batch that ends there with this chain;
    /// [`SnapshotError::Failed`] if the snapshot cannot be kept. The log and older snapshots stay
    /// as they are.
    fn put_snapshot(&self, video: &str, snapshot: Snapshot) -> Answer<Result<(), SnapshotError>>;

    /// Returns the newest snapshot at or before revision `at` that can be read back and belongs to
    /// this log. A damaged one is passed over and told as a loss.
    ///
    /// # Errors
    /// [`StoreError`] if snapshots cannot be looked for.
    fn snapshot(&self, video: &str, at: u64) -> Answer<Result<Option<Snapshot>, StoreError>>;

    /// Returns the revisions of a video's snapshots, ascending.
    ///
    /// # Errors
    /// [`StoreError`] if they cannot be listed.
    fn snapshots(&self, video: &str) -> Answer<Result<Vec<u64>, StoreError>>;
}
