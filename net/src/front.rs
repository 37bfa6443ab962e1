//! One TCP port for the page and the relay, plain and over TLS.
//!
//! The first byte of a connection decides: 0x16 begins a TLS handshake, 0x00 to 0x03 a STUN message
//! (RFC 8489 section 5), anything else is HTTP. Within TLS, the application protocol decides (RFC
//! 7301; `stun.turn` is from RFC 7443). If a client names none, its first decrypted byte decides.
//! Rules: `docs/SPEC-front.md`.

mod certificate;
mod opening;
mod proxy;
mod refusal;
mod settings;
mod sources;
mod stream;
mod tls;

pub use certificate::{Certificate, CertificateError, OWN_CERTIFICATE};
pub use opening::OPENING_TIME_MAX;
pub use refusal::Refusal;
pub use settings::{Outlets, Settings};
pub use stream::{Protocol, RelayStream, Stream};
pub use tls::Tls;

use opening::Gate;
use sources::Sources;
use std::{
    collections::VecDeque,
    future, io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    task::Poll,
    time::Duration,
};
use tokio::{
    net::TcpStream,
    task::{AbortHandle, JoinSet},
    time::{Instant, sleep, sleep_until},
};

/// Connections whose protocol is not known yet. A handshake costs tens of kilobytes and a
/// signature, so a flood must not cost more than this many.
pub const OPENING_MAX: usize = 256;
/// Time that an opening connection has before it may have to give way. If all places are taken, the
/// one that has been opening longest gives way, but only after this time. Many handshakes at once
/// mean that the server came back, and clients that are nearly through should get through.
const OPENING_TIME_MIN: Duration = Duration::from_secs(1);
/// Pause after the system had no descriptor left for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

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
