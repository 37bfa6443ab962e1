//! Datagrams between two loops of one process, without a socket.
//!
//! [`pair`] makes the two ends. Each end collects the datagrams of a round and hands them over with
//! [`End::flush`]; the other takes everything that waits with [`End::take`]. If a queue is full,
//! the last datagrams are lost, as in a socket's buffer.

use crate::Datagram;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Datagrams that wait in one direction: a burst of 200 streams, and no more than a loop takes in
/// one round.
pub const DATAGRAMS_MAX: usize = 4096;
/// Bytes that wait in one direction: as many full-sized datagrams.
pub const BYTES_MAX: usize = DATAGRAMS_MAX * 1500;

/// Datagrams one after another.
#[derive(Debug, Default)]
struct Batch {
    headers: Vec<Header>,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Header {
    source: SocketAddr,
    destination: SocketAddr,
    length: usize,
}

impl Batch {
    fn takes(&self, length: usize) -> bool {
        self.headers.len() < DATAGRAMS_MAX && self.bytes.len() + length <= BYTES_MAX
    }

    fn push(&mut self, header: Header, payload: &[u8]) -> bool {
        let takes = self.takes(payload.len());
        if takes {
            self.headers.push(header);
            self.bytes.extend_from_slice(payload);
        }
        takes
    }

    fn datagrams(&self) -> impl Iterator<Item = Datagram<'_>> {
        let mut rest = self.bytes.as_slice();
        self.headers.iter().map(move |header| {
            let (payload, behind) = rest.split_at(header.length);
            rest = behind;
            Datagram {
                source: header.source,
                local: header.destination,
                payload,
            }
        })
    }

    /// Moves everything to the end of `waiting`. Returns the number of datagrams that did not fit.
    fn append_to(&mut self, waiting: &mut Self) -> usize {
        // The usual case: the other end has taken everything, so the batches change places and
        // nothing is copied.
        if waiting.headers.is_empty() {
            std::mem::swap(self, waiting);
            return 0;
        }
        let mut lost = 0;
        for datagram in self.datagrams() {
            let header = Header {
                source: datagram.source,
                destination: datagram.local,
                length: datagram.payload.len(),
            };
            lost += usize::from(!waiting.push(header, datagram.payload));
        }
        self.clear();
        lost
    }

    fn clear(&mut self) {
        self.headers.clear();
        self.bytes.clear();
    }
}

type Waker = Box<dyn Fn() + Send + Sync>;

/// One direction.
#[derive(Default)]
struct Lane {
    waiting: Mutex<Batch>,
    waker: OnceLock<Waker>,
}

impl std::fmt::Debug for Lane {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Lane").finish_non_exhaustive()
    }
}

impl Lane {
    /// Returns the datagrams that wait. If a thread panicked under the lock, at worst whole
    /// datagrams are missing.
    fn waiting(&self) -> MutexGuard<'_, Batch> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of two ends.
#[derive(Debug)]
pub struct End {
    outgoing: Batch,
    incoming: Batch,
    to: Arc<Lane>,
    from: Arc<Lane>,
}

/// Makes both ends.
pub fn pair() -> (End, End) {
    let (there, back) = (Arc::new(Lane::default()), Arc::new(Lane::default()));
    let end = |to: &Arc<Lane>, from: &Arc<Lane>| End {
        outgoing: Batch::default(),
        incoming: Batch::default(),
        to: Arc::clone(to),
        from: Arc::clone(from),
    };
    (end(&there, &back), end(&back, &there))
}

impl End {
    /// Sets the function that wakes the loop of this end if datagrams come to an empty queue. Only
    /// the first call counts.
    pub fn on_arrival(&self, wake: impl Fn() + Send + Sync + 'static) {
        let _ = self.from.waker.set(Box::new(wake));
    }

