//! Parsers of settings' values. Each error says what is allowed.

use crate::logs::LogFormat;
use crate::relay_url::Target;
use crate::roles::Role;
use crate::time;
use fmz_turn::{PeerRule, PolicyMode};
use ipnet::IpNet;
use std::fmt::{self, Debug, Display, Formatter};
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

/// Connections of one source. The server accepts no more than the largest number from all sources
/// together.
pub(super) const CONNECTIONS: RangeInclusive<usize> = 1..=32_768;
/// Participants of a room. One process admits no more than the largest number altogether.
pub(super) const PARTICIPANTS: RangeInclusive<usize> = 1..=10_000;
/// Ops a second. With less than one nobody can draw; no machine can take more than a million.
pub(super) const OPS: RangeInclusive<u32> = 1..=1_000_000;
/// Threads of the relay. Each is worth a core of its own.
pub(super) const SHARDS: RangeInclusive<u16> = 1..=64;
/// Time until a room keeps a version by itself. With less, every short pause would make a version;
/// with more, an abandoned room would stay open for more than a day.
const AUTO_COMMIT: RangeInclusive<Duration> = Duration::from_secs(5)..=Duration::from_secs(86_400);
/// Time for clients to go on after SIGTERM: the length of a long meeting at most.
const DRAIN: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(48 * 3600);
/// Lowest port for relayed addresses. Ports below belong to other services.
const PORT_MIN: u16 = 1024;
/// Bytes of a realm, which is quoted in every challenge. RFC 8489 section 14.9 allows 128
/// characters.
const REALM_BYTES: RangeInclusive<usize> = 1..=128;
/// Least length of a secret. Shorter ones can be guessed.
const SECRET_BYTES_MIN: usize = 16;

/// Address on which the relay listens itself, if the settings name one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listen {
    At(SocketAddr),
    Off,
}

/// A secret of the relay's credentials; it is never printed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) String);

impl Debug for Secret {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

fn parse<T: FromStr>(text: &str, allowed: &str) -> Result<T, String> {
    let parsed = text.trim().parse();
    parsed.map_err(|_| format!("{text:?} is not {allowed}"))
}

/// Accepts whole numbers in `range`.
pub(super) fn number<T>(
    range: RangeInclusive<T>,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: FromStr + PartialOrd + Display + Clone + Send + Sync + 'static,
{
    move |text| {
        let allowed = format!("a whole number from {} to {}", range.start(), range.end());
        let number = parse(text, &allowed)?;
        if range.contains(&number) {
            Ok(number)
        } else {
            Err(format!("{text} is not {allowed}"))
        }
    }
}

/// Accepts whole numbers from 1 on: 0 would admit nobody.
pub(super) fn positive<T: FromStr + PartialOrd + From<u8>>(text: &str) -> Result<T, String> {
    let allowed = "a whole number from 1 on";
    let number = parse(text, allowed)?;
    if number >= T::from(1) {
        Ok(number)
    } else {
        Err(format!("{text} is not {allowed}"))
    }
}

pub(super) fn flag(text: &str) -> Result<bool, String> {
    parse(text, "true or false")
}

pub(super) fn role(text: &str) -> Result<Role, String> {
    match text.trim() {
        "signaling" => Ok(Role::Signaling),
        "sfu" => Ok(Role::Sfu),
        "turn" => Ok(Role::Turn),
        _ => Err(format!("{text:?} is none of signaling, sfu, turn")),
    }
}

const ADDRESS: &str = "an address with a port, such as 127.0.0.1:7880 or [::1]:7880";

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    parse(text, ADDRESS)
}

pub(super) fn listen_or_off(text: &str) -> Result<Listen, String> {
    match text {
        "off" => Ok(Listen::Off),
        text => parse(text, &format!("off or {ADDRESS}")).map(Listen::At),
    }
}

pub(super) fn ip(text: &str) -> Result<IpAddr, String> {
    parse(text, "an IP address, such as 203.0.113.7")
}

/// Accepts a network, or one address.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    match text.trim().parse::<IpAddr>() {
        Ok(address) => Ok(address.into()),
        Err(_) => parse(text, "an address or a network such as 10.0.0.0/8"),
    }
}

pub(super) fn origin(text: &str) -> Result<String, String> {
    let origin = text.trim_end_matches('/');
    let rest = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"));
    match rest {
        Some(host) if !host.is_empty() && !host.contains('/') => Ok(origin.to_owned()),
        _ => Err(format!(
            "{text:?} is not an origin such as https://review.example.com"
        )),
    }
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(format!("{text:?} is neither text nor json")),
    }
}

