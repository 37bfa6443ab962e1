//! Data that waits to be written to one connection.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Bytes of data that wait for one connection: a quarter of a second of a 4K stream of 25 Mbit/s,
/// besides the kernel's own buffer. Late media is of no use, so the oldest is dropped.
pub(crate) const DATA_BYTES_MAX: usize = 768 * 1024;
/// Answers that wait. A client that asks for more and reads none is disconnected.
pub(crate) const ANSWERS_MAX: usize = 64;
/// Bytes written at once.
const WRITE_BYTES_MAX: usize = 64 * 1024;

/// A queue that a shard fills and the connection's task empties.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    answers: VecDeque<Vec<u8>>,
    data: VecDeque<u8>,
    lengths: VecDeque<usize>,
    allocated: bool,
    closed: bool,
}

/// The next step of the connection's task.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Write the bytes that were taken.
    Write,
    /// Write the bytes that were taken, then close.
    Close,
}

impl Queue {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a message in parts. Returns the number of older messages that it pushed out.
    pub(crate) fn push_data(&self, parts: [&[u8]; 3]) -> usize {
        let dropped = self.waiting().push_data(parts);
        self.changed.notify_one();
        dropped
    }

    /// Adds an answer, which nothing pushes out. Returns false if [`ANSWERS_MAX`] wait: the
    /// connection is closed.
    pub(crate) fn push_answer(&self, answer: Vec<u8>) -> bool {
        let mut waiting = self.waiting();
        let room = waiting.answers.len() < ANSWERS_MAX;
        if room {
            waiting.answers.push_back(answer);
        } else {
            waiting.closed = true;
        }
        drop(waiting);
        self.changed.notify_one();
        room
    }

    /// Notes that the client has an allocation.
    pub(crate) fn allocated(&self) {
        self.waiting().allocated = true;
    }

    pub(crate) fn is_allocated(&self) -> bool {
        self.waiting().allocated
    }

    /// Ends the connection once everything that waits is written.
    pub(crate) fn close(&self) {
        self.waiting().closed = true;
        self.changed.notify_one();
    }

    /// Waits for something to write and moves it to `out`, which is empty: answers first.
    pub(crate) async fn take(&self, out: &mut Vec<u8>) -> Next {
        loop {
            if let Some(next) = self.waiting().take(out) {
                return next;
            }
            self.changed.notified().await;
        }
    }
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.answers.is_empty() && self.lengths.is_empty()
    }

    fn take(&mut self, out: &mut Vec<u8>) -> Option<Next> {
        self.move_to(out);
        if self.closed && self.is_empty() {
            Some(Next::Close)
        } else {
            (!out.is_empty()).then_some(Next::Write)
        }
    }

    fn push_data(&mut self, parts: [&[u8]; 3]) -> usize {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let mut dropped = 0;
        while self.data.len() + length > DATA_BYTES_MAX
            && let Some(oldest) = self.lengths.pop_front()
        {
            self.data.drain(..oldest);
            dropped += 1;
        }
        for part in parts {
            self.data.extend(part);
        }
        self.lengths.push_back(length);
        dropped
    }

    fn move_to(&mut self, out: &mut Vec<u8>) {
        for answer in self.answers.drain(..) {
            out.extend(answer);
        }
        while let Some(length) = self.lengths.front().copied()
            && (out.is_empty() || out.len() + length <= WRITE_BYTES_MAX)
        {
            self.lengths.pop_front();
            out.extend(self.data.drain(..length));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn taken(queue: &Queue) -> (Next, Vec<u8>) {
        let mut out = Vec::new();
        (queue.take(&mut out).await, out)
    }

    #[tokio::test]
    async fn turn_stream4_a_full_queue_drops_its_oldest_data_and_no_answer() {
        let queue = Queue::default();
        assert!(queue.push_answer(b"answer".to_vec()));
        let payload = vec![0; DATA_BYTES_MAX / 4 - 2];
        let dropped = (1..=6u8).map(|number| queue.push_data([&[number], &payload, &[9]]));
        assert_eq!(dropped.collect::<Vec<_>>(), [0, 0, 0, 0, 1, 1]);
        let (next, out) = taken(&queue).await;
        assert_eq!(next, Next::Write);
        assert_eq!(&out[..6], b"answer");
        let (_, out) = taken(&queue).await;
        assert_eq!((out[0], out.len()), (3, DATA_BYTES_MAX / 4));
    }

    #[tokio::test]
    async fn turn_stream5_a_client_that_reads_no_answers_is_let_go() {
        let queue = Queue::default();
        let taken_in = (0..=ANSWERS_MAX).filter(|_| queue.push_answer(vec![1]));
        assert_eq!(taken_in.count(), ANSWERS_MAX);
        let (next, out) = taken(&queue).await;
        assert_eq!((next, out.len()), (Next::Close, ANSWERS_MAX));
    }

    #[tokio::test]
    async fn turn_stream6_what_waits_is_written_before_the_end() {
        let queue = Queue::default();
        queue.push_data([b"a", b"b", b""]);
        queue.close();
        assert_eq!(taken(&queue).await, (Next::Close, b"ab".to_vec()));
        assert_eq!(taken(&queue).await, (Next::Close, vec![]));
    }
}
