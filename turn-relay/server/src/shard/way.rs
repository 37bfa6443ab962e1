//! Sends out of a shard: to clients, to peers, to the peer in this process.

use super::sockets::Sockets;
use crate::metrics::Metrics;
use crate::stream::Queue;
use fmz_net::{RawSocket, Relayed, SendBatch, handoff};
use fmz_turn_core::{Answer, Client, Forward, Header, Protocol, RelayedIp, Transmit};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

const ZEROS: [u8; 3] = [0; 3];

/// The shard's end of the hand-off.
pub(crate) struct Handoff {
    pub(crate) end: handoff::End,
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) relayed: Arc<Relayed>,
}

pub(crate) struct Way {
    pub(crate) listening: Option<RawSocket>,
    pub(crate) sockets: Sockets,
    pub(crate) handoff: Option<Handoff>,
    pub(crate) streams: HashMap<Client, Arc<Queue>>,
    pub(crate) addresses: Vec<RelayedIp>,
    pub(crate) metrics: Metrics,
    to_clients: SendBatch,
}

impl Way {
    pub(crate) fn new(
        listening: Option<RawSocket>,
        sockets: Sockets,
        handoff: Option<Handoff>,
        addresses: Vec<RelayedIp>,
        metrics: Metrics,
    ) -> Self {
        Self {
            listening,
            sockets,
            handoff,
            streams: HashMap::new(),
            addresses,
            metrics,
            to_clients: SendBatch::new(),
        }
    }

    /// Collects data; [`Self::flush`] sends it.
    pub(crate) fn forward(&mut self, forward: Forward<'_>) {
        match forward {
            Forward::ToPeer {
                relayed,
                peer,
                payload,
                dont_fragment,
            } => self.pass_to_peer(relayed, peer, payload, dont_fragment),
            Forward::ToClient {
                client,
                header,
                payload,
            } => self.pass_to_client(client, &header, payload),
        }
    }

    fn pass_to_peer(
        &mut self,
        relayed: SocketAddr,
        peer: SocketAddr,
        payload: &[u8],
        dont_fragment: bool,
    ) {
        // The peer in this process is reached without a socket.
        let handed = |handoff: &Handoff| handoff.addresses.contains(&peer);
        if !self.handoff.as_ref().is_some_and(handed) {
            return self.sockets.push(relayed, peer, payload, dont_fragment);
        }
        let announced = self.announced(relayed);
        if let Some(handoff) = &mut self.handoff
            && !handoff.end.push(announced, peer, payload)
        {
            self.metrics.dropped("handoff", 1);
        }
    }

    fn pass_to_client(&mut self, client: Client, header: &Header, payload: &[u8]) {
        // The parts stay apart, so that the payload is copied only once: into the batch, or into
        // the queue.
        let padding = header.padding(client.protocol, payload.len());
        let parts = [header.as_bytes(), payload, &ZEROS[..padding]];
        if client.protocol != Protocol::Udp {
            // The connection's own task writes. If it is slow, the queue drops its oldest data.
            if let Some(queue) = self.streams.get(&client) {
                let dropped = queue.push_data(parts);
                self.metrics.dropped("stream", dropped);
            }
        } else {
            self.collect(client, parts);
        }
    }

    fn collect<const N: usize>(&mut self, client: Client, parts: [&[u8]; N]) {
        let (source, destination) = (client.local.ip(), client.address);
        if !self.to_clients.push_parts(source, destination, parts) {
            self.flush_clients();
            // An empty batch takes any datagram.
            let _ = self.to_clients.push_parts(source, destination, parts);
        }
    }

    /// Returns whether this queue is the one that leads to the client.
    pub(crate) fn is_served_by(&self, client: Client, queue: &Arc<Queue>) -> bool {
        let known = self.streams.get(&client);
        known.is_some_and(|known| Arc::ptr_eq(known, queue))
    }

    /// Sends an answer or an indication.
    pub(crate) fn answer(&mut self, transmit: Transmit) {
        let Transmit {
            client,
            payload,
            answer,
        } = transmit;
        if let Some(Answer::Refused(code)) = answer {
            let refusals = &self.metrics.refusals;
            refusals.with_label_values(&[code.to_string()]).inc();
        }
        if client.protocol == Protocol::Udp {
            self.collect(client, [&payload]);
        } else if let Some(queue) = self.streams.get(&client) {
            // From now on the connection may stay longer than the time for a hello.
            if answer == Some(Answer::Allocated) {
                queue.allocated();
            }
            if !queue.push_answer(payload) {
                self.metrics.dropped("stream", 1);
            }
        }
    }

    /// Sends everything that is collected.
    pub(crate) fn flush(&mut self) {
        self.flush_clients();
        self.sockets.flush();
        let unsent = std::mem::take(&mut self.sockets.unsent);
        self.metrics.dropped("kernel", unsent);
        if let Some(handoff) = &mut self.handoff {
            let lost = handoff.end.flush();
            self.metrics.dropped("handoff", lost);
        }
    }

    fn flush_clients(&mut self) {
        // Without a listening socket all clients come by streams, and no datagram waits here.
        let Some(socket) = &self.listening else {
            self.to_clients.clear();
            return;
        };
        let unsent = match socket.try_send(&mut self.to_clients) {
            Ok(sent) => sent.refused,
            Err(_) => self.to_clients.len(),
        };
        self.to_clients.clear();
        self.metrics.dropped("kernel", unsent);
    }

    /// Returns the address that peers know for a bound one.
    fn announced(&self, bound: SocketAddr) -> SocketAddr {
        self.translated(bound, |address| (address.bind, address.announced))
    }

    /// Returns the bound address for one that peers know.
    pub(crate) fn bound(&self, announced: SocketAddr) -> SocketAddr {
        self.translated(announced, |address| (address.announced, address.bind))
    }

    fn translated(
        &self,
        from: SocketAddr,
        pair: impl Fn(&RelayedIp) -> (IpAddr, IpAddr),
    ) -> SocketAddr {
        let mut pairs = self.addresses.iter().map(pair);
        let found = pairs.find(|(known, _)| *known == from.ip());
        SocketAddr::new(found.map_or(from.ip(), |(_, to)| to), from.port())
    }
}
