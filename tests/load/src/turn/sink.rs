//! The peer to which the relays send: one socket for all clients, with the kernel's own time of
//! arrival.

use anyhow::{Context, Result};
use nix::sys::socket::{setsockopt, sockopt};
use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSocketState};
use std::io::{ErrorKind, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

/// Bytes asked for in the kernel's receive buffer, so that a pause of the load does not count as
/// loss in the relay.
const RECEIVE_BUFFER_BYTES: usize = 16 * 1024 * 1024;
/// Address of the sink. It differs from the relays' own, because there any port may be one that a
/// relay uses.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Bytes that the kernel may join into one slot.
const SLOT_BYTES: usize = 65_536;

/// The receiving end.
#[derive(Debug)]
pub(super) struct Sink {
    socket: UdpSocket,
    state: UdpSocketState,
    memory: Vec<u8>,
    pub(super) address: SocketAddr,
}

impl Sink {
    /// Opens the sink. If `joined`, the kernel hands over datagrams that were sent together in one
    /// piece, as for the forwarding unit's socket.
    pub(super) fn open(joined: bool) -> Result<Self> {
        let socket = UdpSocket::bind((ADDRESS, 0)).context("bind the sink")?;
        socket2::SockRef::from(&socket)
            .set_recv_buffer_size(RECEIVE_BUFFER_BYTES)
            .context("raise the buffer")?;
        let state = UdpSocketState::new((&socket).into()).context("set up the sink")?;
        setsockopt(&socket, sockopt::UdpGroSegment, &joined).context("join datagrams")?;
        Ok(Self {
            address: socket.local_addr()?,
            memory: vec![0; SLOT_BYTES * BATCH_SIZE],
            socket,
            state,
        })
    }

    /// Hands all waiting datagrams to `take`, each with its time of arrival since 1970, up to one
    /// batch.
    pub(super) fn receive(&mut self, mut take: impl FnMut(Duration, &[u8])) -> Result<()> {
        let mut meta = [RecvMeta::default(); BATCH_SIZE];
        let mut slots = self.memory.chunks_mut(SLOT_BYTES);
        let mut slices: [IoSliceMut<'_>; BATCH_SIZE] = std::array::from_fn(|_| {
            IoSliceMut::new(slots.next().expect("one slot was made for each"))
        });
        let filled = match self
            .state
            .recv((&self.socket).into(), &mut slices, &mut meta)
        {
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            filled => filled.context("receive")?,
        };
        for (slot, meta) in slices.iter().zip(&meta).take(filled) {
            let arrived = meta.timestamp.unwrap_or_default();
            let joined = slot[..meta.len].chunks(meta.stride.max(1));
            joined.for_each(|datagram| take(arrived, datagram));
        }
        Ok(())
    }
}
