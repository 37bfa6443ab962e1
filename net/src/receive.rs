//! Memory for one batch of received datagrams.

use quinn_udp::{BATCH_SIZE, RecvMeta};
use std::io::IoSliceMut;
use std::net::SocketAddr;

/// Bytes that the kernel may join into one buffer (UDP's longest payload), and seventeen cache
/// lines. If the buffers began at multiples of a power of two, their beginnings would share a few
/// lines of the processor's caches.
/// processor's caches.
const SLOT_BYTES: usize = 65_536 + 17 * 64;

/// One received UDP datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Datagram<'a> {
    /// Address that it came from.
    pub source: SocketAddr,
    /// Local address that it was sent to, also if the socket is bound to all of them.
    pub local: SocketAddr,
    /// Its payload.
    pub payload: &'a [u8],
}

/// Memory for one batch; reused for every call.
#[derive(Debug)]
pub struct ReceiveBuffer {
    bytes: Box<[u8]>,
    meta: [RecvMeta; BATCH_SIZE],
    filled: usize,
    bound: SocketAddr,
}

impl ReceiveBuffer {
    /// Allocates the memory: 65 KiB a buffer, 32 buffers on Linux.
    pub fn new() -> Self {
        Self {
            bytes: vec![0; SLOT_BYTES * BATCH_SIZE].into_boxed_slice(),
            meta: [RecvMeta::default(); BATCH_SIZE],
            filled: 0,
            bound: SocketAddr::from(([0, 0, 0, 0], 0)),
        }
    }

    /// Returns the datagrams of the last receive, in order of arrival.
    pub fn datagrams(&self) -> impl Iterator<Item = Datagram<'_>> {
        let slots = self.bytes.chunks(SLOT_BYTES).zip(&self.meta);
        slots
            .take(self.filled)
            .flat_map(|(slot, meta)| self.split(slot, meta))
    }

    fn split<'a>(&self, slot: &'a [u8], meta: &RecvMeta) -> impl Iterator<Item = Datagram<'a>> {
        // The kernel tells the local address only if the socket is bound to all of them.
        let ip = meta.dst_ip.unwrap_or(self.bound.ip()).to_canonical();
        let local = SocketAddr::new(ip, self.bound.port());
        let source = SocketAddr::new(meta.addr.ip().to_canonical(), meta.addr.port());
        // The kernel may have joined several datagrams, all but the last `stride` bytes long.
        let payloads = slot[..meta.len.min(slot.len())].chunks(meta.stride.max(1));
        payloads.map(move |payload| Datagram {
            source,
            local,
            payload,
        })
    }

    pub(crate) fn filled(&self) -> usize {
        self.filled
    }

    /// Calls `receive` to fill the buffers; `receive` returns the number of buffers that it filled.
    pub(crate) fn fill(
        &mut self,
        bound: SocketAddr,
        receive: impl FnOnce(&mut [IoSliceMut<'_>], &mut [RecvMeta]) -> std::io::Result<usize>,
    ) -> std::io::Result<()> {
        self.bound = bound;
        self.filled = 0;
        let mut slots = self.bytes.chunks_mut(SLOT_BYTES);
        let mut slices: [IoSliceMut<'_>; BATCH_SIZE] = std::array::from_fn(|_| {
            IoSliceMut::new(slots.next().expect("one slot was allocated for each"))
        });
        self.filled = receive(&mut slices, &mut self.meta)?;
        Ok(())
    }
}

impl Default for ReceiveBuffer {
    fn default() -> Self {
        Self::new()
    }
}
