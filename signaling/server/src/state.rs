//! What every request can reach.

use crate::{Config, metrics::Metrics, rooms::Rooms, token::Tokens};
use fmz_store::Stores;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};
use tokio::sync::Semaphore;

/// Older states of documents that are read at once, for all rooms: a large one
/// takes hundreds of megabytes.
const READS_MAX: usize = 4;

#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) tokens: Tokens,
    pub(crate) stores: Stores,
    pub(crate) metrics: Metrics,
    pub(crate) rooms: Rooms,
    /// One for each WebSocket.
    pub(crate) sockets: Arc<Semaphore>,
    /// Older states being read at once: each is a document in memory.
    pub(crate) reads: Semaphore,
    pub(crate) stopping: AtomicBool,
    sessions: AtomicU32,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").finish_non_exhaustive()
    }
}

impl std::ops::Deref for State {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl State {
    pub(crate) fn new(
        config: Config,
        tokens: Tokens,
        stores: Stores,
        metrics: Metrics,
        rooms: Rooms,
    ) -> Self {
        let sockets = Arc::new(Semaphore::new(config.sessions_max));
        let reads = Semaphore::new(READS_MAX);
        let stopping = AtomicBool::new(false);
        let sessions = AtomicU32::new(0);
        Self {
            inner: Arc::new(Inner {
                config,
                tokens,
                stores,
                metrics,
                rooms,
                sockets,
                reads,
                stopping,
                sessions,
            }),
        }
    }

    pub(crate) fn next_session(&self) -> fmz_signaling_core::SessionId {
        fmz_signaling_core::SessionId(self.sessions.fetch_add(1, Ordering::Relaxed) + 1)
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
