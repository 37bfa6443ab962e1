use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// How a relay is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelayTransport {
    /// The fastest.
    Udp,
    /// Where UDP is blocked.
    Tcp,
    /// Where nothing but the port of web pages is open.
    Tls,
}

impl RelayTransport {
    /// Every way there is, fastest first.
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

/// How a client joins.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// Shown name; the token's name wins where it has one.
    pub name: String,
    /// False joins without media and data channels: everything goes over the WebSocket.
    pub transport: bool,
    /// Local UDP addresses for media. `0.0.0.0:0` stands for every interface but loopback.
    pub addresses: Vec<String>,
    /// True lets nothing but relayed paths be used; else the direct one is preferred.
    pub relay_only: bool,
    /// Ways to a relay that may be tried.
    pub relay_transports: Vec<RelayTransport>,
    /// TLS settings for `wss://` and relays; `None` trusts the system's certificates.
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
    /// Default options under a name.
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
