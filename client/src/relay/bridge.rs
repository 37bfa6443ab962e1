//! A UDP port on loopback that stands for a relay over TCP or TLS.

use super::line::Line;
use bytes::Bytes;
use fmz_net::framing::MESSAGE_BYTES_MAX;
use rustls::{ClientConfig, pki_types::ServerName};
use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UdpSocket},
    task::JoinHandle,
};
use tokio_rustls::TlsConnector;

/// Connections to the relay at once: one for each local address of the native stack.
pub(super) const LINES_MAX: usize = 16;
/// Application protocol of a relay in TLS (RFC 7443).
const ALPN: &[u8] = b"stun.turn";

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

/// Carries datagrams until it is dropped. Each source has a connection of its own, and so an
/// allocation of its own.
#[derive(Debug)]
pub(super) struct Bridge {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Bridge {
    pub(super) async fn open(target: Target) -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        Ok(Self {
            address: socket.local_addr()?,
            task: tokio::spawn(carry(Arc::new(socket), Arc::new(target))),
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(socket: Arc<UdpSocket>, target: Arc<Target>) {
    let mut lines = HashMap::<SocketAddr, Line>::new();
    let mut datagram = vec![0; MESSAGE_BYTES_MAX];
    loop {
        // An error here concerns a datagram sent earlier, whose receiver is gone; the socket still
        // works.
        let Ok((length, source)) = socket.recv_from(&mut datagram).await else {
            continue;
        };
        // Forget connections that ended, so that their sources may open new ones.
        lines.retain(|_, line| !line.is_over());
        if lines.len() >= LINES_MAX && !lines.contains_key(&source) {
            continue;
        }
        let line = lines
            .entry(source)
            .or_insert_with(|| Line::open(target.clone(), socket.clone(), source));
        line.send(Bytes::copy_from_slice(&datagram[..length]));
    }
}

#[cfg(test)]
mod tests;
