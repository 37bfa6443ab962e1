use super::engine;
use bytes::Bytes;
use fmz_media::Codec;
use rtc::media_stream::MediaStreamTrack;
use rtc::rtp;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};

/// Packets of a subscription that wait for the application: one keyframe of a 4K stream. Packets
/// beyond are dropped.
const PACKETS_MAX: usize = 512;

/// A track that this client sends.
pub(crate) struct Outgoing {
    local: Arc<TrackLocalStaticRTP>,
    pub(crate) ssrc: u32,
    pub(crate) codec: Codec,
}

impl Outgoing {
    pub(super) fn local(&self) -> Arc<dyn TrackLocal> {
        Arc::clone(&self.local) as Arc<dyn TrackLocal>
    }

    /// Hands a packet to the stack. An error means that the transport is gone.
    pub(crate) async fn write(&self, packet: rtp::Packet) -> Result<(), webrtc::error::Error> {
        self.local.write_rtp(packet).await
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Outgoing")
            .field("ssrc", &self.ssrc)
            .field("codec", &self.codec)
            .finish_non_exhaustive()
    }
}

/// Makes the local track of a publication. It bears the publication's id, which is unique in a
/// transport.
pub(crate) fn outgoing(publication: &str, ssrc: u32, codec: Codec) -> Outgoing {
    let kind = if codec.is_audio() {
        RtpCodecKind::Audio
    } else {
        RtpCodecKind::Video
    };
    let coding = RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters {
            ssrc: Some(ssrc),
            ..Default::default()
        },
        codec: RTCRtpCodec {
            mime_type: engine::mime_type(codec),
            clock_rate: codec.clock_rate(),
            channels: if codec.is_audio() { 2 } else { 0 },
            ..Default::default()
        },
        ..Default::default()
    };
    let name = publication.to_owned();
    let track = MediaStreamTrack::new(name.clone(), name.clone(), name, kind, vec![coding]);
    Outgoing {
        local: Arc::new(TrackLocalStaticRTP::new(track)),
        ssrc,
        codec,
    }
}

/// One RTP packet of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// Payload type on this transport.
    pub payload_type: u8,
    /// Sequence number, which wraps.
    pub sequence: u16,
    /// RTP timestamp as the publisher wrote it, which wraps.
    pub timestamp: u32,
    /// Whether this is the last packet of a picture.
    pub marker: bool,
    /// Payload, with the codec's descriptor.
    pub payload: Bytes,
}

/// A publication that this client receives. Dropping it discards further packets.
#[derive(Debug)]
pub struct Subscription {
    publication: String,
    codec: Option<Codec>,
    packets: mpsc::Receiver<Packet>,
    dropped: Arc<AtomicU64>,
}

impl Subscription {
    /// Returns the id of the publication.
    #[must_use]
    pub fn publication(&self) -> &str {
        &self.publication
    }

    /// Returns the codec if the offer left only one; else the publication names it.
    #[must_use]
    pub fn codec(&self) -> Option<Codec> {
        self.codec
    }

    /// Returns the next packet, in order of arrival; `None` once the publication or the transport
    /// has ended.
    pub async fn next(&mut self) -> Option<Packet> {
        self.packets.recv().await
    }

    /// Returns the number of packets dropped because the application did not take them in time.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// Makes a subscription and the task that feeds it. The task empties the stack's own queue whether
/// or not the application reads.
pub(super) async fn incoming(
    remote: Arc<dyn TrackRemote>,
) -> (Subscription, impl Future<Output = ()>) {
    let (sender, packets) = mpsc::channel(PACKETS_MAX);
    let dropped = Arc::new(AtomicU64::new(0));
    let subscription = Subscription {
        publication: remote.stream_id().await,
        codec: codec_of(&*remote).await,
        packets,
        dropped: Arc::clone(&dropped),
    };
    (subscription, read(remote, sender, dropped))
}

async fn codec_of(remote: &dyn TrackRemote) -> Option<Codec> {
    let ssrc = *remote.ssrcs().await.first()?;
    engine::codec_of(&remote.codec(ssrc).await?.mime_type)
}

async fn read(
    remote: Arc<dyn TrackRemote>,
    packets: mpsc::Sender<Packet>,
    dropped: Arc<AtomicU64>,
) {
    while let Some(event) = remote.poll().await {
        let packet = match event {
            TrackRemoteEvent::OnRtpPacket(packet) => packet,
            TrackRemoteEvent::OnEnded => return,
            _ => continue,
        };
        let packet = Packet {
            payload_type: packet.header.payload_type,
            sequence: packet.header.sequence_number,
            timestamp: packet.header.timestamp,
            marker: packet.header.marker,
            payload: packet.payload,
        };
        if packets.try_send(packet).is_err() {
            dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}
