//! The sockets of the allocations: one for each relayed address.

use fmz_net::{Options, PathError, RawSocket, ReceiveBuffer, SendBatch};
use fmz_turn_core::{AllocationId, OpenError};
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use slab::Slab;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;

/// Bytes asked for in each kernel buffer of one allocation: a keyframe of a 4K stream, as the
/// kernel counts it.
const BUFFER_BYTES: usize = 1024 * 1024;
/// Datagrams, or joined runs of them, taken from one socket at once: its share of a round.
const RECEIVE_SLOTS: usize = 8;
/// Sends that wait for more datagrams of the same kind: a burst of as many clients. One more run
/// sends all of them.
const RUNS_MAX: usize = 64;
/// Ports of one address family.
const PORTS: usize = 1 << 16;
/// No socket.
const NONE: u32 = u32::MAX;

/// One relayed address.
struct Relayed {
    socket: RawSocket,
    allocation: AllocationId,
    address: SocketAddr,
    dont_fragment: bool,
    /// Run of datagrams collected for it, as an index among the runs.
    run: Option<usize>,
    /// True if it is among those that may have something to read.
    ready: bool,
}

/// Datagrams for one peer of one allocation.
struct Run {
    slot: usize,
    batch: SendBatch,
}

/// All relayed addresses of a shard.
pub(crate) struct Sockets {
    sockets: Slab<Relayed>,
    by_port: [Box<[u32]>; 2],
    runs: Vec<Run>,
    spare: Vec<SendBatch>,
    registry: Registry,
    /// Datagrams that the kernel did not take.
    pub(crate) unsent: usize,
}

/// The result of a read.
pub(crate) enum Read {
    /// The buffer holds datagrams for this relayed address.
    Datagrams(SocketAddr),
    /// The network reports this error about the allocation's sends.
    Error(AllocationId, PathError),
    Nothing,
}

impl Sockets {
    pub(crate) fn new(registry: Registry) -> Self {
        let none = || vec![NONE; PORTS].into_boxed_slice();
        Self {
            sockets: Slab::new(),
            by_port: [none(), none()],
            runs: Vec::new(),
            spare: Vec::new(),
            registry,
            unsent: 0,
        }
    }

    /// Binds a socket. Its readiness comes under the token of its slot.
    pub(crate) fn open(
        &mut self,
        allocation: AllocationId,
        address: SocketAddr,
    ) -> Result<(), OpenError> {
        self.bind(allocation, address).map_err(|error| {
            if error.kind() == ErrorKind::AddrInUse {
                return OpenError::InUse;
            }
            tracing::warn!(%address, %error, "no socket for an allocation");
            OpenError::Failed
        })
    }

    fn bind(&mut self, allocation: AllocationId, address: SocketAddr) -> io::Result<()> {
        let options = Options {
            shared_port: false,
            buffer_bytes: BUFFER_BYTES,
            keep_errors: true,
        };
        let socket = RawSocket::bind(address, options)?;
        socket.set_dont_fragment(false)?;
        let entry = self.sockets.vacant_entry();
        let slot = entry.key();
        let fd = socket.as_raw_fd();
        self.registry
            .register(&mut SourceFd(&fd), Token(slot), Interest::READABLE)?;
        entry.insert(Relayed {
            socket,
            allocation,
            address,
            dont_fragment: false,
            run: None,
            ready: false,
        });
        *port(&mut self.by_port, address) = u32::try_from(slot).unwrap_or(NONE);
        Ok(())
    }

    /// Closes the socket, after the datagrams collected for it are sent.
    pub(crate) fn close(&mut self, address: SocketAddr) {
        self.flush();
        let slot = std::mem::replace(port(&mut self.by_port, address), NONE);
        if let Some(closed) = self.sockets.try_remove(slot as usize) {
            let fd = closed.socket.as_raw_fd();
            let _ = self.registry.deregister(&mut SourceFd(&fd));
        }
    }

