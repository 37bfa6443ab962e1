//! Frames, not seconds: rate, timecode, and the map from RTP timestamps to frame numbers.
//!
//! The rules carry the ids of `docs/SPEC-frames.md`.

mod map;
mod rate;
mod timecode;

pub use map::{FrameAt, FrameMap, FrameMapError, FrameMaps, Motion};
pub use rate::{FrameRate, FrameRateError};
pub use timecode::{Timecode, TimecodeError};

use std::fmt;

/// Number of a picture in its clip, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FrameIndex(pub u32);

impl fmt::Display for FrameIndex {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}
