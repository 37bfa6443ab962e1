//! The path of a datagram.

use std::net::SocketAddr;

/// A transport protocol under ICE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// UDP. No other is announced to clients yet; ICE over TCP (RFC 6544) will be another.
    Udp,
}

/// The 5-tuple of a datagram, seen from the forwarding unit, in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flow {
    /// Protocol under ICE.
    pub protocol: Protocol,
    /// The announced address of the forwarding unit.
    pub local: SocketAddr,
    /// The client's address.
    pub remote: SocketAddr,
}

impl Flow {
    /// Returns the flow of UDP datagrams between two addresses.
    pub fn udp(local: SocketAddr, remote: SocketAddr) -> Self {
        Self {
            protocol: Protocol::Udp,
            local,
            remote,
        }
    }
}
