//! Settings of a front, and the services behind it.

use super::{
    refusal::Refusal,
    stream::{RelayStream, Stream},
    tls::Tls,
};
use ipnet::IpNet;
use std::{fmt, sync::Arc};
use tokio::sync::mpsc;

/// Settings of a front.
#[derive(Clone)]
pub struct Settings {
    /// Certificate and versions for TLS. Without it, a TLS handshake is refused.
    pub tls: Option<Tls>,
    /// Proxies that begin every connection with the client's addresses (PROXY protocol 1 or 2).
    /// Connections from elsewhere are served as they are.
    pub proxies: Vec<IpNet>,
    /// Connections of one IPv4 address or IPv6 /64 at once. Loopback is not counted, because a
    /// proxy there stands for many clients.
    pub per_source_max: usize,
    /// Connections of all sources at once.
    pub total_max: usize,
    /// Function that is called for each connection that was closed before it was served.
    pub on_refused: Arc<dyn Fn(Refusal) + Send + Sync>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            tls: None,
            proxies: Vec::new(),
            // A studio behind one address: hundreds of people, each with a page, a WebSocket and a
            // relay connection.
            per_source_max: 2_048,
            // Three times the sessions of a full server; each holds a descriptor and, with TLS,
            // some 30 kB.
            total_max: 32_768,
            on_refused: Arc::new(|_| {}),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("tls", &self.tls.is_some())
            .field("proxies", &self.proxies)
            .field("per_source_max", &self.per_source_max)
            .field("total_max", &self.total_max)
            .finish_non_exhaustive()
    }
}

/// The services that take connections. A connection that nothing serves is closed.
#[derive(Debug, Clone, Default)]
pub struct Outlets {
    /// HTTP/1.1, decrypted.
    pub web: Option<mpsc::Sender<Stream>>,
    /// TURN, decrypted.
    pub relay: Option<mpsc::Sender<RelayStream>>,
}
