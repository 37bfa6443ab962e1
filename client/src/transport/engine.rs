//! Settings of the native stack: codecs, feedback, candidates.

use crate::ClientError;
use fmz_media::Codec;
use rtc::ice::mdns::MulticastDnsMode;
use rtc::interceptor::{NackGeneratorBuilder, NackResponderBuilder};
use rtc::rtp_transceiver::rtp_sender::{RTCPFeedback, RtpCodecKind};
use webrtc::peer_connection::{
    MediaEngine, RTCConfiguration, RTCConfigurationBuilder, RTCIceServer, RTCIceTransportPolicy,
    Registry, SettingEngine, SettingEngineBuilder, Slot, configure_rtcp_reports,
    configure_simulcast_extension_headers, configure_twcc_receiver_only,
};

/// Packets kept for retransmission: about 1.5 s of a 25 Mbit/s stream. Must be a power of two.
const RETRANSMISSION_PACKETS: u16 = 4096;

pub(super) fn media() -> Result<(MediaEngine, Registry), ClientError> {
    let mut media = MediaEngine::default();
    media.register_default_codecs()?;
    let registry = with_nack(Registry::new(), &mut media);
    configure_simulcast_extension_headers(&mut media)?;
    let registry = configure_twcc_receiver_only(registry, &mut media)?;
    Ok((media, configure_rtcp_reports(registry)))
}

/// Adds retransmission with a longer memory: the library's own default keeps too few packets for a
/// 4K stream.
fn with_nack(registry: Registry, media: &mut MediaEngine) -> Registry {
    for parameter in ["", "pli"] {
        let feedback = RTCPFeedback {
            typ: "nack".into(),
            parameter: parameter.into(),
        };
        media.register_feedback(feedback, RtpCodecKind::Video);
    }
    let responder = NackResponderBuilder::new().with_size(RETRANSMISSION_PACKETS);
    registry
        .with(Slot::NackResponder, responder.build())
        .with(Slot::NackGenerator, NackGeneratorBuilder::new().build())
}

pub(super) fn policy(relay_only: bool) -> RTCIceTransportPolicy {
    if relay_only {
        RTCIceTransportPolicy::Relay
    } else {
        RTCIceTransportPolicy::All
    }
}

pub(super) fn configuration(
    relays: Vec<RTCIceServer>,
    policy: RTCIceTransportPolicy,
) -> RTCConfiguration {
    RTCConfigurationBuilder::new()
        .with_ice_servers(relays)
        .with_ice_transport_policy(policy)
        .build()
}

/// Returns the settings for candidates. Multicast DNS is off: the server's candidates are
/// addresses, never names, and a query fails on hosts without a route to the multicast group.
pub(super) fn settings() -> SettingEngine {
    SettingEngineBuilder::new()
        .with_include_loopback_candidate(true)
        .with_multicast_dns_mode(MulticastDnsMode::Disabled)
        .build()
}

/// Returns the codec of a media type such as `video/VP8`.
pub(super) fn codec_of(mime_type: &str) -> Option<Codec> {
    Codec::from_name(mime_type.split_once('/')?.1)
}

/// Returns the media type of a codec.
pub(super) fn mime_type(codec: Codec) -> String {
    let kind = if codec.is_audio() { "audio" } else { "video" };
    format!("{kind}/{codec}")
}
