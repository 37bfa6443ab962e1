//! Accepts connections for the relay itself: plain and over TLS, on every address alike.

use crate::{Protocol, Turn};
use fmz_net::front::{self, Front, Outlets, RelayStream};
use std::io;
use std::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};

/// Connections that wait to be served. Taking one takes microseconds, so this is a short moment of
/// a crowd.
const STREAMS_MAX: usize = 64;

/// Starts accepting connections; stops when its task ends.
pub(crate) fn listen(
    listeners: Vec<TcpListener>,
    mut settings: front::Settings,
    turn: Turn,
) -> io::Result<JoinHandle<()>> {
    let refused = turn.inner.metrics.connections_refused.clone();
    settings.on_refused = std::sync::Arc::new(move |refusal| {
        refused.with_label_values(&[&refusal.to_string()]).inc();
    });
    let (relay, streams) = mpsc::channel(STREAMS_MAX);
    let outlets = Outlets {
        web: None,
        relay: Some(relay),
    };
    let front = Front::new(listeners, settings, outlets)?;
    Ok(tokio::spawn(async move {
        let mut accepting = JoinSet::new();
        accepting.spawn(front.run());
        serve_all(streams, turn).await;
    }))
}

/// Serves every connection that comes, until no more can come.
pub(crate) async fn serve_all(mut streams: mpsc::Receiver<RelayStream>, turn: Turn) {
    while let Some(stream) = streams.recv().await {
        let turn = turn.clone();
        tokio::spawn(async move {
            let protocol = match stream.protocol {
                front::Protocol::Tcp => Protocol::Tcp,
                front::Protocol::Tls => Protocol::Tls,
            };
            turn.serve_stream(stream.io, protocol, stream.client, stream.local)
                .await;
        });
    }
}
