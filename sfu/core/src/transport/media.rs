//! RTP in and out of a transport.

use super::{Transport, TransportError, TransportEvent};
use crate::limits::{RETRANSMISSION_AGE_MAX, RETRANSMISSION_PACKETS_MAX, SOURCES_MAX};
use fmz_media::{Codec, is_keyframe};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use str0m::Rtc;
use str0m::format::CodecSpec;
use str0m::media::{KeyframeRequestKind, Pt};
use str0m::rtp::{ExtensionValues, RtpPacket, RtpWrite};

/// Share of retransmissions above which the oldest are given up. More of them do not help on a
/// network that loses more.
const RETRANSMISSION_SHARE_MAX: f32 = 0.15;

/// A line of a transport's session description.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mid(str0m::media::Mid);

impl Mid {
    pub(super) fn new(mid: str0m::media::Mid) -> Self {
        Self(mid)
    }

    pub(super) fn inner(self) -> str0m::media::Mid {
        self.0
    }
}

impl std::fmt::Display for Mid {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

impl std::fmt::Debug for Mid {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, formatter)
    }
}

/// A payload type that a client has agreed to receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PayloadType(Pt);

/// A codec with its parameters, as the publisher's transport names it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Format {
    payload_type: Pt,
    spec: CodecSpec,
}

/// Within one publication, a payload type stands for the same format for ever (RFC 3264 section
/// 8.3.2). To compare all parameters for each packet and subscriber would cost a percent of all.
impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.payload_type == other.payload_type
    }
}

impl Eq for Format {}

impl Format {
    /// Returns true if a decoder of `other` reads this format: the parameters that change the bit
    /// stream are equal.
    fn fits(self, other: CodecSpec) -> bool {
        let (own, other_format) = (self.spec.format, other.format);
        let mode = |mode: Option<u8>| mode.unwrap_or(0);
        let profile = |id: Option<u32>| id.unwrap_or(0);
        self.spec.codec == other.codec
            && mode(own.packetization_mode) == mode(other_format.packetization_mode)
            && profile(own.profile_id) == profile(other_format.profile_id)
    }
}

/// One RTP packet, decrypted. The payload is stored once for all subscribers.
#[derive(Debug, Clone)]
pub(crate) struct Packet {
    /// Source (SSRC) whose sequence number this is.
    pub(crate) source: u32,
    /// Sequence number without wrap-around.
    pub(crate) sequence: u64,
    pub(crate) timestamp: u32,
    pub(crate) codec: Codec,
    pub(crate) keyframe: bool,
    pub(crate) format: Format,
    pub(crate) payload: Arc<[u8]>,
    pub(crate) received_at: Instant,
    marker: bool,
    extensions: Extensions,
}

/// Header extensions that mean the same to every receiver.
#[derive(Debug, Clone, Copy, Default)]
struct Extensions {
    audio_level: Option<i8>,
    voice_activity: Option<bool>,
    video_orientation: Option<str0m::rtp::VideoOrientation>,
}

impl Extensions {
    fn read(values: &ExtensionValues) -> Self {
        Self {
            audio_level: values.audio_level,
            voice_activity: values.voice_activity,
            video_orientation: values.video_orientation,
        }
    }

    fn write(self) -> ExtensionValues {
        ExtensionValues {
            audio_level: self.audio_level,
            voice_activity: self.voice_activity,
            video_orientation: self.video_orientation,
            ..ExtensionValues::default()
        }
    }
}

/// Line of each source. Only the first packets of a source carry it.
#[derive(Debug, Default)]
pub(super) struct Sources(BTreeMap<u32, Mid>);

impl Sources {
    pub(super) fn packet(
        &mut self,
        rtc: &mut Rtc,
        packet: RtpPacket,
        now: Instant,
    ) -> Option<TransportEvent> {
        let mid = self.line(rtc, &packet)?;
        let payload_type = packet.header.payload_type;
        let spec = codec_spec(rtc, payload_type)?;
        let codec = to_codec(spec.codec)?;
        let packet = Packet {
            source: *packet.header.ssrc,
            sequence: *packet.seq_no,
            timestamp: packet.header.timestamp,
            codec,
            keyframe: is_keyframe(codec, &packet.payload),
            format: Format { payload_type, spec },
            received_at: now,
            marker: packet.header.marker,
            extensions: Extensions::read(&packet.header.ext_vals),
            payload: packet.payload,
        };
        Some(TransportEvent::Packet(mid, packet))
    }

