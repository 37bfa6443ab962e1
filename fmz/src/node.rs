//! One process: store, forwarding unit and signaling, wired by the room link, started and ended in order.

use crate::cli::Settings;
use crate::config::{Config, DEFAULT_LOG, Tls};
use crate::exit::Failure;
use crate::{logs, turn};
use fmz_proto::v1::{from_sfu, to_sfu};
use fmz_signaling::{Certificate, Server, ServerError};
use fmz_store::{Disk, Store};
use fmz_turn::Turn;
use prometheus::Registry;
use prometheus::process_collector::ProcessCollector;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

/// Messages that wait between signaling and the forwarding unit, each way: a second of a room of 500 that is all
/// drawing, at one message a tick and participant's change of state on top.
const LINK_MESSAGES_MAX: usize = 16_384;

/// Rest between two segments of the log that are checked: leaves the disk to what is asked for.
const SCRUB_PAUSE: Duration = Duration::from_millis(200);

/// A node whose listeners are bound and whose forwarding unit runs.
pub(crate) struct Node {
    pub(crate) server: Server,
    sfu: fmz_sfu::Running,
    turn: Option<Turn>,
}

/// `fmz serve`: runs until SIGTERM or ctrl-c.
pub(crate) fn serve(settings: &Settings, config: &Config) -> Result<(), Failure> {
    logs::start(
        config.log.as_deref().unwrap_or(DEFAULT_LOG),
        config.log_format,
    )?;
    runtime()?.block_on(async {
        let stop = Stop::listen()?;
        let node = Node::start(settings, config).await?;
        say(&format!("fmz is ready: {}", node.page_url(config)));
        node.run(stop.asked()).await
    })
}

/// The runtime of a whole process.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Runtime::new().map_err(|error| Failure::running("start the runtime", error))
}

#[allow(
    clippy::print_stdout,
    reason = "the one line a person or a script waits for"
)]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

impl Node {
    /// Opens the store, binds every listener, starts the forwarding unit and the relay.
    pub(crate) async fn start(settings: &Settings, config: &Config) -> Result<Self, Failure> {
        let registry = Registry::new();
        registry
            .register(Box::new(ProcessCollector::for_self()))
            .map_err(|error| Failure::running("register metrics", error))?;
        let store = Arc::new(open_store(config)?);
        scrub(&store);
        let store: Arc<dyn Store> = store;
        let (to_sfu, sfu_inbox) = mpsc::channel::<to_sfu::Message>(LINK_MESSAGES_MAX);
        let (from_sfu, inbox) = mpsc::channel::<from_sfu::Message>(LINK_MESSAGES_MAX);
        let between = config.roles.turn.then(|| turn::between(config));
        let (link, near) = between.map(turn::Between::split).unzip();
        let relays = turn::relays(config)?;
        let mut asked = signaling(config);
        asked.ice_servers = Some(Arc::new(relays.clone()));
        let mut server = Server::new(asked, store, registry.clone(), to_sfu, inbox)
            .map_err(|error| signaling_failure(config, &error))?;
        let sfu = fmz_sfu::start_beside_relay(media(config), link, sfu_inbox, from_sfu, &registry)
            .map_err(|error| media_failure(config, &error))?;
        let turn = match near {
            Some(near) => {
                let (parts, places) = ((near, relays), (settings, config));
                Some(turn::join(&mut server, parts, places, sfu.candidates(), &registry).await?)
            }
            None => None,
        };
        Ok(Self { server, sfu, turn })
    }

    /// Where a browser on this machine finds the page, or where the settings say that people find it.
    pub(crate) fn page_url(&self, config: &Config) -> String {
        config
            .public_url
            .clone()
            .unwrap_or_else(|| format!("{}://{}", scheme(config), self.loopback(config)))
    }

    /// The address that this machine itself connects to.
    pub(crate) fn loopback(&self, config: &Config) -> SocketAddr {
        reachable(
            self.server
                .addresses()
                .first()
                .copied()
                .unwrap_or(config.listen),
        )
    }

    /// Serves until `stop` is over; then participants are told, transports closed and the log flushed, in this order.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) -> Result<(), Failure> {
        let served = self.server.serve(stop).await;
        self.sfu.shutdown().await;
        if let Some(turn) = self.turn {
            turn.shutdown().await;
        }
        served.map_err(|error| Failure::running("serve", error))
    }
}

/// `http` or `https`.
pub(crate) fn scheme(config: &Config) -> &'static str {
    if config.tls == Tls::Off {
        "http"
    } else {
        "https"
    }
}