    /// Adds a datagram to those that [`Self::flush`] hands over. Returns false if it is lost
    /// because of [`DATAGRAMS_MAX`] or [`BYTES_MAX`].
    pub fn push(&mut self, source: SocketAddr, destination: SocketAddr, payload: &[u8]) -> bool {
        let header = Header {
            source,
            destination,
            length: payload.len(),
        };
        self.outgoing.push(header, payload)
    }

    /// Hands over the datagrams that were pushed. Returns the number that found no room and are
    /// lost.
    pub fn flush(&mut self) -> usize {
        if self.outgoing.headers.is_empty() {
            return 0;
        }
        let mut waiting = self.to.waiting();
        // Only a queue that was empty needs a wake-up: otherwise one is under way already.
        let was_empty = waiting.headers.is_empty();
        let lost = self.outgoing.append_to(&mut waiting);
        drop(waiting);
        if let (true, Some(wake)) = (was_empty, self.to.waker.get()) {
            wake();
        }
        lost
    }

    /// Takes everything that waits. If both loops are idle, nothing does.
    pub fn take(&mut self) -> impl Iterator<Item = Datagram<'_>> {
        self.incoming.clear();
        std::mem::swap(&mut self.incoming, &mut self.from.waiting());
        self.incoming.datagrams()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn at(port: u16) -> SocketAddr {
        ([192, 0, 2, 1], port).into()
    }

    fn taken(end: &mut End) -> Vec<(u16, u16, Vec<u8>)> {
        end.take()
            .map(|d| (d.source.port(), d.local.port(), d.payload.to_vec()))
            .collect()
    }

    #[test]
    fn turn_handoff1_datagrams_arrive_whole_in_order_and_once() {
        let (mut relay, mut sfu) = pair();
        assert!(relay.push(at(1), at(2), b"one") && relay.push(at(1), at(3), b""));
        assert_eq!(taken(&mut sfu), []);
        assert_eq!(relay.flush(), 0);
        assert!(relay.push(at(4), at(2), b"two"));
        assert_eq!(relay.flush(), 0);
        let expected = [
            (1, 2, b"one".to_vec()),
            (1, 3, vec![]),
            (4, 2, b"two".to_vec()),
        ];
        assert_eq!(taken(&mut sfu), expected);
        assert_eq!(taken(&mut sfu), []);
        assert!(sfu.push(at(2), at(1), b"back"));
        sfu.flush();
        assert_eq!(taken(&mut relay), [(2, 1, b"back".to_vec())]);
    }

    #[test]
    fn turn_handoff2_a_full_queue_loses_what_comes_last_and_says_so() {
        let (mut relay, mut sfu) = pair();
        let pushed = (0..=DATAGRAMS_MAX).filter(|_| relay.push(at(1), at(2), b"x"));
        assert_eq!(pushed.count(), DATAGRAMS_MAX);
        assert_eq!(relay.flush(), 0);
        assert!(relay.push(at(9), at(2), b"late"));
        assert_eq!(relay.flush(), 1);
        assert_eq!(taken(&mut sfu).len(), DATAGRAMS_MAX);
        let large = vec![0; 60_000];
        let pushed = (0..200).filter(|_| relay.push(at(1), at(2), &large));
        assert_eq!(pushed.count(), BYTES_MAX / large.len());
    }

    #[test]
    fn turn_handoff3_the_other_loop_is_woken_once_for_all_that_waits() {
        let (mut relay, mut sfu) = pair();
        let woken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&woken);
        sfu.on_arrival(move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        for _ in 0..3 {
            assert!(relay.push(at(1), at(2), b"x"));
            relay.flush();
        }
        assert_eq!(woken.load(Ordering::Relaxed), 1);
        taken(&mut sfu);
        relay.flush();
        assert_eq!(woken.load(Ordering::Relaxed), 1);
        assert!(relay.push(at(1), at(2), b"x"));
        relay.flush();
        assert_eq!(woken.load(Ordering::Relaxed), 2);
    }
}
