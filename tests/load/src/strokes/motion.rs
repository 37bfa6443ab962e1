//! The motion of a hand with a pen: overlapping submovements of minimum jerk, the hand's tremor,
//! and the pen's noise.
//!
//! Each submovement begins and ends at rest, as measured arm movements do. A hand begins the next
//! one before the last has ended, which rounds its corners. Lengths are in grid units, times in
//! seconds.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::f64::consts::TAU;

/// Physiological tremor of a resting hand: 8 to 12 Hz, up to a sixth of a pixel on a stage 1,600
/// pixels wide.
const TREMOR_HZ: std::ops::Range<f64> = 8.0..12.0;
const TREMOR_UNITS: std::ops::Range<f64> = 0.5..1.6;
/// Standard deviation of the noise that a digitizer adds to a place, and to a pressure of 255.
const NOISE_UNITS: f64 = 0.5;
const NOISE_PRESSURE: f64 = 0.8;
/// Time in which a pen is pressed down, and in which it is lifted.
const PRESS_SECONDS: f64 = 0.06;

/// A sampled place in grid units, and a pressure of 0..=255.
pub(crate) type Sample = (i32, i32, u8);

/// One reach of the hand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    pub(super) by: (f64, f64),
    pub(super) begin: f64,
    pub(super) seconds: f64,
}

/// A stroke as the hand intends it.
#[derive(Debug, Clone)]
pub(super) struct Motion {
    pub(super) start: (f64, f64),
    pub(super) reaches: Vec<Reach>,
    /// Pressure in the middle of the stroke, 0..=1.
    pub(super) pressure: f64,
}

impl Motion {
    pub(super) fn new(start: (f64, f64), pressure: f64) -> Self {
        Self {
            start,
            reaches: Vec::new(),
            pressure,
        }
    }

    /// Adds a reach that begins when the last one has `overlap` of its time left.
    pub(super) fn reach(&mut self, by: (f64, f64), seconds: f64, overlap: f64) {
        let begin = self
            .reaches
            .last()
            .map_or(0.0, |last| last.begin + last.seconds * (1.0 - overlap));
        self.reaches.push(Reach { by, begin, seconds });
    }

    fn seconds(&self) -> f64 {
        let ends = self.reaches.iter().map(|reach| reach.begin + reach.seconds);
        ends.fold(0.0, f64::max)
    }

    fn place(&self, at: f64) -> (f64, f64) {
        self.reaches.iter().fold(self.start, |(x, y), reach| {
            let done = minimum_jerk((at - reach.begin) / reach.seconds);
            (x + reach.by.0 * done, y + reach.by.1 * done)
        })
    }

    /// Returns the samples that a pen reports, `rate` times a second. As in the page, a place that
    /// equals the one before is left out.
    pub(super) fn sample(&self, rate: f64, rng: &mut ChaCha8Rng) -> Vec<Sample> {
        let (tremor_x, tremor_y, sway) = (Wave::tremor(rng), Wave::tremor(rng), Wave::sway(rng));
        let seconds = self.seconds();
        let count = (seconds * rate) as u32 + 1;
        let mut samples: Vec<Sample> = Vec::new();
        for n in 0..count {
            let at = f64::from(n) / rate;
            let (x, y) = self.place(at);
            let pressed =
                minimum_jerk(at / PRESS_SECONDS) * minimum_jerk((seconds - at) / PRESS_SECONDS);
            let force = self.pressure * (1.0 + sway.at(at)) * (0.15 + 0.85 * pressed);
            let sample = (
                (x + tremor_x.at(at) + NOISE_UNITS * normal(rng)).round() as i32,
                (y + tremor_y.at(at) + NOISE_UNITS * normal(rng)).round() as i32,
                (force * 255.0 + NOISE_PRESSURE * normal(rng)).round() as u8,
            );
            if samples
                .last()
                .is_none_or(|last| (last.0, last.1) != (sample.0, sample.1))
            {
                samples.push(sample);
            }
        }
        samples
    }
}

/// Returns the share of a reach that is done at a share of its time, for the path of minimum jerk.
fn minimum_jerk(share: f64) -> f64 {
    let t = share.clamp(0.0, 1.0);
    t * t * t * (10.0 - 15.0 * t + 6.0 * t * t)
}

/// A wave of one frequency.
struct Wave {
    hertz: f64,
    size: f64,
    phase: f64,
}

impl Wave {
    fn tremor(rng: &mut ChaCha8Rng) -> Self {
        Self {
            hertz: rng.random_range(TREMOR_HZ),
            size: rng.random_range(TREMOR_UNITS),
            phase: rng.random_range(0.0..TAU),
        }
    }

    /// Draws the wave by which the pressure of a hand rises and falls.
    fn sway(rng: &mut ChaCha8Rng) -> Self {
        Self {
            hertz: rng.random_range(0.7..2.0),
            size: rng.random_range(0.05..0.2),
            phase: rng.random_range(0.0..TAU),
        }
    }

    fn at(&self, seconds: f64) -> f64 {
        self.size * (TAU * self.hertz * seconds + self.phase).sin()
    }
}

/// Draws a nearly normal number of mean 0 and deviation 1: the sum of twelve uniform ones.
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| rng.random_range(-0.5..0.5)).sum()
}
