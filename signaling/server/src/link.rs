//! Reads the room link: what the forwarding unit sends to the rooms.

use crate::state::State;
use fmz_proto::v1::from_sfu::Message;
use tokio::sync::mpsc;

/// Takes what waits on the link, so that a unit that is up already is known before the first person
/// comes.
pub(crate) fn take_waiting(state: &State, from_sfu: &mut mpsc::Receiver<Message>) {
    while let Ok(message) = from_sfu.try_recv() {
        state.rooms.link().take(message, &state.metrics);
    }
}

/// Reads the link until the forwarding unit is gone for good.
pub(crate) async fn run(state: State, mut from_sfu: mpsc::Receiver<Message>) {
    let link = state.rooms.link();
    while let Some(message) = from_sfu.recv().await {
        link.take(message, &state.metrics);
    }
    if !state.is_stopping() {
        tracing::error!("the media server is gone; rooms go on over WebSockets only");
    }
    link.take_down(&state.metrics);
}
