//! The server: its listeners, its start and its end.

use crate::{
    Config, ServerError,
    api::{self, admin_router},
    link,
    metrics::Metrics,
    state::State,
    token::{TokenRequest, Tokens, is_room_name},
    web,
};
use axum::Router;
use fmz_net::front::{self, Front, Outlets, RelayStream};
use fmz_proto::v1::{from_sfu, to_sfu};
use fmz_signaling_core::Reason;
use fmz_store::{CatalogError, Stores};
use prometheus::Registry;
use std::{
    future::Future,
    net::{SocketAddr, TcpListener},
    sync::{Arc, atomic::Ordering},
    time::SystemTime,
};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// Relay connections that wait to be served. Taking one costs microseconds, so this is a moment of
/// a crowd.
const RELAY_STREAMS_MAX: usize = 64;

/// A server whose listeners are bound.
#[derive(Debug)]
pub struct Server {
    state: State,
    listeners: Vec<TcpListener>,
    admin: Option<TcpListener>,
    relay: Option<mpsc::Sender<RelayStream>>,
    registry: Registry,
    for_operators: Router,
    from_sfu: mpsc::Receiver<from_sfu::Message>,
}

impl Server {
    /// Binds the listeners and reads the secret of the tokens. [`Self::serve`] serves.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn new(
        config: Config,
        stores: Stores,
        registry: Registry,
        to_sfu: mpsc::Sender<to_sfu::Message>,
        from_sfu: mpsc::Receiver<from_sfu::Message>,
    ) -> Result<Self, ServerError> {
        let tokens = Tokens::open(&config.data)?;
        let listeners = config
            .listen
            .iter()
            .map(|address| listen(*address))
            .collect::<Result<Vec<_>, _>>()?;
        if listeners.is_empty() {
            return Err(ServerError::NoAddress);
        }
        let admin = config.admin.map(listen).transpose()?;
        let metrics = Metrics::new(&registry)?;
        let state = State::new(config, tokens, stores, metrics, to_sfu);
        Ok(Self {
            state,
            listeners,
            admin,
            relay: None,
            registry,
            for_operators: Router::new(),
            from_sfu,
        })
    }

    /// Returns the addresses for participants, as bound.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners
            .iter()
            .filter_map(|listener| listener.local_addr().ok())
            .collect()
    }

    /// Returns the address for operators, as bound.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin
            .as_ref()
            .and_then(|listener| listener.local_addr().ok())
    }

    /// Adds routes to the address for operators.
    pub fn for_operators(&mut self, routes: Router) {
        self.for_operators = routes;
    }

    /// Returns the connections of relay clients that come to the participants' addresses, plain or
    /// over TLS. Without this call, and when the receiver is dropped, they are closed.
    pub fn relay_streams(&mut self) -> mpsc::Receiver<RelayStream> {
        let (sender, streams) = mpsc::channel(RELAY_STREAMS_MAX);
        self.relay = Some(sender);
        streams
    }

    /// Makes a token that is valid from now on.
    pub fn mint(&self, request: TokenRequest) -> String {
        self.state.tokens.mint(request, SystemTime::now())
    }

    /// Makes a room if it does not exist.
    ///
    /// # Errors
    /// [`ServerError::RoomName`], or [`ServerError::Catalog`] if the room cannot be kept.
    pub async fn ensure_room(&self, room: &str, title: &str) -> Result<(), ServerError> {
        if !is_room_name(room) {
            return Err(ServerError::RoomName(room.into()));
        }
        match self
            .state
            .stores
            .catalog
            .create_room(api::new_room(room, title))
            .await
        {
            Ok(()) | Err(CatalogError::Exists) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Serves until `shutdown` resolves. Then closes every session with a reason, and flushes the
    /// store.
    ///
    /// # Errors
    /// [`ServerError::Serve`] if a listener fails.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> Result<(), ServerError> {
        let Self {
            state,
            listeners,
            admin,
            relay,
            registry,
            for_operators,
            mut from_sfu,
        } = self;
        link::take_waiting(&state, &mut from_sfu);
        let settings = front(&state);
        let link = tokio::spawn(link::run(state.clone(), from_sfu));
        let stopping = CancellationToken::new();
        let mut serving = JoinSet::new();
        let (outlets, streams) = outlets(relay);
        let front = Front::new(listeners, settings, outlets)?;
        serving.spawn(web::serve(
            front,
            streams,
            api::router(state.clone()),
            stopping.clone(),
        ));
        if let Some(listener) = admin {
            let (outlets, streams) = self::outlets(None);
            let front = Front::new(vec![listener], front::Settings::default(), outlets)?;
            let router = admin_router(state.clone(), registry).merge(for_operators);
            serving.spawn(web::serve(front, streams, router, stopping.clone()));
        }
        shutdown.await;
        stop(&state, &stopping).await;
        while serving.join_next().await.is_some() {}
        link.abort();
        Ok(())
    }
}

fn front(state: &State) -> front::Settings {
    let refused = state.metrics.connections_refused.clone();
    front::Settings {
        tls: state.config.tls.clone(),
        proxies: state.config.proxies.clone(),
        per_source_max: state.config.connections_per_source,
        on_refused: Arc::new(move |refusal| {
            refused.with_label_values(&[&refusal.to_string()]).inc();
        }),
        ..front::Settings::default()
    }
}

fn outlets(relay: Option<mpsc::Sender<RelayStream>>) -> (Outlets, mpsc::Receiver<front::Stream>) {
    let (web, streams) = mpsc::channel(web::STREAMS_MAX);
    let web = Some(web);
    (Outlets { web, relay }, streams)
}

async fn stop(state: &State, stopping: &CancellationToken) {
    state.stopping.store(true, Ordering::Relaxed);
    stopping.cancel();
    state.rooms.close_all(Reason::Shutdown).await;
    // Every socket that is left returns its permit once its close is answered, or not answered in
    // time.
    let sockets = u32::try_from(state.config.sessions_max).unwrap_or(u32::MAX);
    let _ = tokio::time::timeout(web::DRAIN, state.sockets.acquire_many(sockets)).await;
    state.stores.log.flush().await;
}

fn listen(address: SocketAddr) -> Result<TcpListener, ServerError> {
    TcpListener::bind(address).map_err(|source| ServerError::Listen { address, source })
}