/// SIGTERM and ctrl-c.
pub(crate) struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    pub(crate) fn listen() -> Result<Self, Failure> {
        let listen =
            |kind| signal(kind).map_err(|error| Failure::running("listen for signals", error));
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    /// Is over once one of them came.
    pub(crate) async fn asked(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        tracing::info!("stopping");
    }
}

/// Reads the whole log once, beside everything else, so that damage is told before somebody needs what it hit.
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

fn open_store(config: &Config) -> Result<Disk, Failure> {
    let name = format!("data_dir {}", config.data_dir.display());
    Disk::open(config.data_dir.join("log")).map_err(|error| Failure::setting(&name, error))
}

fn signaling(config: &Config) -> fmz_signaling::Config {
    let usual = fmz_signaling::Config::new(&config.data_dir);
    fmz_signaling::Config {
        listen: vec![config.listen],
        admin: Some(config.admin_listen),
        tls: tls(config),
        allowed_origins: config.allowed_origins.clone(),
        public_url: config.public_url.clone(),
        proxies: config.proxies.clone(),
        connections_per_source: config
            .connections_per_source
            .unwrap_or(usual.connections_per_source),
        room: config.room,
        ..usual
    }
}

fn tls(config: &Config) -> fmz_signaling::Tls {
    match &config.tls {
        Tls::Off => fmz_signaling::Tls::Off,
        Tls::SelfSigned => fmz_signaling::Tls::SelfSigned {
            names: own_names(config),
        },
        Tls::Given { certificate, key } => fmz_signaling::Tls::Files {
            certificate: certificate.clone(),
            key: key.clone(),
        },
    }
}

/// The certificate that the settings name.
pub(crate) fn certificate(config: &Config) -> Result<Option<Certificate>, Failure> {
    Certificate::open(&tls(config), &config.data_dir)
        .map_err(|error| signaling_failure(config, &error))
}

fn media(config: &Config) -> fmz_sfu::Config {
    fmz_sfu::Config {
        media_listen: config.media_listen,
        public_addresses: config.public_addresses.clone(),
        ..fmz_sfu::Config::default()
    }
}

/// Names for a certificate of one's own: this machine, its addresses, and the host of the public URL.
fn own_names(config: &Config) -> Vec<String> {
    let machine = if_addrs::get_if_addrs()
        .unwrap_or_default()
        .into_iter()
        .map(|interface| interface.ip().to_string());
    let public = config
        .public_url
        .iter()
        .filter_map(|url| host(url))
        .chain(config.public_addresses.iter().map(IpAddr::to_string));
    let mut names: Vec<String> = ["localhost".to_owned(), "127.0.0.1".to_owned()]
        .into_iter()
        .chain(machine)
        .chain(public)
        .collect();
    names.sort();
    names.dedup();
    names
}

pub(crate) fn host(url: &str) -> Option<String> {
    let rest = url.split_once("://")?.1;
    let end = if rest.starts_with('[') {
        rest.find(']').map(|at| at + 1)
    } else {
        rest.find(':')
    };
    Some(
        rest[..end.unwrap_or(rest.len())]
            .trim_matches(['[', ']'])
            .to_owned(),
    )
}

fn reachable(listening: SocketAddr) -> SocketAddr {
    let ip = match listening.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listening.port())
}

fn signaling_failure(config: &Config, error: &ServerError) -> Failure {
    match error {
        ServerError::Listen { address, source } => {
            let name = if *address == config.listen {
                "listen"
            } else {
                "admin_listen"
            };
            Failure::setting(&format!("{name} {address}"), source)
        }
        ServerError::File { path, text } => {
            let name = match &config.tls {
                Tls::Given { certificate, .. } if certificate == path => "tls_certificate",
                Tls::Given { key, .. } if key == path => "tls_key",
                _ => "data_dir",
            };
            Failure::setting(&format!("{name} {}", path.display()), text)
        }
        error => Failure::running("start signaling", error),
    }
}

fn media_failure(config: &Config, error: &fmz_sfu::StartError) -> Failure {
    match error {
        fmz_sfu::StartError::Bind { source, .. } => {
            Failure::setting(&format!("media_listen {}", config.media_listen), source)
        }
        error => Failure::running("start the forwarding unit", error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_in_urls() {
        for (url, name) in [
            ("https://a.example:8443", "a.example"),
            ("http://[::1]:1", "::1"),
            ("https://b", "b"),
        ] {
            assert_eq!(host(url).as_deref(), Some(name));
        }
    }

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
