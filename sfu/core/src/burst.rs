//! The packets that one turn forwards to one endpoint.

use crate::transport::Packet;
use std::time::Instant;

/// What was written to a transport, before one drain sends it.
#[derive(Debug, Default)]
pub(crate) struct Burst {
    pub(crate) packets: u64,
    /// Bytes of the payloads.
    pub(crate) bytes: usize,
    /// When the oldest of the packets came.
    pub(crate) oldest: Option<Instant>,
    /// When the next burst may leave, if pictures still wait.
    pub(crate) next_at: Option<Instant>,
}

impl Burst {
    pub(crate) fn note(&mut self, packet: &Packet) {
        self.packets += 1;
        self.bytes += packet.payload.len();
        let came = packet.received_at;
        self.oldest = Some(self.oldest.map_or(came, |oldest| oldest.min(came)));
    }
}
