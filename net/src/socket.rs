//! The socket itself.

use crate::{ReceiveBuffer, SendBatch};
use quinn_udp::{Transmit, UdpSocketState};
use socket2::{Domain, Protocol, SockRef, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use tokio::io::Interest;

/// Bytes asked for in each of the kernel's socket buffers. The default (212,992) holds 7 ms of 200 streams at
/// 1 Mbit/s; bursts of many publishers must survive one scheduling delay of the shard.
pub const BUFFER_BYTES: usize = 8 * 1024 * 1024;

/// What became of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// Datagrams the kernel took.
    pub datagrams: usize,
    /// Datagrams the kernel refused (no route, too long); lost as on any network.
    pub refused: usize,
}

/// A bound UDP socket inside a tokio runtime.
#[derive(Debug)]
pub struct Socket {
    io: tokio::net::UdpSocket,
    state: UdpSocketState,
    local: SocketAddr,
}

impl Socket {
    /// Binds. An IPv6 wildcard takes IPv4 as well. To be called inside a tokio runtime.
    ///
    /// # Errors
    /// What the operating system says, such as an address in use.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = socket2::Socket::new(
            Domain::for_address(address),
            Type::DGRAM,
            Some(Protocol::UDP),
        )?;
        if address.is_ipv6() {
            socket.set_only_v6(false)?;
        }
        enlarge_buffers(&socket);
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        let io = tokio::net::UdpSocket::from_std(socket.into())?;
        let state = UdpSocketState::new((&io).into())?;
        let local = io.local_addr()?;
        Ok(Self { io, state, local })
    }

    /// The address bound to, with the port that the kernel chose.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// Bytes that the kernel really gave for receiving and for sending.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn buffer_bytes(&self) -> io::Result<(usize, usize)> {
        let socket = SockRef::from(&self.io);
        Ok((socket.recv_buffer_size()?, socket.send_buffer_size()?))
    }

    /// Waits until datagrams may be there.
    ///
    /// # Errors
    /// What the operating system says.
    pub async fn readable(&self) -> io::Result<()> {
        self.io.readable().await
    }

    /// Waits until the kernel may take datagrams again.
    ///
    /// # Errors
    /// What the operating system says.
    pub async fn writable(&self) -> io::Result<()> {
        self.io.writable().await
    }

    /// Receives what waits, up to one buffer's worth, without waiting.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] where nothing waits, else what the operating system says.
    pub fn try_receive(&self, buffer: &mut ReceiveBuffer) -> io::Result<()> {
        self.io.try_io(Interest::READABLE, || {
            buffer.fill(self.local, |slots, meta| {
                self.state.recv((&self.io).into(), slots, meta)
            })
        })
    }

    /// Sends a batch and empties it.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] where the kernel's buffer is full: what is left stays in the batch.
    pub fn try_send(&self, batch: &mut SendBatch) -> io::Result<Sent> {
        let Some((source, destination)) = batch.route() else {
            return Ok(Sent::default());
        };
        if batch.len() > 1 && self.state.max_gso_segments() >= batch.len() {
            let segment = Some(batch.segment());
            match self.send(source, destination, batch.bytes(), segment) {
                Ok(()) => return Ok(sent_whole(batch)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(error),
                Err(error) => tracing::debug!(%error, "segmented send refused, sending singly"),
            }
        }
        self.send_singly(source, destination, batch)
    }

    fn send_singly(
        &self,
        source: IpAddr,
        destination: SocketAddr,
        batch: &mut SendBatch,
    ) -> io::Result<Sent> {
        let mut sent = Sent::default();
        while !batch.is_empty() {
            let length = batch.segment().min(batch.bytes().len());
            match self.send(source, destination, &batch.bytes()[..length], None) {
                Ok(()) => sent.datagrams += 1,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(error),
                Err(error) => {
                    tracing::debug!(%error, "datagram refused");
                    sent.refused += 1;
                }
            }
            batch.drop_front(1);
        }
        Ok(sent)
    }

    fn send(
        &self,
        source: IpAddr,
        destination: SocketAddr,
        contents: &[u8],
        segment_size: Option<usize>,
    ) -> io::Result<()> {
        let transmit = Transmit {
            destination: self.reachable(destination),
            ecn: None,
            contents,
            segment_size,
            src_ip: (!source.is_unspecified()).then_some(source),
        };
        self.io.try_io(Interest::WRITABLE, || {
            self.state.try_send((&self.io).into(), &transmit)
        })
    }

    /// An IPv6 socket reaches IPv4 by mapped addresses only.
    fn reachable(&self, destination: SocketAddr) -> SocketAddr {
        match destination.ip() {
            IpAddr::V4(ip) if self.local.is_ipv6() => {
                (ip.to_ipv6_mapped(), destination.port()).into()
            }
            _ => destination,
        }
    }

    /// The source that leaves the choice to the kernel.
    pub const ANY_SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
}

fn sent_whole(batch: &mut SendBatch) -> Sent {
    let datagrams = batch.len();
    batch.clear();
    Sent {
        datagrams,
        refused: 0,
    }
}

/// Beyond the system's limit where allowed (CAP_NET_ADMIN), else up to it. Smaller buffers are no error.
fn enlarge_buffers(socket: &socket2::Socket) {
    use rustix::net::sockopt;
    if sockopt::set_socket_recv_buffer_size_force(socket, BUFFER_BYTES).is_err() {
        let _ = socket.set_recv_buffer_size(BUFFER_BYTES);
    }
    if sockopt::set_socket_send_buffer_size_force(socket, BUFFER_BYTES).is_err() {
        let _ = socket.set_send_buffer_size(BUFFER_BYTES);
    }
}
