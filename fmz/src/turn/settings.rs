//! Settings of the relay, as an operator may write them.

mod edges;

use crate::exit::Failure;
use crate::time;
use clap::Args;
use edges::edges;
use fmz_turn::{IpNet, PeerRule, PolicyMode, Quotas};
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

/// Where clients look for a relay (RFC 8656 section 2.1).
const LISTEN: &str = "0.0.0.0:3478";
/// Ports that no program is registered for (RFC 8656 section 7.2).
const PORTS: &str = "49152-65535";
/// Ports below are other services'.
const PORT_MIN: u16 = 1024;
/// A shard is a thread, and a core of its own helps it.
const SHARDS: RangeInclusive<u16> = 1..=64;
/// A browser asks for an allocation by each URL from each of its addresses, Firefox for two, and its page for as many again
/// when it tests the relay.
const USER_ALLOCATIONS: u32 = 16;
/// Shorter ones are guessed.
const SECRET_BYTES_MIN: usize = 16;
/// The present one, the next, the last, and one to spare.
const SECRETS_MAX: usize = 4;
/// A meeting's time; longer, and nobody waits for it.
const DRAIN: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(48 * 3600);

/// Settings as typed, or as read from the file.
#[derive(Debug, Clone, Default, Args)]
#[group(id = "turn_settings")]
pub(crate) struct Settings {
    /// Address of the relay (TURN), UDP and TCP, or off [default: 0.0.0.0:3478 where it is free].
    #[arg(long, env = "FMZ_TURN_LISTEN", value_name = "ADDRESS:PORT")]
    pub(crate) turn_listen: Option<String>,
    /// Further address of the relay, TCP: plain and, with a certificate, over TLS, such as 0.0.0.0:443.
    #[arg(long, env = "FMZ_TURN_TLS_LISTEN", value_name = "ADDRESS:PORT")]
    pub(crate) turn_tls_listen: Option<String>,
    /// Ports of relayed addresses [default: 49152-65535].
    #[arg(long, env = "FMZ_TURN_RELAY_PORTS", value_name = "FIRST-LAST")]
    pub(crate) turn_relay_ports: Option<String>,
    /// Addresses under which peers reach the relay, one of IPv4 and one of IPv6 [default: public_addresses, else the machine's own].
    #[arg(
        long,
        env = "FMZ_TURN_RELAY_ADDRESSES",
        value_name = "IP,...",
        value_delimiter = ','
    )]
    pub(crate) turn_relay_addresses: Option<Vec<String>>,
    /// A STUN server that says under which address this machine is seen, such as stun:stun.example.com:3478.
    #[arg(long, env = "FMZ_TURN_EXTERNAL", value_name = "URL")]
    pub(crate) turn_external: Option<String>,
    /// Realm of the credentials [default: fmz].
    #[arg(long, env = "FMZ_TURN_REALM", value_name = "NAME")]
    pub(crate) turn_realm: Option<String>,
    /// Secrets of the credentials: the first makes them, all are taken [default: one made and kept in the data folder].
    #[arg(
        long,
        env = "FMZ_TURN_SECRETS",
        hide_env_values = true,
        value_name = "SECRET,...",
        value_delimiter = ','
    )]
    pub(crate) turn_secrets: Option<Vec<String>>,
    /// Peers that clients may reach: platform, public or list [default: platform].
    #[arg(long, env = "FMZ_TURN_POLICY", value_name = "POLICY")]
    pub(crate) turn_policy: Option<String>,
    /// Peers besides, such as 10.0.0.0/8 or 203.0.113.7:7882: other servers of the platform; under `list`, all there are.
    #[arg(
        long,
        env = "FMZ_TURN_PEERS",
        value_name = "PEER,...",
        value_delimiter = ','
    )]
    pub(crate) turn_peers: Option<Vec<String>>,
    /// Relays at the edge that sessions are told of, such as turn:edge.example.com:3478; they share turn_secrets.
    #[arg(
        long,
        env = "FMZ_TURN_EDGES",
        value_name = "URL,...",
        value_delimiter = ','
    )]
    pub(crate) turn_edges: Option<Vec<String>>,
    /// Relay that new clients are sent to instead, as while this one is taken out of service.
    #[arg(long, env = "FMZ_TURN_ALTERNATE", value_name = "ADDRESS:PORT")]
    pub(crate) turn_alternate: Option<String>,
    /// Threads of the relay, 1 to 64 [default: 1; with the role turn alone: one a core].
    #[arg(long, env = "FMZ_TURN_SHARDS", value_name = "NUMBER")]
    pub(crate) turn_shards: Option<u16>,
    /// Allocations of one user at once [default: 16].
    #[arg(long, env = "FMZ_TURN_USER_ALLOCATIONS", value_name = "NUMBER")]
    pub(crate) turn_user_allocations: Option<u32>,
    /// Payload of one user, bits a second [default: 100000000].
    #[arg(long, env = "FMZ_TURN_USER_BPS", value_name = "NUMBER")]
    pub(crate) turn_user_bps: Option<u64>,
    /// Packets of one user a second [default: 20000].
    #[arg(long, env = "FMZ_TURN_USER_PPS", value_name = "NUMBER")]
    pub(crate) turn_user_pps: Option<u64>,
    /// Allocations of all together at once, in each thread [default: 16384].
    #[arg(long, env = "FMZ_TURN_ALLOCATIONS_MAX", value_name = "NUMBER")]
    pub(crate) turn_allocations_max: Option<u32>,
    /// Payload of all together, bits a second, in each thread [default: 10000000000].
    #[arg(long, env = "FMZ_TURN_TOTAL_BPS", value_name = "NUMBER")]
    pub(crate) turn_total_bps: Option<u64>,
    /// With the role turn alone: how long clients may go on after SIGTERM, up to 48h [default: 10m].
    #[arg(long, env = "FMZ_TURN_DRAIN", value_name = "TIME")]
    pub(crate) turn_drain: Option<String>,
}

