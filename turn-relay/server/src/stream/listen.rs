//! Accepts connections for the relay itself: plain and over TLS, on every address alike.

use fmz_net::front::{self, Front, Outlets, RelayStream};
use prometheus::IntCounterVec;
use std::io;
use std::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Connections that wait to be served. Taking one takes microseconds, so this is a short moment of
/// a crowd.
const STREAMS_MAX: usize = 64;

/// Starts to accept connections, and returns those that come. Stops when the task set is dropped.
pub(crate) fn listen(
    listeners: Vec<TcpListener>,
    mut settings: front::Settings,
    refused: IntCounterVec,
) -> io::Result<(JoinSet<()>, mpsc::Receiver<RelayStream>)> {
    settings.on_refused = std::sync::Arc::new(move |refusal| {
        refused.with_label_values(&[&refusal.to_string()]).inc();
    });
    let (relay, streams) = mpsc::channel(STREAMS_MAX);
    let outlets = Outlets {
        web: None,
        relay: Some(relay),
    };
    let front = Front::new(listeners, settings, outlets)?;
    let mut accepting = JoinSet::new();
    accepting.spawn(front.run());
    Ok((accepting, streams))
}
