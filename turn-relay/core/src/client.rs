//! Names of clients and of allocations.

use std::hash::{Hash, Hasher};
use std::net::{IpAddr, SocketAddr};

/// The transport between a client and the relay. The relayed transport is always UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// One message a datagram.
    Udp,
    /// Messages one after another, `ChannelData` padded to 4 bytes.
    Tcp,
    /// The same within TLS.
    Tls,
}

impl Protocol {
    /// Returns whether messages come on a connection, which proves the client's address.
    pub fn is_stream(self) -> bool {
        self != Self::Udp
    }
}

/// The 5-tuple of a client (RFC 8656 section 2.2). IPv4 addresses are given as such, not in their
/// mapped form, and no address has a scope or a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// Its transport to the relay.
    pub protocol: Protocol,
    /// Its transport address as the relay sees it.
    pub address: SocketAddr,
    /// The relay's transport address that it sends to.
    pub local: SocketAddr,
}

impl Client {
    /// Returns protocol and both addresses as bytes, and the number of bytes that are used.
    pub(crate) fn to_bytes(self) -> ([u8; 37], usize) {
        let mut bytes = [0; 37];
        bytes[0] = self.protocol as u8;
        let mut end = 1;
        for address in [self.address, self.local] {
            end = write_address(&mut bytes, end, address);
        }
        (bytes, end)
    }
}

impl Hash for Client {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (bytes, end) = self.to_bytes();
        state.write(&bytes[..end]);
    }
}

/// Writes IP address and port at `start`; returns the end.
fn write_address(bytes: &mut [u8], start: usize, address: SocketAddr) -> usize {
    let ip_end = match address.ip() {
        IpAddr::V4(ip) => {
            bytes[start..start + 4].copy_from_slice(&ip.octets());
            start + 4
        }
        IpAddr::V6(ip) => {
            bytes[start..start + 16].copy_from_slice(&ip.octets());
            start + 16
        }
    };
    bytes[ip_end..ip_end + 2].copy_from_slice(&address.port().to_be_bytes());
    ip_end + 2
}

/// Names an allocation for as long as the relay runs. A slot that is used again has another epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AllocationId {
    /// Position, dense from 0.
    pub slot: u32,
    /// Number of times that the position was used before.
    pub epoch: u32,
}
