//! The rate of a publication, measured over its last second.

use std::time::{Duration, Instant};

const SLICES: usize = 10;
const SLICE: Duration = Duration::from_millis(100);
/// Least time over which a rate is measured. Over a shorter time, one picture would count as a
/// stream.
const COVERED_MIN: Duration = Duration::from_millis(200);

/// Bytes in the last ten slices of a tenth of a second, and the highest recent rate.
#[derive(Debug)]
pub(crate) struct RateMeter {
    slices: [u64; SLICES],
    started: Instant,
    current: u64,
    peak_bps: u64,
}

impl RateMeter {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            slices: [0; SLICES],
            started: now,
            current: 0,
            peak_bps: 0,
        }
    }

    pub(crate) fn add(&mut self, bytes: usize, now: Instant) {
        let slice = now.saturating_duration_since(self.started).as_millis() as u64
            / SLICE.as_millis() as u64;
        while self.current < slice {
            self.turn(slice);
        }
        self.slices[self.current as usize % SLICES] += bytes as u64;
    }

    /// Ends the current slice. The peak falls by an eighth a second, so that a lively scene is
    /// remembered for a while.
    fn turn(&mut self, target: u64) {
        self.peak_bps = (self.peak_bps - self.peak_bps / 80).max(self.bps());
        self.current = (self.current + 1).max(target.saturating_sub(SLICES as u64));
        self.slices[self.current as usize % SLICES] = 0;
    }

    fn bps(&self) -> u64 {
        let covered = SLICE * (self.current + 1).min(SLICES as u64) as u32;
        let bits = 8 * self.slices.iter().sum::<u64>();
        bits * 1000 / covered.max(COVERED_MIN).as_millis() as u64
    }

    /// Returns the highest recent rate of a whole second, bits a second.
    pub(crate) fn peak_bps(&self) -> u64 {
        self.peak_bps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fed(bytes_per_ms: usize, ms: u64) -> (RateMeter, Instant) {
        let start = crate::tests::epoch();
        let mut meter = RateMeter::new(start);
        let mut now = start;
        for _ in 0..ms {
            meter.add(bytes_per_ms, now);
            now += Duration::from_millis(1);
        }
        (meter, now)
    }

    #[test]
    fn sfu12_a_steady_stream_is_measured_at_its_rate() {
        let (meter, _) = fed(3125, 3000);
        assert!(
            (24_000_000..=26_000_000).contains(&meter.peak_bps()),
            "{}",
            meter.peak_bps()
        );
    }

    #[test]
    fn sfu12_a_silent_stream_forgets_its_peak_slowly() {
        let (mut meter, now) = fed(3125, 3000);
        let before = meter.peak_bps();
        meter.add(1, now + Duration::from_secs(1));
        assert!(meter.peak_bps() > before / 2);
        for second in 2..60 {
            meter.add(1, now + Duration::from_secs(second));
        }
        assert!(meter.peak_bps() < before / 100);
    }
}
