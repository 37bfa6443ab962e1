//! One TCP port for the page and the relay, plain and over TLS.
//!
//! The first byte of a connection decides: 0x16 begins a TLS handshake, 0x00 to 0x03 a STUN message
//! (RFC 8489 section 5), anything else is HTTP. Within TLS, the application protocol decides (RFC
//! 7301; `stun.turn` is from RFC 7443). If a client names none, its first decrypted byte decides.
//! Rules: `docs/SPEC-front.md`.

mod certificate;
mod opening;
mod proxy;
mod sources;
mod stream;
mod tls;

pub use certificate::{Certificate, CertificateError, OWN_CERTIFICATE};
pub use stream::{Protocol, RelayStream, Stream};
pub use tls::Tls;

use ipnet::IpNet;
use opening::Gate;
use sources::Sources;
use std::{
    collections::VecDeque,
    fmt, future, io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    task::Poll,
    time::Duration,
};
use tokio::{
    net::TcpStream,
    sync::mpsc,
    task::{AbortHandle, JoinSet},
    time::{Instant, sleep, sleep_until},
};

/// Connections whose protocol is not known yet. A handshake costs tens of kilobytes and a
/// signature, so a flood must not cost more than this many.
pub const OPENING_MAX: usize = 256;
/// Time in which a connection must show its protocol: many times what two round trips of TLS take
/// on a slow line.
pub const OPENING_TIME_MAX: Duration = Duration::from_secs(10);
/// Time that an opening connection has before it may have to give way. If all places are taken, the
/// one that has been opening longest gives way, but only after this time. Many handshakes at once
/// mean that the server came back, and clients that are nearly through should get through.
const OPENING_TIME_MIN: Duration = Duration::from_secs(1);
/// Pause after the system had no descriptor left for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Settings of a front.
#[derive(Clone)]
pub struct Settings {
    /// Certificate and versions for TLS. Without it, a TLS handshake is refused.
    pub tls: Option<Tls>,
    /// Proxies that begin every connection with the client's addresses (PROXY protocol 1 or 2).
    /// Connections from elsewhere are served as they are.
    pub proxies: Vec<IpNet>,
    /// Connections of one IPv4 address or IPv6 /64 at once. Loopback is not counted, because a
    /// proxy there stands for many clients.
    pub per_source_max: usize,
    /// Connections of all sources at once.
    pub total_max: usize,
    /// Function that is called for each connection that was closed before it was served.
    pub on_refused: Arc<dyn Fn(Refusal) + Send + Sync>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            tls: None,
            proxies: Vec::new(),
            // A studio behind one address: hundreds of people, each with a page, a WebSocket and a
            // relay connection.
            per_source_max: 2_048,
            // Three times the sessions of a full server; each holds a descriptor and, with TLS,
            // some 30 kB.
            total_max: 32_768,
            on_refused: Arc::new(|_| {}),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("tls", &self.tls.is_some())
            .field("proxies", &self.proxies)
            .field("per_source_max", &self.per_source_max)
            .field("total_max", &self.total_max)
            .finish_non_exhaustive()
    }
}

/// The services that take connections. A connection that nothing serves is closed.
#[derive(Debug, Clone, Default)]
pub struct Outlets {
    /// HTTP/1.1, decrypted.
    pub web: Option<mpsc::Sender<Stream>>,
    /// TURN, decrypted.
    pub relay: Option<mpsc::Sender<RelayStream>>,
}

/// Reasons for which a connection was closed before it was served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// One source has too many connections.
    #[error("source_full")]
    SourceFull,
    /// All sources together have too many connections.
    #[error("full")]
    Full,
    /// The connection did not show its protocol in time.
    #[error("opening_timeout")]
    Timeout,
    /// Too many connections were opening, and this one had been opening longest.
    #[error("gave_way")]
    GaveWay,
    /// A trusted proxy sent no valid header.
    #[error("proxy_header")]
    ProxyHeader,
    /// The TLS handshake failed.
    #[error("tls_handshake")]
    Handshake,
    /// The client wants TLS, which is not set up here.
    #[error("tls_off")]
    TlsOff,
    /// No service here speaks the client's protocol.
    #[error("not_served")]
    NotServed,
    /// The client closed the connection.
    #[error("gone")]
    Gone,
}

impl Refusal {
    /// All reasons.
    pub const ALL: [Self; 9] = [
        Self::SourceFull,
        Self::Full,
        Self::Timeout,
        Self::GaveWay,
        Self::ProxyHeader,
        Self::Handshake,
        Self::TlsOff,
        Self::NotServed,
        Self::Gone,
    ];
}

/// Listeners, and the services to which connections are led.
#[derive(Debug)]
pub struct Front {
    listeners: Vec<tokio::net::TcpListener>,
    gate: Arc<Gate>,
    opening: JoinSet<()>,
    /// Times at which connections began to open, oldest first. Those that are open already stay in
    /// the list until the next look.
    begun: VecDeque<(Instant, AbortHandle)>,
}

impl Front {
    /// Takes listeners over. Connections wait in them until [`Front::run`].
    ///
    /// # Errors
    /// The system's error for a listener. Must be called within a runtime.
    pub fn new(
        listeners: Vec<TcpListener>,
        settings: Settings,
        outlets: Outlets,
    ) -> io::Result<Self> {
        let listen = |listener: TcpListener| {
            listener.set_nonblocking(true)?;
            tokio::net::TcpListener::from_std(listener)
        };
        let sources = Sources::new(settings.per_source_max, settings.total_max);
        Ok(Self {
            listeners: listeners
                .into_iter()
                .map(listen)
                .collect::<io::Result<_>>()?,
            gate: Arc::new(Gate::new(settings, outlets, sources)),
            opening: JoinSet::new(),
            begun: VecDeque::new(),
        })
    }

    /// Accepts connections until it is dropped. Connections that are still opening are dropped with
    /// it; those that were handed out go on.
    pub async fn run(mut self) {
        loop {
            match self.accept().await {
                Ok((stream, peer)) => {
                    self.make_place().await;
                    let opening = self.gate.clone().open(stream, peer);
                    self.begun
                        .push_back((Instant::now(), self.opening.spawn(opening)));
                }
                Err(error) => {
                    tracing::warn!(%error, "no connection can be accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        future::poll_fn(|context| {
            let mut ready = self
                .listeners
                .iter()
                .map(|listener| listener.poll_accept(context));
            ready.find(Poll::is_ready).unwrap_or(Poll::Pending)
        })
        .await
    }

    /// Waits until fewer than [`OPENING_MAX`] connections are opening.
    async fn make_place(&mut self) {
        loop {
            // Forget the connections that are open or closed by now.
            while self.opening.try_join_next().is_some() {}
            self.begun.retain(|(_, opening)| !opening.is_finished());
            let Some((begun, oldest)) = self.begun.front() else {
                return;
            };
            if self.opening.len() < OPENING_MAX {
                return;
            }
            tokio::select! {
                _ = self.opening.join_next() => {}
                () = sleep_until(*begun + OPENING_TIME_MIN) => {
                    oldest.abort();
                    self.gate.refuse(Refusal::GaveWay);
                    self.opening.join_next().await;
                }
            }
        }
    }
}
