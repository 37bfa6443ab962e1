//! Brings what the media server says to the room that it concerns.

use crate::{rooms::Input, state::State};
use fmz_proto::v1::from_sfu::Message;
use fmz_signaling_core::SessionId;
use std::time::Instant;
use tokio::sync::mpsc;

/// Runs until the media server is gone. Rooms never wait for the media server, so
/// waiting for a room here is safe.
pub(crate) async fn run(state: State, mut from_sfu: mpsc::Receiver<Message>) {
    while let Some(message) = from_sfu.recv().await {
        let session = SessionId::from_link(session(&message));
        if let Some(room) = session.and_then(|session| state.rooms.of_session(session)) {
            // A room that is gone has no use for it.
            let at = Instant::now();
            room.send(Input::Sfu { message, at }).await;
        }
    }
    if !state.is_stopping() {
        tracing::error!("the media server is gone; rooms go on over WebSockets only");
    }
}

fn session(message: &Message) -> u64 {
    match message {
        Message::Offer(offer) => offer.session,
        Message::State(state) => state.session,
        Message::Channel(channel) => channel.session,
        Message::Data(data) => data.session,
        Message::PublicationStarted(started) => started.session,
        Message::PublicationEnded(ended) => ended.session,
        Message::Error(error) => error.session,
        Message::Pressure(pressure) => pressure.session,
    }
}
