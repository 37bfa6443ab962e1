//! Frames that wait to be written to one WebSocket, bounded in bytes.

use bytes::Bytes;
use fmz_signaling_core::{Class, Pressure, Reason, limits::PRESSURE_LOW_BYTES};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};
use tokio::sync::mpsc;

/// Bytes that wait for one session at most: seconds of a busy room on a slow line.
const QUEUE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Bytes that may wait while pointers are still queued. Behind more they would arrive late.
const PRESENCE_BYTES_MAX: usize = 64 * 1024;
/// Bytes of catching up that may wait when a session asks for more.
const CATCH_UP_BYTES_MAX: usize = QUEUE_BYTES_MAX;
/// Bytes that a frame counts besides its own.
const FRAME_OVERHEAD_BYTES: usize = 64;

/// Something that the writer of a WebSocket has to do, in order.
#[derive(Debug)]
pub(crate) enum Outgoing {
    Frame { frame: Bytes, class: Class },
    Close(Reason),
}

/// The end of the queue that the room holds.
#[derive(Debug, Clone)]
pub(crate) struct SocketQueue {
    frames: mpsc::UnboundedSender<Outgoing>,
    counts: Arc<Counts>,
}

/// The end of the queue that the writer holds.
#[derive(Debug)]
pub(crate) struct SocketFrames {
    frames: mpsc::UnboundedReceiver<Outgoing>,
    counts: Arc<Counts>,
}

#[derive(Debug)]
struct Counts {
    own: AtomicUsize,
    catch_up: AtomicUsize,
    /// True once frames that wait must not be written any more.
    cut: AtomicBool,
    /// The pressure that the room knows of.
    told: Mutex<Pressure>,
}

impl Counts {
    /// Returns the count that frames of a class belong to, and its bound.
    fn of(&self, class: Class) -> (&AtomicUsize, usize) {
        match class {
            Class::Must => (&self.own, QUEUE_BYTES_MAX),
            Class::Presence => (&self.own, PRESENCE_BYTES_MAX),
            Class::CatchUp => (&self.catch_up, CATCH_UP_BYTES_MAX),
        }
    }
}

/// Says whether frames were queued.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    Queued,
    /// No: they may be missed, and the client is slow.
    Dropped,
    /// No: they may not be missed, and the queue is full.
    Full,
}

/// Makes the queue of one session.
pub(crate) fn socket_queue() -> (SocketQueue, SocketFrames) {
    // Bounded by the bytes counted in `push`, which a channel bounded in frames cannot do.
    let (sender, receiver) = mpsc::unbounded_channel();
    let counts = Arc::new(Counts {
        own: AtomicUsize::new(0),
        catch_up: AtomicUsize::new(0),
        cut: AtomicBool::new(false),
        told: Mutex::new(Pressure::Low),
    });
    let queue = SocketQueue {
        frames: sender,
        counts: counts.clone(),
    };
    (
        queue,
        SocketFrames {
            frames: receiver,
            counts,
        },
    )
}

fn counted(frame: &Bytes) -> usize {
    frame.len() + FRAME_OVERHEAD_BYTES
}

impl SocketQueue {
    /// Queues all frames or none.
    pub(crate) fn push(&self, class: Class, frames: &[Bytes]) -> Pushed {
        let (count, bound) = self.counts.of(class);
        let bytes: usize = frames.iter().map(counted).sum();
        let waiting = count.load(Ordering::Relaxed);
        // Catching up has no size of its own, so it is bounded by what waits already.
        let over = if class == Class::CatchUp {
            waiting > bound
        } else {
            waiting + bytes > bound
        };
        if over {
            return if class == Class::Presence {
                Pushed::Dropped
            } else {
                Pushed::Full
            };
        }
        count.fetch_add(bytes, Ordering::Relaxed);
        for frame in frames {
            // If the writer is gone, its session is about to leave the room.
            let _ = self.frames.send(Outgoing::Frame {
                frame: frame.clone(),
                class,
            });
        }
        Pushed::Queued
    }

