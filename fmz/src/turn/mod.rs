//! The relay's place in the process: its settings, its secret, its addresses, its neighbour.

mod addresses;
pub(crate) mod check;
mod external;
mod ice;
mod reload;
mod secret;
mod settings;
mod url;

pub(crate) use ice::{Relays, Secret};
pub(crate) use reload::Reloads;
pub(crate) use settings::{Config, Listen, Settings};

use crate::cli::Settings as Typed;
use crate::config::{Config as Whole, Tls};
use crate::exit::Failure;
use crate::node;
use fmz_net::{Relayed, front, handoff};
use fmz_signaling::{Certificate, Server};
use fmz_turn::{Neighbour, PeerRule, Policy, PolicyMode, RelayConfig, Turn};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::thread;

/// What leads from the forwarding unit to the relay and back, before either is started.
pub(crate) struct Between {
    link: fmz_sfu::RelayLink,
    near: Near,
}

/// The relay's part of it.
pub(crate) struct Near {
    ends: Vec<handoff::End>,
    relayed: Arc<Relayed>,
}

impl Between {
    /// Parts what the forwarding unit gets from what the relay gets.
    pub(crate) fn split(self) -> (fmz_sfu::RelayLink, Near) {
        (self.link, self.near)
    }
}

/// What sessions are told of: the relays at the edge, and later this process's own.
pub(crate) fn relays(config: &Whole) -> Result<Relays, Failure> {
    let relays = Relays::at_the_edge(&config.turn.edges);
    if config.roles.turn || !config.turn.edges.is_empty() {
        relays.secret.set(making(&secrets(config)?));
    }
    Ok(relays)
}

/// Makes a hand-off for each shard.
pub(crate) fn between(config: &Whole) -> Between {
    let shards = shards(config);
    let relayed = Arc::new(Relayed::new(shards));
    let (ends, far_ends) = (0..shards).map(|_| handoff::pair()).unzip();
    let link = fmz_sfu::RelayLink {
        ends: far_ends,
        relayed: Arc::clone(&relayed),
    };
    let near = Near { ends, relayed };
    Between { link, near }
}

/// Starts the relay beside a forwarding unit, if there is one, that peers know by `candidates`.
pub(crate) async fn start(
    config: &Whole,
    near: Option<Near>,
    candidates: &[SocketAddr],
    certificate: Option<&Certificate>,
    registry: &prometheus::Registry,
) -> Result<Turn, Failure> {
    let neighbour = near.map(|near| Neighbour {
        addresses: candidates.to_vec(),
        ends: near.ends,
        relayed: near.relayed,
    });
    let started = fmz_turn::Config {
        listen: listen(config.turn.listen),
        listen_streams: config.turn.tls_listen.into_iter().collect(),
        front: front::Settings {
            tls: certificate.map(Certificate::connections),
            proxies: config.proxies.clone(),
            ..front::Settings::default()
        },
        relay: relay(config, candidates).await?,
        neighbour,
    };
    fmz_turn::start(started, registry).map_err(|error| failure(&error))
}

/// Starts the relay beside the rooms: sessions are told of it, its clients come by the page's port too, and operators reach it.
pub(crate) async fn join(
    server: &mut Server,
    parts: (Near, Relays),
    places: (&Typed, &Whole),
    candidates: &[SocketAddr],
    registry: &prometheus::Registry,
) -> Result<Turn, Failure> {
    let ((near, relays), (settings, config)) = (parts, places);
    let turn = start(
        config,
        Some(near),
        candidates,
        server.certificate().as_ref(),
        registry,
    )
    .await?;
    let secure = (config.tls != Tls::Off).then(|| server.addresses().first().map(SocketAddr::port));
    relays.add(ice::Own {
        host: config.public_url.as_deref().and_then(node::host),
        plain: turn.local_addr().map(|at| at.port()),
        secure: secure.flatten(),
    });
    let reloads = Reloads {
        settings: settings.clone(),
        turn: turn.clone(),
        candidates: candidates.to_vec(),
        secret: relays.secret,
        certificate: server.certificate(),
    };
    server.for_operators(fmz_turn::admin::router(turn.clone(), reloads.listen()?));
    let (streams, relay) = (server.relay_streams(), turn.clone());
    tokio::spawn(async move { relay.serve_streams(streams).await });
    Ok(turn)
}

