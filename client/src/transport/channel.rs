use super::event::TransportEvent;
use crate::ClientError;
use fmz_participant::Channel;
use fmz_proto::limits::LIVE_LIFETIME_MS;
use std::sync::Arc;
use tokio::sync::mpsc;
use webrtc::data_channel::{DataChannel, DataChannelEvent, RTCDataChannelInit};
use webrtc::peer_connection::PeerConnection;

fn name(channel: Channel) -> &'static str {
    match channel {
        Channel::Ops => "ops",
        Channel::Live => "live",
    }
}

/// Returns the channel's parameters. Both sides know its id in advance, so no handshake is needed.
fn init(channel: Channel) -> RTCDataChannelInit {
    match channel {
        Channel::Ops => RTCDataChannelInit {
            negotiated: Some(0),
            ..Default::default()
        },
        Channel::Live => RTCDataChannelInit {
            ordered: false,
            max_packet_life_time: Some(LIVE_LIFETIME_MS),
            negotiated: Some(1),
            ..Default::default()
        },
    }
}

pub(super) async fn open_channel(
    peer: &Arc<dyn PeerConnection>,
    channel: Channel,
    events: mpsc::Sender<TransportEvent>,
) -> Result<Arc<dyn DataChannel>, ClientError> {
    let opened = peer
        .create_data_channel(name(channel), Some(init(channel)))
        .await?;
    tokio::spawn(read(Arc::clone(&opened), channel, events));
    Ok(opened)
}

/// Hands on the events of a channel until the channel or the session is gone.
async fn read(
    opened: Arc<dyn DataChannel>,
    channel: Channel,
    events: mpsc::Sender<TransportEvent>,
) {
    while let Some(event) = opened.poll().await {
        let event = match event {
            DataChannelEvent::OnOpen => TransportEvent::Channel {
                channel,
                open: true,
            },
            DataChannelEvent::OnMessage(message) => TransportEvent::Frame {
                channel,
                frame: message.data.freeze(),
            },
            DataChannelEvent::OnClosing | DataChannelEvent::OnClose => TransportEvent::Channel {
                channel,
                open: false,
            },
            _ => continue,
        };
        if events.send(event).await.is_err() {
            return;
        }
    }
}
