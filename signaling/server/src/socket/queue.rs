//! What waits to be written to one WebSocket, bounded in bytes.

use bytes::Bytes;
use fmz_signaling_core::{Class, Reason};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};
use tokio::sync::mpsc;

/// Bytes that wait for one session at most: seconds of a busy room on a slow line.
pub(crate) const QUEUE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes beyond which pointers are not queued any more: they would only arrive late.
const PRESENCE_BYTES_MAX: usize = 64 * 1024;
/// What a frame counts besides its bytes.
const FRAME_OVERHEAD_BYTES: usize = 64;

/// What the writer of a WebSocket is given, in order.
#[derive(Debug)]
pub(crate) enum Outgoing {
    Frame { frame: Bytes, counted: usize },
    Close(Reason),
}

/// The end that the room holds.
#[derive(Debug, Clone)]
pub(crate) struct SocketQueue {
    frames: mpsc::UnboundedSender<Outgoing>,
    counts: Arc<Counts>,
}

/// The end that the writer holds.
#[derive(Debug)]
pub(crate) struct SocketFrames {
    frames: mpsc::UnboundedReceiver<Outgoing>,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    bytes: AtomicUsize,
    /// Set when what waits shall not be written any more.
    cut: AtomicBool,
}

/// What became of a frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    Queued,
    /// It may be missed, and the consumer is slow.
    Dropped,
    /// It may not be missed, and there is no room for it.
    Full,
}

pub(crate) fn queue() -> (SocketQueue, SocketFrames) {
    // Bounded by the bytes counted in `push`, which a channel bounded in frames cannot do.
    let (sender, receiver) = mpsc::unbounded_channel();
    let counts = Arc::<Counts>::default();
    (
        SocketQueue {
            frames: sender,
            counts: counts.clone(),
        },
        SocketFrames {
            frames: receiver,
            counts,
        },
    )
}

impl SocketQueue {
    pub(crate) fn push(&self, class: Class, frame: Bytes) -> Pushed {
        let waiting = self.counts.bytes.load(Ordering::Relaxed);
        let counted = match class {
            // All sessions share a snapshot's bytes.
            Class::Snapshot => FRAME_OVERHEAD_BYTES,
            Class::Must | Class::Presence => frame.len() + FRAME_OVERHEAD_BYTES,
        };
        if class == Class::Presence && waiting > PRESENCE_BYTES_MAX {
            return Pushed::Dropped;
        }
        if waiting + counted > QUEUE_BYTES_MAX {
            return Pushed::Full;
        }
        self.counts.bytes.fetch_add(counted, Ordering::Relaxed);
        // Where the writer is gone its session is about to be taken out of the room.
        let _ = self.frames.send(Outgoing::Frame { frame, counted });
        Pushed::Queued
    }

    /// Ends the queue. A slow consumer does not get what waits.
    pub(crate) fn close(&self, reason: Reason) {
        self.counts
            .cut
            .store(reason == Reason::Slow, Ordering::Relaxed);
        let _ = self.frames.send(Outgoing::Close(reason));
    }
}

impl SocketFrames {
    /// The next frame, or the reason to close; `None` where the room forgot the session.
    pub(crate) async fn next(&mut self) -> Option<Outgoing> {
        loop {
            let outgoing = self.frames.recv().await?;
            if let Outgoing::Frame { counted, .. } = &outgoing {
                self.counts.bytes.fetch_sub(*counted, Ordering::Relaxed);
                if self.counts.cut.load(Ordering::Relaxed) {
                    continue;
                }
            }
            return Some(outgoing);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn socket1_full_queue_is_said_and_cut() {
        let (queue, mut frames) = queue();
        let frame = Bytes::from(vec![0; 1024 * 1024 - FRAME_OVERHEAD_BYTES]);
        for _ in 0..4 {
            assert_eq!(queue.push(Class::Must, frame.clone()), Pushed::Queued);
        }
        assert_eq!(
            queue.push(Class::Must, Bytes::from_static(b"x")),
            Pushed::Full
        );
        assert_eq!(
            queue.push(Class::Presence, Bytes::from_static(b"x")),
            Pushed::Dropped
        );
        assert!(matches!(frames.next().await, Some(Outgoing::Frame { .. })));
        assert_eq!(queue.push(Class::Snapshot, frame), Pushed::Queued);
        queue.close(Reason::Slow);
        assert!(matches!(
            frames.next().await,
            Some(Outgoing::Close(Reason::Slow))
        ));
    }
}