/// The secret that makes credentials: the first.
fn making(secrets: &[String]) -> &str {
    secrets.first().map_or("", String::as_str)
}

/// The relay's own settings.
async fn relay(config: &Whole, candidates: &[SocketAddr]) -> Result<RelayConfig, Failure> {
    let turn = &config.turn;
    let own = own_addresses()?;
    let given = given(config).await?;
    Ok(RelayConfig {
        realm: turn.realm.clone(),
        secrets: secrets(config)?,
        relayed: addresses::relayed(&given, &own),
        ports: turn.ports.clone(),
        shards: shards(config),
        policy: policy(turn, candidates, own),
        alternate: turn.alternate,
        quotas: turn.quotas,
        ..RelayConfig::default()
    })
}

/// The addresses that settings or a STUN server name.
async fn given(config: &Whole) -> Result<Vec<IpAddr>, Failure> {
    let turn = &config.turn;
    match &turn.external {
        _ if !turn.addresses.is_empty() => Ok(turn.addresses.clone()),
        Some(server) => Ok(vec![external::address(server).await?]),
        None => Ok(config.public_addresses.clone()),
    }
}

/// Peers that are named belong to the platform, unless they are the whole list.
fn policy(turn: &Config, candidates: &[SocketAddr], own: Vec<IpAddr>) -> Policy {
    let mut platform: Vec<PeerRule> = candidates.iter().map(|at| PeerRule::from(*at)).collect();
    let mut peers = turn.peers.clone();
    if turn.mode != PolicyMode::List {
        platform.append(&mut peers);
    }
    Policy {
        mode: turn.mode,
        platform,
        peers,
        own,
    }
}

pub(crate) fn secrets(config: &Whole) -> Result<Vec<String>, Failure> {
    if !config.turn.secrets.is_empty() {
        return Ok(config.turn.secrets.clone());
    }
    if config.roles.edge() {
        let why = "an edge relay needs those of the server that sends clients to it";
        return Err(Failure::setting("turn_secrets", why));
    }
    secret::open(&config.data_dir).map(|secret| vec![secret])
}

/// Beside other services one thread; alone, one a core.
fn shards(config: &Whole) -> u16 {
    let cores =
        || thread::available_parallelism().map_or(1, |n| u16::try_from(n.get()).unwrap_or(1));
    let usual = || if config.roles.edge() { cores() } else { 1 };
    config.turn.shards.unwrap_or_else(usual)
}

fn own_addresses() -> Result<Vec<IpAddr>, Failure> {
    let interfaces = if_addrs::get_if_addrs()
        .map_err(|error| Failure::running("list this machine's addresses", error))?;
    Ok(interfaces.iter().map(if_addrs::Interface::ip).collect())
}

/// The relay's usual port is a convenience: where another program has it, clients come by the page's port.
fn listen(asked: Listen) -> Option<SocketAddr> {
    match asked {
        Listen::Off => None,
        Listen::At(address) => Some(address),
        Listen::IfFree(address) => match is_free(address) {
            Ok(()) => Some(address),
            Err(error) => {
                tracing::warn!(%address, %error, "the relay is reached by the page's port only");
                None
            }
        },
    }
}

fn is_free(address: SocketAddr) -> std::io::Result<()> {
    std::net::UdpSocket::bind(address)?;
    std::net::TcpListener::bind(address).map(drop)
}

fn failure(error: &fmz_turn::StartError) -> Failure {
    match error {
        fmz_turn::StartError::Bind { address, source } => {
            Failure::setting(&format!("turn_listen {address}"), source)
        }
        error => Failure::running("start the relay", error),
    }
}
