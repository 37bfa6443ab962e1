//! The relay: its state, and its polls. The verbs are in the modules beside this one.

mod allocate;
mod data;
mod end;
mod opened;
mod peers;
mod refresh;
mod requests;

use crate::ask::{Ask, Fault, Reply};
use crate::auth::Authenticator;
use crate::bucket::{Bucket, Rate};
use crate::client::{AllocationId, Client};
use crate::config::Config;
use crate::family::Family;
use crate::hash::Keyed;
use crate::limits::{EVENTS_MAX, TRANSMITS_MAX};
use crate::nonce::Nonces;
use crate::output::{Answer, Event, Transmit};
use crate::policy::PeerFilter;
use crate::ports::Ports;
use crate::replies::ReplyBudget;
use crate::reservations::Reservations;
use crate::stats::{SessionView, Stats};
use crate::table::Table;
use crate::users::Users;
use end::Drain;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// The allocations of one shard.
pub struct Relay {
    config: Config,
    filter: PeerFilter,
    hasher: Keyed,
    rng: ChaCha20Rng,
    /// Unix time at a known moment.
    wall_clock: (Duration, Instant),
    auth: Authenticator,
    nonces: Nonces,
    replies: ReplyBudget,
    users: Users,
    table: Table,
    ports: Ports,
    reservations: Reservations,
    /// The unused part of the rate of all users together.
    total: Bucket,
    drain: Option<Drain>,
    transmits: VecDeque<Transmit>,
    events: VecDeque<Event>,
    stats: Stats,
}

/// Prints sizes only: the rest is secrets and addresses.
impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Relay")
            .field("allocations", &self.stats.allocations)
            .field("users", &self.stats.users)
            .finish_non_exhaustive()
    }
}

impl Relay {
    /// Makes a relay without allocations. `seed` must come from the system's random numbers,
    /// because ports, nonces and transaction ids follow from it. `unix` is the wall clock at `now`,
    /// the time since 1970.
    pub fn new(config: Config, seed: [u8; 32], now: Instant, unix: Duration) -> Self {
        let mut rng = ChaCha20Rng::from_seed(seed);
        let hasher = Keyed::new([rng.next_u64(), rng.next_u64()]);
        let auth = Authenticator::new(&config, hasher);
        Self {
            filter: PeerFilter::new(&config, hasher),
            nonces: Nonces::new(auth.knows_all(), &mut rng, now),
            auth,
            wall_clock: (unix, now),
            replies: ReplyBudget::new(hasher, now),
            users: Users::new(hasher),
            table: Table::new(hasher),
            ports: Ports::new(&config),
            reservations: Reservations::default(),
            total: Bucket::full(Rate::smooth(config.quotas.total_bps), now),
            drain: None,
            transmits: VecDeque::new(),
            events: VecDeque::new(),
            stats: Stats::default(),
            config,
            hasher,
            rng,
        }
    }

    /// Takes new secrets, users, policy, alternate and quotas. The fields that [`Config`] calls
    /// fixed stay. Permissions and channels that the new policy refuses end at once. An allocation
    /// made under a removed secret lives until its refresh.
    pub fn set_config(&mut self, config: Config, now: Instant) {
        self.config = Config {
            realm: std::mem::take(&mut self.config.realm),
            relayed: std::mem::take(&mut self.config.relayed),
            ports: self.config.ports.clone(),
            shards: self.config.shards,
            shard: self.config.shard,
            ..config
        };
        self.auth.set_config(&self.config);
        self.nonces.offer_hashes(self.auth.knows_all());
        self.filter = PeerFilter::new(&self.config, self.hasher);
        for allocation in self.table.values_mut() {
            allocation.revoke_refused(&self.filter, now);
        }
        tracing::info!(allocations = self.table.len(), "settings taken");
    }

    /// Sets the wall clock's time at `now`, for example after it was corrected.
    pub fn handle_wall_clock(&mut self, unix: Duration, now: Instant) {
        self.wall_clock = (unix, now);
    }

    /// Returns the next answer or indication to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    /// Returns the next action for the owner.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Returns when to call [`Self::handle_timeout`] at the latest. If an allocation was refreshed,
    /// the time is too early, and the call does nothing.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let drain = self.drain.as_ref().and_then(Drain::deadline);
        let times = [
            self.table.next_wake(),
            self.reservations.next_expiry(),
            drain,
        ];
        times.into_iter().flatten().min()
    }

    /// Returns the counts so far.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Returns every allocation, in no particular order.
    pub fn sessions(&self) -> impl Iterator<Item = SessionView<'_>> {
        self.table.iter().map(|(id, _)| self.session(id))
    }

    fn session(&self, id: AllocationId) -> SessionView<'_> {
        let allocation = self.table.get(id.slot);
        let (permissions, channels) = allocation.sizes();
        let traffic = &allocation.traffic;
        SessionView {
            allocation: id,
            user: &self.users.get(allocation.user).name,
            client: allocation.client,
            relayed: Family::BOTH.map(|family| self.announced(id.slot, family)),
            created_at: allocation.created_at,
            expires_at: allocation.expires_at,
            permissions,
            channels,
            packets_to_peer: traffic.packets_to_peer,
            bytes_to_peer: traffic.bytes_to_peer,
            packets_to_client: traffic.packets_to_client,
            bytes_to_client: traffic.bytes_to_client,
        }
    }

    fn unix(&self, now: Instant) -> Duration {
        let (unix, at) = self.wall_clock;
        unix + now.saturating_duration_since(at)
    }

    /// Returns the address that a family's sockets are bound to.
    fn bound(&self, family: Family, port: u16) -> Option<SocketAddr> {
        let mut relayed = self.config.relayed.iter();
        let relayed = relayed.find(|relayed| Family::of(relayed.bind) == family)?;
        Some(SocketAddr::new(relayed.bind, port))
    }

    /// Returns the relayed address of an allocation as peers see it.
    fn announced(&self, slot: u32, family: Family) -> Option<SocketAddr> {
        let port = self.table.get(slot).port(family)?;
        let mut relayed = self.config.relayed.iter();
        let relayed = relayed.find(|relayed| Family::of(relayed.bind) == family)?;
        Some(SocketAddr::new(relayed.announced, port))
    }

    fn answer(&mut self, ask: &Ask, reply: Reply) {
        self.transmit(ask.client, ask.seal(reply), None);
    }

    fn refuse(&mut self, ask: &Ask, fault: &Fault) {
        self.stats.errors += 1;
        self.answer_refused(ask, fault, ask.error(fault));
    }

    /// Sends an error response, which `reply` is, and says its code beside it.
    fn answer_refused(&mut self, ask: &Ask, fault: &Fault, reply: Reply) {
        let answer = Answer::Refused(fault.code());
        self.transmit(ask.client, ask.seal(reply), Some(answer));
    }

    fn transmit(&mut self, client: Client, payload: Vec<u8>, answer: Option<Answer>) {
        if self.transmits.len() >= TRANSMITS_MAX {
            self.stats.transmits_dropped += 1;
            return;
        }
        self.transmits.push_back(Transmit {
            client,
            payload,
            answer,
        });
    }

    /// Asks for a stream to be closed. If the owner lags far behind, its own timeouts close it.
    fn close_client(&mut self, client: Client) {
        if client.protocol.is_stream() && self.events.len() < EVENTS_MAX {
            self.events.push_back(Event::CloseClient { client });
        }
    }

    fn count(&mut self) {
        self.stats.allocations = self.table.len() as u64;
        self.stats.users = self.users.present;
    }
}
