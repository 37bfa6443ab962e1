//! Copies of the newest commits, for a path that loses: as far as one datagram
//! holds, each a few times.

use crate::limits::COPY_INTERVAL;
use bytes::Bytes;
use fmz_proto::{
    EncodedBatch, committed_len, encode_committed,
    limits::{COPIES_PER_BATCH, COPY_FRAME_BYTES_MAX},
};
use std::{collections::VecDeque, time::Instant};

/// Bytes that a frame adds to the batches in it: its head and the message's field.
const FRAME_BYTES: usize = 8;

/// What one tick handed out.
#[derive(Debug)]
struct Recent {
    batches: Vec<EncodedBatch>,
    bytes: usize,
    left: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Copies {
    ticks: VecDeque<Recent>,
    sent: Option<Instant>,
}

impl Copies {
    /// Takes note of a tick; false for one that is larger than a datagram, which is not copied.
    #[must_use]
    pub(crate) fn note(&mut self, batches: &[EncodedBatch]) -> bool {
        let bytes = committed_len(batches.iter());
        if bytes + FRAME_BYTES > COPY_FRAME_BYTES_MAX {
            return false;
        }
        self.sent = None;
        self.ticks.push_back(Recent {
            batches: batches.to_vec(),
            bytes,
            left: COPIES_PER_BATCH,
        });
        true
    }

    /// Forgets what is still to be copied: with so much behind it, the ordered path
    /// notices a loss soon.
    pub(crate) fn clear(&mut self) {
        self.ticks.clear();
    }

    /// When the next copy is due: with its tick at once, then again after an interval.
    pub(crate) fn due_at(&self, now: Instant) -> Option<Instant> {
        let due = self.sent.map_or(now, |sent| sent + COPY_INTERVAL);
        (!self.ticks.is_empty()).then_some(due)
    }

    /// The frame that is due, if one is. What newer ticks push out of it is not copied any more.
    pub(crate) fn take(&mut self, now: Instant) -> Option<Bytes> {
        self.due_at(now).filter(|due| *due <= now)?;
        self.sent = Some(now);
        self.drop_what_does_not_fit();
        let frame = encode_committed(self.ticks.iter().flat_map(|tick| &tick.batches));
        for tick in &mut self.ticks {
            tick.left -= 1;
        }
        self.ticks.retain(|tick| tick.left > 0);
        Some(frame)
    }

    fn drop_what_does_not_fit(&mut self) {
        let mut bytes = FRAME_BYTES + self.ticks.iter().map(|tick| tick.bytes).sum::<usize>();
        while bytes > COPY_FRAME_BYTES_MAX
            && let Some(oldest) = self.ticks.pop_front()
        {
            bytes -= oldest.bytes;
        }
    }
}
