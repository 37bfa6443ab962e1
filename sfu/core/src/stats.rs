//! The counts of the forwarding unit.

/// Counts since the start, and sizes now. Packets are RTP packets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Packets received from publishers.
    pub packets_in: u64,
    /// Packets written to subscribers, without retransmissions.
    pub packets_out: u64,
    /// Packets of publishers that are missing: gaps in their sequence that nothing has filled.
    pub packets_lost: u64,
    /// Datagram bytes taken.
    pub bytes_in: u64,
    /// Datagram bytes made.
    pub bytes_out: u64,
    /// Datagrams that no transport took.
    pub datagrams_refused: u64,
    /// Negative acknowledgements received and sent.
    pub nacks: u64,
    /// Keyframe requests received from subscribers.
    pub plis_in: u64,
    /// Keyframe requests sent to publishers.
    pub plis_out: u64,
    /// Queues that ran over: channels dropped, subscribers sent to the next keyframe.
    pub queue_drops: u64,
    /// Messages of the rooms' owner that were meant for a former forwarding unit.
    pub messages_late: u64,
    /// Transports ended by a fault of the library below.
    pub panics: u64,
    /// Open transports.
    pub transports: u64,
    /// Rooms with a transport.
    pub rooms: u64,
    /// Publications that have started.
    pub publications: u64,
}
