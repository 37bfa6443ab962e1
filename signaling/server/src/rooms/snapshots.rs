//! Writes snapshots of a room's document, so that the room opens quickly the next time.

use super::deps::RoomDeps;
use crate::{history, metrics::Metrics};
use fmz_store::snapshot_is_due;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::task::JoinHandle;

/// Bytes of log from which on a room that closes writes a snapshot. To read less log costs less
/// than the syncs of a snapshot.
const CLOSING_TAIL_BYTES_MIN: u64 = 64 * 1024;

/// The snapshots of one open room. At most one is written at a time, beside the room.
pub(super) struct Snapshots {
    deps: Arc<RoomDeps>,
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
    pub(super) fn new(deps: Arc<RoomDeps>, video: String, opened: &history::Opened) -> Self {
        Self {
            deps,
            video,
            revision: opened.document.revision(),
            tail_bytes: opened.tail_bytes,
            last_bytes: Arc::new(AtomicU64::new(opened.snapshot_bytes)),
            writing: None,
        }
    }

    /// Notes that the log has grown by `bytes`, up to `revision`. Writes a snapshot if one is due.
    pub(super) fn appended(&mut self, revision: u64, bytes: u64) {
        self.revision = revision;
        self.tail_bytes += bytes;
        if snapshot_is_due(self.tail_bytes, self.last_bytes.load(Ordering::Relaxed)) {
            self.write();
        }
    }

    /// Writes a snapshot of a room that closes, if the log behind the newest one is long.
    pub(super) fn closing(&mut self) {
        if self.tail_bytes >= CLOSING_TAIL_BYTES_MIN {
            self.write();
        }
    }

    /// Begins to write a snapshot, unless one is being written. A snapshot that fails is tried
    /// again once the log has grown by as much again.
    fn write(&mut self) {
        let busy = |writing: &JoinHandle<()>| !writing.is_finished();
        if self.writing.as_ref().is_some_and(busy) {
            return;
        }
        self.tail_bytes = 0;
        let (stores, video) = (self.deps.stores.clone(), self.video.clone());
        let (revision, last_bytes) = (self.revision, self.last_bytes.clone());
        let metrics = self.deps.metrics.clone();
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