    /// Returns how much waits, if that has changed since the last call.
    pub(crate) fn pressure(&self) -> Option<Pressure> {
        let mut told = self
            .counts
            .told
            .lock()
            .expect("no holder of this lock panics");
        let now = Pressure::of(self.counts.own.load(Ordering::Relaxed), *told);
        (std::mem::replace(&mut *told, now) != now).then_some(now)
    }

    /// Ends the queue. A slow client does not get the frames that wait.
    pub(crate) fn close(&self, reason: Reason) {
        self.counts
            .cut
            .store(reason == Reason::Slow, Ordering::Relaxed);
        let _ = self.frames.send(Outgoing::Close(reason));
    }
}

impl SocketFrames {
    /// Returns whether so little waits now that the room should know.
    pub(crate) fn has_eased(&self) -> bool {
        let told = self
            .counts
            .told
            .lock()
            .expect("no holder of this lock panics");
        *told != Pressure::Low && self.counts.own.load(Ordering::Relaxed) <= PRESSURE_LOW_BYTES
    }

    /// Waits for the next frame, or for the reason to close. Returns `None` if the room has dropped
    /// the session.
    pub(crate) async fn next(&mut self) -> Option<Outgoing> {
        loop {
            let outgoing = self.frames.recv().await?;
            if let Outgoing::Frame { frame, class } = &outgoing {
                self.counts
                    .of(*class)
                    .0
                    .fetch_sub(counted(frame), Ordering::Relaxed);
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
    use fmz_signaling_core::limits::{PRESSURE_FULL_BYTES, PRESSURE_HIGH_BYTES};

    fn frame(bytes: usize) -> Bytes {
        Bytes::from(vec![0; bytes - FRAME_OVERHEAD_BYTES])
    }

    #[tokio::test]
    async fn socket1_full_queue_is_said_and_cut() {
        let (queue, mut frames) = socket_queue();
        let quarter = [frame(QUEUE_BYTES_MAX / 4)];
        for _ in 0..4 {
            assert_eq!(queue.push(Class::Must, &quarter), Pushed::Queued);
        }
        assert_eq!(queue.push(Class::Must, &quarter), Pushed::Full);
        assert_eq!(queue.push(Class::Presence, &[frame(100)]), Pushed::Dropped);
        assert!(matches!(frames.next().await, Some(Outgoing::Frame { .. })));
        assert_eq!(queue.push(Class::Must, &quarter), Pushed::Queued);
        queue.close(Reason::Slow);
        assert!(matches!(
            frames.next().await,
            Some(Outgoing::Close(Reason::Slow))
        ));
    }

    #[tokio::test]
    async fn slow6_pressure_is_said_when_it_changes_and_when_it_eases() {
        let (queue, mut frames) = socket_queue();
        assert_eq!((queue.pressure(), frames.has_eased()), (None, false));
        queue.push(Class::Must, &[frame(PRESSURE_HIGH_BYTES)]);
        assert_eq!(queue.pressure(), Some(Pressure::High));
        assert_eq!((queue.pressure(), frames.has_eased()), (None, false));
        queue.push(Class::Must, &[frame(PRESSURE_FULL_BYTES)]);
        assert_eq!(queue.pressure(), Some(Pressure::Full));
        for eased in [false, true] {
            assert!(matches!(frames.next().await, Some(Outgoing::Frame { .. })));
            assert_eq!(frames.has_eased(), eased);
        }
        assert_eq!(queue.pressure(), Some(Pressure::Low));
        assert!(!frames.has_eased());
    }

    #[tokio::test]
    async fn socket2_a_snapshot_of_any_size_is_queued_but_not_a_second_behind_it() {
        let (queue, mut frames) = socket_queue();
        let snapshot = vec![frame(CATCH_UP_BYTES_MAX / 4); 10];
        assert_eq!(queue.push(Class::CatchUp, &snapshot), Pushed::Queued);
        assert_eq!(queue.push(Class::Must, &[frame(100)]), Pushed::Queued);
        assert_eq!(queue.push(Class::CatchUp, &snapshot), Pushed::Full);
        for _ in 0..6 {
            assert!(matches!(frames.next().await, Some(Outgoing::Frame { .. })));
        }
        assert_eq!(queue.push(Class::CatchUp, &snapshot), Pushed::Queued);
    }
}
