//! Relays (TURN servers) for sessions: their addresses, and credentials that expire.

use fmz_proto::v1;
use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

/// Life of credentials: a working day's session renews them twice.
const LIFETIME_MAX: Duration = Duration::from_secs(6 * 3600);
/// Port of secured pages whose address names none.
const HTTPS: u16 = 443;

/// Names relays for sessions. It is asked on the session's task, so it must answer at once.
pub trait IceServers: Send + Sync {
    /// Returns relays for one session, with credentials of its own. `None` if there is no relay.
    fn servers(&self, asker: &RelayAsker) -> Option<RelaySet>;
}

/// The session that asks for relays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayAsker {
    /// Its room.
    pub room: String,
    /// Its number as a participant; not used again while the server runs.
    pub participant: u32,
    /// Host and port under which its page or program reached the server, such as `review.example`
    /// or `[::1]:7880`.
    pub reached: Option<String>,
    /// How long its token still holds.
    pub time_left: Duration,
}

/// Relays, and how long their credentials hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelaySet {
    /// In order of preference.
    pub servers: Vec<v1::IceServer>,
    /// Counted from now. The session gets new ones when half of it is over.
    pub lifetime: Duration,
}

/// Credentials for the relays of one session.
#[derive(Clone, PartialEq, Eq)]
pub struct RelayCredentials {
    /// User name of the relay's user.
    pub username: String,
    /// Its password.
    pub password: String,
}

/// Without the password.
impl fmt::Debug for RelayCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelayCredentials")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// The relay of this process, as people reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnRelay {
    /// Host under which people reach the server; if absent, the host by which each session reached
    /// it is named.
    pub host: Option<String>,
    /// Port for UDP and TCP, if the relay has its own.
    pub plain_port: Option<u16>,
    /// The page's port, if it is secured.
    pub tls_port: Option<u16>,
}

type Issue = dyn Fn(&str, Duration) -> RelayCredentials + Send + Sync;

/// Names relays for sessions: those at the edge, and this process's own once it runs. Clones share
/// them.
#[derive(Clone)]
pub struct Relays {
    edges: Arc<[String]>,
    own: Arc<OnceLock<OwnRelay>>,
    issue: Arc<Issue>,
}

impl Relays {
    /// Begins with the relays at the edge, by their URLs. `issue` makes credentials for a user
    /// (`room/participant`) that hold for the given time from now; all the relays must take them.
    pub fn new(
        edges: &[String],
        issue: impl Fn(&str, Duration) -> RelayCredentials + Send + Sync + 'static,
    ) -> Self {
        Self {
            edges: edges.into(),
            own: Arc::default(),
            issue: Arc::new(issue),
        }
    }

    /// Names this process's own relay from now on.
    pub fn set_own(&self, own: OwnRelay) {
        let set = self.own.set(own);
        debug_assert!(set.is_ok(), "a process has one relay");
    }
}

impl fmt::Debug for Relays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relays")
            .field("edges", &self.edges)
            .field("own", &self.own)
            .finish_non_exhaustive()
    }
}

impl IceServers for Relays {
    fn servers(&self, asker: &RelayAsker) -> Option<RelaySet> {
        let own = self.own.get().map(|own| own.urls(asker));
        let edges = self.edges.iter().cloned();
        let urls: Vec<_> = edges.chain(own.into_iter().flatten()).collect();
        if urls.is_empty() {
            return None;
        }
        let lifetime = asker.time_left.min(LIFETIME_MAX);
        let user = format!("{}/{}", asker.room, asker.participant);
        let credentials = (self.issue)(&user, lifetime);
        let server = v1::IceServer {
            urls,
            username: credentials.username,
            credential: credentials.password,
        };
        Some(RelaySet {
            servers: vec![server],
            lifetime,
        })
    }
}

