//! Requests of a relay to its owner, and commands to the relay.

use crate::client::{AllocationId, Client, Protocol};
use std::net::SocketAddr;
use std::time::Instant;

/// Data to forward at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Forward<'a> {
    /// From a client to a peer.
    ToPeer {
        /// The address the relay socket is bound to.
        relayed: SocketAddr,
        /// Its destination; the bound address if it is one of this relay's own.
        peer: SocketAddr,
        /// The datagram.
        payload: &'a [u8],
        /// True if it must not be fragmented (RFC 8656 section 14).
        dont_fragment: bool,
    },
    /// From a peer to a client.
    ToClient {
        /// The client to send it to.
        client: Client,
        /// The bytes before it.
        header: Header,
        /// The datagram. [`Header::padding`] zero bytes follow it.
        payload: &'a [u8],
    },
}

/// The bytes before a payload on its way to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// `ChannelData` (RFC 8656 section 12.4): channel number and payload length.
    Channel([u8; 4]),
    /// A Data indication up to its payload (RFC 8656 section 11.4): the first `length` bytes.
    Data {
        /// STUN header, XOR-PEER-ADDRESS and the header of DATA.
        bytes: [u8; 48],
        /// 36 if the peer's address is IPv4, else 48.
        length: u8,
    },
}

impl Header {
    /// Returns the bytes to send before the payload.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Channel(bytes) => bytes,
            Self::Data { bytes, length } => &bytes[..usize::from(*length)],
        }
    }

    /// Returns the number of zero bytes to send after a payload of `payload` bytes, 0 to 3:
    /// attributes are always padded, `ChannelData` only on streams.
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
    /// The client to send it to.
    pub client: Client,
    /// The message.
    pub payload: Vec<u8>,
    /// The kind of answer that the message is, if its owner has to know.
    pub answer: Option<Answer>,
}

/// A kind of answer. The relay's owner counts refusals, and keeps the connection of a client that
/// has an allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A success response to Allocate.
    Allocated,
    /// An error response, with its code.
    Refused(u16),
}

/// A request to the relay's owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Event {
    /// Bind a socket. [`crate::Relay::handle_opened`] takes the answer.
    Open {
        /// The allocation that it is for.
        allocation: AllocationId,
        /// The address to bind it to.
        relayed: SocketAddr,
        /// True if the client asked for sends that are not fragmented.
        dont_fragment: bool,
    },
    /// Close the socket.
    Close {
        /// The allocation that it belonged to.
        allocation: AllocationId,
        /// The address that it is bound to.
        relayed: SocketAddr,
    },
    /// Close the connection of a client: its messages make no sense, or its allocation was ended.
    CloseClient {
        /// The client.
        client: Client,
    },
    /// A drain is over: no allocation is left.
    Drained,
}

/// The reason why no socket could be bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenError {
    /// The port is in use; the relay tries another one.
    InUse,
    /// Nothing can be bound at all, for example because file descriptors have run out.
    Failed,
}

/// An ICMP message about something that was sent to a peer (RFC 8656 section 18.13).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Icmp {
    /// Its type.
    pub kind: u8,
    /// Its code.
    pub code: u8,
    /// Its error data: the MTU if the packet was too big.
    pub data: u32,
}

/// A command of an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// End a user's allocations, and refuse it until every credential it may hold has expired.
    Revoke {
        /// The part of its user name after `expiry:`, or the name of a static user.
        user: String,
    },
    /// End one allocation.
    Kick {
        /// The allocation.
        allocation: AllocationId,
    },
    /// Take no new allocations: answer 300 if an alternate of the client's family is named, else
    /// 508. Existing ones go on until the deadline.
    Drain {
        /// The server that new clients are sent to.
        alternate: Option<SocketAddr>,
        /// Time at which the remaining allocations end.
        deadline: Instant,
    },
}
