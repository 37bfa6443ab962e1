//! `fmz serve --roles turn`: a relay at the edge, without rooms and without a store.

use crate::cli::Settings;
use crate::config::{Config, DEFAULT_LOG};
use crate::exit::Failure;
use crate::logs;
use crate::node::{self, Stop};
use crate::turn::{self, Reloads, Secret};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use fmz_turn::Turn;
use prometheus::process_collector::ProcessCollector;
use prometheus::{Registry, TextEncoder};
use tokio::net::TcpListener;

/// Runs until SIGTERM or ctrl-c, then until nobody is left, the time for that is over, or a second signal comes.
pub(crate) fn serve(settings: &Settings, config: &Config) -> Result<(), Failure> {
    logs::start(
        config.log.as_deref().unwrap_or(DEFAULT_LOG),
        config.log_format,
    )?;
    node::runtime()?.block_on(async {
        let stop = Stop::listen()?;
        let registry = registry()?;
        let turn = turn::start(config, None, &[], &registry).await?;
        let reloads = Reloads {
            settings: settings.clone(),
            turn: turn.clone(),
            candidates: Vec::new(),
            secret: Secret::default(),
            certificate: None,
        };
        let reloads = reloads.listen()?;
        let desk = desk(registry).merge(fmz_turn::admin::router(turn.clone(), reloads));
        let admin = tokio::spawn(axum::serve(admin(config).await?, desk).into_future());
        node::say(&format!("fmz relay is ready: {}", place(&turn)));
        stop.asked().await;
        leave(&turn, config).await?;
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

async fn admin(config: &Config) -> Result<TcpListener, Failure> {
    let address = config.admin_listen;
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

/// Sends new clients elsewhere and lets the others end.
async fn leave(turn: &Turn, config: &Config) -> Result<(), Failure> {
    let again = Stop::listen()?;
    let stopped = |error| Failure::running("drain the relay", error);
    turn.drain(config.turn.alternate, config.turn.drain)
        .await
        .map_err(stopped)?;
    tokio::select! {
        () = turn.drained() => {}
        () = again.asked() => {}
        () = tokio::time::sleep(config.turn.drain) => {}
    }
    Ok(())
}
