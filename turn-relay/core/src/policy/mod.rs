//! The peers that clients may reach.

mod deny;
mod filter;
mod net;

pub(crate) use filter::PeerFilter;
pub use net::IpNet;

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

/// Peers with which an allocation may be used. The relay checks the policy at CreatePermission,
/// ChannelBind and Send, and for every packet of a peer that has no channel; a reload checks
/// existing permissions and channels. This relay's own relayed addresses, within its ports, are
/// allowed in every mode, so that two clients can meet here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// Peers that are allowed besides `platform`.
    pub mode: PolicyMode,
    /// The platform's own peers: candidates of its forwarding units, sibling relays. They are
    /// allowed in every mode, even if the address is private or `own`.
    pub platform: Vec<PeerRule>,
    /// The peers that [`PolicyMode::List`] allows, even if the address is private or `own`.
    pub peers: Vec<PeerRule>,
    /// Addresses of this host and of the services behind it (databases, admin). They are refused
    /// unless a rule names them.
    pub own: Vec<IpAddr>,
}

/// Peers that are allowed besides the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PolicyMode {
    /// Nothing else.
    #[default]
    Platform,
    /// Every global unicast address that is not `own`, ports from 1024 on.
    Public,
    /// The peers in `peers`.
    List,
}

/// Addresses and ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerRule {
    /// The addresses.
    pub net: IpNet,
    /// The ports.
    pub ports: RangeInclusive<u16>,
}

impl From<SocketAddr> for PeerRule {
    /// Allows this address and port only.
    fn from(address: SocketAddr) -> Self {
        Self {
            net: IpNet::from(address.ip()),
            ports: address.port()..=address.port(),
        }
    }
}

impl From<IpNet> for PeerRule {
    /// Allows every port.
    fn from(net: IpNet) -> Self {
        Self {
            net,
            ports: 0..=u16::MAX,
        }
    }
}
