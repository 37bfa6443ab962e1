//! TLS that can be changed while connections are open.

use super::{
    refusal::Refusal,
    stream::{FIRST_BYTES, Plain, Secure},
};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::io::BufReader;
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

/// The protocol that the page's clients name. WebSockets over HTTP/2 need an extension that few
/// clients have, so HTTP/1.1 is the only one.
const WEB: &[u8] = b"http/1.1";
/// The protocol that a relay client names, if it names any (RFC 7443).
pub(super) const RELAY: &[u8] = b"stun.turn";

/// Certificate and versions for the connections that come. Clones share it.
#[derive(Debug, Clone)]
pub struct Tls(Arc<RwLock<Arc<ServerConfig>>>);

impl Tls {
    /// Makes it from a configuration. The front sets the application protocols itself.
    pub fn new(config: ServerConfig) -> Self {
        Self(Arc::new(RwLock::new(ours(config))))
    }

    /// Secures connections with this configuration from now on. Open connections keep theirs.
    pub fn replace(&self, config: ServerConfig) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = ours(config);
    }

    pub(super) async fn accept(&self, plain: Plain) -> Result<Secure, Refusal> {
        let config = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let accepted = TlsAcceptor::from(config).accept(plain).await;
        let stream = accepted.map_err(|_| Refusal::Handshake)?;
        Ok(BufReader::with_capacity(FIRST_BYTES, stream))
    }
}

fn ours(mut config: ServerConfig) -> Arc<ServerConfig> {
    // In order of preference: no page's client names the relay, but relay clients name the page
    // too.
    config.alpn_protocols = vec![RELAY.to_vec(), WEB.to_vec()];
    Arc::new(config)
}
