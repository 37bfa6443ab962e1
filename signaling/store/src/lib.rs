//! Durable, ordered storage of rooms and of the operations on their videos.
//!
//! Four small traits, which [`Stores`] brings together: [`OpLog`], [`SnapshotStore`], [`Catalog`]
//! and [`Health`]. Two engines implement them all: [`Memory`], which forgets, and [`Disk`], the
//! embedded default. Start at [`Disk::open`]. The feature `contract` has the cases that every
//! engine must pass. This crate does not know what a batch or a snapshot means.

mod catalog;
mod chain;
#[cfg(feature = "contract")]
pub mod contract;
mod disk;
mod error;
mod health;
mod lease;
mod log;
mod memory;
mod record;
mod report;
mod snapshot;
mod stores;
mod thinning;

pub use catalog::{Catalog, ROOMS_MAX};
pub use chain::Chain;
pub use disk::{
    Disk, DiskOptions, FORMAT, Files, Folder, GROUP_BYTES_MAX, QUEUE_REQUESTS_MAX,
    RECORD_BYTES_MAX, ReadFile, WriteFile,
};
pub use error::{AppendError, CatalogError, OpenError, SnapshotError, StoreError};
pub use health::Health;
pub use lease::{Epoch, Lease};
pub use log::{OpLog, OpenedLog, READ_PAGE_BYTES};
pub use memory::Memory;
pub use record::{Head, LogEntry, REVISION_MAX, Record, Records, last_revision};
pub use report::{Cut, LOSSES_MAX, Loss, Losses, OpenReport};
pub use snapshot::{Snapshot, SnapshotStore};
pub use stores::Stores;
pub use thinning::{NEWEST_KEPT, TAIL_BYTES_MAX, TAIL_BYTES_MIN, snapshot_is_due};

use std::{future::Future, pin::Pin};

/// An answer that is still on its way.
pub type Answer<T> = Pin<Box<dyn Future<Output = T> + Send>>;
