//! Plain TCP.

use crate::{Protocol, Turn};
use std::time::Duration;
use tokio::net::TcpListener;

/// Rest after a connection could not be taken, as where file descriptors are short: others close meanwhile.
const REST: Duration = Duration::from_millis(100);

/// Takes connections until the task is ended.
pub(crate) async fn listen(listener: TcpListener, turn: Turn) {
    loop {
        match listener.accept().await {
            Ok((stream, client)) => {
                // Voice in small packets must not wait for each other.
                let _ = stream.set_nodelay(true);
                let Ok(local) = stream.local_addr() else {
                    continue;
                };
                let turn = turn.clone();
                tokio::spawn(async move {
                    turn.serve_stream(stream, Protocol::Tcp, client, local)
                        .await;
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection to the relay could not be taken");
                tokio::time::sleep(REST).await;
            }
        }
    }
}