/// Accepts a time, or `off`, which becomes zero.
pub(super) fn auto_commit(text: &str) -> Result<Duration, String> {
    if text == "off" {
        return Ok(Duration::ZERO);
    }
    let time = time::parse(text).filter(|time| AUTO_COMMIT.contains(time));
    time.ok_or_else(|| {
        format!("{text:?} is neither off nor a time such as 90s or 10m, from 5s to 1d")
    })
}

pub(super) fn drain(text: &str) -> Result<Duration, String> {
    let time = time::parse(text).filter(|time| DRAIN.contains(time));
    time.ok_or_else(|| format!("{text:?} is not a time such as 30s or 10m, 48h at most"))
}

pub(super) fn ports(text: &str) -> Result<RangeInclusive<u16>, String> {
    let bounds = text
        .split_once('-')
        .and_then(|(first, last)| Some((first.trim().parse().ok()?, last.trim().parse().ok()?)));
    match bounds {
        Some((first, last)) if PORT_MIN <= first && first <= last => Ok(first..=last),
        _ => Err(format!(
            "{text:?} is not a range of ports such as 49152-65535, from {PORT_MIN} on"
        )),
    }
}

/// Accepts a STUN server's URL and returns its host and port.
pub(super) fn stun_server(text: &str) -> Result<String, String> {
    let server = text.strip_prefix("stun:").filter(|server| {
        let port = server.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
        matches!(port, Some(Ok(_)))
    });
    server
        .map(str::to_owned)
        .ok_or_else(|| format!("{text:?} is not a STUN server such as stun:stun.example.com:3478"))
}

pub(super) fn realm(text: &str) -> Result<String, String> {
    if REALM_BYTES.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "{text:?} is not 1 to 128 letters, digits and signs without spaces"
    ))
}

/// Accepts a secret. The error does not repeat it.
pub(super) fn secret(text: &str) -> Result<Secret, String> {
    if text.len() < SECRET_BYTES_MIN {
        return Err(format!(
            "each must have {SECRET_BYTES_MIN} characters or more"
        ));
    }
    Ok(Secret(text.to_owned()))
}

pub(super) fn policy(text: &str) -> Result<PolicyMode, String> {
    match text {
        "platform" => Ok(PolicyMode::Platform),
        "public" => Ok(PolicyMode::Public),
        "list" => Ok(PolicyMode::List),
        _ => Err(format!("{text:?} is none of platform, public, list")),
    }
}

/// Accepts an address, a network, or an address with a port.
pub(super) fn peer(text: &str) -> Result<PeerRule, String> {
    if let Ok(address) = text.trim().parse::<SocketAddr>() {
        return Ok(address.into());
    }
    let allowed = "a peer such as 203.0.113.7:7882, 203.0.113.7 or 10.0.0.0/8";
    parse::<fmz_turn::IpNet>(text, allowed).map(PeerRule::from)
}

pub(super) fn relay_url(text: &str) -> Result<String, String> {
    let url = text.trim();
    Target::read(url).map(|_| url.to_owned()).ok_or_else(|| {
        format!(
            "{text:?} is not a relay such as turn:edge.example.com:3478?transport=udp or \
             turns:edge.example.com:443"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_are_addresses_networks_or_one_port() {
        let rule = |text: &str| peer(text).unwrap();
        assert_eq!(rule("203.0.113.7:7882").ports, 7882..=7882);
        assert_eq!(rule("[2001:db8::1]:9").ports, 9..=9);
        assert_eq!(rule("10.0.0.0/8").ports, 0..=u16::MAX);
    }

    #[test]
    fn edges_are_urls_of_relays() {
        let good = [
            "turn:edge.example.com:3478?transport=udp",
            "turn:203.0.113.9",
            "turns:[2001:db8::1]:443?transport=tcp",
            "turns:edge.example.com",
        ];
        for url in good {
            assert_eq!(relay_url(url).unwrap(), url);
        }
        for bad in [
            "edge.example.com:3478",
            "stun:edge.example.com:3478",
            "turns:edge.example.com:443?transport=udp",
            "turn:edge.example.com:port",
            "turn:user@edge.example.com",
            "turn:",
            "turn:2001:db8::1:99999",
        ] {
            assert!(relay_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_secret_is_not_printed() {
        let text = "0123456789abcdef";
        assert_eq!(format!("{:?}", secret(text).unwrap()), "Secret");
        assert!(!secret(&text[1..]).unwrap_err().contains(&text[1..]));
    }
}
