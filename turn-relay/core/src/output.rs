//! What a relay wants done, and what it is told to do.

use crate::client::{AllocationId, Client, Protocol};
use std::net::SocketAddr;
use std::time::Instant;

/// Data to send on, now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Forward<'a> {
    /// From a client to a peer.
    ToPeer {
        /// The address the relay socket is bound to.
        relayed: SocketAddr,
        /// Where to send it; the bound address where it is one of this relay's own.
        peer: SocketAddr,
        /// The datagram.
        payload: &'a [u8],
        /// Whether it must not be fragmented (RFC 8656 section 14).
        dont_fragment: bool,
    },
    /// From a peer to a client.
    ToClient {
        /// Whom to send it to.
        client: Client,
        /// What goes before it.
        header: Header,
        /// The datagram. [`Header::padding`] zero bytes follow it.
        payload: &'a [u8],
    },
}

/// What goes before a payload on its way to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// `ChannelData` (RFC 8656 section 12.4): channel number and payload length.
    Channel([u8; 4]),
    /// A Data indication up to its payload (RFC 8656 section 11.4); the first `length` bytes.
    Data {
        /// STUN header, XOR-PEER-ADDRESS and the header of DATA.
        bytes: [u8; 48],
        /// 36 where the peer's address is of IPv4, else 48.
        length: u8,
    },
}

impl Header {
    /// The bytes to send before the payload.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Channel(bytes) => bytes,
            Self::Data { bytes, length } => &bytes[..usize::from(*length)],
        }
    }

    /// How many zero bytes to send after a payload of `payload` bytes, 0 to 3: attributes are padded, `ChannelData` on
    /// streams only.
    pub fn padding(&self, protocol: Protocol, payload: usize) -> usize {
        let padded = matches!(self, Self::Data { .. }) || protocol.is_stream();
        if padded {
            payload.wrapping_neg() % 4
        } else {
            0
        }
    }
}

/// A STUN message to send to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Transmit {
    /// Whom to send it to.
    pub client: Client,
    /// The message.
    pub payload: Vec<u8>,
}

/// What the relay's owner is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Event {
    /// Bind a socket; to be answered by [`crate::Relay::handle_opened`].
    Open {
        /// For which allocation.
        allocation: AllocationId,
        /// What to bind it to.
        relayed: SocketAddr,
        /// Whether the client asked for sends that are not fragmented.
        dont_fragment: bool,
    },
    /// Close the socket.
    Close {
        /// Whose it was.
        allocation: AllocationId,
        /// What it is bound to.
        relayed: SocketAddr,
    },
    /// Close the connection of a client: its messages make no sense, or its allocation was ended.
    CloseClient {
        /// Whose.
        client: Client,
    },
    /// A drain is over: no allocation is left.
    Drained,
}

/// Why no socket could be bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenError {
    /// The port is in use: another one is tried.
    InUse,
    /// Nothing can be bound at all, as where file descriptors are short.
    Failed,
}

/// An ICMP message about something that was sent to a peer (RFC 8656 section 18.13).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Icmp {
    /// Its type.
    pub kind: u8,
    /// Its code.
    pub code: u8,
    /// Its error data: the MTU where the packet was too big.
    pub data: u32,
}

/// What an operator asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// End a user's allocations, and refuse it until every credential it may hold has expired.
    Revoke {
        /// The part of its user name after `expiry:`, or the name of a static user.
        user: String,
    },
    /// End one allocation.
    Kick {
        /// Which.
        allocation: AllocationId,
    },
    /// Take no new allocations: 300 where an alternate of the client's family is named, else 508. Those there are go on until
    /// the deadline.
    Drain {
        /// Where new clients are sent.
        alternate: Option<SocketAddr>,
        /// When what is left ends.
        deadline: Instant,
    },
}
