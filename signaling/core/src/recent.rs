//! The commits sent last, as they were sent, for those who missed some.

use crate::limits::RECENT_BYTES_MAX;
use bytes::Bytes;
use std::collections::VecDeque;

#[derive(Debug)]
struct Sent {
    last_revision: u64,
    frame: Bytes,
}

#[derive(Debug)]
pub(crate) struct Recent {
    /// Everything behind this revision and up to `end` is held.
    start: u64,
    end: u64,
    bytes: usize,
    frames: VecDeque<Sent>,
}

impl Recent {
    pub(crate) fn new(revision: u64) -> Self {
        Self {
            start: revision,
            end: revision,
            bytes: 0,
            frames: VecDeque::new(),
        }
    }

    /// Revision up to which everything was handed out.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    pub(crate) fn push(&mut self, last_revision: u64, frame: Bytes) {
        self.bytes += frame.len();
        self.end = last_revision;
        self.frames.push_back(Sent {
            last_revision,
            frame,
        });
        while self.bytes > RECENT_BYTES_MAX {
            let Some(oldest) = self.frames.pop_front() else {
                break;
            };
            self.bytes -= oldest.frame.len();
            self.start = oldest.last_revision;
        }
    }

    /// Goes on behind a revision that no frame brings.
    pub(crate) fn restart(&mut self, revision: u64) {
        *self = Self::new(revision);
    }

    /// Returns the frames that bring a client from `revision` to the end, or `None`
    /// where that takes a snapshot.
    pub(crate) fn since(&self, revision: u64) -> Option<Vec<Bytes>> {
        let held = self.start <= revision && revision <= self.end;
        held.then(|| {
            let from = self
                .frames
                .partition_point(|sent| sent.last_revision <= revision);
            self.frames
                .range(from..)
                .map(|sent| sent.frame.clone())
                .collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_newest_within_the_bound() {
        let mut recent = Recent::new(10);
        assert_eq!(recent.since(10), Some(vec![]));
        assert_eq!((recent.since(9), recent.since(11)), (None, None));
        let frame = Bytes::from(vec![0; RECENT_BYTES_MAX / 4]);
        for last in 11..=20 {
            recent.push(last, frame.clone());
        }
        assert_eq!(recent.since(16).map(|frames| frames.len()), Some(4));
        assert_eq!((recent.since(15), recent.end()), (None, 20));
    }
}
