//! One process: store, forwarding unit and signaling, connected by the room link, started and ended
//! in order.

use crate::exit::Failure;
use crate::logs::{self, DEFAULT_LOG};
use crate::process::{Stop, runtime, say};
use crate::settings::{RoomSettings, Settings};
use crate::tls;
use crate::turn::{self, Reloads};
use fmz_net::front::Certificate;
use fmz_proto::v1::{from_sfu, to_sfu};
use fmz_signaling::{RoomLimits, Server, ServerError};
use fmz_store::Disk;
use fmz_turn::Turn;
use prometheus::Registry;
use prometheus::process_collector::ProcessCollector;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::sync::mpsc;

/// Messages that wait between signaling and the forwarding unit, each way: a second of a room of
/// 500 that is all drawing, at one message a tick and participant's change of state on top.
const LINK_MESSAGES_MAX: usize = 16_384;

/// Pause between two segments of the log that are checked, which leaves the disk to the rooms.
const SCRUB_PAUSE: Duration = Duration::from_millis(200);

/// A node whose listeners are bound and whose forwarding unit runs.
pub(crate) struct Node {
    pub(crate) server: Server,
    sfu: fmz_sfu::Running,
    turn: Option<Turn>,
}

/// Runs `fmz serve` until SIGTERM or ctrl-c.
pub(crate) fn serve(settings: &Settings) -> Result<(), Failure> {
    logs::start(
        settings.log.as_deref().unwrap_or(DEFAULT_LOG),
        settings.log_format,
    )?;
    runtime()?.block_on(async {
        let stop = Stop::listen()?;
        let node = Node::start(settings).await?;
        say(&format!("fmz is ready: {}", node.page_url(settings)));
        node.run(stop.asked()).await
    })
}

impl Node {
    /// Opens the store, binds every listener, starts the forwarding unit and the relay.
    pub(crate) async fn start(settings: &Settings) -> Result<Self, Failure> {
        let registry = Registry::new();
        registry
            .register(Box::new(ProcessCollector::for_self()))
            .map_err(|error| Failure::running("register metrics", error))?;
        let store = Arc::new(open_store(settings)?);
        scrub(&store);
        let (to_sfu, sfu_inbox) = mpsc::channel::<to_sfu::Message>(LINK_MESSAGES_MAX);
        let (from_sfu, inbox) = mpsc::channel::<from_sfu::Message>(LINK_MESSAGES_MAX);
        let certificate = tls::certificate(settings)?;
        let hand_off = settings.runs_relay().then(|| turn::hand_off(settings));
        let (link, neighbour) = hand_off.unzip();
        let issuer = turn::issuer(settings)?;
        let relays = issuer.clone().map(|issuer| turn::relays(settings, issuer));
        let mut asked = signaling(settings, certificate.as_ref());
        asked.ice_servers = relays.clone().map(|relays| Arc::new(relays) as _);
        let mut server = Server::new(asked, store.into(), registry.clone(), to_sfu, inbox)
            .map_err(|error| signaling_failure(settings, &error))?;
        let sfu =
            fmz_sfu::start_beside_relay(media(settings), link, sfu_inbox, from_sfu, &registry)
                .map_err(|error| media_failure(settings, &error))?;
        let turn = match (neighbour, relays) {
            (Some(mut neighbour), Some(relays)) => {
                let candidates = sfu.candidates().to_vec();
                neighbour.addresses.clone_from(&candidates);
                let turn =
                    turn::start(settings, Some(neighbour), certificate.as_ref(), &registry).await?;
                let reloads = Reloads {
                    turn: turn.clone(),
                    candidates,
                    issuer,
                    certificate,
                };
                turn::join(&mut server, &relays, reloads, settings)?;
                Some(turn)
            }
            _ => None,
        };
        Ok(Self { server, sfu, turn })
    }

    /// Returns the address of the page: from the settings, else on this machine.
    pub(crate) fn page_url(&self, settings: &Settings) -> String {
        settings
            .public_url
            .clone()
            .unwrap_or_else(|| format!("{}://{}", scheme(settings), self.loopback(settings)))
    }

