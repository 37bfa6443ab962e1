//! Relays (TURN servers) that sessions are told of: who names them, and how they are written.

use fmz_proto::v1;
use std::time::Duration;

/// Names relays for sessions. Asked on the session's task, so the answer must be there at once.
pub trait IceServers: Send + Sync {
    /// Relays for one session, with credentials of its own; `None` where there is none to use.
    fn servers(&self, asker: &RelayAsker) -> Option<RelaySet>;
}

/// The session that asks for relays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayAsker {
    /// Its room.
    pub room: String,
    /// Its number as a participant; not used again while the server runs.
    pub participant: u32,
    /// Host and port under which its page or program reached the server, such as `review.example` or `[::1]:7880`.
    pub reached: Option<String>,
    /// How long its token still holds.
    pub time_left: Duration,
}

/// Relays, and how long their credentials hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelaySet {
    /// In order of preference.
    pub servers: Vec<v1::IceServer>,
    /// From now. The session is told new ones when half of it is over.
    pub lifetime: Duration,
}

/// URLs (RFC 7065) of a relay at `host`, an address or a name without a port: UDP before TCP before TLS, for each is slower than
/// the one before and passes where that one is blocked. `plain` is the port of UDP and TCP, `secure` that of TLS.
///
/// Three are the most of one relay: a browser gathers on all of them, and Firefox warns of five and more.
pub fn relay_urls(host: &str, plain: Option<u16>, secure: Option<u16>) -> Vec<String> {
    let host = match host.parse() {
        Ok(std::net::Ipv6Addr { .. }) => format!("[{host}]"),
        Err(_) => host.to_owned(),
    };
    let plain = plain.into_iter().flat_map(|port| {
        ["udp", "tcp"].map(|transport| format!("turn:{host}:{port}?transport={transport}"))
    });
    let secure = secure.map(|port| format!("turns:{host}:{port}?transport=tcp"));
    plain.chain(secure).collect()
}

/// Parts a host from its port, as in [`RelayAsker::reached`].
pub fn host_and_port(reached: &str) -> (&str, Option<u16>) {
    let port = reached
        .rsplit_once(':')
        .filter(|(host, _)| !host.contains(':') || host.ends_with(']'));
    let (host, port) = port.map_or((reached, None), |(host, port)| (host, port.parse().ok()));
    (host.trim_matches(['[', ']']), port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ice3_udp_comes_first_and_three_urls_are_the_most() {
        assert_eq!(
            relay_urls("r.example", Some(3478), Some(443)),
            [
                "turn:r.example:3478?transport=udp",
                "turn:r.example:3478?transport=tcp",
                "turns:r.example:443?transport=tcp"
            ]
        );
        assert_eq!(
            relay_urls("2001:db8::1", None, Some(7880)),
            ["turns:[2001:db8::1]:7880?transport=tcp"]
        );
        assert!(relay_urls("r.example", None, None).is_empty());
    }

    #[test]
    fn ice3_a_host_is_parted_from_its_port() {
        for (reached, parted) in [
            ("r.example", ("r.example", None)),
            ("r.example:7880", ("r.example", Some(7880))),
            ("[::1]:7880", ("::1", Some(7880))),
            ("[::1]", ("::1", None)),
            ("10.0.0.1:99999", ("10.0.0.1", None)),
        ] {
            assert_eq!(host_and_port(reached), parted);
        }
    }
}
