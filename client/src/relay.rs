//! Prepares the relays that the server names for the native stack. The stack speaks to relays over
//! UDP alone, so a bridge on loopback stands for each relay that is reached over TCP or TLS.

mod bridge;
mod line;
mod target;

use crate::{Options, RelayTransport};
use bridge::Bridge;
use fmz_proto::v1;
use rtc::ice::url::{ProtoType, SchemeType, Url};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use std::{collections::BTreeMap, sync::Arc};
use target::Target;
use webrtc::peer_connection::RTCIceServer;

/// URLs of relays that are used at most. Each costs one request from every local address, and
/// browsers warn from five on.
const URLS_MAX: usize = 8;

/// The relays of one session.
#[derive(Debug, Default)]
pub(crate) struct Relays {
    servers: Vec<RTCIceServer>,
    /// Bridges by the URL that each stands for. A relay that stays keeps its bridge and so its
    /// port, by which the stack knows its allocations.
    bridges: BTreeMap<String, Bridge>,
}

impl Relays {
    /// Replaces the relays by those that the server named now.
    pub(crate) async fn tell(&mut self, told: &v1::IceServers, options: &Options) {
        let mut before = std::mem::take(&mut self.bridges);
        self.servers.clear();
        for (server, url) in urls(told) {
            let Some(relay) = Relay::parse(url, &options.relay_transports) else {
                continue;
            };
            match self.usable(&relay, before.remove(url), options).await {
                Ok(usable) => self.servers.push(RTCIceServer {
                    urls: vec![usable],
                    username: server.username.clone(),
                    credential: server.credential.clone(),
                }),
                Err(error) => tracing::warn!(%error, url, "a relay is passed over"),
            }
        }
    }

    /// Returns the relays in the form that the native stack takes.
    pub(crate) fn servers(&self) -> Vec<RTCIceServer> {
        self.servers.clone()
    }

    /// Returns a URL that the native stack can use.
    async fn usable(
        &mut self,
        relay: &Relay,
        before: Option<Bridge>,
        options: &Options,
    ) -> std::io::Result<String> {
        if relay.transport == RelayTransport::Udp {
            return Ok(relay.url.clone());
        }
        let bridge = match before {
            Some(bridge) => bridge,
            None => Bridge::open(relay.target(options)?).await?,
        };
        let usable = format!("turn:{}?transport=udp", bridge.address());
        self.bridges.insert(relay.url.clone(), bridge);
        Ok(usable)
    }
}

/// Pairs each URL with its server, for the first [`URLS_MAX`] URLs.
fn urls(told: &v1::IceServers) -> Vec<(&v1::IceServer, &String)> {
    let servers = told.servers.iter();
    let all = servers.flat_map(|server| server.urls.iter().map(move |url| (server, url)));
    all.take(URLS_MAX).collect()
}

/// A relay, read from one of its URLs.
struct Relay {
    url: String,
    transport: RelayTransport,
    host: String,
    port: u16,
}

impl Relay {
    /// Reads a URL; `None` if it names no relay, or one whose transport is not allowed.
    fn parse(url: &str, allowed: &[RelayTransport]) -> Option<Self> {
        let read = Url::parse_url(url).ok()?;
        let transport = match (read.scheme, read.proto) {
            (SchemeType::Turn, ProtoType::Udp) => RelayTransport::Udp,
            (SchemeType::Turn, ProtoType::Tcp) => RelayTransport::Tcp,
            (SchemeType::Turns, ProtoType::Tcp) => RelayTransport::Tls,
            _ => return None,
        };
        allowed.contains(&transport).then(|| Self {
            url: url.to_owned(),
            transport,
            host: read.host,
            port: read.port,
        })
    }

    fn target(&self, options: &Options) -> std::io::Result<Target> {
        let tls = match (self.transport, &options.tls) {
            (RelayTransport::Tls, Some(config)) => Some(config.clone()),
            (RelayTransport::Tls, None) => Some(Arc::new(system_trust()?)),
            _ => None,
        };
        Ok(Target::new(self.host.clone(), self.port, tls))
    }
}

/// Trusts the certificates that the system trusts.
fn system_trust() -> std::io::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(std::io::Error::other)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(credential: &str) -> v1::IceServers {
        let urls = [
            "turn:r.example:3478?transport=udp",
            "turn:r.example:3478?transport=tcp",
            "turns:r.example:443?transport=tcp",
            "stun:r.example:3478",
            "what",
        ];
        let server = v1::IceServer {
            urls: urls.map(String::from).to_vec(),
            username: "1:demo/1".into(),
            credential: credential.into(),
        };
        v1::IceServers {
            servers: vec![server],
            lifetime_s: 60,
        }
    }

    fn usable(relays: &Relays) -> Vec<String> {
        let servers = relays.servers();
        servers.into_iter().flat_map(|server| server.urls).collect()
    }

    #[tokio::test]
    async fn ice5_tcp_and_tls_become_ports_on_loopback_that_stay() {
        let mut relays = Relays::default();
        relays.tell(&told("first"), &Options::default()).await;
        let first = usable(&relays);
        assert_eq!(first.len(), 3);
        assert_eq!(first[0], "turn:r.example:3478?transport=udp");
        assert!(
            first[1..]
                .iter()
                .all(|url| url.starts_with("turn:127.0.0.1:"))
        );
        relays.tell(&told("second"), &Options::default()).await;
        assert_eq!(usable(&relays), first);
        assert!(
            relays
                .servers()
                .iter()
                .all(|server| server.credential == "second")
        );
    }

    #[tokio::test]
    async fn ice5_only_the_ways_that_may_be_used_are() {
        let mut relays = Relays::default();
        let options = Options {
            relay_transports: vec![RelayTransport::Tls],
            ..Options::default()
        };
        relays.tell(&told("x"), &options).await;
        assert_eq!(relays.bridges.len(), 1);
        assert!(
            relays
                .bridges
                .contains_key("turns:r.example:443?transport=tcp")
        );
        relays.tell(&v1::IceServers::default(), &options).await;
        assert!(relays.servers().is_empty() && relays.bridges.is_empty());
    }

    #[tokio::test]
    async fn ice5_so_many_urls_are_used_at_most() {
        let mut relays = Relays::default();
        let mut many = told("x");
        many.servers[0].urls = (1..=URLS_MAX + 1)
            .map(|port| format!("turn:r.example:{port}?transport=udp"))
            .collect();
        relays.tell(&many, &Options::default()).await;
        assert_eq!(relays.servers().len(), URLS_MAX);
    }
}
