//! The packets that one turn forwards to one endpoint.

use crate::transport::Packet;
use std::time::Instant;

/// Sum of the packets written to a transport before one drain sends them.
#[derive(Debug, Default)]
pub(crate) struct Burst {
    pub(crate) packets: u64,
    /// Bytes of the payloads.
    pub(crate) bytes: usize,
    /// Arrival of the oldest of the packets.
    pub(crate) oldest: Option<Instant>,
    /// Time at which the next burst may leave, if pictures still wait.
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
