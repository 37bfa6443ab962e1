//! The address of a relay over TCP or TLS, and a connection to it.

use rustls::{ClientConfig, pki_types::ServerName};
use std::{io, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

/// Application protocol of a relay in TLS (RFC 7443).
pub(super) const ALPN: &[u8] = b"stun.turn";

/// Both directions of a connection.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

/// Host and port of the relay, and its TLS settings.
#[derive(Debug)]
pub(super) struct Target {
    host: String,
    port: u16,
    tls: Option<Arc<ClientConfig>>,
}

impl Target {
    /// Describes a relay that is reached over TLS if settings are given, else over TCP.
    pub(super) fn new(host: String, port: u16, tls: Option<Arc<ClientConfig>>) -> Self {
        let tls = tls.map(|config| {
            let mut config = ClientConfig::clone(&config);
            config.alpn_protocols = vec![ALPN.to_vec()];
            Arc::new(config)
        });
        Self { host, port, tls }
    }

    pub(super) async fn connect(&self) -> io::Result<Box<dyn Duplex>> {
        let stream = TcpStream::connect((&*self.host, self.port)).await?;
        stream.set_nodelay(true)?;
        let Some(tls) = &self.tls else {
            return Ok(Box::new(stream));
        };
        let name = ServerName::try_from(self.host.clone()).map_err(io::Error::other)?;
        let connector = TlsConnector::from(tls.clone());
        Ok(Box::new(connector.connect(name, stream).await?))
    }
}
