//! When a room's document is written down, so that the room opens quickly the next time.

use crate::{history, metrics::Metrics, state::State};
use fmz_store::snapshot_is_due;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::task::JoinHandle;

/// Bytes of log for which a room that closes writes no snapshot: reading them costs
/// less than its syncs.
const CLOSING_TAIL_BYTES_MIN: u64 = 64 * 1024;

/// The snapshots of one open room. At most one is written at a time, beside the room.
pub(super) struct Snapshots {
    state: State,
    video: String,
    /// Last durable revision.
    revision: u64,
    /// Bytes of log behind the newest snapshot.
    tail_bytes: u64,
    /// Size of the newest snapshot.
    last_bytes: Arc<AtomicU64>,
    writing: Option<JoinHandle<()>>,
}

impl Snapshots {
    pub(super) fn new(state: State, video: String, opened: &history::Opened) -> Self {
        Self {
            state,
            video,
            revision: opened.document.revision(),
            tail_bytes: opened.tail_bytes,
            last_bytes: Arc::new(AtomicU64::new(opened.snapshot_bytes)),
            writing: None,
        }
    }

    /// Takes note that the log has grown.
    pub(super) fn appended(&mut self, revision: u64, bytes: u64) {
        self.revision = revision;
        self.tail_bytes += bytes;
        if snapshot_is_due(self.tail_bytes, self.last_bytes.load(Ordering::Relaxed)) {
            self.write();
        }
    }

    /// Writes down what is not yet, for the next one to open the room.
    pub(super) fn closing(&mut self) {
        if self.tail_bytes >= CLOSING_TAIL_BYTES_MIN {
            self.write();
        }
    }

    /// One that fails is not tried again before as much is written once more.
    fn write(&mut self) {
        let busy = |writing: &JoinHandle<()>| !writing.is_finished();
        if self.writing.as_ref().is_some_and(busy) {
            return;
        }
        self.tail_bytes = 0;
        let (stores, video) = (self.state.stores.clone(), self.video.clone());
        let (revision, last_bytes) = (self.revision, self.last_bytes.clone());
        let metrics = self.state.metrics.clone();
        self.writing = Some(tokio::spawn(async move {
            let written = history::write_snapshot(&stores, &video, revision).await;
            note(&metrics, &video, revision, &written);
            if let Ok(bytes) = written {
                last_bytes.store(bytes, Ordering::Relaxed);
            }
        }));
    }
}

fn note(metrics: &Metrics, video: &str, revision: u64, written: &Result<u64, String>) {
    match written {
        Ok(bytes) => {
            metrics.snapshots.inc();
            tracing::debug!(room = video, revision, bytes, "snapshot written");
        }
        Err(text) => {
            metrics.snapshot_failures.inc();
            tracing::error!(room = video, revision, text, "no snapshot can be written");
        }
    }
}
