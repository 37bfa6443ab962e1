//! Single frames of a WebSocket.

use axum::extract::ws::{Message, WebSocket};
use std::time::Duration;
use tokio::time::timeout;

/// How long one frame may take to be written.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// Writes one frame. Returns `None` if the connection is gone or does not move.
pub(super) async fn write(socket: &mut WebSocket, message: Message) -> Option<()> {
    timeout(WRITE_TIMEOUT, socket.send(message))
        .await
        .ok()?
        .ok()
}

/// Returns whether a frame could not be read because it is longer than any may be.
pub(super) fn is_too_large(error: &axum::Error) -> bool {
    use tungstenite::Error;
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<Error>());
    matches!(source, Some(Error::Capacity(_)))
}
