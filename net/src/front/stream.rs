//! A connection whose kind is known, from its first byte on.

use super::sources::Place;
use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, BufReader, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

/// Bytes read ahead to recognise the protocol. Larger reads later bypass this buffer.
pub(super) const FIRST_BYTES: usize = 512;

/// A connection with its first bytes read ahead.
pub(super) type Plain = BufReader<TcpStream>;

/// A secured connection with its first decrypted bytes read ahead.
pub(super) type Secure = BufReader<TlsStream<Plain>>;

/// A connection, decrypted. It holds its source's place until it is dropped.
#[derive(Debug)]
pub struct Stream {
    io: Either<Plain, Box<Secure>>,
    _place: Place,
}

impl Stream {
    pub(super) fn plain(io: Plain, place: Place) -> Self {
        Self {
            io: Either::Left(io),
            _place: place,
        }
    }

    pub(super) fn secure(io: Secure, place: Place) -> Self {
        Self {
            io: Either::Right(Box::new(io)),
            _place: place,
        }
    }

    /// Returns true if it came over TLS.
    pub fn is_secure(&self) -> bool {
        matches!(self.io, Either::Right(_))
    }
}

/// The way in which a relay client reached the front.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// `turn:` over TCP.
    Tcp,
    /// `turns:` over TCP.
    Tls,
}

/// A relay client's connection.
#[derive(Debug)]
pub struct RelayStream {
    /// STUN messages and ChannelData, decrypted.
    pub io: Stream,
    /// The way in which it came.
    pub protocol: Protocol,
    /// The client's address: from a trusted proxy's header, or else the system's.
    pub client: SocketAddr,
    /// The address that the client reached.
    pub local: SocketAddr,
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}
