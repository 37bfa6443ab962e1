//! The state that every request can reach. No room reaches it.

use crate::{
    Config,
    metrics::Metrics,
    rooms::{Link, RoomDeps, Rooms},
    token::Tokens,
};
use fmz_proto::v1::to_sfu;
use fmz_store::Stores;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};
use tokio::sync::{Semaphore, mpsc};

/// Older states of documents that are read at once, for all rooms: a large one takes hundreds of
/// megabytes.
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
    /// One permit for each WebSocket.
    pub(crate) sockets: Arc<Semaphore>,
    /// One permit for each older state that is being read, shared with the rooms.
    pub(crate) reads: Arc<Semaphore>,
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
        to_sfu: mpsc::Sender<to_sfu::Message>,
    ) -> Self {
        let sockets = Arc::new(Semaphore::new(config.sessions_max));
        let reads = Arc::new(Semaphore::new(READS_MAX));
        let rooms = Rooms::new(RoomDeps {
            stores: stores.clone(),
            reads: reads.clone(),
            metrics: metrics.clone(),
            limits: config.room,
            idle: config.room_idle,
            link: Link::new(to_sfu),
        });
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

    /// Returns a number that no session of this process had before.
    pub(crate) fn next_session(&self) -> fmz_signaling_core::SessionId {
        fmz_signaling_core::SessionId(self.sessions.fetch_add(1, Ordering::Relaxed) + 1)
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
