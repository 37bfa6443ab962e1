//! HTTP/1.1 on the connections that a front hands out.

use axum::Router;
use fmz_net::front::{Front, Stream};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::{pin::pin, time::Duration};
use tokio::{sync::mpsc, task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

/// How long requests may go on once the server stops.
pub(crate) const DRAIN: Duration = Duration::from_secs(3);
/// How long a client may take to send the headers of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections that wait to be served. Taking one costs microseconds, so this is a moment of a
/// crowd.
pub(crate) const STREAMS_MAX: usize = 64;

/// Serves until `stopping`. Then it takes no more connections, and requests have [`DRAIN`] to end.
/// A connection that became a WebSocket belongs to its handler.
pub(crate) async fn serve(
    front: Front,
    mut streams: mpsc::Receiver<Stream>,
    router: Router,
    stopping: CancellationToken,
) {
    let mut connections = JoinSet::new();
    let mut accepting = JoinSet::new();
    accepting.spawn(front.run());
    loop {
        tokio::select! {
            () = stopping.cancelled() => break,
            Some(stream) = streams.recv() => {
                connections.spawn(connection(stream, router.clone(), stopping.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
    accepting.abort_all();
    let drained = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(DRAIN, drained).await;
}

async fn connection(stream: Stream, router: Router, stopping: CancellationToken) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .with_upgrades();
    let mut connection = pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "connection ended");
    }
}
