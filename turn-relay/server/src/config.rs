//! Settings with which a relay is started, and reasons for which it may not start.

use fmz_net::{Relayed, front, handoff};
use std::net::SocketAddr;
use std::sync::Arc;

/// Settings of a relay's sockets, and of the relay on them.
#[derive(Debug)]
pub struct Config {
    /// Address for clients, UDP and TCP; port 0 lets the system choose. Without it, clients come
    /// only by streams that others accept.
    pub listen: Option<SocketAddr>,
    /// Further addresses for clients, TCP.
    pub listen_streams: Vec<SocketAddr>,
    /// Settings for taking connections. With a certificate, TLS is served on every address beside
    /// plain TCP.
    pub front: front::Settings,
    /// Settings of the core. `shards` is the number of threads; `shard` is not used.
    pub relay: fmz_turn_core::Config,
    /// A peer in this process.
    pub neighbour: Option<Neighbour>,
}

/// A peer in the same process, reached without a socket.
#[derive(Debug)]
pub struct Neighbour {
    /// Its addresses, as peers know them.
    pub addresses: Vec<SocketAddr>,
    /// One end for each shard, in the shards' order.
    pub ends: Vec<handoff::End>,
    /// Tells the peer which addresses are reached through the ends.
    pub relayed: Arc<Relayed>,
}

/// The reason why the relay did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address for clients cannot be bound.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// The system's error.
        source: std::io::Error,
    },
    /// The number of ends of the hand-off is not the number of shards.
    #[error("{ends} ends of the hand-off for {shards} shards")]
    Ends {
        /// Ends given.
        ends: usize,
        /// Shards asked for.
        shards: usize,
    },
    /// A thread, or its selector, cannot be made.
    #[error("cannot start a relay thread: {0}")]
    Thread(std::io::Error),
    /// The metrics are registered already, by another relay.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
}
