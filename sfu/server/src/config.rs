//! The settings of a forwarding unit, and why it does not start with them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The address that media is received on, and those announced to clients.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address of the UDP socket; port 0 lets the system choose.
    pub media_listen: SocketAddr,
    /// Addresses announced to clients. Empty: the machine's own, or the one listened on.
    pub announced: Vec<IpAddr>,
    /// Addresses announced besides: those of translators that forward the same port to this
    /// machine.
    pub public_addresses: Vec<IpAddr>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            media_listen: (Ipv4Addr::UNSPECIFIED, 0).into(),
            announced: Vec::new(),
            public_addresses: Vec::new(),
        }
    }
}

/// The reason that the forwarding unit did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The media address cannot be bound.
    #[error("cannot listen for media on {address}: {source}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// Reason from the system.
        source: std::io::Error,
    },
    /// The machine's addresses cannot be listed.
    #[error("cannot list this machine's addresses: {0}")]
    Addresses(std::io::Error),
    /// The thread or its runtime cannot be made.
    #[error("cannot start the media thread: {0}")]
    Thread(std::io::Error),
    /// The metrics are registered already, by another forwarding unit.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
}
