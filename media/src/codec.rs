//! Codecs by their SDP name, and how to recognise a keyframe in their RTP payloads.

use std::fmt;

/// Ticks a second of every video codec's RTP clock.
pub const VIDEO_CLOCK_RATE: u32 = 90_000;

/// The codecs that a publication may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// VP8 (RFC 7741).
    Vp8,
    /// VP9 (RFC 9628).
    Vp9,
    /// AV1 (AOMedia "RTP Payload Format For AV1", 1.0).
    Av1,
    /// H264 (RFC 6184).
    H264,
    /// Opus (RFC 7587).
    Opus,
}

impl Codec {
    /// Every codec.
    pub const ALL: [Self; 5] = [Self::Vp8, Self::Vp9, Self::Av1, Self::H264, Self::Opus];

    /// Returns the name as in SDP `rtpmap` and in `Publication.codec`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vp8 => "VP8",
            Self::Vp9 => "VP9",
            Self::Av1 => "AV1",
            Self::H264 => "H264",
            Self::Opus => "opus",
        }
    }

    /// Reads a name as in SDP, which ignores case (RFC 8866 section 6.6).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|codec| codec.name().eq_ignore_ascii_case(name))
    }

    /// Returns the ticks a second of the RTP timestamp.
    #[must_use]
    pub const fn clock_rate(self) -> u32 {
        match self {
            Self::Opus => 48_000,
            Self::Vp8 | Self::Vp9 | Self::Av1 | Self::H264 => VIDEO_CLOCK_RATE,
        }
    }

    /// Returns true for audio.
    #[must_use]
    pub const fn is_audio(self) -> bool {
        matches!(self, Self::Opus)
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Returns true if this RTP payload begins a picture that decodes without any other; always true
/// for audio.
///
/// Any bytes may be given: a payload that is too short or malformed is no keyframe. If an H264
/// keyframe has several slices, each slice is recognised.
#[must_use]
pub fn is_keyframe(codec: Codec, payload: &[u8]) -> bool {
    match codec {
        Codec::Vp8 => vp8(payload),
        Codec::Vp9 => vp9(payload),
        Codec::Av1 => av1(payload),
        Codec::H264 => h264(payload),
        Codec::Opus => Some(true),
    }
    .unwrap_or(false)
}

/// Recognises a VP8 keyframe (RFC 7741 section 4.2): descriptor, then the frame tag whose lowest
/// bit is 0 in a keyframe (RFC 6386 section 9.1).
fn vp8(payload: &[u8]) -> Option<bool> {
    let first = *payload.first()?;
    let (extended, starts, partition) = (first & 0x80 != 0, first & 0x10 != 0, first & 0x07);
    if !starts || partition != 0 {
        return Some(false);
    }
    let mut at = 1;
    if extended {
        let fields = *payload.get(1)?;
        at = 2;
        if fields & 0x80 != 0 {
            at += if *payload.get(at)? & 0x80 != 0 { 2 } else { 1 };
        }
        at += usize::from(fields & 0x40 != 0);
        at += usize::from(fields & 0x30 != 0);
    }
    Some(payload.get(at)? & 0x01 == 0)
}

/// Recognises a VP9 keyframe (RFC 9628 section 4.2): B set, P clear, and the base spatial layer if
/// layers are given.
fn vp9(payload: &[u8]) -> Option<bool> {
    let first = *payload.first()?;
    let (inter, begins) = (first & 0x40 != 0, first & 0x08 != 0);
    if inter || !begins {
        return Some(false);
    }
    let mut at = 1;
    if first & 0x80 != 0 {
        at += if *payload.get(at)? & 0x80 != 0 { 2 } else { 1 };
    }
    let layered = first & 0x20 != 0;
    let spatial_layer = if layered {
        payload.get(at)? >> 1 & 0x07
    } else {
        0
    };
    // A descriptor alone carries no picture.
    Some(spatial_layer == 0 && payload.len() > at + usize::from(layered))
}

/// Recognises an AV1 keyframe by the aggregation header `Z Y W W N - - -`: N is set on the first
/// packet of a coded video sequence. Senders that leave N out still begin that packet with a
/// sequence header, alone or after a temporal delimiter.
fn av1(payload: &[u8]) -> Option<bool> {
    const SEQUENCE_HEADER: u8 = 1;
    const TEMPORAL_DELIMITER: u8 = 2;
    let (&head, mut rest) = payload.split_first()?;
    let (continues, count, new_sequence) = (head & 0x80 != 0, head >> 4 & 0x03, head & 0x08 != 0);
    if continues {
        return Some(false);
    }
    if new_sequence {
        return Some(!rest.is_empty());
    }
    // With W = n the last of n elements has no length before it, and reaches to the end.
    for element in 1..=2 {
        let sized = count == 0 || element < count;
        let (length, data) = if sized {
            leb128(rest)?
        } else {
            (rest.len(), rest)
        };
        match data.first()? >> 3 & 0x0f {
            SEQUENCE_HEADER => return Some(true),
            TEMPORAL_DELIMITER => rest = data.get(length..)?,
            _ => return Some(false),
        }
    }
    Some(false)
}

/// Reads a length; returns it with the bytes that follow. No packet needs more than three bytes of
/// length.
fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    const LENGTH_BYTES_MAX: usize = 3;
    let mut value = 0;
    for (index, &byte) in bytes.iter().take(LENGTH_BYTES_MAX).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[index + 1..]));
        }
    }
    None
}

