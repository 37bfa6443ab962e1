//! `fmz serve --roles turn`: a relay at the edge, without rooms and without a store.

use crate::exit::Failure;
use crate::logs::{self, DEFAULT_LOG};
use crate::process::{self, Stop};
use crate::settings::Settings;
use crate::tls;
use crate::turn::{self, Reloads};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use fmz_turn::Turn;
use prometheus::process_collector::ProcessCollector;
use prometheus::{Registry, TextEncoder};
use tokio::net::TcpListener;

/// Runs until SIGTERM or ctrl-c. Then clients may go on until the last has left, `turn_drain` has
/// passed, or a second signal comes.
pub(crate) fn serve(settings: &Settings) -> Result<(), Failure> {
    logs::start(
        settings.log.as_deref().unwrap_or(DEFAULT_LOG),
        settings.log_format,
    )?;
    process::runtime()?.block_on(async {
        let stop = Stop::listen()?;
        let registry = registry()?;
        let certificate = tls::certificate(settings)?;
        let turn = turn::start(settings, None, certificate.as_ref(), &registry).await?;
        let reloads = Reloads {
            turn: turn.clone(),
            candidates: Vec::new(),
            issuer: None,
            certificate,
        };
        let reloads = reloads.listen()?;
        let desk = desk(registry).merge(fmz_turn::admin::router(turn.clone(), reloads));
        let admin = tokio::spawn(axum::serve(admin(settings).await?, desk).into_future());
        process::say(&format!("fmz relay is ready: {}", place(&turn)));
        stop.asked().await;
        leave(&turn, settings).await?;
        admin.abort();
        turn.shutdown().await;
        Ok(())
    })
}

fn place(turn: &Turn) -> String {
    turn.local_addr()
        .map_or_else(|| "not listening".to_owned(), |at| format!("turn:{at}"))
}

fn registry() -> Result<Registry, Failure> {
    let registry = Registry::new();
    registry
        .register(Box::new(ProcessCollector::for_self()))
        .map_err(|error| Failure::running("register metrics", error))?;
    Ok(registry)
}

async fn admin(settings: &Settings) -> Result<TcpListener, Failure> {
    let address = settings.admin_listen;
    let bound = TcpListener::bind(address).await;
    bound.map_err(|error| Failure::setting(&format!("admin_listen {address}"), error))
}

fn desk(registry: Registry) -> Router {
    let metrics = move || {
        let text = TextEncoder::new().encode_to_string(&registry.gather());
        std::future::ready(text.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR))
    };
    Router::new()
        .route("/healthz", get(|| std::future::ready("ok")))
        .route("/metrics", get(metrics))
}

/// Sends new clients elsewhere and waits until the present ones have left.
async fn leave(turn: &Turn, settings: &Settings) -> Result<(), Failure> {
    let again = Stop::listen()?;
    let stopped = |error| Failure::running("drain the relay", error);
    turn.drain(settings.turn.turn_alternate, settings.turn.turn_drain)
        .await
        .map_err(stopped)?;
    tokio::select! {
        () = turn.drained() => {}
        () = again.asked() => {}
        () = tokio::time::sleep(settings.turn.turn_drain) => {}
    }
    Ok(())
}
