//! The hand-off to a relay in this process: datagrams for its relayed addresses go there without a
//! socket.

use crate::metrics::Metrics;
use fmz_net::{Datagram, Relayed, handoff};
use fmz_sfu_core::Transmit;
use std::sync::Arc;
use tokio::sync::Notify;

/// The forwarding unit's side of the hand-off.
#[derive(Debug)]
pub struct RelayLink {
    /// One end for each of the relay's shards, in the shards' order.
    pub ends: Vec<handoff::End>,
    /// Addresses of the relay's allocations, and the shard of each.
    pub relayed: Arc<Relayed>,
}

/// The hand-off at work. Without a link it takes nothing and brings nothing.
#[derive(Default)]
pub(crate) struct Handoff {
    link: Option<RelayLink>,
    arrived: Arc<Notify>,
}

impl Handoff {
    pub(crate) fn new(link: Option<RelayLink>) -> Self {
        let arrived = Arc::new(Notify::new());
        for end in link.iter().flat_map(|link| &link.ends) {
            let arrived = Arc::clone(&arrived);
            end.on_arrival(move || arrived.notify_one());
        }
        Self { link, arrived }
    }

    /// Takes a datagram that goes to a relayed address; [`Self::flush`] hands it over. Returns
    /// false if it goes elsewhere.
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

    /// Hands over the datagrams that were pushed.
    pub(crate) fn flush(&mut self, metrics: &Metrics) {
        for end in self.link.iter_mut().flat_map(|link| &mut link.ends) {
            metrics.unhanded(end.flush());
        }
    }

    /// Calls `each` with every datagram that came.
    pub(crate) fn receive(&mut self, mut each: impl FnMut(Datagram<'_>)) {
        for end in self.link.iter_mut().flat_map(|link| &mut link.ends) {
            end.take().for_each(&mut each);
        }
    }

    /// Waits until datagrams may have come.
    pub(crate) async fn arrived(&self) {
        self.arrived.notified().await;
    }
}