    /// Returns the address by which this machine connects to itself.
    pub(crate) fn loopback(&self, settings: &Settings) -> SocketAddr {
        reachable(
            self.server
                .addresses()
                .first()
                .copied()
                .unwrap_or(settings.listen),
        )
    }

    /// Serves until `stop` resolves. Then, in this order, participants are notified, transports are
    /// closed and the log is flushed.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) -> Result<(), Failure> {
        let served = self.server.serve(stop).await;
        self.sfu.shutdown().await;
        if let Some(turn) = self.turn {
            turn.shutdown().await;
        }
        served.map_err(|error| Failure::running("serve", error))
    }
}

fn scheme(settings: &Settings) -> &'static str {
    if settings.is_secured() {
        "https"
    } else {
        "http"
    }
}

/// Reads the whole log once in the background, so that damage is reported before anybody needs the
/// damaged part.
fn scrub(store: &Arc<Disk>) {
    let store = Arc::downgrade(store);
    let work = move || {
        let mut segment = Some(1);
        while let (Some(number), Some(store)) = (segment, store.upgrade()) {
            segment = store.scrub(number);
            drop(store);
            thread::sleep(SCRUB_PAUSE);
        }
    };
    if let Err(error) = thread::Builder::new().name("fmz-scrub".into()).spawn(work) {
        tracing::warn!(%error, "the log is not checked");
    }
}

fn open_store(settings: &Settings) -> Result<Disk, Failure> {
    let name = format!("data_dir {}", settings.data_dir.display());
    Disk::open(settings.data_dir.join("log")).map_err(|error| Failure::setting(&name, error))
}

fn signaling(settings: &Settings, certificate: Option<&Certificate>) -> fmz_signaling::Config {
    let usual = fmz_signaling::Config::new(&settings.data_dir);
    fmz_signaling::Config {
        listen: vec![settings.listen],
        admin: Some(settings.admin_listen),
        tls: certificate.map(Certificate::connections),
        allowed_origins: settings.allowed_origins.clone(),
        public_url: settings.public_url.clone(),
        proxies: settings.proxy_protocol_from.clone(),
        connections_per_source: settings.connections_per_source,
        room: room(&settings.room),
        ..usual
    }
}

fn room(settings: &RoomSettings) -> RoomLimits {
    RoomLimits {
        participants_max: settings.participants_max,
        ops_per_s: settings.ops_per_s,
        ops_burst: settings.ops_burst,
        room_ops_per_s: settings.room_ops_per_s,
        room_ops_burst: settings.room_ops_burst,
        auto_commit: settings.auto_commit,
        ..RoomLimits::default()
    }
}

fn media(settings: &Settings) -> fmz_sfu::Config {
    fmz_sfu::Config {
        media_listen: settings.media_listen,
        public_addresses: settings.public_addresses.clone(),
        ..fmz_sfu::Config::default()
    }
}

fn reachable(listening: SocketAddr) -> SocketAddr {
    let ip = match listening.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listening.port())
}

fn signaling_failure(settings: &Settings, error: &ServerError) -> Failure {
    match error {
        ServerError::Listen { address, source } => {
            let name = if *address == settings.listen {
                "listen"
            } else {
                "admin_listen"
            };
            Failure::setting(&format!("{name} {address}"), source)
        }
        ServerError::File { path, text } => {
            Failure::setting(&format!("data_dir {}", path.display()), text)
        }
        error => Failure::running("start signaling", error),
    }
}

fn media_failure(settings: &Settings, error: &fmz_sfu::StartError) -> Failure {
    match error {
        fmz_sfu::StartError::Bind { source, .. } => {
            Failure::setting(&format!("media_listen {}", settings.media_listen), source)
        }
        error => Failure::running("start the forwarding unit", error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_is_reached_by_loopback() {
        assert_eq!(
            reachable("0.0.0.0:5".parse().unwrap()).to_string(),
            "127.0.0.1:5"
        );
        assert_eq!(reachable("[::]:5".parse().unwrap()).to_string(), "[::1]:5");
        assert_eq!(
            reachable("10.0.0.1:5".parse().unwrap()).to_string(),
            "10.0.0.1:5"
        );
    }
}
