//! Messages to and from a relay, over datagrams or a stream.

use fmz_net::framing::{Deframer, padding};
use std::fmt;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UdpSocket;

/// Bytes of the longest datagram.
const DATAGRAM_BYTES_MAX: usize = 65_536;

/// A stream of any kind.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A way to a relay.
pub struct Line(Way);

enum Way {
    Datagrams(UdpSocket, Vec<u8>),
    Stream(Box<dyn Io>, Deframer),
}

impl fmt::Debug for Line {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.0 {
            Way::Datagrams(..) => "datagrams",
            Way::Stream(..) => "stream",
        };
        out.debug_tuple("Line").field(&kind).finish()
    }
}

impl Line {
    /// Makes a line over a UDP socket that is connected to the relay.
    pub fn datagrams(socket: UdpSocket) -> Self {
        Self(Way::Datagrams(socket, vec![0; DATAGRAM_BYTES_MAX]))
    }

    /// Makes a line over a connection to the relay.
    pub fn stream(io: impl Io + 'static) -> Self {
        Self(Way::Stream(Box::new(io), Deframer::new()))
    }

    /// Returns whether a message may be lost.
    pub(crate) fn is_lossy(&self) -> bool {
        matches!(self.0, Way::Datagrams(..))
    }

    /// Sends one message.
    ///
    /// # Errors
    /// The operating system's error.
    pub async fn send(&mut self, message: &[u8]) -> io::Result<()> {
        match &mut self.0 {
            Way::Datagrams(socket, _) => socket.send(message).await.map(drop),
            Way::Stream(io, _) => {
                io.write_all(message).await?;
                io.write_all(padding(message.len())).await?;
                io.flush().await
            }
        }
    }

    /// Waits for one message.
    ///
    /// # Errors
    /// The operating system's error; [`io::ErrorKind::UnexpectedEof`] if the relay closes the
    /// connection.
    pub async fn receive(&mut self) -> io::Result<Vec<u8>> {
        match &mut self.0 {
            Way::Datagrams(socket, buffer) => {
                let length = socket.recv(buffer).await?;
                Ok(buffer[..length].to_vec())
            }
            Way::Stream(io, deframer) => loop {
                if let Some(message) = deframer.message().map_err(io::Error::other)? {
                    return Ok(message.to_vec());
                }
                if io.read_buf(&mut deframer.room()).await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            },
        }
    }
}
