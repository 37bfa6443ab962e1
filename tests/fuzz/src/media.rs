//! Targets of media: payloads, painted frame numbers, frame maps and names of frames.

use crate::input::Input;
use fmz_annotation::version::VersionId;
use fmz_media::frame::{FrameMap, FrameMaps, FrameRate, Timecode};
use fmz_media::{Codec, framecode, is_keyframe};
use fmz_proto::{Message, v1};

/// Looks for a keyframe in a payload of any codec.
pub(crate) fn keyframe(data: &[u8]) {
    for codec in Codec::ALL {
        let _ = is_keyframe(codec, data);
    }
}

/// Reads a frame number from any pixels.
pub(crate) fn frame_code(data: &[u8]) {
    let mut input = Input::new(data);
    let width = u32::from(input.byte()) * 16 + u32::from(input.byte());
    let rest = data.get(2..).unwrap_or_default();
    let _ = framecode::read_luma(rest, width);
    let _ = framecode::read_rgba(rest, width);
}

/// Reads a map. If it is accepted, it must find each frame again at the time that it gives for it
/// (frame2, frame3).
pub(crate) fn frame_map(data: &[u8]) {
    let Ok(wire) = v1::FrameMap::decode(data) else {
        return;
    };
    let Ok(map) = FrameMap::try_from(&wire) else {
        return;
    };
    let mut maps = FrameMaps::default();
    maps.insert(map);
    for step in 0..64 {
        let rtp = wire.rtp_base.wrapping_add(step * 3_753);
        let Some(at) = maps.frame(rtp) else { continue };
        if let Some(begins) = map.rtp(at.frame) {
            assert_eq!(map.frame(begins), Some(at.frame), "at {begins}");
        }
    }
}

/// Reads text as the name of a frame or a version. If it is accepted, its printed form must name
/// the same one.
pub(crate) fn labels(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    for (num, den) in [(24, 1), (25, 1), (30_000, 1001), (60_000, 1001), (120, 1)] {
        let rate = FrameRate::new(num, den).expect("a rate of films");
        let Ok(label) = Timecode::parse(text, rate) else {
            continue;
        };
        let number = label.number(rate).expect("what was read has a number");
        let again = match label.drop_frame {
            true => Timecode::drop_frame(number, rate).expect("this rate drops labels"),
            false => Timecode::non_drop(number, rate),
        };
        assert_eq!(
            (again, Timecode::parse(&again.to_string(), rate)),
            (label, Ok(label))
        );
    }
    if let Ok(id) = text.parse::<VersionId>() {
        assert_eq!(id.to_string().parse(), Ok(id));
    }
}
