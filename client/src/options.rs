use std::fmt;
use std::sync::Arc;

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
    /// TLS settings for `wss://`; `None` trusts the system's certificates.
    pub tls: Option<Arc<rustls::ClientConfig>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            name: String::new(),
            transport: true,
            addresses: vec!["0.0.0.0:0".into(), "127.0.0.1:0".into()],
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
            .field("tls", &self.tls.is_some())
            .finish()
    }
}
