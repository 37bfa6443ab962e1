//! The frame that a picture shows, and its timecode.

use crate::error::{Failure, decode};
use fmz_media::frame::{FrameMap, FrameMaps, FrameRate, Timecode};
use fmz_proto::v1;
use wasm_bindgen::prelude::wasm_bindgen;

/// Returns the frame that a picture shows by the maps of a `Publication`, and the epoch of the map
/// that gave it; nothing if the maps do not cover the picture.
///
/// # Errors
/// Throws if the bytes are no publication.
#[wasm_bindgen(js_name = frameAt)]
pub fn frame_at(publication: &[u8], rtp_timestamp: u32) -> Result<Option<Vec<u32>>, Failure> {
    let publication: v1::Publication = decode(publication)?;
    let mut maps = FrameMaps::default();
    let checked = publication.frame_maps.iter().map(FrameMap::try_from);
    checked.flatten().for_each(|map| maps.insert(map));
    let at = maps.frame(rtp_timestamp);
    Ok(at.map(|at| vec![at.frame.0, at.epoch]))
}

/// Returns the timecode of a frame whose clip begins at frame `start` of the day: `HH:MM:SS:FF`,
/// with `;` before the frames if labels are dropped. The result is empty if the rate is invalid.
#[wasm_bindgen]
pub fn timecode(num: u32, den: u32, start: u32, drop_frame: bool, index: u32) -> String {
    let Ok(rate) = FrameRate::new(num, den) else {
        return String::new();
    };
    let number = u64::from(start) + u64::from(index);
    // Labels are dropped at few rates. At all others the timecode is written without dropping.
    let dropped = Timecode::drop_frame(number, rate)
        .ok()
        .filter(|_| drop_frame);
    dropped
        .unwrap_or_else(|| Timecode::non_drop(number, rate))
        .to_string()
}
