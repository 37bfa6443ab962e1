//! The relay: its verbs.

use crate::client::{AllocationId, Client};
use crate::config::Config;
use crate::output::{Command, Event, Forward, Icmp, OpenError, Transmit};
use crate::stats::{SessionView, Stats};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// The allocations of one shard.
#[derive(Debug)]
pub struct Relay {
    config: Config,
    stats: Stats,
}

impl Relay {
    /// A relay without allocations. `seed` must come from the system's random numbers: ports, nonces and transaction ids follow
    /// from it. `unix` is the wall clock at `now`, the time since 1970.
    pub fn new(config: Config, seed: [u8; 32], now: Instant, unix: Duration) -> Self {
        let _ = (seed, now, unix);
        Self {
            config,
            stats: Stats::default(),
        }
    }

    /// Takes new secrets, users, policy, alternate and quotas; what [`Config`] calls fixed stays. Permissions and channels
    /// that the new policy refuses end at once. An allocation made under a secret that is gone lives until its refresh.
    pub fn set_config(&mut self, config: Config, now: Instant) {
        let _ = now;
        self.config = config;
    }

    /// Tells what the wall clock says at `now`, as after a step of it.
    pub fn handle_wall_clock(&mut self, unix: Duration, now: Instant) {
        let _ = (unix, now);
    }

    /// Takes a whole datagram, or one message of a stream. Data is forwarded at once; answers wait in
    /// [`Self::poll_transmit`].
    pub fn handle_datagram<'a>(
        &mut self,
        client: Client,
        payload: &'a [u8],
        now: Instant,
    ) -> Option<Forward<'a>> {
        let _ = (client, payload, now);
        None
    }

    /// Takes what a peer sent to the relayed address that is bound as `relayed`. `None` where nobody permitted it.
    pub fn handle_peer<'a>(
        &mut self,
        relayed: SocketAddr,
        peer: SocketAddr,
        payload: &'a [u8],
        now: Instant,
    ) -> Option<Forward<'a>> {
        let _ = (relayed, peer, payload, now);
        None
    }

    /// Takes an ICMP error that came for something sent to `peer`; the client is told where it permitted the peer.
    pub fn handle_icmp(
        &mut self,
        allocation: AllocationId,
        peer: SocketAddr,
        icmp: Icmp,
        now: Instant,
    ) {
        let _ = (allocation, peer, icmp, now);
    }

    /// Takes the answer to [`Event::Open`]. Where the allocation ended meanwhile, [`Event::Close`] follows.
    pub fn handle_opened(
        &mut self,
        allocation: AllocationId,
        relayed: SocketAddr,
        result: Result<(), OpenError>,
        now: Instant,
    ) {
        let _ = (allocation, relayed, result, now);
    }

    /// Takes the end of a client's connection: its allocation ends.
    pub fn handle_closed(&mut self, client: Client, now: Instant) {
        let _ = (client, now);
    }

    /// Does what an operator asks for.
    pub fn handle_command(&mut self, command: Command, now: Instant) {
        let _ = (command, now);
    }

    /// To be called when the time of [`Self::poll_timeout`] has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
    }

    /// The next answer or indication to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        None
    }

    /// The next thing to do.
    pub fn poll_event(&mut self) -> Option<Event> {
        None
    }

    /// When [`Self::handle_timeout`] is to be called at the latest; it may be found too early.
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// Counts.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Every allocation, in no particular order.
    pub fn sessions(&self) -> impl Iterator<Item = SessionView<'_>> {
        std::iter::empty()
    }
}
