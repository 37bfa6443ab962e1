use fmz_media::frame::FrameRate;
use std::ops::Range;
use std::time::Duration;

/// Packets sent together. A browser's socket holds about 90 packets of a 4K stream at once; its
/// kernel drops the rest.
const BATCH_PACKETS: usize = 16;
/// Share of a frame's interval, in percent, over which its packets leave. The rest is a reserve for
/// late timers.
const SPREAD_PERCENT: u32 = 85;

/// Packets that leave together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Batch {
    /// Time of sending, counted from the start.
    pub(super) due: Duration,
    /// Range of the picture's packets.
    pub(super) packets: Range<usize>,
}

/// Spreads a picture's packets over most of its interval.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pacer {
    spread: Duration,
}

impl Pacer {
    pub(super) fn new(rate: FrameRate) -> Self {
        let interval = Duration::from_secs(1) * rate.den() / rate.num();
        Self {
            spread: interval * SPREAD_PERCENT / 100,
        }
    }

    /// Returns the batches of a picture that is due at `due`, in order and as equal in size as can
    /// be.
    pub(super) fn batches(self, due: Duration, packets: usize) -> impl Iterator<Item = Batch> {
        let count = packets.div_ceil(BATCH_PACKETS);
        (0..count).map(move |index| {
            let share = |batch: usize| batch * packets / count;
            let part = u32::try_from(index).unwrap_or(u32::MAX);
            let parts = u32::try_from(count).unwrap_or(u32::MAX);
            Batch {
                due: due + self.spread.mul_f64(f64::from(part) / f64::from(parts)),
                packets: share(index)..share(index + 1),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_leave_in_small_batches_over_most_of_the_interval() {
        let pacer = Pacer::new(FrameRate::F24);
        for packets in 0..2000 {
            let start = Duration::from_secs(5);
            let batches: Vec<_> = pacer.batches(start, packets).collect();
            let mut next = 0;
            let mut last = start;
            for batch in &batches {
                assert_eq!(batch.packets.start, next);
                assert!((1..=BATCH_PACKETS).contains(&batch.packets.len()));
                assert!(batch.due >= last);
                (next, last) = (batch.packets.end, batch.due);
            }
            assert_eq!(next, packets);
            assert!(last - start < Duration::from_micros(41_666 * 85 / 100 + 1));
        }
    }

    #[test]
    fn a_large_picture_is_spread_evenly() {
        let batches: Vec<_> = Pacer::new(FrameRate::F25)
            .batches(Duration::ZERO, 64)
            .collect();
        let due: Vec<_> = batches.iter().map(|batch| batch.due.as_micros()).collect();
        assert_eq!(due, [0, 8500, 17_000, 25_500]);
    }
}
