//! Pictures: codecs, keyframes, frame rate, timecode and the number of a frame.
//!
//! Pure arithmetic and parsing: no IO, no clock. Start at [`Codec`] for packets, at
//! [`frame::FrameMaps`] for the frame that a viewer sees, at [`framecode`] for the number that is
//! painted into test pictures.

mod codec;
pub mod frame;
pub mod framecode;

pub use codec::{Codec, VIDEO_CLOCK_RATE, is_keyframe};
