//! What a relay is started with, and why it may not start.

use fmz_net::{Relayed, handoff};
use std::net::SocketAddr;
use std::sync::Arc;

/// Settings of a relay's sockets, and of what runs on them.
#[derive(Debug)]
pub struct Config {
    /// Address for clients, UDP and TCP; port 0 lets the system choose. None: streams that others accept are all there is.
    pub listen: Option<SocketAddr>,
    /// The relay itself. `shards` is how many threads it gets; `shard` is not used.
    pub relay: fmz_turn_core::Config,
    /// A peer in this process.
    pub neighbour: Option<Neighbour>,
}

/// A peer in the same process, which is reached without a socket.
#[derive(Debug)]
pub struct Neighbour {
    /// Its addresses, as peers know them.
    pub addresses: Vec<SocketAddr>,
    /// One end for each shard, in the shards' order.
    pub ends: Vec<handoff::End>,
    /// Tells the peer which addresses are to be reached through the ends.
    pub relayed: Arc<Relayed>,
}

/// Why the relay did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address for clients cannot be bound.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// There is not one end of the hand-off for each shard.
    #[error("{ends} ends of the hand-off for {shards} shards")]
    Ends {
        /// Ends given.
        ends: usize,
        /// Shards asked for.
        shards: usize,
    },
    /// A thread or what it waits with cannot be made.
    #[error("cannot start a relay thread: {0}")]
    Thread(std::io::Error),
    /// The metrics are registered already, by another relay.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
}