    /// Notes that a socket may have something to read. Returns false if that is known already, or
    /// if the socket is closed.
    pub(crate) fn wake(&mut self, slot: usize) -> bool {
        let woken = self.sockets.get_mut(slot).filter(|relayed| !relayed.ready);
        woken.map(|relayed| relayed.ready = true).is_some()
    }

    /// Reads one batch of the datagrams that wait at a socket. The flag is true if more may wait.
    pub(crate) fn read(&mut self, slot: usize, buffer: &mut ReceiveBuffer) -> (Read, bool) {
        let Some(relayed) = self.sockets.get_mut(slot) else {
            return (Read::Nothing, false);
        };
        let (read, more) = match relayed.socket.try_receive_some(buffer, RECEIVE_SLOTS) {
            Ok(drained) => (Read::Datagrams(relayed.address), !drained),
            Err(error) if error.kind() == ErrorKind::WouldBlock => (relayed.error(), false),
            // An earlier send failed; its error is in the queue of errors.
            Err(_) => (relayed.error(), true),
        };
        let more = more || matches!(read, Read::Error(..));
        relayed.ready = more;
        (read, more)
    }

    /// Collects a datagram for a peer.
    pub(crate) fn push(
        &mut self,
        from: SocketAddr,
        peer: SocketAddr,
        payload: &[u8],
        dont_fragment: bool,
    ) {
        let slot = *port(&mut self.by_port, from) as usize;
        let Some(relayed) = self.sockets.get_mut(slot) else {
            return;
        };
        if relayed.dont_fragment != dont_fragment {
            self.set_dont_fragment(slot, dont_fragment);
        }
        let run = self.run(slot);
        if !self.runs[run]
            .batch
            .push(RawSocket::ANY_SOURCE, peer, payload)
        {
            self.send(run);
            // An empty batch takes any datagram.
            let _ = self.runs[run]
                .batch
                .push(RawSocket::ANY_SOURCE, peer, payload);
        }
    }

    fn set_dont_fragment(&mut self, slot: usize, on: bool) {
        if let Some(run) = self.sockets[slot].run {
            self.send(run);
        }
        let relayed = &mut self.sockets[slot];
        match relayed.socket.set_dont_fragment(on) {
            Ok(()) => relayed.dont_fragment = on,
            Err(error) => tracing::debug!(%error, "fragmentation cannot be set"),
        }
    }

    /// Returns the run of a socket, and starts one if there is none.
    fn run(&mut self, slot: usize) -> usize {
        if let Some(run) = self.sockets[slot].run {
            return run;
        }
        if self.runs.len() == RUNS_MAX {
            self.flush();
        }
        let batch = self.spare.pop().unwrap_or_default();
        self.runs.push(Run { slot, batch });
        let run = self.runs.len() - 1;
        self.sockets[slot].run = Some(run);
        run
    }

    /// Sends all datagrams that are collected.
    pub(crate) fn flush(&mut self) {
        for run in 0..self.runs.len() {
            self.send(run);
        }
        for run in self.runs.drain(..) {
            self.sockets[run.slot].run = None;
            self.spare.push(run.batch);
        }
    }

    /// Sends one run. Datagrams that the kernel does not take are lost, as on any full link.
    fn send(&mut self, run: usize) {
        let Run { slot, batch } = &mut self.runs[run];
        match self.sockets[*slot].socket.try_send(batch) {
            Ok(sent) => self.unsent += sent.refused,
            Err(_) => {
                self.unsent += batch.len();
                batch.clear();
            }
        }
    }
}

impl Relayed {
    fn error(&self) -> Read {
        match self.socket.take_error() {
            Ok(Some(error)) => Read::Error(self.allocation, error),
            _ => Read::Nothing,
        }
    }
}

/// Returns the slot of an address's port.
fn port(by_port: &mut [Box<[u32]>; 2], address: SocketAddr) -> &mut u32 {
    &mut by_port[usize::from(address.is_ipv6())][usize::from(address.port())]
}
