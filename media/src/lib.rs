//! Pictures: codecs, keyframes, frame rate, timecode and the number of a frame.
//!
//! Pure arithmetic and parsing: no IO, no clock. Start at [`Codec`] for packets, at
//! [`frame::FrameMaps`] for the frame that a viewer sees, at [`framecode`] for the number that is
//! painted into test pictures.
//!
//! # Example
//! A publisher says that timestamp 90,000 is frame 100 of a film at 24 frames a second. Half a
//! second later a viewer shows frame 112:
//!
//! ```
//! use fmz_media::frame::{FrameIndex, FrameMap, FrameMaps, FrameRate, Motion, Timecode};
//!
//! let mut maps = FrameMaps::default();
//! maps.insert(FrameMap {
//!     epoch: 1,
//!     rtp_base: 90_000,
//!     frame_base: FrameIndex(100),
//!     rate: FrameRate::F24,
//!     motion: Motion::Playing { speed: 100 },
//!     frames: 240,
//! });
//! let shown = maps.frame(90_000 + 45_000).expect("the map has begun");
//! assert_eq!(shown.frame, FrameIndex(112));
//! assert_eq!(maps.frame(89_999), None, "before the map begins no frame is known");
//!
//! let timecode = Timecode::non_drop(u64::from(shown.frame.0), FrameRate::F24);
//! assert_eq!(timecode.to_string(), "00:00:04:16");
//! ```

mod codec;
pub mod frame;
pub mod framecode;

pub use codec::{Codec, VIDEO_CLOCK_RATE, is_keyframe};
