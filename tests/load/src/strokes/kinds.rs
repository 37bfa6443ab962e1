//! Kinds of stroke that people draw on pictures.

use super::motion::Motion;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::f64::consts::TAU;

/// Grid units of a pixel on a stage 1,600 pixels wide.
const PX: f64 = 10.24;

/// A kind of stroke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Letters joined into parts of words, 15 to 30 pixels high.
    Handwriting,
    /// A circle around something: once round and a bit more, radius 30 to 160 pixels.
    Circles,
    /// A fast line over a good part of the picture, slightly bent.
    Swipes,
    /// An area shaded slowly, to and fro.
    Shading,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [
        Self::Handwriting,
        Self::Circles,
        Self::Swipes,
        Self::Shading,
    ];

    /// Returns the name that is used in file names.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Handwriting => "handwriting",
            Self::Circles => "circles",
            Self::Swipes => "swipes",
            Self::Shading => "shading",
        }
    }

    /// Makes the next stroke of this kind.
    pub(super) fn motion(self, rng: &mut ChaCha8Rng) -> Motion {
        let start = (
            rng.random_range(250.0..1200.0) * PX,
            rng.random_range(200.0..700.0) * PX,
        );
        let mut motion = Motion::new(start, rng.random_range(0.4..0.75));
        match self {
            Self::Handwriting => write(&mut motion, rng),
            Self::Circles => circle(&mut motion, rng),
            Self::Swipes => swipe(&mut motion, rng),
            Self::Shading => shade(&mut motion, rng),
        }
        motion
    }
}

/// Writes two to six letters of two to four reaches, up and down and a little forward.
fn write(motion: &mut Motion, rng: &mut ChaCha8Rng) {
    let height = rng.random_range(15.0..30.0) * PX;
    for _ in 0..rng.random_range(2..=6) {
        let mut up = rng.random_bool(0.5);
        for _ in 0..rng.random_range(2..=4) {
            let rise = height * rng.random_range(0.4..1.1) * if up { -1.0 } else { 1.0 };
            let forward = height * rng.random_range(-0.15..0.5);
            motion.reach((forward, rise), rng.random_range(0.11..0.2), 0.4);
            up = !up;
        }
    }
}

/// Circles by reaches along a polygon of twelve sides, which their overlap makes round.
fn circle(motion: &mut Motion, rng: &mut ChaCha8Rng) {
    let radius = rng.random_range(30.0..160.0) * PX;
    let flat = rng.random_range(0.6..1.0);
    let side = radius * TAU / 12.0;
    let seconds = rng.random_range(0.25..0.45);
    let first = rng.random_range(0.0..TAU);
    for n in 0..rng.random_range(12..=15) {
        let angle = first + TAU * f64::from(n) / 12.0;
        let side = side * rng.random_range(0.93..1.07);
        motion.reach(
            (side * angle.cos(), side * flat * angle.sin()),
            seconds,
            0.72,
        );
    }
}

/// Makes a swipe: one long reach, one across it that bends it, and a short one that corrects the
/// end.
fn swipe(motion: &mut Motion, rng: &mut ChaCha8Rng) {
    let (length, angle) = (
        rng.random_range(200.0..900.0) * PX,
        rng.random_range(0.0..TAU),
    );
    let (sin, cos) = angle.sin_cos();
    let bend = length * rng.random_range(-0.12..0.12);
    let seconds = rng.random_range(0.18..0.45);
    motion.reach((length * cos, length * sin), seconds, 0.0);
    motion.reach((-bend * sin, bend * cos), seconds * 0.6, 1.0);
    motion.reach((bend * sin * 0.8, -bend * cos * 0.8), seconds * 0.5, 0.3);
}

/// Shades to and fro, each reach a little beside the one before.
fn shade(motion: &mut Motion, rng: &mut ChaCha8Rng) {
    let (width, angle) = (
        rng.random_range(50.0..180.0) * PX,
        rng.random_range(0.0..TAU),
    );
    let (sin, cos) = angle.sin_cos();
    let seconds = rng.random_range(0.3..0.6);
    for n in 0..rng.random_range(6..=14) {
        let reach = width * rng.random_range(0.85..1.1) * if n % 2 == 0 { 1.0 } else { -1.0 };
        let beside = rng.random_range(3.0..9.0) * PX;
        let by = (reach * cos - beside * sin, reach * sin + beside * cos);
        motion.reach(by, seconds * rng.random_range(0.85..1.15), 0.2);
    }
}
