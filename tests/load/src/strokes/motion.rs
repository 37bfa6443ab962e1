//! How a hand moves a pen: submovements of minimum jerk that overlap, the hand's
//! tremor, the pen's noise.
//!
//! Each submovement begins and ends at rest, as measured arm movements do; a hand begins the next
//! before the last has ended, and that rounds its corners. Lengths are grid units, times seconds.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::f64::consts::TAU;

/// Physiological tremor of a resting hand: 8 to 12 Hz, up to a sixth of a pixel on
/// a stage 1,600 pixels wide.
const TREMOR_HZ: std::ops::Range<f64> = 8.0..12.0;
const TREMOR_UNITS: std::ops::Range<f64> = 0.5..1.6;
/// Standard deviation of what a digitizer adds to a place, and to a pressure of 255.
const NOISE_UNITS: f64 = 0.5;
const NOISE_PRESSURE: f64 = 0.8;
/// How long a pen takes to be pressed down, and to be lifted.
const PRESS_SECONDS: f64 = 0.06;

/// A sampled place: grid units, pressure 0..=255.
pub(crate) type Sample = (i32, i32, u8);

/// One reach of the hand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    pub(super) by: (f64, f64),
    pub(super) begin: f64,
    pub(super) seconds: f64,
}

/// A stroke as the hand means it.
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

    /// Reaches on, beginning when the last reach has `overlap` of its time left.
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

    /// What a pen reports `rate` times a second. As the page does, it leaves out a place
    /// that equals the one before.
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

/// Share of a reach that is done at a share of its time: the path without jerks at its ends.
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

    /// How the pressure of a hand comes and goes.
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

/// Nearly normal, mean 0 and deviation 1: twelve even numbers added.
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| rng.random_range(-0.5..0.5)).sum()
}
