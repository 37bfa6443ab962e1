//! Batched system calls on a socket. The owner does the waiting.

use crate::{ReceiveBuffer, SendBatch};
use nix::sys::socket::{setsockopt, sockopt};
use quinn_udp::{BATCH_SIZE, Transmit, UdpSocketState};
use rustix::net::SendFlags;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;

/// The result of sending a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// Datagrams the kernel took.
    pub datagrams: usize,
    /// Datagrams the kernel refused (no route, too long); lost as on any network.
    pub refused: usize,
}

/// State of a bound socket. The driver makes the socket's calls, the owner keeps the
/// socket.
#[derive(Debug)]
pub(crate) struct Driver {
    state: UdpSocketState,
    pub(crate) local: SocketAddr,
    keeps_errors: bool,
}

impl Driver {
    pub(crate) fn new(io: &impl AsFd, local: SocketAddr) -> io::Result<Self> {
        let state = UdpSocketState::new(io.into())?;
        tell_less(io, local)?;
        Ok(Self {
            state,
            local,
            keeps_errors: false,
        })
    }

    pub(crate) fn keep_errors(&mut self, io: &impl AsFd) -> io::Result<()> {
        self.state.enable_transport_errors(io.into())?;
        self.keeps_errors = true;
        Ok(())
    }

    /// Receives datagrams. Returns true if the last call left room in `slots`, which means that no
    /// more datagrams wait.
    pub(crate) fn receive(
        &self,
        io: &impl AsFd,
        buffer: &mut ReceiveBuffer,
        slots: usize,
    ) -> io::Result<bool> {
        let slots = slots.clamp(1, BATCH_SIZE);
        buffer.fill(self.local, |slices, meta| {
            self.state.recv(io.into(), &mut slices[..slots], meta)
        })?;
        Ok(buffer.filled() < slots)
    }

    pub(crate) fn send(&self, io: &impl AsFd, batch: &mut SendBatch) -> io::Result<Sent> {
        let Some((source, destination)) = batch.route() else {
            return Ok(Sent::default());
        };
        // One call sends the whole batch, if the kernel splits that many datagrams. The kernel may
        // still refuse, for example on an interface without checksum offload; then each datagram is
        // sent by itself.
        if batch.len() > 1 && self.state.max_gso_segments() >= batch.len() {
            let segment = Some(batch.segment());
            match self.send_bytes(io, source, destination, batch.bytes(), segment) {
                Ok(()) => return Ok(sent_whole(batch)),
                // The batch stays as it is, to be sent once the socket is writable.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(error),
                Err(error) => tracing::debug!(%error, "segmented send refused, sending singly"),
            }
        }
        self.send_singly(io, source, destination, batch)
    }

    fn send_singly(
        &self,
        io: &impl AsFd,
        source: IpAddr,
        destination: SocketAddr,
        batch: &mut SendBatch,
    ) -> io::Result<Sent> {
        let mut sent = Sent::default();
        while !batch.is_empty() {
            let length = batch.segment().min(batch.bytes().len());
            match self.send_bytes(io, source, destination, &batch.bytes()[..length], None) {
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

    fn send_bytes(
        &self,
        io: &impl AsFd,
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
        match self.send_once(io, &transmit) {
            // The kernel reports an error of an earlier send here, once. The datagram itself is
            // sent again.
            Err(error) if self.keeps_errors && error.kind() != io::ErrorKind::WouldBlock => {
                self.send_once(io, &transmit)
            }
            outcome => outcome,
        }
    }

    /// Sends without control messages if none is needed. The library would write one beside every
    /// datagram, and the kernel takes long to read it.
    fn send_once(&self, io: &impl AsFd, transmit: &Transmit<'_>) -> io::Result<()> {
        if transmit.segment_size.is_some() || transmit.src_ip.is_some() {
            return self.state.try_send(io.into(), transmit);
        }
        let (contents, flags) = (transmit.contents, SendFlags::empty());
        rustix::net::sendto(io, contents, flags, &transmit.destination)?;
        Ok(())
    }

    /// Maps an IPv4 destination, because an IPv6 socket reaches IPv4 by mapped addresses only.
    fn reachable(&self, destination: SocketAddr) -> SocketAddr {
        match destination.ip() {
            IpAddr::V4(ip) if self.local.is_ipv6() => {
                (ip.to_ipv6_mapped(), destination.port()).into()
            }
            _ => destination,
        }
    }
}

fn sent_whole(batch: &mut SendBatch) -> Sent {
    let datagrams = batch.len();
    batch.clear();
    Sent {
        datagrams,
        refused: 0,
    }
}

/// Turns off the data that the kernel would write beside each datagram and that nothing here reads:
/// time, class of service and, if there is only one, the local address.
fn tell_less(io: &impl AsFd, local: SocketAddr) -> io::Result<()> {
    setsockopt(io, sockopt::ReceiveTimestampns, &false)?;
    if local.is_ipv4() {
        rustix::net::sockopt::set_ip_recvtos(io, false)?;
    } else {
        rustix::net::sockopt::set_ipv6_recvtclass(io, false)?;
    }
    if local.is_ipv4() && !local.ip().is_unspecified() {
        setsockopt(io, sockopt::Ipv4PacketInfo, &false)?;
    }
    Ok(())
}