/// Settings of the relay after all sources were joined and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) listen: Listen,
    pub(crate) tls_listen: Option<SocketAddr>,
    pub(crate) ports: RangeInclusive<u16>,
    pub(crate) addresses: Vec<IpAddr>,
    /// Host and port of a STUN server.
    pub(crate) external: Option<String>,
    pub(crate) realm: String,
    /// Empty: the data folder's.
    pub(crate) secrets: Vec<String>,
    pub(crate) mode: PolicyMode,
    pub(crate) peers: Vec<PeerRule>,
    /// URLs (RFC 7065).
    pub(crate) edges: Vec<String>,
    pub(crate) alternate: Option<SocketAddr>,
    pub(crate) shards: Option<u16>,
    pub(crate) quotas: Quotas,
    pub(crate) drain: Duration,
}

/// Where the relay listens itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listen {
    /// There, or nowhere where another program does.
    IfFree(SocketAddr),
    At(SocketAddr),
    Off,
}

impl Settings {
    /// Joins both sources: what is typed wins over the file.
    pub(crate) fn over(&self, file: &Self) -> Self {
        macro_rules! joined {
            ($($name:ident),* $(,)?) => {
                Self { $($name: self.$name.clone().or_else(|| file.$name.clone())),* }
            };
        }
        joined! {
            turn_listen, turn_tls_listen, turn_relay_ports, turn_relay_addresses, turn_external, turn_realm, turn_secrets, turn_policy,
            turn_peers, turn_edges, turn_alternate, turn_shards, turn_user_allocations, turn_user_bps, turn_user_pps,
            turn_allocations_max, turn_total_bps, turn_drain,
        }
    }

    /// Checks every value.
    pub(crate) fn check(self) -> Result<Config, Failure> {
        let quotas = self.quotas()?;
        Ok(Config {
            listen: listen(self.turn_listen.as_deref())?,
            tls_listen: self
                .turn_tls_listen
                .map(|text| parse("turn_tls_listen", &text, ADDRESS))
                .transpose()?,
            ports: ports(self.turn_relay_ports.as_deref().unwrap_or(PORTS))?,
            addresses: addresses(&self.turn_relay_addresses.unwrap_or_default())?,
            external: self.turn_external.as_deref().map(external).transpose()?,
            realm: realm(self.turn_realm.unwrap_or_else(|| "fmz".to_owned()))?,
            edges: edges(
                &self.turn_edges.unwrap_or_default(),
                self.turn_secrets.as_deref(),
            )?,
            secrets: secrets(self.turn_secrets)?,
            mode: mode(self.turn_policy.as_deref().unwrap_or("platform"))?,
            peers: peers(&self.turn_peers.unwrap_or_default())?,
            alternate: self
                .turn_alternate
                .map(|text| parse("turn_alternate", &text, ADDRESS))
                .transpose()?,
            shards: self.turn_shards.map(shards).transpose()?,
            quotas,
            drain: drain(self.turn_drain.as_deref().unwrap_or("10m"))?,
        })
    }

    fn quotas(&self) -> Result<Quotas, Failure> {
        let usual = Quotas::default();
        let user_allocations = self.turn_user_allocations.unwrap_or(USER_ALLOCATIONS);
        let quotas = Quotas {
            user_allocations,
            user_bps: self.turn_user_bps.unwrap_or(usual.user_bps),
            user_pps: self.turn_user_pps.unwrap_or(usual.user_pps),
            allocations: self.turn_allocations_max.unwrap_or(usual.allocations),
            total_bps: self.turn_total_bps.unwrap_or(usual.total_bps),
            ..usual
        };
        let numbers = [
            ("turn_user_allocations", u64::from(quotas.user_allocations)),
            ("turn_user_bps", quotas.user_bps),
            ("turn_user_pps", quotas.user_pps),
            ("turn_allocations_max", u64::from(quotas.allocations)),
            ("turn_total_bps", quotas.total_bps),
        ];
        match numbers.iter().find(|(_, number)| *number == 0) {
            Some((name, _)) => Err(Failure::setting(name, "0 lets nobody in; 1 is the least")),
            None => Ok(quotas),
        }
    }
}

