//! The ordered log of each video.

use crate::{Answer, AppendError, Head, Lease, LogEntry, Records, StoreError};

/// Bytes of batches in one page of [`OpLog::read`], about: the most that a reader holds at once.
pub const READ_PAGE_BYTES: usize = 4 * 1024 * 1024;

/// A log that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedLog {
    /// The right to append.
    pub lease: Lease,
    /// Where the log ends, revisions that are lost included.
    pub head: Head,
}

/// The ordered log of each video's batches.
pub trait OpLog: Send + Sync {
    /// Opens a video's log for the one that appends to it.
    ///
    /// `Ok` means that the opening is durable: every append that was handed over before is in the
    /// returned head or is refused, and no append with an older lease is taken any more. A log
    /// that does not exist yet opens empty. A log whose store cannot write any more opens too, for
    /// its readers.
    ///
    /// # Errors
    /// [`StoreError`]; older leases may or may not hold then.
    fn open(&self, video: &str) -> Answer<Result<OpenedLog, StoreError>>;

    /// Appends records behind [`Records::after`]. `Ok` means durable.
    ///
    /// # Errors
    /// [`AppendError`]. After [`AppendError::Fenced`], [`AppendError::Conflict`] and
    /// [`AppendError::TooLarge`] nothing was written; after [`AppendError::Failed`] the records may
    /// or may not be found by a later reader.
    fn append(&self, lease: &Lease, records: Records) -> Answer<Result<(), AppendError>>;

    /// Reads the next page of records whose first revision is above `after` and not above `to`.
    /// The page is empty if there are no more. It ends before a record that cannot be read back as
    /// it was written; the next page tells the error.
    ///
    /// # Errors
    /// [`StoreError`].
    fn read(&self, video: &str, after: u64, to: u64) -> Answer<Result<Vec<LogEntry>, StoreError>>;

    /// Returns the revision before the first batch behind `from` that was committed later than
    /// `ms`, milliseconds since 1970; the log's last revision if none was. Times need not rise: a
    /// server's clock can be set back.
    ///
    /// # Errors
    /// [`StoreError`] if the log cannot be read so far.
    fn revision_at(&self, video: &str, ms: u64, from: u64) -> Answer<Result<u64, StoreError>>;

    /// Returns when everything that was handed over before is durable or refused.
    fn flush(&self) -> Answer<()>;
}
