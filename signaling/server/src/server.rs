//! The server: its listeners, and how it begins and ends.

use crate::{
    Config, ServerError,
    api::{self, admin_router},
    link,
    metrics::Metrics,
    rooms::Rooms,
    state::State,
    tls,
    token::{TokenRequest, Tokens, is_room_name},
};
use axum::Router;
use axum_server::{
    Handle,
    accept::NoDelayAcceptor,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use fmz_proto::v1::{from_sfu, to_sfu};
use fmz_signaling_core::Reason;
use fmz_store::{CatalogError, Store};
use hyper_util::rt::TokioTimer;
use prometheus::Registry;
use rustls::ServerConfig;
use std::{
    future::Future,
    io,
    net::{SocketAddr, TcpListener},
    sync::{Arc, atomic::Ordering},
    time::{Duration, SystemTime},
};
use tokio::{sync::mpsc, task::JoinSet};

/// How long requests may go on once the server stops.
const DRAIN: Duration = Duration::from_secs(3);
/// How long a client may take to say what it wants.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// A server whose listeners are bound.
#[derive(Debug)]
pub struct Server {
    state: State,
    listeners: Vec<TcpListener>,
    admin: Option<TcpListener>,
    tls: Option<Arc<ServerConfig>>,
    registry: Registry,
    for_operators: Router,
    from_sfu: mpsc::Receiver<from_sfu::Message>,
}

impl Server {
    /// Binds the listeners and reads the secret and the certificate; serves nobody yet.
    ///
    /// # Errors
    /// [`ServerError`], one clear line each.
    pub fn new(
        config: Config,
        store: Arc<dyn Store>,
        registry: Registry,
        to_sfu: mpsc::Sender<to_sfu::Message>,
        from_sfu: mpsc::Receiver<from_sfu::Message>,
    ) -> Result<Self, ServerError> {
        let tokens = Tokens::open(&config.data)?;
        let tls = tls::load(&config.tls, &config.data)?;
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
        let state = State::new(config, tokens, store, metrics, Rooms::new(to_sfu));
        Ok(Self {
            state,
            listeners,
            admin,
            tls,
            registry,
            for_operators: Router::new(),
            from_sfu,
        })
    }

    /// Addresses for participants, as bound.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners
            .iter()
            .filter_map(|listener| listener.local_addr().ok())
            .collect()
    }

    /// Address for operators, as bound.
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin
            .as_ref()
            .and_then(|listener| listener.local_addr().ok())
    }

    /// Serves `routes` too at the address for operators.
    pub fn for_operators(&mut self, routes: Router) {
        self.for_operators = routes;
    }

    /// Makes a token that begins now.
    pub fn mint(&self, request: TokenRequest) -> String {
        self.state.tokens.mint(request, SystemTime::now())
    }

    /// Makes a room if it does not exist.
    ///
    /// # Errors
    /// [`ServerError::RoomName`], or [`ServerError::Catalog`] where the room cannot be kept.
    pub async fn ensure_room(&self, room: &str, title: &str) -> Result<(), ServerError> {
        if !is_room_name(room) {
            return Err(ServerError::RoomName(room.into()));
        }
        match self
            .state
            .store
            .create_room(api::new_room(room, title))
            .await
        {
            Ok(()) | Err(CatalogError::Exists) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Serves until `shutdown` is over, then says goodbye to everyone and writes out what is left.
    ///
    /// # Errors
    /// [`ServerError::Serve`] where a listener fails.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> Result<(), ServerError> {
        let Self {
            state,
            listeners,
            admin,
            tls,
            registry,
            for_operators,
            from_sfu,
        } = self;
        let link = tokio::spawn(link::run(state.clone(), from_sfu));
        let handle = Handle::new();
        let mut serving = JoinSet::new();
        for listener in listeners {
            serving.spawn(accept(
                listener,
                tls.clone(),
                api::router(state.clone()),
                handle.clone(),
            ));
        }
        if let Some(listener) = admin {
            let router = admin_router(state.clone(), registry).merge(for_operators);
            serving.spawn(accept(listener, None, router, handle.clone()));
        }
        let outcome = tokio::select! {
            () = shutdown => Ok(()),
            ended = serving.join_next() => ended.map_or(Ok(()), |ended| ended.unwrap_or_else(|error| Err(error.into()))),
        };
        stop(&state, &handle).await;
        while serving.join_next().await.is_some() {}
        link.abort();
        outcome.map_err(ServerError::from)
    }
}

async fn stop(state: &State, handle: &Handle<SocketAddr>) {
    state.stopping.store(true, Ordering::Relaxed);
    handle.graceful_shutdown(Some(DRAIN));
    state.rooms.close_all(Reason::Shutdown).await;
    // Every socket that is left gives its permit back once its close is answered, or not answered in time.
    let sockets = u32::try_from(state.config.sessions_max).unwrap_or(u32::MAX);
    let _ = tokio::time::timeout(DRAIN, state.sockets.acquire_many(sockets)).await;
    state.store.flush().await;
}

fn listen(address: SocketAddr) -> Result<TcpListener, ServerError> {
    let bind = || {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    };
    bind().map_err(|source| ServerError::Listen { address, source })
}

async fn accept(
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    router: Router,
    handle: Handle<SocketAddr>,
) -> io::Result<()> {
    let service = router.into_make_service();
    let mut server = axum_server::from_tcp(listener)?.handle(handle);
    server
        .http_builder()
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT);
    match tls {
        None => server.acceptor(NoDelayAcceptor::new()).serve(service).await,
        Some(config) => {
            let acceptor = RustlsAcceptor::new(RustlsConfig::from_config(config))
                .acceptor(NoDelayAcceptor::new());
            server.acceptor(acceptor).serve(service).await
        }
    }
}
