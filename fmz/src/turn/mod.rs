//! The relay's place in the process: its settings, its secret, and its neighbour, the forwarding
//! unit.

pub(crate) mod check;
mod external;
mod reload;

pub(crate) use reload::Reloads;

use crate::exit::Failure;
use crate::settings::{Listen, RelaySettings, Secret, Settings};
use crate::tls;
use fmz_net::front::{self, Certificate};
use fmz_net::{Relayed, handoff};
use fmz_signaling::Server;
use fmz_signaling::relay::{OwnRelay, RelayCredentials, Relays};
use fmz_turn::{
    Issuer, Neighbour, PeerRule, Policy, PolicyMode, Quotas, RelayConfig, RelayedIp, Turn,
    open_secret,
};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread;

/// Address at which clients expect a relay (RFC 8656 section 2.1).
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 3478);

/// Makes the hand-off between the forwarding unit and the relay, one pair of ends for each shard.
/// The list of the forwarding unit's addresses is empty until it has bound its socket.
pub(crate) fn hand_off(settings: &Settings) -> (fmz_sfu::RelayLink, Neighbour) {
    let shards = shards(settings);
    let relayed = Arc::new(Relayed::new(shards));
    let (ends, far_ends) = (0..shards).map(|_| handoff::pair()).unzip();
    let link = fmz_sfu::RelayLink {
        ends: far_ends,
        relayed: Arc::clone(&relayed),
    };
    let neighbour = Neighbour {
        addresses: Vec::new(),
        ends,
        relayed,
    };
    (link, neighbour)
}

/// Returns the issuer of sessions' credentials; `None` if there is no relay to name, and so no
/// secret to keep.
pub(crate) fn issuer(settings: &Settings) -> Result<Option<Issuer>, Failure> {
    if !settings.runs_relay() && settings.turn.turn_edges.is_empty() {
        return Ok(None);
    }
    let secrets = secrets(settings)?;
    Ok(Some(Issuer::new(issuing(&secrets))))
}

/// Returns the relays at the edge, to be named to sessions. This process's own relay is added by
/// [`join`].
pub(crate) fn relays(settings: &Settings, issuer: Issuer) -> Relays {
    Relays::new(&settings.turn.turn_edges, move |user, lifetime| {
        let made = issuer.issue(user, lifetime);
        RelayCredentials {
            username: made.username,
            password: made.password,
        }
    })
}

/// Starts the relay, beside a forwarding unit if it has that neighbour.
pub(crate) async fn start(
    settings: &Settings,
    neighbour: Option<Neighbour>,
    certificate: Option<&Certificate>,
    registry: &prometheus::Registry,
) -> Result<Turn, Failure> {
    let candidates = neighbour.iter().flat_map(|it| it.addresses.clone());
    let relay = relay(settings, &candidates.collect::<Vec<_>>()).await?;
    let started = fmz_turn::Config {
        listen: listen(settings.turn.turn_listen),
        listen_streams: settings.turn.turn_tls_listen.into_iter().collect(),
        front: front::Settings {
            tls: certificate.map(Certificate::connections),
            proxies: settings.proxy_protocol_from.clone(),
            ..front::Settings::default()
        },
        relay,
        neighbour,
    };
    fmz_turn::start(started, registry).map_err(|error| failure(&error))
}

/// Joins the relay to the rooms: sessions learn of it, its clients may use the page's port, and
/// operators can reach it.
pub(crate) fn join(
    server: &mut Server,
    relays: &Relays,
    reloads: Reloads,
    settings: &Settings,
) -> Result<(), Failure> {
    let page_port = server.addresses().first().map(SocketAddr::port);
    relays.set_own(OwnRelay {
        host: settings.public_url.as_deref().and_then(tls::host),
        plain_port: reloads.turn.local_addr().map(|at| at.port()),
        tls_port: page_port.filter(|_| reloads.certificate.is_some()),
    });
    let turn = reloads.turn.clone();
    server.for_operators(fmz_turn::admin::router(turn.clone(), reloads.listen()?));
    let streams = server.relay_streams();
    tokio::spawn(async move { turn.serve_streams(streams).await });
    Ok(())
}

