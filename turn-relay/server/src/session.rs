//! One allocation, as operators see it.

use fmz_turn_core::{AllocationId, Protocol, SessionView};
use serde::Serialize;
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Instant;

/// Names an allocation for as long as the process runs; written `shard-slot-epoch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionId {
    /// The shard that holds it.
    pub shard: u16,
    /// The allocation in that shard.
    pub allocation: AllocationId,
}

impl fmt::Display for SessionId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AllocationId { slot, epoch } = self.allocation;
        write!(out, "{}-{slot}-{epoch}", self.shard)
    }
}

impl FromStr for SessionId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(3, '-');
        let mut part = || parts.next()?.parse::<u32>().ok();
        let shard = part().and_then(|shard| shard.try_into().ok()).ok_or(())?;
        let (slot, epoch) = (part().ok_or(())?, part().ok_or(())?);
        let allocation = AllocationId { slot, epoch };
        Ok(Self { shard, allocation })
    }
}

/// One allocation in a list for operators.
#[derive(Debug, Clone, Serialize)]
pub struct Session {
    /// A [`SessionId`] as text.
    pub id: String,
    /// The platform's name for the participant.
    pub user: String,
    /// `udp`, `tcp` or `tls`.
    pub protocol: &'static str,
    /// The client's address.
    pub client: SocketAddr,
    /// The relay's address that the client uses.
    pub local: SocketAddr,
    /// The relayed addresses, as peers know them.
    pub relayed: Vec<SocketAddr>,
    /// Seconds since it was made.
    pub age_s: u64,
    /// Seconds until it ends without a refresh.
    pub expires_in_s: u64,
    /// Peers that are permitted.
    pub permissions: usize,
    /// Channels that are bound.
    pub channels: usize,
    /// Packets from the client to peers.
    pub packets_to_peer: u64,
    /// Their payload, bytes.
    pub bytes_to_peer: u64,
    /// Packets from peers to the client.
    pub packets_to_client: u64,
    /// Their payload, bytes.
    pub bytes_to_client: u64,
}

impl Session {
    pub(crate) fn new(shard: u16, view: &SessionView<'_>, now: Instant) -> Self {
        let allocation = view.allocation;
        Self {
            id: SessionId { shard, allocation }.to_string(),
            user: view.user.to_owned(),
            protocol: name(view.client.protocol),
            client: view.client.address,
            local: view.client.local,
            relayed: view.relayed.iter().flatten().copied().collect(),
            age_s: now.saturating_duration_since(view.created_at).as_secs(),
            expires_in_s: view.expires_at.saturating_duration_since(now).as_secs(),
            permissions: view.permissions,
            channels: view.channels,
            packets_to_peer: view.packets_to_peer,
            bytes_to_peer: view.bytes_to_peer,
            packets_to_client: view.packets_to_client,
            bytes_to_client: view.bytes_to_client,
        }
    }
}

fn name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Udp => "udp",
        Protocol::Tcp => "tcp",
        Protocol::Tls => "tls",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turn_ops1_a_sessions_name_reads_as_it_is_written() {
        let allocation = AllocationId {
            slot: 7,
            epoch: 900,
        };
        let id = SessionId {
            shard: 3,
            allocation,
        };
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in ["", "1-2", "1-2-x", "70000-1-1", "1-2-3-4"] {
            assert_eq!(bad.parse::<SessionId>(), Err(()), "{bad}");
        }
    }
}