const ADDRESS: &str = "an address with a port, such as 0.0.0.0:3478 or [::]:3478";

fn parse<T: FromStr>(name: &str, text: &str, wanted: &str) -> Result<T, Failure> {
    text.trim()
        .parse()
        .map_err(|_| Failure::setting(name, format!("{text:?} is not {wanted}")))
}

fn listen(text: Option<&str>) -> Result<Listen, Failure> {
    let address = |text| parse("turn_listen", text, &format!("off or {ADDRESS}"));
    match text {
        None => Ok(Listen::IfFree(address(LISTEN)?)),
        Some("off") => Ok(Listen::Off),
        Some(text) => Ok(Listen::At(address(text)?)),
    }
}

fn ports(text: &str) -> Result<RangeInclusive<u16>, Failure> {
    let bounds = text
        .split_once('-')
        .and_then(|(first, last)| Some((first.trim().parse().ok()?, last.trim().parse().ok()?)));
    match bounds {
        Some((first, last)) if PORT_MIN <= first && first <= last => Ok(first..=last),
        _ => Err(Failure::setting(
            "turn_relay_ports",
            format!("{text:?} is not a range such as {PORTS}, from {PORT_MIN} on"),
        )),
    }
}

fn addresses(texts: &[String]) -> Result<Vec<IpAddr>, Failure> {
    let name = "turn_relay_addresses";
    let parsed = texts.iter().map(|text| parse(name, text, "an IP address"));
    let addresses = parsed.collect::<Result<Vec<IpAddr>, _>>()?;
    for family in [IpAddr::is_ipv4, IpAddr::is_ipv6] {
        if addresses.iter().filter(|ip| family(ip)).count() > 1 {
            return Err(Failure::setting(
                name,
                "one of IPv4 and one of IPv6 at most",
            ));
        }
    }
    Ok(addresses)
}

fn external(text: &str) -> Result<String, Failure> {
    let server = text.strip_prefix("stun:").filter(|server| {
        let port = server.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
        matches!(port, Some(Ok(_)))
    });
    let fault = || {
        let text = format!("{text:?} is not a STUN server such as stun:stun.example.com:3478");
        Failure::setting("turn_external", text)
    };
    server.map(str::to_owned).ok_or_else(fault)
}

fn realm(text: String) -> Result<String, Failure> {
    if (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(text);
    }
    let why = format!("{text:?} is not 1 to 128 letters, digits and signs without spaces");
    Err(Failure::setting("turn_realm", why))
}

fn secrets(given: Option<Vec<String>>) -> Result<Vec<String>, Failure> {
    let secrets = given.unwrap_or_default();
    let fault = |why: String| Err(Failure::setting("turn_secrets", why));
    if secrets.len() > SECRETS_MAX {
        return fault(format!("{SECRETS_MAX} at most"));
    }
    if secrets.iter().any(|secret| secret.len() < SECRET_BYTES_MIN) {
        return fault(format!("each takes {SECRET_BYTES_MIN} characters at least"));
    }
    Ok(secrets)
}

fn mode(text: &str) -> Result<PolicyMode, Failure> {
    match text {
        "platform" => Ok(PolicyMode::Platform),
        "public" => Ok(PolicyMode::Public),
        "list" => Ok(PolicyMode::List),
        _ => Err(Failure::setting(
            "turn_policy",
            format!("{text:?} is none of platform, public, list"),
        )),
    }
}

fn peers(texts: &[String]) -> Result<Vec<PeerRule>, Failure> {
    texts.iter().map(|text| peer(text.trim())).collect()
}

/// An address, a network, or an address with a port.
fn peer(text: &str) -> Result<PeerRule, Failure> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok(address.into());
    }
    let wanted = "a peer such as 203.0.113.7:7882, 203.0.113.7 or 10.0.0.0/8";
    parse::<IpNet>("turn_peers", text, wanted).map(PeerRule::from)
}

fn shards(number: u16) -> Result<u16, Failure> {
    let why = format!(
        "{number} is not between {} and {}",
        SHARDS.start(),
        SHARDS.end()
    );
    let fault = || Failure::setting("turn_shards", why);
    SHARDS.contains(&number).then_some(number).ok_or_else(fault)
}

fn drain(text: &str) -> Result<Duration, Failure> {
    let why = format!("{text:?} is not a time such as 30s or 10m, 48h at most");
    let fault = || Failure::setting("turn_drain", why);
    let time = time::parse(text).filter(|time| DRAIN.contains(time));
    time.ok_or_else(fault)
}

#[cfg(test)]
mod tests;