/// Recognises an H264 keyframe (RFC 6184): SPS or IDR slice as a single NAL unit, inside a STAP-A,
/// or at the start of an FU-A.
fn h264(payload: &[u8]) -> Option<bool> {
    const STAP_A: u8 = 24;
    const FU_A: u8 = 28;
    let (&head, rest) = payload.split_first()?;
    match head & 0x1f {
        STAP_A => Some(stap_a(rest)),
        FU_A => {
            let fragment = *rest.first()?;
            Some(fragment & 0x80 != 0 && opens_picture(fragment))
        }
        _ => Some(!rest.is_empty() && opens_picture(head)),
    }
}

fn stap_a(mut units: &[u8]) -> bool {
    while let Some((length, rest)) = units.split_first_chunk::<2>() {
        let Some(unit) = rest.get(..usize::from(u16::from_be_bytes(*length))) else {
            return false;
        };
        if unit.first().is_some_and(|&head| opens_picture(head)) {
            return true;
        }
        units = &rest[unit.len()..];
    }
    false
}

fn opens_picture(nal_head: u8) -> bool {
    const IDR_SLICE: u8 = 5;
    const SEQUENCE_PARAMETERS: u8 = 7;
    matches!(nal_head & 0x1f, IDR_SLICE | SEQUENCE_PARAMETERS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(codec: Codec, packets: &[(&[u8], bool)]) {
        for (payload, keyframe) in packets {
            assert_eq!(
                is_keyframe(codec, payload),
                *keyframe,
                "{codec} {payload:02x?}"
            );
        }
    }

    #[test]
    fn names_are_those_of_sdp() {
        for codec in Codec::ALL {
            assert_eq!(Codec::from_name(codec.name()), Some(codec));
            assert_eq!(Codec::from_name(&codec.name().to_lowercase()), Some(codec));
        }
        assert_eq!(Codec::from_name("rtx"), None);
        assert_eq!(Codec::Opus.clock_rate(), 48_000);
    }

    // First bytes of packets that Chromium sent.
    #[test]
    fn vp8_packets_of_a_browser() {
        check(
            Codec::Vp8,
            &[
                (b"\x90\xe0\xcc\x21\xdc\x20\x30\x0c\x00\x9d\x01\x2a", true),
                (b"\x90\xe0\xcc\x22\xdc\x60\x71\x03\x00\x0d\x1c\x24", false),
                (b"\x10\x50\x05\x00\x9d\x01\x2a", true),
                (b"\x00\x50\x05\x00\x9d\x01\x2a", false),
                (b"\x11\x50\x05\x00\x9d\x01\x2a", false),
                (b"\x90\xe0\xcc\x21\xdc\x20", false),
            ],
        );
    }

    #[test]
    fn vp9_packets_of_a_browser() {
        check(
            Codec::Vp9,
            &[
                (
                    b"\x8f\xe6\xfb\x18\x01\xee\x01\x73\x01\x14\x01\x82\x49\x83\x42",
                    true,
                ),
                (b"\xcd\xe6\xfc\x86\x00\x40\x92\x98\x74\x58\x03\x30", false),
                (b"\xc1\xfd\xd6\xaa\xc6\xb9\x6b\x6e", false),
                // Second spatial layer of a key picture.
                (b"\xa8\xe6\xfb\x03\x01\x82\x49", false),
                (b"\xa8\xe6\xfb\x00\x01\x82\x49", true),
                (b"\x8c\xe6\xfb", false),
            ],
        );
    }

    #[test]
    fn av1_packets_of_a_browser() {
        check(
            Codec::Av1,
            &[
                (
                    b"\x68\x0b\x08\x00\x00\x00\x24\xc4\xff\xdf\x00\x68\x02\x30\x10\x6b",
                    true,
                ),
                (b"\x90\xfe\xc6\x2c\x8d\xf2\xce\x32", false),
                (b"\x10\x30\x30\xc0\x40\xfd\xf8\x26", false),
                // No N bit: a sequence header first, or after a temporal delimiter.
                (b"\x20\x02\x0a\x00\x30\x10", true),
                (b"\x30\x02\x12\x00\x02\x0a\x00\x30\x10", true),
                (b"\x30\x02\x12\x00\x02\x32\x00\x30\x10", false),
                (b"\x08", false),
            ],
        );
    }

    #[test]
    fn h264_packets_of_a_browser() {
        check(
            Codec::H264,
            &[
                (
                    b"\x78\x00\x10\x67\x42\xc0\x1e\x8c\x8d\x40\xf8\x63\xd4\x44\x03\xc2\x21\x1a\x80",
                    true,
                ),
                (b"\x61\xe0\x00\x40\x00\xbe\x40\x8e", false),
                (b"\x7c\x81\xd0\x00\x20\x00\x4f\x90", false),
                (b"\x7c\x85\x88\x80\x20", true),
                (b"\x7c\x05\x88\x80\x20", false),
                (b"\x65\x88\x80", true),
                (b"\x67\x42\xc0\x1e", true),
                (b"\x68\xce\x3c\x80", false),
                // A SEI, then an IDR slice, in one STAP-A; then one whose length runs over.
                (b"\x78\x00\x02\x06\x00\x00\x02\x65\x88", true),
                (b"\x78\x00\x02\x06\x00\x00\x09\x65\x88", false),
            ],
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged(payload in proptest::collection::vec(any::<u8>(), 0..64)) {
            for codec in Codec::ALL {
                let _ = is_keyframe(codec, &payload);
            }
        }

        #[test]
        fn a_truncated_vp8_descriptor_is_no_keyframe(length in 0usize..7) {
            let whole = b"\x90\xe0\xcc\x21\xdc\x20\x30\x0c\x00\x9d\x01\x2a";
            prop_assert!(!is_keyframe(Codec::Vp8, &whole[..length.min(6)]));
        }
    }
}
