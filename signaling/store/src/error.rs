//! What can go wrong with a store.

use crate::FORMAT;
use std::{io, path::PathBuf};

/// Why an append was not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Another writer was first; read from the log and try again.
    #[error("the log is at revision {head}")]
    Conflict {
        /// Last revision of the log.
        head: u64,
    },
    /// The batches are empty or do not follow each other.
    #[error("batches do not follow each other")]
    Invalid,
    /// A batch is too large to be one record.
    #[error("a batch is over the size of a record")]
    TooLarge,
    /// A write or a sync failed, now or before: this store acknowledges nothing more
    /// until it is opened again.
    #[error("storage failed: {0}")]
    Failed(String),
}

impl AppendError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => "conflict",
            Self::Invalid => "invalid",
            Self::TooLarge => "too_large",
            Self::Failed(_) => "storage",
        }
    }
}

/// Why a room was not created.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// The name is taken.
    #[error("a room of this name exists")]
    Exists,
    /// The catalog holds as many rooms as it may.
    #[error("no more rooms can be made")]
    Full,
    /// The room could not be kept.
    #[error("storage failed: {0}")]
    Failed(String),
}

impl CatalogError {
    /// The stable code of this error.
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
    /// A write or a sync failed; nothing is acknowledged any more.
    #[error("storage failed: {0}")]
    Failed(String),
    /// A record that was good before cannot be read back.
    #[error("record of {video} in segment {segment} at byte {offset} cannot be read back")]
    Unreadable {
        /// Whose record it is.
        video: String,
        /// Number of the segment.
        segment: u32,
        /// Where the record begins.
        offset: u64,
    },
    /// Revisions that were durable are lost; what lies before and behind can be read.
    #[error("revisions {first} to {last} of {video} are lost")]
    Lost {
        /// Whose.
        video: String,
        /// First one.
        first: u64,
        /// Last one.
        last: u64,
    },
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Why a snapshot was not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// No durable batch of the video ends at this revision.
    #[error("no batch ends at revision {0}")]
    Revision(u64),
    /// It could not be written; the log is not touched by that.
    #[error("storage failed: {0}")]
    Failed(String),
}

impl SnapshotError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Revision(_) => "no_such_revision",
            Self::Failed(_) => "storage",
        }
    }
}

impl From<io::Error> for SnapshotError {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl StoreError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Failed(_) => "storage",
            Self::Unreadable { .. } => "unreadable",
            Self::Lost { .. } => "lost",
        }
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
        /// What the system said.
        source: io::Error,
    },
    /// A newer build wrote the folder; nothing was changed.
    #[error("{} was written by a newer fmz: format {found}; this one reads up to {FORMAT}", path.display())]
    Newer {
        /// The folder.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
}

impl OpenError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InUse(_) => "in_use",
            Self::Unusable { .. } => "unusable",
            Self::Newer { .. } => "newer_format",
        }
    }
}
