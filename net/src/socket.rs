//! The socket inside a tokio runtime.

use crate::driver::{Driver, Sent};
use crate::{Options, RawSocket, ReceiveBuffer, SendBatch, raw};
use std::io;
use std::net::{IpAddr, SocketAddr};
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// A bound UDP socket inside a tokio runtime.
#[derive(Debug)]
pub struct Socket {
    io: UdpSocket,
    driver: Driver,
}

impl Socket {
    /// The source that leaves the choice to the kernel.
    pub const ANY_SOURCE: IpAddr = RawSocket::ANY_SOURCE;

    /// Binds a socket. An IPv6 wildcard receives IPv4 as well. Must be called inside a tokio
    /// runtime.
    ///
    /// # Errors
    /// The operating system's error, such as an address in use.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let io = UdpSocket::from_std(raw::open(address, Options::default())?)?;
        let driver = Driver::new(&io, io.local_addr()?)?;
        Ok(Self { io, driver })
    }

    /// Returns the bound address, with the port that the kernel chose.
    pub fn local_addr(&self) -> SocketAddr {
        self.driver.local
    }

    /// Returns the bytes that the kernel really gave for receiving and for sending.
    ///
    /// # Errors
    /// The operating system's error.
    pub fn buffer_bytes(&self) -> io::Result<(usize, usize)> {
        raw::buffer_bytes(&self.io)
    }

    /// Waits until there may be datagrams.
    ///
    /// # Errors
    /// The operating system's error.
    pub async fn readable(&self) -> io::Result<()> {
        self.io.readable().await
    }

    /// Waits until the kernel may take datagrams again.
    ///
    /// # Errors
    /// The operating system's error.
    pub async fn writable(&self) -> io::Result<()> {
        self.io.writable().await
    }

    /// Receives as [`RawSocket::try_receive`] does.
    ///
    /// # Errors
    /// As there.
    pub fn try_receive(&self, buffer: &mut ReceiveBuffer) -> io::Result<()> {
        self.io
            .try_io(Interest::READABLE, || {
                self.driver.receive(&self.io, buffer, usize::MAX)
            })
            .map(drop)
    }

    /// Sends as [`RawSocket::try_send`] does.
    ///
    /// # Errors
    /// As there.
    pub fn try_send(&self, batch: &mut SendBatch) -> io::Result<Sent> {
        self.io
            .try_io(Interest::WRITABLE, || self.driver.send(&self.io, batch))
    }
}
