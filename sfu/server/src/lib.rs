//! The forwarding unit on sockets: one shard, which is a thread with a UDP socket and an
//! [`fmz_sfu_core::Sfu`].
//!
//! [`start`] takes both ends of the room link: the unit does what each [`to_sfu::Message`] asks,
//! and sends a [`from_sfu::Message`] for what happens. It holds no room's document and no
//! participant's rights.
//!
//! If a fault in fmz's own code ends the shard, the rooms are told, and another shard begins.

mod addresses;
mod config;
#[cfg(any(test, feature = "fault-injection"))]
mod fault;
mod handoff;
mod metrics;
mod ports;
mod shard;
mod stop;
mod supervisor;

pub use config::{Config, StartError};
pub use handoff::RelayLink;

use fmz_net::Socket;
use fmz_proto::v1::{from_sfu, to_sfu};
use ports::{Link, Ports};
use std::net::SocketAddr;
use std::thread::JoinHandle;
use stop::Stop;
use supervisor::Supervisor;
use tokio::sync::{mpsc, oneshot};

/// A running forwarding unit. Dropping it ends it without waiting.
#[derive(Debug)]
pub struct Running {
    local: SocketAddr,
    candidates: Vec<SocketAddr>,
    stop: oneshot::Sender<()>,
    stopped: oneshot::Receiver<()>,
    thread: JoinHandle<()>,
    #[cfg(any(test, feature = "fault-injection"))]
    fault: std::sync::Arc<fault::Fault>,
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

    /// Has the media thread panic.
    #[cfg(any(test, feature = "fault-injection"))]
    pub fn plant_fault(&self) {
        self.fault.plant();
    }

    /// Ends every transport with a good-bye, and returns when all good-byes are sent.
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
    let link = Link { to_sfu, from_sfu };
    match prepare(&runtime, &config, link, relay, registry) {
        Ok(ports) => spawn(runtime, ports),
        Err(error) => {
            // Dropping the runtime would wait for its threads, and that panics if `start` was
            // called inside another runtime.
            runtime.shutdown_background();
            Err(error)
        }
    }
}

fn prepare(
    runtime: &tokio::runtime::Runtime,
    config: &Config,
    link: Link,
    relay: Option<RelayLink>,
    registry: &prometheus::Registry,
) -> Result<Ports, StartError> {
    let address = config.media_listen;
    let _inside = runtime.enter();
    let socket = Socket::bind(address).map_err(|source| StartError::Bind { address, source })?;
    let local = socket.local_addr();
    let book = addresses::AddressBook::new(config, local).map_err(StartError::Addresses)?;
    Ok(Ports {
        socket,
        book,
        link,
        handoff: handoff::Handoff::new(relay),
        metrics: metrics::Metrics::new(registry)?,
        #[cfg(any(test, feature = "fault-injection"))]
        fault: std::sync::Arc::default(),
    })
}

fn spawn(runtime: tokio::runtime::Runtime, ports: Ports) -> Result<Running, StartError> {
    let local = ports.socket.local_addr();
    let candidates = ports.book.candidates().to_vec();
    #[cfg(any(test, feature = "fault-injection"))]
    let fault = std::sync::Arc::clone(&ports.fault);
    let (stop, stop_asked) = oneshot::channel();
    let (done, stopped) = oneshot::channel();
    let thread = std::thread::Builder::new()
        .name("fmz-sfu".to_owned())
        .spawn(move || {
            Supervisor::new(runtime, ports, Stop::new(stop_asked)).run();
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
        #[cfg(any(test, feature = "fault-injection"))]
        fault,
    })
}