/// Returns the secret that makes credentials: the first. The relay accepts credentials made with
/// any of them.
fn issuing(secrets: &[String]) -> &str {
    secrets
        .first()
        .expect("the relay has a given secret, or one of its own")
}

/// Returns the settings of the relay itself.
async fn relay(settings: &Settings, candidates: &[SocketAddr]) -> Result<RelayConfig, Failure> {
    let turn = &settings.turn;
    let own = own_addresses()?;
    let given = given(settings).await?;
    Ok(RelayConfig {
        realm: turn.turn_realm.clone(),
        secrets: secrets(settings)?,
        relayed: RelayedIp::choose(&given, &own),
        ports: turn.turn_relay_ports.clone(),
        shards: shards(settings),
        policy: policy(turn, candidates, own),
        alternate: turn.turn_alternate,
        quotas: quotas(turn),
        ..RelayConfig::default()
    })
}

/// Returns the addresses that the settings or a STUN server name.
async fn given(settings: &Settings) -> Result<Vec<IpAddr>, Failure> {
    let turn = &settings.turn;
    match &turn.turn_external {
        _ if !turn.turn_relay_addresses.is_empty() => Ok(turn.turn_relay_addresses.clone()),
        Some(server) => Ok(vec![external::address(server).await?]),
        None => Ok(settings.public_addresses.clone()),
    }
}

fn quotas(turn: &RelaySettings) -> Quotas {
    Quotas {
        user_allocations: turn.turn_user_allocations,
        user_bps: turn.turn_user_bps,
        user_pps: turn.turn_user_pps,
        allocations: turn.turn_allocations_max,
        total_bps: turn.turn_total_bps,
        ..Quotas::default()
    }
}

/// Makes the policy. The named peers count as the platform's, unless they are the whole list.
fn policy(turn: &RelaySettings, candidates: &[SocketAddr], own: Vec<IpAddr>) -> Policy {
    let mut platform: Vec<PeerRule> = candidates.iter().map(|at| PeerRule::from(*at)).collect();
    let mut peers = turn.turn_peers.clone();
    if turn.turn_policy != PolicyMode::List {
        platform.append(&mut peers);
    }
    Policy {
        mode: turn.turn_policy,
        platform,
        peers,
        own,
    }
}

fn secrets(settings: &Settings) -> Result<Vec<String>, Failure> {
    let given = &settings.turn.turn_secrets;
    if !given.is_empty() {
        return Ok(given.iter().map(|Secret(text)| text.clone()).collect());
    }
    if settings.is_edge() {
        let why = "an edge relay needs those of the server that sends clients to it";
        return Err(Failure::setting("turn_secrets", why));
    }
    let own = open_secret(&settings.data_dir).map_err(|error| {
        Failure::setting(&format!("data_dir {}", error.path.display()), error.text)
    })?;
    Ok(vec![own])
}

/// Returns the number of threads: one beside other services, one for each core if the relay runs
/// alone.
fn shards(settings: &Settings) -> u16 {
    let cores =
        || thread::available_parallelism().map_or(1, |n| u16::try_from(n.get()).unwrap_or(1));
    let usual = || if settings.is_edge() { cores() } else { 1 };
    settings.turn.turn_shards.unwrap_or_else(usual)
}

fn own_addresses() -> Result<Vec<IpAddr>, Failure> {
    let interfaces = if_addrs::get_if_addrs()
        .map_err(|error| Failure::running("list this machine's addresses", error))?;
    Ok(interfaces.iter().map(if_addrs::Interface::ip).collect())
}

/// Returns the address on which the relay listens itself. Its usual port is a convenience: if
/// another program holds it, clients come by the page's port.
fn listen(asked: Option<Listen>) -> Option<SocketAddr> {
    match asked {
        Some(Listen::Off) => None,
        Some(Listen::At(address)) => Some(address),
        None => match is_free(LISTEN) {
            Ok(()) => Some(LISTEN),
            Err(error) => {
                let address = LISTEN;
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
