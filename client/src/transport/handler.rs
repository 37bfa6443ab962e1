use super::{event::TransportEvent, track};
use std::sync::Arc;
use tokio::sync::mpsc;
use webrtc::media_stream::track_remote::TrackRemote;
use webrtc::peer_connection::{
    PeerConnectionEventHandler, RTCPeerConnectionIceEvent, RTCPeerConnectionState,
};

/// Callbacks of the native stack, turned into events. They run inside its driver and must not wait.
pub(super) struct Handler {
    events: mpsc::Sender<TransportEvent>,
}

impl Handler {
    pub(super) fn new(events: mpsc::Sender<TransportEvent>) -> Self {
        Self { events }
    }

    fn emit(&self, event: TransportEvent) {
        if self.events.try_send(event).is_err() {
            tracing::warn!("the session does not take its transport's events");
        }
    }
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_candidate(&self, event: RTCPeerConnectionIceEvent) {
        match event.candidate.to_json() {
            Ok(init) => self.emit(TransportEvent::Candidate(init.candidate)),
            Err(error) => tracing::debug!(%error, "a local candidate was passed over"),
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        tracing::debug!(%state, "transport");
        match state {
            RTCPeerConnectionState::Connected => self.emit(TransportEvent::Connected),
            RTCPeerConnectionState::Failed => self.emit(TransportEvent::Failed),
            _ => {}
        }
    }

    async fn on_track(&self, remote: Arc<dyn TrackRemote>) {
        let events = self.events.clone();
        tokio::spawn(async move {
            let (subscription, reading) = track::incoming(remote).await;
            if events
                .send(TransportEvent::Subscribed(subscription))
                .await
                .is_ok()
            {
                reading.await;
            }
        });
    }
}
