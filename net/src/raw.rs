//! The socket itself, without a runtime.

use crate::driver::{Driver, Sent};
use crate::{PathError, ReceiveBuffer, SendBatch, errors};
use rustix::net::sockopt::{self, Ipv4PathMtuDiscovery, Ipv6PathMtuDiscovery};
use socket2::{Domain, Protocol, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

/// Bytes asked for in each of the kernel's socket buffers. The default (212,992) holds 7 ms of 200
/// streams at 1 Mbit/s. Bursts of many publishers must survive one scheduling delay of the shard.
pub const BUFFER_BYTES: usize = 8 * 1024 * 1024;

/// Options for binding a socket.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Several sockets share the address, and the kernel distributes flows among them.
    pub shared_port: bool,
    /// Bytes asked for in each of the kernel's buffers.
    pub buffer_bytes: usize,
    /// Keeps ICMP errors for [`RawSocket::take_error`].
    pub keep_errors: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            shared_port: false,
            buffer_bytes: BUFFER_BYTES,
            keep_errors: false,
        }
    }
}

/// A bound, non-blocking UDP socket for a loop without a runtime.
#[derive(Debug)]
pub struct RawSocket {
    io: UdpSocket,
    driver: Driver,
}

impl RawSocket {
    /// The source that leaves the choice to the kernel.
    pub const ANY_SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

    /// Binds a socket. An IPv6 wildcard receives IPv4 as well.
    ///
    /// # Errors
    /// The operating system's error, such as an address in use.
    pub fn bind(address: SocketAddr, options: Options) -> io::Result<Self> {
        let io = open(address, options)?;
        let mut driver = Driver::new(&io, io.local_addr()?)?;
        if options.keep_errors {
            driver.keep_errors(&io)?;
        }
        Ok(Self { io, driver })
    }

    /// Returns the bound address, with the port that the kernel chose.
    pub fn local_addr(&self) -> SocketAddr {
        self.driver.local
    }

    /// Returns the bytes that the kernel actually gave for receiving and for sending.
    ///
    /// # Errors
    /// The operating system's error.
    pub fn buffer_bytes(&self) -> io::Result<(usize, usize)> {
        buffer_bytes(&self.io)
    }

    /// Sets the don't-fragment bit. `true` (the default after binding): oversized packets are
    /// dropped and reported by ICMP. `false`: routers may fragment them.
    ///
    /// # Errors
    /// The operating system's error.
    pub fn set_dont_fragment(&self, on: bool) -> io::Result<()> {
        if self.driver.local.is_ipv6() {
            nix::sys::socket::setsockopt(&self.io, nix::sys::socket::sockopt::Ipv6DontFrag, &on)?;
            let discovery = [Ipv6PathMtuDiscovery::DONT, Ipv6PathMtuDiscovery::PROBE];
            sockopt::set_ipv6_mtu_discover(&self.io, discovery[usize::from(on)])?;
        }
        let discovery = [Ipv4PathMtuDiscovery::DONT, Ipv4PathMtuDiscovery::PROBE];
        Ok(sockopt::set_ip_mtu_discover(
            &self.io,
            discovery[usize::from(on)],
        )?)
    }

    /// Takes the oldest kept ICMP error, if there is one.
    ///
    /// # Errors
    /// The operating system's error.
    pub fn take_error(&self) -> io::Result<Option<PathError>> {
        errors::take(&self.io)
    }

    /// Receives the datagrams that wait, up to one buffer's worth, without waiting.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if nothing waits, otherwise the operating system's error.
    pub fn try_receive(&self, buffer: &mut ReceiveBuffer) -> io::Result<()> {
        self.try_receive_some(buffer, usize::MAX).map(drop)
    }

    /// Receives as [`Self::try_receive`] does, into `slots` slots at most. Returns true if the last
    /// call left room, which means that no more datagrams wait.
    ///
    /// # Errors
    /// As [`Self::try_receive`].
    pub fn try_receive_some(&self, buffer: &mut ReceiveBuffer, slots: usize) -> io::Result<bool> {
        self.driver.receive(&self.io, buffer, slots)
    }

    /// Sends a batch and empties it.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if the kernel's buffer is full; the datagrams that are left
    /// stay in the batch.
    pub fn try_send(&self, batch: &mut SendBatch) -> io::Result<Sent> {
        self.driver.send(&self.io, batch)
    }
}

impl AsRawFd for RawSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.io.as_raw_fd()
    }
}

impl AsFd for RawSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.io.as_fd()
    }
}

/// Binds a socket that does not block.
pub(crate) fn open(address: SocketAddr, options: Options) -> io::Result<UdpSocket> {
    let domain = Domain::for_address(address);
    let socket = socket2::Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.set_reuse_port(options.shared_port)?;
    enlarge_buffers(&socket, options.buffer_bytes);
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// Returns the bytes that the kernel gave for receiving and for sending.
pub(crate) fn buffer_bytes(io: &impl AsFd) -> io::Result<(usize, usize)> {
    let socket = socket2::SockRef::from(io);
    Ok((socket.recv_buffer_size()?, socket.send_buffer_size()?))
}

/// Enlarges the buffers: beyond the system's limit if that is allowed (CAP_NET_ADMIN), otherwise up
/// to it. Smaller buffers are no error.
fn enlarge_buffers(socket: &socket2::Socket, bytes: usize) {
    if sockopt::set_socket_recv_buffer_size_force(socket, bytes).is_err() {
        let _ = socket.set_recv_buffer_size(bytes);
    }
    if sockopt::set_socket_send_buffer_size_force(socket, bytes).is_err() {
        let _ = socket.set_send_buffer_size(bytes);
    }
}
