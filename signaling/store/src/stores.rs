//! The stores of a signaling server, each of which can be another engine.

use crate::{Catalog, Health, OpLog, SnapshotStore};
use std::{fmt, sync::Arc};

/// Everything that a signaling server keeps.
#[derive(Clone)]
pub struct Stores {
    /// The ops of all videos.
    pub log: Arc<dyn OpLog>,
    /// Documents, so that opening a room need not read its whole log.
    pub snapshots: Arc<dyn SnapshotStore>,
    /// The rooms.
    pub catalog: Arc<dyn Catalog>,
    /// The health of all of them.
    pub health: Arc<dyn Health>,
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stores").finish_non_exhaustive()
    }
}

/// One engine that keeps everything.
impl<T: OpLog + SnapshotStore + Catalog + Health + 'static> From<Arc<T>> for Stores {
    fn from(store: Arc<T>) -> Self {
        Self {
            log: store.clone(),
            snapshots: store.clone(),
            catalog: store.clone(),
            health: store,
        }
    }
}
