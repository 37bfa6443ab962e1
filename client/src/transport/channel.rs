use super::TransportEvent;
use crate::ClientError;
use fmz_proto::limits::LIVE_LIFETIME_MS;
use std::sync::Arc;
use tokio::sync::mpsc;
use webrtc::data_channel::{DataChannel, DataChannelEvent, RTCDataChannelInit};
use webrtc::peer_connection::PeerConnection;

/// The two data channels, agreed without a handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Ordered and reliable.
    Ops,
    /// Unordered, no retransmission.
    Live,
}

impl Lane {
    fn name(self) -> &'static str {
        match self {
            Self::Ops => "ops",
            Self::Live => "live",
        }
    }

    fn init(self) -> RTCDataChannelInit {
        match self {
            Self::Ops => RTCDataChannelInit {
                negotiated: Some(0),
                ..Default::default()
            },
            Self::Live => RTCDataChannelInit {
                ordered: false,
                max_packet_life_time: Some(LIVE_LIFETIME_MS),
                negotiated: Some(1),
                ..Default::default()
            },
        }
    }
}

pub(super) async fn open_channel(
    peer: &Arc<dyn PeerConnection>,
    lane: Lane,
    events: mpsc::Sender<TransportEvent>,
) -> Result<Arc<dyn DataChannel>, ClientError> {
    let channel = peer
        .create_data_channel(lane.name(), Some(lane.init()))
        .await?;
    tokio::spawn(read(Arc::clone(&channel), lane, events));
    Ok(channel)
}

/// Hands on what a channel says until it or the session is gone.
async fn read(channel: Arc<dyn DataChannel>, lane: Lane, events: mpsc::Sender<TransportEvent>) {
    while let Some(event) = channel.poll().await {
        let event = match event {
            DataChannelEvent::OnOpen => TransportEvent::Channel { lane, open: true },
            DataChannelEvent::OnMessage(message) => TransportEvent::Frame {
                lane,
                frame: message.data.freeze(),
            },
            DataChannelEvent::OnClosing | DataChannelEvent::OnClose => {
                TransportEvent::Channel { lane, open: false }
            }
            _ => continue,
        };
        if events.send(event).await.is_err() {
            return;
        }
    }
}
