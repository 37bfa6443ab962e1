//! Leads an accepted connection to its service.

use super::{
    proxy::{self, Ends},
    refusal::Refusal,
    settings::{Outlets, Settings},
    sources::Sources,
    stream::{FIRST_BYTES, Plain, Protocol, RelayStream, Secure, Stream},
    tls,
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, BufReader},
    net::TcpStream,
    time::timeout,
};

/// Time in which a connection must show its protocol: many times what two round trips of TLS take
/// on a slow line.
pub const OPENING_TIME_MAX: Duration = Duration::from_secs(10);
/// First byte of a TLS record that carries a handshake (RFC 8446 section 5.1).
const TLS_HANDSHAKE: u8 = 0x16;
/// First bytes of a STUN message, whose two highest bits are zero (RFC 8489 section 5; types above
/// 0x03ff are not in use). A relay client begins with a request, because ChannelData can only
/// follow.
const STUN: std::ops::RangeInclusive<u8> = 0x00..=0x03;

#[derive(Debug)]
pub(super) struct Gate {
    settings: Settings,
    outlets: Outlets,
    sources: Arc<Sources>,
}

impl Gate {
    pub(super) fn new(settings: Settings, outlets: Outlets, sources: Arc<Sources>) -> Self {
        Self {
            settings,
            outlets,
            sources,
        }
    }

    /// Hands a connection to its service, or closes it.
    pub(super) async fn open(self: Arc<Self>, stream: TcpStream, peer: SocketAddr) {
        let opened = timeout(OPENING_TIME_MAX, self.pass(stream, peer)).await;
        if let Err(refusal) = opened.unwrap_or(Err(Refusal::Timeout)) {
            tracing::debug!(%peer, reason = %refusal, "connection closed");
            self.refuse(refusal);
        }
    }

    pub(super) fn refuse(&self, refusal: Refusal) {
        (self.settings.on_refused)(refusal);
    }

    async fn pass(&self, stream: TcpStream, peer: SocketAddr) -> Result<(), Refusal> {
        // Messages are small here, and for each of them somebody waits.
        stream.set_nodelay(true).map_err(|_| Refusal::Gone)?;
        let local = canonical(stream.local_addr().map_err(|_| Refusal::Gone)?);
        let peer = canonical(peer);
        let mut plain = BufReader::with_capacity(FIRST_BYTES, stream);
        let ends = self.ends(&mut plain, Ends { peer, local }).await?;
        let place = self.sources.enter(ends.peer.ip())?;
        match first_byte(&mut plain).await? {
            TLS_HANDSHAKE => {
                let (secure, relay) = self.secure(plain).await?;
                self.hand_out(Stream::secure(secure, place), relay, ends)
                    .await
            }
            first => {
                self.hand_out(Stream::plain(plain, place), STUN.contains(&first), ends)
                    .await
            }
        }
    }

    /// Returns the ends of a connection as its proxy names them, or its own.
    async fn ends(&self, plain: &mut Plain, own: Ends) -> Result<Ends, Refusal> {
        let proxy = own.peer.ip();
        if !self
            .settings
            .proxies
            .iter()
            .any(|trusted| trusted.contains(&proxy))
        {
            return Ok(own);
        }
        Ok(proxy::read(plain).await?.unwrap_or(own))
    }

    /// Accepts TLS, and returns whether the client wants the relay.
    async fn secure(&self, plain: Plain) -> Result<(Secure, bool), Refusal> {
        let tls = self.settings.tls.as_ref().ok_or(Refusal::TlsOff)?;
        let mut secure = tls.accept(plain).await?;
        let relay = match secure.get_ref().get_ref().1.alpn_protocol() {
            Some(protocol) => protocol == tls::RELAY,
            None => STUN.contains(&first_byte(&mut secure).await?),
        };
        Ok((secure, relay))
    }

    async fn hand_out(&self, io: Stream, relay: bool, ends: Ends) -> Result<(), Refusal> {
        let handed = if relay {
            let outlet = self.outlets.relay.as_ref().ok_or(Refusal::NotServed)?;
            let protocol = if io.is_secure() {
                Protocol::Tls
            } else {
                Protocol::Tcp
            };
            let Ends { peer, local } = ends;
            let stream = RelayStream {
                io,
                protocol,
                client: peer,
                local,
            };
            outlet.send(stream).await.is_ok()
        } else {
            let outlet = self.outlets.web.as_ref().ok_or(Refusal::NotServed)?;
            outlet.send(io).await.is_ok()
        };
        handed.then_some(()).ok_or(Refusal::NotServed)
    }
}

/// Returns a mapped IPv4 address as IPv4: a socket for both families reports it as IPv6.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Looks at the first byte and leaves it in the stream.
async fn first_byte(io: &mut (impl AsyncBufRead + Unpin)) -> Result<u8, Refusal> {
    let read = io.fill_buf().await.map_err(|_| Refusal::Gone)?;
    read.first().copied().ok_or(Refusal::Gone)
}
