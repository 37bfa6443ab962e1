//! A UDP socket of one peer, with what the benchmarks need of the kernel: joined receives, and the
//! kernel's own time of arrival, which no scheduling of this process can delay.

use anyhow::{Context, Result};
use quinn_udp::{RecvMeta, UdpSocketState};
use std::cell::RefCell;
use std::io::{ErrorKind, IoSliceMut};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// Bytes asked for in the kernel's receive buffer: a second of a 25 Mbit/s stream, so that a pause
/// of this process does not count as loss in the server.
const RECEIVE_BUFFER_BYTES: usize = 4 * 1024 * 1024;
/// Bytes that the kernel may join into one slot.
const SLOT_BYTES: usize = 65_536;
/// Slots of one receive. At 12 packets a batch, 8 slots hold a whole 4K frame.
const SLOTS: usize = 8;

thread_local! {
    /// One buffer for all sockets of a thread, which therefore stays in the processor's cache.
    static SLOTS_MEMORY: RefCell<Vec<u8>> = RefCell::new(vec![0; SLOT_BYTES * SLOTS]);
}

/// One received UDP payload.
#[derive(Debug)]
pub(crate) struct Datagram<'a> {
    pub(crate) source: SocketAddr,
    /// Time of arrival by the kernel, since 1970; zero if the kernel gave none.
    pub(crate) arrived: Duration,
    pub(crate) payload: &'a [u8],
}

/// A bound socket inside a tokio runtime.
#[derive(Debug)]
pub(crate) struct Socket {
    io: UdpSocket,
    state: UdpSocketState,
    local: SocketAddr,
}

impl Socket {
    /// Binds to a free port of `address`'s IP.
    pub(crate) fn bind(address: SocketAddr) -> Result<Self> {
        let socket = std::net::UdpSocket::bind(address).context("bind a UDP socket")?;
        socket2::SockRef::from(&socket)
            .set_recv_buffer_size(RECEIVE_BUFFER_BYTES)
            .context("raise the buffer")?;
        socket.set_nonblocking(true)?;
        let io = UdpSocket::from_std(socket).context("register a UDP socket")?;
        let state = UdpSocketState::new((&io).into()).context("set up a UDP socket")?;
        let local = io.local_addr()?;
        Ok(Self { io, state, local })
    }

    pub(crate) fn local(&self) -> SocketAddr {
        self.local
    }

    pub(crate) async fn readable(&self) -> std::io::Result<()> {
        self.io.readable().await
    }

    /// Hands all waiting datagrams to `take`, up to one batch.
    pub(crate) fn receive(&self, mut take: impl FnMut(Datagram<'_>) -> Result<()>) -> Result<()> {
        SLOTS_MEMORY.with_borrow_mut(|memory| {
            let mut meta = [RecvMeta::default(); SLOTS];
            let filled = match self.fill(memory, &mut meta) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
                // A server that was killed answers with ICMP. The end of the session shows on its
                // WebSocket.
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => 0,
                filled => filled.context("receive")?,
            };
            let slots = memory.chunks(SLOT_BYTES).zip(&meta).take(filled);
            slots
                .flat_map(|(slot, meta)| split(slot, meta))
                .try_for_each(&mut take)
        })
    }

    fn fill(&self, memory: &mut [u8], meta: &mut [RecvMeta]) -> std::io::Result<usize> {
        let mut slots = memory.chunks_mut(SLOT_BYTES);
        let mut slices: [IoSliceMut<'_>; SLOTS] = std::array::from_fn(|_| {
            IoSliceMut::new(slots.next().expect("one slot was allocated for each"))
        });
        self.io.try_io(Interest::READABLE, || {
            self.state.recv((&self.io).into(), &mut slices, meta)
        })
    }

    /// Sends one datagram. If the kernel does not take it, it is lost, as on any network.
    pub(crate) fn send(&self, destination: SocketAddr, payload: &[u8]) {
        if let Err(error) = self.io.try_send_to(payload, destination) {
            tracing::debug!(%error, "datagram not sent");
        }
    }
}

fn split<'a>(slot: &'a [u8], meta: &RecvMeta) -> impl Iterator<Item = Datagram<'a>> {
    let (source, arrived) = (meta.addr, meta.timestamp.unwrap_or_default());
    let payloads = slot[..meta.len].chunks(meta.stride.max(1));
    payloads.map(move |payload| Datagram {
        source,
        arrived,
        payload,
    })
}
