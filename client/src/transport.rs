//! One peer connection. It answers the server's offers, carries the two channels, and sends and
//! receives tracks.

mod channel;
mod engine;
mod event;
mod handler;
mod track;

pub(crate) use event::TransportEvent;
pub(crate) use track::{Outgoing, outgoing};
pub use track::{Packet, Subscription};

use crate::{ClientError, Options};
use bytes::{Bytes, BytesMut};
use channel::open_channel;
use fmz_media::Codec;
use fmz_participant::Channel;
use fmz_proto::v1;
use handler::Handler;
use std::sync::Arc;
use tokio::sync::mpsc;
use webrtc::data_channel::DataChannel;
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, RTCIceServer, RTCIceTransportPolicy,
    RTCSessionDescription,
};
use webrtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit, RtpTransceiver};

/// Events of a transport that wait for the session. The session takes them at once; the bound is
/// reached only if it hangs.
const EVENTS_MAX: usize = 256;
/// Bytes in a data channel that the server has not acknowledged. Beyond this, frames are refused
/// and take another path.
const CHANNEL_BYTES_MAX: usize = 1024 * 1024;

pub(crate) struct Transport {
    number: u32,
    policy: RTCIceTransportPolicy,
    peer: Arc<dyn PeerConnection>,
    ops: Arc<dyn DataChannel>,
    live: Arc<dyn DataChannel>,
    events: mpsc::Receiver<TransportEvent>,
}

impl Transport {
    /// Opens sockets and both channels; the server's first offer connects them.
    pub(crate) async fn open(
        number: u32,
        options: &Options,
        relays: Vec<RTCIceServer>,
    ) -> Result<Self, ClientError> {
        let policy = engine::policy(options.relay_only);
        let (sender, events) = mpsc::channel(EVENTS_MAX);
        let (media, interceptors) = engine::media()?;
        let peer = PeerConnectionBuilder::new()
            .with_configuration(engine::configuration(relays, policy))
            .with_media_engine(media)
            .with_interceptor_registry(interceptors)
            .with_setting_engine(engine::settings())
            .with_handler(Arc::new(Handler::new(sender.clone())))
            .with_udp_addrs(options.addresses.clone())
            .with_data_channel_send_buffer_limit(CHANNEL_BYTES_MAX)
            .build()
            .await?;
        let peer: Arc<dyn PeerConnection> = Arc::new(peer);
        Ok(Self {
            number,
            policy,
            ops: open_channel(&peer, Channel::Ops, sender.clone()).await?,
            live: open_channel(&peer, Channel::Live, sender).await?,
            peer,
            events,
        })
    }

    /// Returns the number of this transport in its session, by which offers name it.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// Uses other relays for candidates that are gathered from now on.
    pub(crate) async fn set_relays(&self, relays: Vec<RTCIceServer>) -> Result<(), ClientError> {
        let configuration = engine::configuration(relays, self.policy);
        Ok(self.peer.set_configuration(configuration).await?)
    }

    /// Answers an offer. Each of `tracks` goes on the line with its mid.
    pub(crate) async fn answer(
        &self,
        offer: &v1::Offer,
        tracks: &[(String, Arc<Outgoing>)],
    ) -> Result<v1::Answer, ClientError> {
        for (_, track) in tracks {
            self.attach(track).await?;
        }
        let remote = RTCSessionDescription::offer(offer.sdp.clone())?;
        self.peer.set_remote_description(remote).await?;
        let answer = self.peer.create_answer(None).await?;
        let sdp = answer.sdp.clone();
        self.peer.set_local_description(answer).await?;
        Ok(v1::Answer {
            offer: offer.offer,
            sdp,
            transport: self.number,
        })
    }

    /// Adds a sending transceiver that has no line yet. The next new line of its kind on which the
    /// server receives takes it; lines and transceivers are matched in order (RFC 9429 section
    /// 5.10).
    async fn attach(&self, track: &Outgoing) -> Result<(), ClientError> {
        let init = RTCRtpTransceiverInit {
            direction: RTCRtpTransceiverDirection::Sendonly,
            streams: Vec::new(),
            send_encodings: Vec::new(),
        };
        self.peer
            .add_transceiver_from_track(track.local(), Some(init))
            .await?;
        Ok(())
    }

    /// Returns the payload type agreed for a codec on the line `mid`; `None` if the server does not
    /// take the codec.
    pub(crate) async fn payload_type(&self, mid: &str, codec: Codec) -> Option<u8> {
        let line = self.line(mid).await?;
        let sender = line.sender().await.ok()??;
        let parameters = sender.get_parameters().await.ok()?.rtp_parameters;
        let mut codecs = parameters.codecs.iter();
        codecs
            .find(|one| engine::codec_of(&one.rtp_codec.mime_type) == Some(codec))
            .map(|one| one.payload_type)
    }

    async fn line(&self, mid: &str) -> Option<Arc<dyn RtpTransceiver>> {
        for line in self.peer.get_transceivers().await {
            if line.mid().await.ok().flatten().as_deref() == Some(mid) {
                return Some(line);
            }
        }
        None
    }

    /// Sends a frame; returns false if the channel does not take it.
    pub(crate) async fn send(&self, channel: Channel, frame: &Bytes) -> bool {
        let channel = match channel {
            Channel::Ops => &self.ops,
            Channel::Live => &self.live,
        };
        channel.try_send(BytesMut::from(&frame[..])).await.is_ok()
    }

    /// Returns the next event; pends for ever if all is closed. Dropping the future loses nothing.
    pub(crate) async fn event(&mut self) -> TransportEvent {
        match self.events.recv().await {
            Some(event) => event,
            None => std::future::pending().await,
        }
    }

    pub(crate) async fn close(self) {
        if let Err(error) = self.peer.close().await {
            tracing::debug!(%error, "the peer connection did not close cleanly");
        }
    }
}
