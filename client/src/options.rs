use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A protocol by which a client reaches a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelayTransport {
    /// UDP, the fastest.
    Udp,
    /// TCP, for networks that block UDP.
    Tcp,
    /// TLS, for networks that leave only the port of web pages open.
    Tls,
}

impl RelayTransport {
    /// All transports, fastest first.
    pub const ALL: [Self; 3] = [Self::Udp, Self::Tcp, Self::Tls];
}

impl FromStr for RelayTransport {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "udp" => Ok(Self::Udp),
            "tcp" => Ok(Self::Tcp),
            "tls" => Ok(Self::Tls),
            _ => Err("neither udp, tcp nor tls"),
        }
    }
}

/// Settings with which a client joins.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// Name shown to others; the token's name replaces it if the token has one.
    pub name: String,
    /// Whether to open media and data channels. If false, everything goes over the WebSocket.
    pub transport: bool,
    /// Local UDP addresses for media. `0.0.0.0:0` stands for every interface but loopback.
    pub addresses: Vec<String>,
    /// Whether only relayed paths may be used. If false, the direct path is preferred.
    pub relay_only: bool,
    /// Transports that may be used to reach a relay.
    pub relay_transports: Vec<RelayTransport>,
    /// TLS settings for `wss://` and relays; with `None`, the system's certificates are trusted.
    pub tls: Option<Arc<rustls::ClientConfig>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            name: String::new(),
            transport: true,
            addresses: vec!["0.0.0.0:0".into(), "127.0.0.1:0".into()],
            relay_only: false,
            relay_transports: RelayTransport::ALL.to_vec(),
            tls: None,
        }
    }
}

impl Options {
    /// Returns the default options with this name.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Options")
            .field("name", &self.name)
            .field("transport", &self.transport)
            .field("addresses", &self.addresses)
            .field("relay_only", &self.relay_only)
            .field("relay_transports", &self.relay_transports)
            .field("tls", &self.tls.is_some())
            .finish()
    }
}
