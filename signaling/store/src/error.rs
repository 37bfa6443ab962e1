//! What can go wrong with a store.

use crate::FORMAT;
use std::{io, path::PathBuf};

/// Why an append was not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The log was opened again, so the lease holds no more.
    #[error("the log was opened by another owner")]
    Fenced,
    /// The log does not end where the records begin, or has another chain there.
    #[error("the log ends at another place, at revision {head}")]
    Conflict {
        /// Last revision of the log.
        head: u64,
    },
    /// There are no batches, or they do not follow each other.
    #[error("batches must follow each other, and at least one is required")]
    Invalid,
    /// A batch is too large to be one record.
    #[error("a batch is over the size of a record")]
    TooLarge,
    /// A write or a sync failed, now or before. The store acknowledges nothing more until it is
    /// opened again.
    #[error("storage failed: {0}")]
    Failed(String),
}

impl AppendError {
    /// Returns the stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Fenced => "fenced",
            Self::Conflict { .. } => "conflict",
            Self::Invalid => "invalid",
            Self::TooLarge => "too_large",
            Self::Failed(_) => "storage",
        }
    }
}

/// Why a catalog did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// The name is taken.
    #[error("a room of this name exists")]
    Exists,
    /// The catalog holds as many rooms as it may.
    #[error("no more rooms can be made")]
    Full,
    /// The catalog cannot be read or written.
    #[error("storage failed: {0}")]
    Failed(String),
}

impl CatalogError {
    /// Returns the stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Exists => "room_exists",
            Self::Full => "rooms_full",
            Self::Failed(_) => "storage",
        }
    }
}

/// Why a store cannot serve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A read, a write or a sync failed. After a failed write nothing is acknowledged any more.
    #[error("storage failed: {0}")]
    Failed(String),
    /// A record that was good before cannot be read back.
    #[error("record of {video} in segment {segment} at byte {offset} cannot be read back")]
    Unreadable {
        /// The video.
        video: String,
        /// Number of the segment.
        segment: u32,
        /// Byte at which the record begins.
        offset: u64,
    },
    /// Revisions that were durable are lost. The revisions before and behind can be read.
    #[error("revisions {first} to {last} of {video} are lost")]
    Lost {
        /// The video.
        video: String,
        /// First lost revision.
        first: u64,
        /// Last lost revision.
        last: u64,
    },
}

impl StoreError {
    /// Returns the stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Failed(_) => "storage",
            Self::Unreadable { .. } => "unreadable",
            Self::Lost { .. } => "lost",
        }
    }
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Why a snapshot was not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// No durable batch of the video ends at this revision with the snapshot's chain.
    #[error("no batch ends at revision {0}")]
    Head(u64),
    /// The snapshot could not be written. The log is not touched by that.
    #[error("storage failed: {0}")]
    Failed(String),
}

impl SnapshotError {
    /// Returns the stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Head(_) => "no_such_revision",
            Self::Failed(_) => "storage",
        }
    }
}

impl From<io::Error> for SnapshotError {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Why a data folder could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the folder open.
    #[error("{} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// The folder cannot be made, read or written.
    #[error("{} cannot be used: {source}", path.display())]
    Unusable {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A newer build wrote the folder. Nothing was changed.
    #[error("{} was written by a newer fmz: format {found}; this one reads up to {FORMAT}", path.display())]
    Newer {
        /// The folder.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
}

impl OpenError {
    /// Returns the stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InUse(_) => "in_use",
            Self::Unusable { .. } => "unusable",
            Self::Newer { .. } => "newer_format",
        }
    }
}
