//! What a picture is: codecs, sequence rewriting, frame rate, timecode and frame identity.
//!
//! Pure arithmetic and parsing: no IO, no clock. Start at [`Codec`] for packets, at [`frame::FrameMaps`] for which
//! frame a viewer sees, at [`framecode`] for the number that is painted into test pictures.

mod codec;
pub mod frame;
pub mod framecode;

pub use codec::{Codec, VIDEO_CLOCK_RATE, is_keyframe};
