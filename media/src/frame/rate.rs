use crate::VIDEO_CLOCK_RATE;
use std::fmt;

/// Frames a second as a fraction, exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FrameRate {
    num: u32,
    den: u32,
}

/// A frame rate is out of range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("frame rate {num}/{den} is out of range: 1 to 1000000 over 1 to 100000 is allowed")]
pub struct FrameRateError {
    num: u32,
    den: u32,
}

impl FrameRateError {
    /// Returns the stable name of the error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "frame_rate"
    }
}

impl FrameRate {
    /// 23.976, film on NTSC.
    pub const F23_976: Self = Self::of(24_000, 1001);
    /// 24, film.
    pub const F24: Self = Self::of(24, 1);
    /// 25, PAL.
    pub const F25: Self = Self::of(25, 1);
    /// 29.97, NTSC.
    pub const F29_97: Self = Self::of(30_000, 1001);
    /// 59.94.
    pub const F59_94: Self = Self::of(60_000, 1001);
    /// 119.88.
    pub const F119_88: Self = Self::of(120_000, 1001);

    const fn of(num: u32, den: u32) -> Self {
        Self { num, den }
    }

    /// Makes a rate of `num / den` frames a second; `num` in 1..=1,000,000 and `den` in
    /// 1..=100,000, as on the wire.
    ///
    /// # Errors
    /// [`FrameRateError`] out of these ranges.
    pub fn new(num: u32, den: u32) -> Result<Self, FrameRateError> {
        if (1..=1_000_000).contains(&num) && (1..=100_000).contains(&den) {
            Ok(Self::of(num, den))
        } else {
            Err(FrameRateError { num, den })
        }
    }

    /// Returns the numerator.
    #[must_use]
    pub const fn num(self) -> u32 {
        self.num
    }

    /// Returns the denominator.
    #[must_use]
    pub const fn den(self) -> u32 {
        self.den
    }

    /// Returns the label numbers a second of its timecode: 24 for 23.976, 30 for 29.97.
    #[must_use]
    pub const fn nominal(self) -> u32 {
        self.num.div_ceil(self.den)
    }

    /// Returns the RTP ticks (90 kHz) from frame 0 to frame `frames`, to the nearest tick (frame2).
    #[must_use]
    pub fn ticks_of(self, frames: i64) -> i64 {
        self.ticks_at(frames, 100)
    }

    /// Returns the frame whose tick is nearest (frame3).
    #[must_use]
    pub fn frames_of(self, ticks: i64) -> i64 {
        self.frames_at(ticks, 100)
    }

    pub(super) fn ticks_at(self, frames: i64, speed_percent: i32) -> i64 {
        let per_frame = i128::from(VIDEO_CLOCK_RATE) * i128::from(self.den) * 100;
        let ticks = i128::from(frames) * per_frame;
        narrow(nearest(
            ticks,
            i128::from(self.num) * i128::from(speed_percent),
        ))
    }

    pub(super) fn frames_at(self, ticks: i64, speed_percent: i32) -> i64 {
        let frames = i128::from(ticks) * i128::from(self.num) * i128::from(speed_percent);
        narrow(nearest(
            frames,
            i128::from(VIDEO_CLOCK_RATE) * i128::from(self.den) * 100,
        ))
    }
}

impl fmt::Display for FrameRate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.num, self.den)
    }
}

/// Returns the integer nearest to `dividend / divisor`, halves upward.
fn nearest(dividend: i128, divisor: i128) -> i128 {
    let (dividend, divisor) = (dividend * divisor.signum(), divisor.abs());
    (2 * dividend + divisor).div_euclid(2 * divisor)
}

fn narrow(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RATES: [FrameRate; 6] = [
        FrameRate::F23_976,
        FrameRate::F24,
        FrameRate::F25,
        FrameRate::F29_97,
        FrameRate::F59_94,
        FrameRate::F119_88,
    ];

    #[test]
    fn frame2_ticks_are_the_nearest() {
        assert_eq!(FrameRate::F24.ticks_of(1), 3750);
        assert_eq!(FrameRate::F29_97.ticks_of(1), 3003);
        assert_eq!(
            [1, 2, 3, 4].map(|n| FrameRate::F23_976.ticks_of(n)),
            [3754, 7508, 11261, 15015]
        );
        assert_eq!([1, 2].map(|n| FrameRate::F59_94.ticks_of(n)), [1502, 3003]);
    }

    #[test]
    fn frame3_every_frame_of_a_day_start_is_recovered() {
        for rate in RATES {
            for frame in 0..200_000 {
                assert_eq!(rate.frames_of(rate.ticks_of(frame)), frame, "{rate}");
            }
        }
    }

    #[test]
    fn frame1_rates_out_of_range_are_refused() {
        for (num, den) in [(0, 1), (24, 0), (1_000_001, 1), (1, 100_001)] {
            assert_eq!(
                FrameRate::new(num, den).map_err(|e| e.code()),
                Err("frame_rate")
            );
        }
        assert_eq!(FrameRate::new(24, 1), Ok(FrameRate::F24));
    }

    proptest! {
        #[test]
        fn frame3_any_frame_is_recovered(frame in -(1i64 << 33)..1i64 << 33, rate in 0..RATES.len()) {
            let rate = RATES[rate];
            prop_assert_eq!(rate.frames_of(rate.ticks_of(frame)), frame);
        }

        #[test]
        fn any_numbers_are_answered(ticks: i64, num in 1u32..=1_000_000, den in 1u32..=100_000) {
            let rate = FrameRate::new(num, den).unwrap();
            let _ = rate.ticks_of(rate.frames_of(ticks));
        }
    }
}
