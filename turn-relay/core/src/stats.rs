//! Counts of a relay, and its report about allocations.

use crate::client::{AllocationId, Client};
use std::net::SocketAddr;
use std::time::Instant;

/// Counts since the start, and sizes now. Packets and bytes are of payload that was forwarded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Packets from clients to peers.
    pub packets_to_peer: u64,
    /// Packets from peers to clients.
    pub packets_to_client: u64,
    /// Bytes from clients to peers.
    pub bytes_to_peer: u64,
    /// Bytes from peers to clients.
    pub bytes_to_client: u64,
    /// Packets between two allocations of this relay; each counts in both directions too.
    pub packets_hairpin: u64,
    /// Data without allocation, channel or permission, either way.
    pub dropped_permission: u64,
    /// Data to or from a peer that the policy refuses.
    pub dropped_policy: u64,
    /// Data above a user's rate or the relay's.
    pub dropped_rate: u64,
    /// Data too large for a datagram.
    pub dropped_size: u64,
    /// Messages that cannot be read.
    pub malformed: u64,
    /// Requests that were not answered, because their source address had used up its share of
    /// answers.
    pub replies_withheld: u64,
    /// Answers and indications that found their queue full.
    pub transmits_dropped: u64,
    /// Binding requests answered.
    pub bindings: u64,
    /// Requests answered 401 or 438.
    pub challenges: u64,
    /// Other error answers.
    pub errors: u64,
    /// Allocations made.
    pub allocations_made: u64,
    /// Allocations that expired, were deleted, or were ended.
    pub allocations_ended: u64,
    /// Relay sockets that could not be bound.
    pub opens_failed: u64,
    /// Revoked users forgotten early, because the table was full.
    pub revocations_forgotten: u64,
    /// Existing allocations, including those that wait for their socket.
    pub allocations: u64,
    /// Users with an allocation.
    pub users: u64,
}

/// One allocation, for a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionView<'a> {
    /// Its name.
    pub allocation: AllocationId,
    /// Its user: the platform's name for the participant, without the credential's expiry.
    pub user: &'a str,
    /// The client's 5-tuple.
    pub client: Client,
    /// The relayed addresses as announced, IPv4 first.
    pub relayed: [Option<SocketAddr>; 2],
    /// Time at which it was made.
    pub created_at: Instant,
    /// Time at which it ends without a refresh.
    pub expires_at: Instant,
    /// Addresses that may send now, or could until lately.
    pub permissions: usize,
    /// Channels that are bound now, or were until lately.
    pub channels: usize,
    /// Packets to peers.
    pub packets_to_peer: u64,
    /// Bytes to peers.
    pub bytes_to_peer: u64,
    /// Packets to the client.
    pub packets_to_client: u64,
    /// Bytes to the client.
    pub bytes_to_client: u64,
}
