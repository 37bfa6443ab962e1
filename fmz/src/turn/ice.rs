//! The relay as sessions are told of it.

use fmz_proto::v1::IceServer;
use fmz_signaling::relay::{IceServers, RelayAsker, RelaySet, host_and_port, relay_urls};
use fmz_turn::Credentials;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Life of credentials: a working day's session renews them twice.
const LIFETIME_MAX: Duration = Duration::from_secs(6 * 3600);

/// Port of secured pages where their address names none.
const HTTPS: u16 = 443;

/// What credentials are made with; a reload puts another one in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secret(Arc<RwLock<String>>);

impl Secret {
    pub(crate) fn set(&self, secret: &str) {
        secret.clone_into(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }

    fn get(&self) -> String {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// This process's own relay.
#[derive(Debug)]
pub(crate) struct Own {
    /// Host under which people reach the server, where the settings name one.
    pub(crate) host: Option<String>,
    /// Port for UDP and TCP, where the relay has its own.
    pub(crate) plain: Option<u16>,
    /// The page's port, where it is secured.
    pub(crate) secure: Option<u16>,
}

/// Names relays for sessions: those at the edge, and this process's own once it is there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Relays {
    pub(crate) secret: Secret,
    edges: Arc<[String]>,
    own: Arc<OnceLock<Own>>,
}

impl Relays {
    /// Without one of its own. The secret is given apart.
    pub(crate) fn at_the_edge(urls: &[String]) -> Self {
        Self {
            edges: urls.into(),
            ..Self::default()
        }
    }

    pub(crate) fn add(&self, own: Own) {
        let _ = self.own.set(own);
    }
}

impl IceServers for Relays {
    fn servers(&self, asker: &RelayAsker) -> Option<RelaySet> {
        let own = self.own.get().and_then(|own| own.urls(asker));
        let urls: Vec<_> = self
            .edges
            .iter()
            .cloned()
            .chain(own.into_iter().flatten())
            .collect();
        if urls.is_empty() {
            return None;
        }
        let lifetime = asker.time_left.min(LIFETIME_MAX);
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let user = format!("{}/{}", asker.room, asker.participant);
        let credentials = Credentials::issue(&self.secret.get(), &user, now + lifetime);
        let server = IceServer {
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

impl Own {
    /// Nothing where nobody knows the host.
    fn urls(&self, asker: &RelayAsker) -> Option<Vec<String>> {
        let reached = asker.reached.as_deref().map(host_and_port);
        let host = self.host.as_deref().or(reached.map(|(host, _)| host))?;
        // A port before a translator or proxy is the one that people see; a page that names none is at the usual one.
        let seen = reached.map(|(_, port)| port.unwrap_or(HTTPS));
        let secure = self.secure.map(|own| seen.unwrap_or(own));
        Some(relay_urls(host, self.plain, secure))
    }
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

    fn with_own(edges: &[&str]) -> Relays {
        let edges: Vec<_> = edges.iter().map(|url| (*url).to_owned()).collect();
        let relays = Relays::at_the_edge(&edges);
        relays.secret.set("a secret of the test");
        relays.add(Own {
            host: None,
            plain: Some(3478),
            secure: Some(7880),
        });
        relays
    }

    #[test]
    fn a_session_is_told_where_it_reached_the_server_and_as_whom() {
        let relays = with_own(&[]);
        let set = relays.servers(&asker(Some("review.example"))).unwrap();
        assert_eq!(set.lifetime, Duration::from_secs(60));
        assert_eq!(
            set.servers[0].urls[2],
            "turns:review.example:443?transport=tcp"
        );
        assert!(set.servers[0].username.ends_with(":dailies/7"));
        assert_eq!(relays.servers(&asker(None)), None);
    }

    #[test]
    fn relays_at_the_edge_come_first_and_need_none_of_its_own() {
        let edge = "turn:edge.example:3478?transport=udp";
        let set = with_own(&[edge]).servers(&asker(Some("review.example")));
        let urls = set.unwrap().servers.remove(0).urls;
        assert_eq!((urls.len(), urls[0].as_str()), (4, edge));
        let set = with_own(&[edge]).servers(&asker(None)).unwrap();
        assert_eq!(set.servers[0].urls, [edge]);
        assert_eq!(Relays::default().servers(&asker(Some("a"))), None);
    }
}