    fn line(&mut self, rtc: &mut Rtc, packet: &RtpPacket) -> Option<Mid> {
        let ssrc = packet.header.ssrc;
        if let Some(mid) = self.0.get(&ssrc) {
            return Some(*mid);
        }
        let mid = Mid(rtc.direct_api().stream_rx(&ssrc)?.mid());
        if self.0.len() == SOURCES_MAX {
            self.0.clear();
        }
        self.0.insert(*ssrc, mid);
        Some(mid)
    }
}

fn codec_spec(rtc: &Rtc, payload_type: Pt) -> Option<CodecSpec> {
    let found = rtc
        .codec_config()
        .find(|params| params.pt() == payload_type)?;
    Some(found.spec())
}

fn to_codec(codec: str0m::format::Codec) -> Option<Codec> {
    use str0m::format::Codec as Theirs;
    match codec {
        Theirs::Vp8 => Some(Codec::Vp8),
        Theirs::Vp9 => Some(Codec::Vp9),
        Theirs::Av1 => Some(Codec::Av1),
        Theirs::H264 => Some(Codec::H264),
        Theirs::Opus => Some(Codec::Opus),
        _ => None,
    }
}

impl Transport {
    /// Looks up the payload type that the client gave a format on this line. Returns `None` if the
    /// client does not accept the format.
    pub(crate) fn payload_type(
        &mut self,
        mid: Mid,
        format: Format,
    ) -> Result<Option<PayloadType>, TransportError> {
        self.rtc.call(|rtc| {
            let taken = rtc.media(mid.0)?.remote_pts().to_vec();
            let specs = taken
                .into_iter()
                .filter_map(|pt| Some((pt, codec_spec(rtc, pt)?)));
            let fitting: Vec<_> = specs.filter(|(_, spec)| format.fits(*spec)).collect();
            let same = fitting.iter().find(|(_, spec)| *spec == format.spec);
            same.or(fitting.first()).map(|(pt, _)| PayloadType(*pt))
        })
    }

    /// Writes packets to a line, each with its sequence number there; a drain sends them. Returns
    /// the number of packets.
    pub(crate) fn write_packets<'a>(
        &mut self,
        mid: Mid,
        payload_type: PayloadType,
        packets: impl Iterator<Item = (u64, &'a Packet)>,
    ) -> Result<usize, TransportError> {
        self.rtc.call(|rtc| {
            let mut api = rtc.direct_api();
            let Some(stream) = api.stream_tx_by_mid(mid.0, None) else {
                // The client has stopped receiving on this line. Its packets are dropped, not kept.
                return packets.count();
            };
            let mut written = 0;
            for (sequence, packet) in packets {
                written += 1;
                let write = RtpWrite::new(
                    payload_type.0,
                    sequence.into(),
                    packet.timestamp,
                    packet.received_at,
                    packet.payload.clone(),
                );
                let write = write
                    .marker(packet.marker)
                    .nackable(!packet.codec.is_audio())
                    .ext_vals(packet.extensions.write());
                stream.write_rtp(write);
            }
            written
        })
    }

    /// Sets the number and the age of packets that a line keeps for retransmission.
    pub(crate) fn keep_for_retransmission(&mut self, mid: Mid) -> Result<(), TransportError> {
        self.rtc.call(|rtc| {
            if let Some(stream) = rtc.direct_api().stream_tx_by_mid(mid.0, None) {
                stream.set_rtx_cache(
                    RETRANSMISSION_PACKETS_MAX,
                    RETRANSMISSION_AGE_MAX,
                    Some(RETRANSMISSION_SHARE_MAX),
                );
            }
        })
    }

    /// Asks the client for a keyframe on a line. Returns false if the client has sent nothing on it
    /// yet.
    pub(crate) fn request_keyframe(&mut self, mid: Mid) -> Result<bool, TransportError> {
        self.rtc
            .call(|rtc| match rtc.direct_api().stream_rx_by_mid(mid.0, None) {
                Some(stream) => {
                    stream.request_keyframe(KeyframeRequestKind::Pli);
                    true
                }
                None => false,
            })
    }
}
