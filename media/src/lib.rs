//! What a picture is: codecs, sequence rewriting, frame rate, timecode and frame identity.
//!
//! Pure arithmetic and parsing: no IO, no clock. Start at [`Codec`] for packets.

mod codec;

pub use codec::{Codec, VIDEO_CLOCK_RATE, is_keyframe};
