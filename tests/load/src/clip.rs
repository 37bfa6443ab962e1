//! A synthetic 4K stream: VP8 in shape and rate, with its number and the time of sending in every
//! packet.
//!
//! ```text
//! RTP payload of every packet, 1,200 bytes
//!  0..4   VP8 payload descriptor (RFC 7741 section 4.2): X, S at the first packet of a frame,
//!         15-bit picture id
//!  4..14  VP8 frame header (RFC 6386 section 9.1) in the first packet of a frame; its key frame
//!         form has the size
//! 16..24  number of the packet in the stream
//! 24..32  time of sending, nanoseconds since 1970
//! 32..    filling
//! ```

use std::sync::Arc;
use std::time::Duration;

/// Pictures a second.
pub(crate) const FRAME_RATE: u64 = 24;
/// Packets of a picture: 108 x 1,200 bytes x 24 = 24.9 Mbit/s of payload.
pub(crate) const FRAME_PACKETS: u64 = 108;
/// Bytes of every payload. With header, extensions and tag, a packet stays below 1,280 bytes, which
/// str0m and every tunnel carry.
pub(crate) const PAYLOAD_BYTES: usize = 1200;
/// Pictures from one keyframe to the next: one second.
pub(crate) const KEYFRAME_EVERY: u64 = 24;
/// RTP ticks of a picture at 90 kHz.
pub(crate) const FRAME_TICKS: u64 = 90_000 / FRAME_RATE;
pub(crate) const WIDTH: u16 = 3840;
pub(crate) const HEIGHT: u16 = 2160;

const STAMP_AT: usize = 16;

/// Number and time of sending, as written into a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Number of the packet, from 0.
    pub(crate) number: u64,
    /// Time of sending, since 1970.
    pub(crate) sent: Duration,
}

impl Stamp {
    /// Returns the number of the picture to which the packet belongs.
    pub(crate) fn frame(self) -> u64 {
        self.number / FRAME_PACKETS
    }

    /// Returns whether the packet belongs to a keyframe.
    pub(crate) fn is_key(self) -> bool {
        self.frame().is_multiple_of(KEYFRAME_EVERY)
    }

    /// Returns whether the packet is the last of its picture.
    pub(crate) fn is_last(self) -> bool {
        self.number % FRAME_PACKETS == FRAME_PACKETS - 1
    }

    fn is_first(self) -> bool {
        self.number.is_multiple_of(FRAME_PACKETS)
    }
}

/// Makes the payload of a packet.
pub(crate) fn payload(stamp: Stamp) -> Arc<[u8]> {
    let mut bytes = [0x5a; PAYLOAD_BYTES];
    let picture = (stamp.frame() & 0x7fff) as u16 | 0x8000;
    bytes[0] = if stamp.is_first() { 0x90 } else { 0x80 };
    bytes[1] = 0x80;
    bytes[2..4].copy_from_slice(&picture.to_be_bytes());
    if stamp.is_first() {
        write_frame_header(&mut bytes[4..14], stamp.is_key());
    }
    bytes[STAMP_AT..STAMP_AT + 8].copy_from_slice(&stamp.number.to_be_bytes());
    bytes[STAMP_AT + 8..STAMP_AT + 16]
        .copy_from_slice(&(stamp.sent.as_nanos() as u64).to_be_bytes());
    bytes.into()
}

/// Reads the stamp of a payload; `None` if the payload is too short.
pub(crate) fn stamp(payload: &[u8]) -> Option<Stamp> {
    let (number, rest) = payload.get(STAMP_AT..)?.split_first_chunk::<8>()?;
    let (sent, _) = rest.split_first_chunk::<8>()?;
    let sent = Duration::from_nanos(u64::from_be_bytes(*sent));
    Some(Stamp {
        number: u64::from_be_bytes(*number),
        sent,
    })
}

/// Writes the frame header of RFC 6386 section 9.1: a tag of three bytes, and for a keyframe the
/// start code and the size.
fn write_frame_header(header: &mut [u8], key: bool) {
    const SHOWN: u32 = 1 << 4;
    const FIRST_PARTITION_BYTES: u32 = 4000 << 5;
    let tag = FIRST_PARTITION_BYTES | SHOWN | u32::from(!key);
    header[..3].copy_from_slice(&tag.to_le_bytes()[..3]);
    if key {
        header[3..6].copy_from_slice(&[0x9d, 0x01, 0x2a]);
        header[6..8].copy_from_slice(&WIDTH.to_le_bytes());
        header[8..10].copy_from_slice(&HEIGHT.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(number: u64) -> Stamp {
        Stamp {
            number,
            sent: Duration::new(1_800_000_000, 123_456_789),
        }
    }

    #[test]
    fn a_stamp_is_read_back() {
        for number in [0, 1, 107, 108, u64::from(u32::MAX) + 7] {
            let payload = payload(at(number));
            assert_eq!(payload.len(), PAYLOAD_BYTES);
            assert_eq!(stamp(&payload), Some(at(number)));
        }
        assert_eq!(stamp(&[0; 31]), None);
    }

    #[test]
    fn only_the_first_packet_of_every_24th_frame_begins_a_keyframe() {
        let begins_key = |number: &u64| {
            let payload = payload(at(*number));
            let starts_frame = payload[0] & 0x10 != 0;
            starts_frame && payload[4] & 1 == 0 && payload[7..10] == [0x9d, 0x01, 0x2a]
        };
        let second = FRAME_PACKETS * KEYFRAME_EVERY;
        assert_eq!(
            (0..2 * second).filter(begins_key).collect::<Vec<_>>(),
            vec![0, second]
        );
    }

    #[test]
    fn the_rate_is_that_of_4k() {
        let bits = FRAME_RATE * FRAME_PACKETS * PAYLOAD_BYTES as u64 * 8;
        assert!((24_500_000..25_000_000).contains(&bits), "{bits}");
    }
}