impl OwnRelay {
    /// Returns no URL if nobody knows the host.
    fn urls(&self, asker: &RelayAsker) -> Vec<String> {
        let reached = asker.reached.as_deref().map(host_and_port);
        let Some(host) = self.host.as_deref().or(reached.map(|(host, _)| host)) else {
            return Vec::new();
        };
        // People see the port of a translator or proxy that stands before this one. A page whose
        // address names no port is at the usual one.
        let seen = reached.map(|(_, port)| port.unwrap_or(HTTPS));
        let tls_port = self.tls_port.map(|own| seen.unwrap_or(own));
        relay_urls(host, self.plain_port, tls_port)
    }
}

/// URLs (RFC 7065) of a relay at `host`, an address or a name without a port: UDP before TCP before
/// TLS, for each is slower than the one before and passes where that one is blocked. `plain` is the
/// port of UDP and TCP, `secure` that of TLS.
///
/// Three are the most of one relay: a browser gathers on all of them, and Firefox warns of five and
/// more.
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

    fn asker(reached: Option<&str>) -> RelayAsker {
        RelayAsker {
            room: "dailies".to_owned(),
            participant: 7,
            reached: reached.map(str::to_owned),
            time_left: Duration::from_secs(60),
        }
    }

    fn relays(edges: &[&str]) -> Relays {
        let edges: Vec<_> = edges.iter().map(|url| (*url).to_owned()).collect();
        Relays::new(&edges, |user, lifetime| RelayCredentials {
            username: user.to_owned(),
            password: format!("for {} s", lifetime.as_secs()),
        })
    }

    fn with_own(edges: &[&str], host: Option<&str>) -> Relays {
        let relays = relays(edges);
        relays.set_own(OwnRelay {
            host: host.map(str::to_owned),
            plain_port: Some(3478),
            tls_port: Some(7880),
        });
        relays
    }

    #[test]
    fn ice1_a_session_is_named_the_relay_where_it_reached_the_server_with_credentials_of_its_own() {
        let relays = with_own(&[], None);
        let set = relays.servers(&asker(Some("review.example"))).unwrap();
        assert_eq!(set.lifetime, Duration::from_secs(60));
        let server = &set.servers[0];
        assert_eq!(server.urls[2], "turns:review.example:443?transport=tcp");
        assert_eq!(
            (server.username.as_str(), server.credential.as_str()),
            ("dailies/7", "for 60 s")
        );
        assert_eq!(relays.servers(&asker(None)), None, "nobody knows the host");
    }

    #[test]
    fn ice3_a_host_that_is_set_goes_before_the_one_by_which_the_client_came() {
        let relays = with_own(&[], Some("turn.example"));
        let urls = |reached| {
            relays
                .servers(&asker(reached))
                .unwrap()
                .servers
                .remove(0)
                .urls
        };
        assert_eq!(
            urls(Some("10.0.0.1:99"))[2],
            "turns:turn.example:99?transport=tcp"
        );
        assert_eq!(urls(None)[2], "turns:turn.example:7880?transport=tcp");
    }

    #[test]
    fn ice3_credentials_hold_six_hours_at_most() {
        let asker = RelayAsker {
            time_left: Duration::from_secs(7 * 3600),
            ..asker(Some("review.example"))
        };
        let set = with_own(&[], None).servers(&asker).unwrap();
        assert_eq!(set.lifetime, Duration::from_secs(6 * 3600));
        assert_eq!(set.servers[0].credential, "for 21600 s");
    }

    #[test]
    fn relays_at_the_edge_come_first_and_need_no_relay_of_the_server() {
        let edge = "turn:edge.example:3478?transport=udp";
        let set = with_own(&[edge], None).servers(&asker(Some("review.example")));
        let urls = set.unwrap().servers.remove(0).urls;
        assert_eq!((urls.len(), urls[0].as_str()), (4, edge));
        let set = relays(&[edge]).servers(&asker(None)).unwrap();
        assert_eq!(set.servers[0].urls, [edge]);
        assert_eq!(relays(&[]).servers(&asker(Some("a"))), None);
    }

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
