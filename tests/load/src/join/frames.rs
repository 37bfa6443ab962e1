use bytes::Bytes;
use fmz_client::Packet;
use rtc::media::io::sample_builder::SampleBuilder;
use rtc::rtp;
use rtc::rtp::codec::vp8::Vp8Packet;
use std::time::{Duration, Instant};

/// Packets that are kept for incomplete frames: one keyframe of a 4K stream, as many as a
/// subscription keeps.
const PACKETS_MAX: u16 = 512;
/// Duration of stream that may follow a missing packet. By then the packet has been sent again, or
/// never will be. It is less than half a second, the time for which a frame's map is certainly at
/// hand.
const LATE_MAX: Duration = Duration::from_millis(300);
/// Ticks a second of the RTP timestamp.
const CLOCK_RATE: u32 = fmz_media::VIDEO_CLOCK_RATE;

/// A whole VP8 frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    /// RTP timestamp.
    pub(super) timestamp: u32,
    /// Data for a decoder.
    pub(super) data: Bytes,
}

impl Frame {
    /// Returns width and height in pixels if the frame is a keyframe (RFC 6386 section 9.1).
    pub(super) fn size(&self) -> Option<(u16, u16)> {
        // The header is a frame tag, a start code, and two sizes of 14 bits, each below 2 bits of
        // scaling.
        let (tag, rest) = self.data.split_at_checked(3)?;
        let sizes = rest.strip_prefix(&[0x9d, 0x01, 0x2a])?;
        let [width, width_high, height, height_high] = *sizes.first_chunk()?;
        let pixels = |low, high| u16::from_le_bytes([low, high]) & 0x3fff;
        (tag[0] & 0x01 == 0).then(|| (pixels(width, width_high), pixels(height, height_high)))
    }
}

/// Assembles the packets of a VP8 stream (RFC 7741) into frames that can be decoded: from a
/// keyframe on, and after a loss from the next keyframe on.
pub(super) struct Frames {
    builder: SampleBuilder<Vp8Packet>,
    decodable: bool,
}

impl Frames {
    pub(super) fn new() -> Self {
        Self {
            builder: SampleBuilder::new(PACKETS_MAX, Vp8Packet::default(), CLOCK_RATE)
                .with_max_time_delay(LATE_MAX),
            decodable: false,
        }
    }

    /// Takes a packet; returns the frames that it completes, in the stream's order.
    pub(super) fn push(&mut self, packet: Packet) -> Vec<Frame> {
        // The builder notes the arrival of each frame, which nothing here reads.
        let now = Instant::now();
        self.builder.push(now, packet_of(packet));
        let mut whole = Vec::new();
        while let Some(sample) = self.builder.pop(now) {
            let lost = sample.prev_dropped_packets > sample.prev_padding_packets;
            let frame = Frame {
                timestamp: sample.packet_timestamp,
                data: sample.data,
            };
            self.decodable = frame.size().is_some() || self.decodable && !lost;
            whole.extend(self.decodable.then_some(frame));
        }
        whole
    }
}

fn packet_of(packet: Packet) -> rtp::Packet {
    rtp::Packet {
        header: rtp::Header {
            version: 2,
            marker: packet.marker,
            payload_type: packet.payload_type,
            sequence_number: packet.sequence,
            timestamp: packet.timestamp,
            ..Default::default()
        },
        payload: packet.payload,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: (u16, u16) = (1280, 720);

    /// Makes frames of three packets each, every fourth a keyframe, with sequence numbers from
    /// `first` on.
    fn stream(first: u16, frames: u8) -> Vec<Packet> {
        let packet = |frame: u8, part: u8| Packet {
            payload_type: 96,
            sequence: first.wrapping_add(3 * u16::from(frame) + u16::from(part)),
            timestamp: u32::from(frame) * 3750,
            marker: part == 2,
            payload: payload(frame, part).into(),
        };
        (0..frames)
            .flat_map(|frame| (0..3).map(move |part| packet(frame, part)))
            .collect()
    }

    /// Makes a descriptor with a picture id, and a part of the frame.
    fn payload(frame: u8, part: u8) -> Vec<u8> {
        let starts = if part == 0 { 0x90 } else { 0x80 };
        let mut payload = vec![starts, 0x80, 0x80, frame];
        match (part, frame % 4) {
            (0, 0) => payload.extend([0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x00, 0x05, 0xd0, 0x02]),
            (0, _) => payload.extend([0x11, 0, 0]),
            _ => payload.extend([frame, part]),
        }
        payload
    }

    /// Returns the numbers of the frames that come out.
    fn whole(packets: impl IntoIterator<Item = Packet>) -> Vec<u32> {
        let mut frames = Frames::new();
        let out = packets
            .into_iter()
            .flat_map(|packet| frames.push(packet))
            .collect::<Vec<_>>();
        out.iter().map(|frame| frame.timestamp / 3750).collect()
    }

    #[test]
    fn frames_are_put_together_across_the_wrap_of_sequence_numbers() {
        let mut frames = Frames::new();
        let out = stream(u16::MAX - 4, 6)
            .into_iter()
            .flat_map(|packet| frames.push(packet))
            .collect::<Vec<_>>();
        // The last frame waits for the packet after it.
        assert_eq!(out.len(), 5);
        assert_eq!(out[0].size(), Some(SIZE));
        assert_eq!(out[1].size(), None);
        assert_eq!(out[1].data[..], [0x11, 0, 0, 1, 1, 1, 2]);
    }

    #[test]
    fn decoding_begins_at_a_keyframe() {
        assert_eq!(whole(stream(7, 7).into_iter().skip(4)), [4, 5]);
    }

    #[test]
    fn packets_out_of_order_are_put_right() {
        let mut packets = stream(7, 6);
        packets.swap(4, 5);
        packets.swap(8, 9);
        assert_eq!(whole(packets), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn after_a_loss_decoding_begins_again_at_a_keyframe() {
        for lost in [3, 4, 5] {
            let mut packets = stream(7, 24);
            packets.remove(lost);
            assert_eq!(whole(packets)[..3], [0, 4, 5], "packet {lost} lost");
        }
        let mut packets = stream(7, 24);
        packets.drain(3..6);
        assert_eq!(whole(packets)[..3], [0, 4, 5], "frame 1 lost");
    }

    #[test]
    fn a_packet_sent_again_within_the_time_is_taken_and_later_is_lost() {
        let late = |packets_later: usize| {
            let mut packets = stream(7, 24);
            let packet = packets.remove(4);
            packets.insert(4 + packets_later, packet);
            whole(packets)
        };
        assert_eq!(late(18)[..3], [0, 1, 2]);
        assert_eq!(late(30)[..3], [0, 4, 5]);
    }

    #[test]
    fn a_frame_of_more_packets_than_are_kept_is_lost() {
        let begin = |parts: u16| {
            let mut packets = stream(parts, 8);
            let part = |sequence| Packet {
                sequence,
                marker: false,
                payload: payload(0, u8::from(sequence > 0)).into(),
                ..packets[0].clone()
            };
            let long = (0..parts).map(part).collect::<Vec<_>>();
            packets.drain(..1);
            packets[0].sequence = parts;
            packets[1].sequence = parts + 1;
            for packet in &mut packets[2..] {
                packet.sequence -= 1;
            }
            whole(long.into_iter().chain(packets))[0]
        };
        assert_eq!(begin(PACKETS_MAX - 10), 0);
        assert_eq!(begin(PACKETS_MAX + 10), 4);
    }
}
