//! The forwarding unit on sockets: one shard, which is a thread with a UDP socket and an
//! [`fmz_sfu_core::Sfu`].
//!
//! [`start`] takes both ends of the room link: the unit does what each [`to_sfu::Message`] asks,
//! and sends a [`from_sfu::Message`] for what happens. It holds no room's document and no
//! participant's rights.

mod addresses;
mod handoff;
mod metrics;
mod shard;

pub use handoff::RelayLink;

use fmz_net::Socket;
use fmz_proto::v1::{from_sfu, to_sfu};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

/// Addresses for media: the one to listen on, and those announced to clients.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address of the UDP socket; port 0 lets the system choose.
    pub media_listen: SocketAddr,
    /// Addresses announced to clients. Empty: the machine's own, or the one listened on.
    pub announced: Vec<IpAddr>,
    /// Addresses announced besides: those of translators that forward the same port to this
    /// machine.
    pub public_addresses: Vec<IpAddr>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            media_listen: (Ipv4Addr::UNSPECIFIED, 0).into(),
            announced: Vec::new(),
            public_addresses: Vec::new(),
        }
    }
}

/// The reason that the forwarding unit did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The media address cannot be bound.
    #[error("cannot listen for media on {address}: {source}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// Error of the system.
        source: std::io::Error,
    },
    /// The machine's addresses cannot be listed.
    #[error("cannot list this machine's addresses: {0}")]
    Addresses(std::io::Error),
    /// The thread or its runtime cannot be made.
    #[error("cannot start the media thread: {0}")]
    Thread(std::io::Error),
    /// The metrics are registered already, by another forwarding unit.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
}

/// A running forwarding unit. Dropping it ends it without waiting.
#[derive(Debug)]
pub struct Running {
    local: SocketAddr,
    candidates: Vec<SocketAddr>,
    stop: oneshot::Sender<()>,
    stopped: oneshot::Receiver<()>,
    thread: JoinHandle<()>,
}

impl Running {
    /// Returns the address that media is received on, with the port that the system chose.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Returns the addresses announced to clients.
    pub fn candidates(&self) -> &[SocketAddr] {
        &self.candidates
    }

    /// Ends every transport and says goodbye to its client; returns once all goodbyes are sent.
    pub async fn shutdown(self) {
        let _ = self.stop.send(());
        let _ = self.stopped.await;
        if self.thread.join().is_err() {
            tracing::error!("media thread ended by a panic");
        }
    }
}

/// Starts a forwarding unit.
///
/// # Errors
/// [`StartError`], with nothing left running.
pub fn start(
    config: Config,
    to_sfu: mpsc::Receiver<to_sfu::Message>,
    from_sfu: mpsc::Sender<from_sfu::Message>,
    registry: &prometheus::Registry,
) -> Result<Running, StartError> {
    start_beside_relay(config, None, to_sfu, from_sfu, registry)
}

/// Starts a forwarding unit that reaches the clients of a relay in this process without a socket.
///
/// # Errors
/// [`StartError`], with nothing left running.
pub fn start_beside_relay(
    config: Config,
    relay: Option<RelayLink>,
    to_sfu: mpsc::Receiver<to_sfu::Message>,
    from_sfu: mpsc::Sender<from_sfu::Message>,
    registry: &prometheus::Registry,
) -> Result<Running, StartError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(StartError::Thread)?;
    let link = shard::Link { to_sfu, from_sfu };
    match prepare(&runtime, &config, link, relay, registry) {
        Ok((shard, local, candidates)) => spawn(runtime, shard, local, candidates),
        Err(error) => {
            // Dropping the runtime would wait for its threads, and that panics if `start` was
            // called inside another runtime.
            runtime.shutdown_background();
            Err(error)
        }
    }
}

type Prepared = (shard::Shard, SocketAddr, Vec<SocketAddr>);

fn prepare(
    runtime: &tokio::runtime::Runtime,
    config: &Config,
    link: shard::Link,
    relay: Option<RelayLink>,
    registry: &prometheus::Registry,
) -> Result<Prepared, StartError> {
    let address = config.media_listen;
    let _inside = runtime.enter();
    let socket = Socket::bind(address).map_err(|source| StartError::Bind { address, source })?;
    let local = socket.local_addr();
    let book = addresses::AddressBook::new(config, local).map_err(StartError::Addresses)?;
    let candidates = book.candidates().to_vec();
    let metrics = metrics::Metrics::new(registry)?;
    let handoff = handoff::Handoff::new(relay);
    let shard = shard::Shard::new(socket, book, link, handoff, metrics, rand::random());
    Ok((shard, local, candidates))
}

fn spawn(
    runtime: tokio::runtime::Runtime,
    shard: shard::Shard,
    local: SocketAddr,
    candidates: Vec<SocketAddr>,
) -> Result<Running, StartError> {
    let (stop, stop_asked) = oneshot::channel();
    let (done, stopped) = oneshot::channel();
    let thread = std::thread::Builder::new()
        .name("fmz-sfu".to_owned())
        .spawn(move || {
            runtime.block_on(shard.run(stop_asked));
            let _ = done.send(());
        })
        .map_err(StartError::Thread)?;
    tracing::info!(%local, ?candidates, "media listening");
    Ok(Running {
        local,
        candidates,
        stop,
        stopped,
        thread,
    })
}
