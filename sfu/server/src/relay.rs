//! The way to a relay in this process: datagrams for its relayed addresses go there without a socket.

use crate::metrics::Metrics;
use fmz_net::{Datagram, Relayed, handoff};
use fmz_sfu_core::Transmit;
use std::sync::Arc;
use tokio::sync::Notify;

/// What leads to a relay in this process.
#[derive(Debug)]
pub struct RelayLink {
    /// One end for each of its shards, in the shards' order.
    pub ends: Vec<handoff::End>,
    /// Which addresses are its allocations', and whose.
    pub relayed: Arc<Relayed>,
}

/// The same at work; without a link it takes and brings nothing.
#[derive(Default)]
pub(crate) struct Relay {
    link: Option<RelayLink>,
    arrived: Arc<Notify>,
}

impl Relay {
    pub(crate) fn new(link: Option<RelayLink>) -> Self {
        let arrived = Arc::new(Notify::new());
        for end in link.iter().flat_map(|link| &link.ends) {
            let arrived = Arc::clone(&arrived);
            end.on_arrival(move || arrived.notify_one());
        }
        Self { link, arrived }
    }

    /// Takes a datagram that goes to a relayed address; [`Self::flush`] hands it over. False where it does not.
    pub(crate) fn push(&mut self, transmit: &Transmit, metrics: &Metrics) -> bool {
        let Some(link) = &mut self.link else {
            return false;
        };
        let flow = transmit.flow;
        let shard = link.relayed.shard(flow.remote);
        let Some(end) = shard.and_then(|shard| link.ends.get_mut(shard)) else {
            return false;
        };
        if !end.push(flow.local, flow.remote, &transmit.payload) {
            metrics.unhanded(1);
        }
        true
    }

    pub(crate) fn flush(&mut self, metrics: &Metrics) {
        for end in self.link.iter_mut().flat_map(|link| &mut link.ends) {
            metrics.unhanded(end.flush());
        }
    }

    /// Gives all that came.
    pub(crate) fn take(&mut self, mut each: impl FnMut(Datagram<'_>)) {
        for end in self.link.iter_mut().flat_map(|link| &mut link.ends) {
            end.take().for_each(&mut each);
        }
    }

    /// Waits until something may have come.
    pub(crate) async fn arrived(&self) {
        self.arrived.notified().await;
    }
}
