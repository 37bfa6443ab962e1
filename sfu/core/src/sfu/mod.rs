//! The forwarding unit: its parts and its verbs.
//!
//! The path of a packet is in `forward`. Rarer work is kept out of it: `tend` does everything for
//! an endpoint except packets, with `negotiate` for offers; `events` acts on the reports of
//! transports, `messages` on the requests of the rooms' owner; `rooms` begins and ends endpoints
//! and publications.

mod events;
mod forward;
mod messages;
mod negotiate;
mod rooms;
mod tend;

use crate::demux::{Label, label};
use crate::endpoints::Endpoints;
use crate::limits::EVENTS_MAX;
use crate::publication::Publications;
use crate::schedule::{Schedule, Work};
use crate::slot::Slot;
use crate::stats::Stats;
use crate::transport::{Outputs, TransportError};
use crate::{Datagram, LinkCode, Transmit};
use fmz_proto::v1::{self, from_sfu};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rooms::Room;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Instant;

/// Endpoints whose user fragments the next epoch does not use: as many as a unit makes in days.
const ENDPOINTS_AN_EPOCH: u32 = 1 << 20;

/// What a forwarding unit has to know.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Number of this shard, written into every transport's user fragment.
    pub shard: u16,
    /// Tells this forwarding unit from the former ones of its rooms' owner: sessions with another
    /// epoch in their numbers are not its own (link2).
    pub epoch: u32,
    /// Addresses announced to clients; the flow of a datagram has one of them as its local address.
    pub candidates: Vec<SocketAddr>,
}

/// Rooms, their transports and publications. See the crate's documentation for how to drive it.
#[derive(Debug)]
pub struct Sfu {
    config: Config,
    rng: ChaCha20Rng,
    /// Number of endpoints made, by which a slot that is used again gets another user fragment.
    epoch: u32,
    rooms: BTreeMap<String, Room>,
    endpoints: Endpoints,
    publications: Publications,
    schedule: Schedule,
    /// Outputs of transports that were not taken yet.
    outputs: Outputs,
    /// Messages to the rooms' owner.
    events: VecDeque<from_sfu::Message>,
    stats: Stats,
}

impl Sfu {
    /// Makes a forwarding unit without rooms. The seed must not be guessable, because ICE passwords
    /// are drawn from it.
    pub fn new(config: Config, seed: [u8; 32]) -> Self {
        Self {
            // A client of a former unit does not find the name of its endpoint here.
            epoch: config.epoch.wrapping_mul(ENDPOINTS_AN_EPOCH),
            config,
            rng: ChaCha20Rng::from_seed(seed),
            rooms: BTreeMap::new(),
            endpoints: Endpoints::default(),
            publications: Publications::default(),
            schedule: Schedule::default(),
            outputs: Outputs::default(),
            events: VecDeque::new(),
            stats: Stats::default(),
        }
    }

    /// Takes a datagram that came at `now`. A datagram that no transport accepts is dropped.
    pub fn handle_datagram(&mut self, datagram: Datagram<'_>, now: Instant) {
        let label = label(datagram.payload);
        let slot = match label {
            Label::Named(place) => self.endpoints.of_place(place),
            Label::Plain => self.endpoints.of_flow(&datagram.flow),
            Label::Foreign => None,
        };
        let named = label != Label::Plain;
        let accepted = slot.is_some_and(|slot| self.receive(slot, named, &datagram, now));
        if !accepted {
            self.stats.datagrams_refused += 1;
        }
    }

    /// Handles the deadline that [`Sfu::poll_timeout`] returned.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.schedule.expire(now);
    }

    /// Returns the next datagram to send. Call it after any number of inputs, until it returns
    /// `None`. It serves endpoints in turn and finishes one subscriber's burst before the next
    /// begins, so that datagrams to one client come one after another and can leave as one send.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<Transmit> {
        loop {
            if let Some(transmit) = self.outputs.transmits.pop_front() {
                self.stats.bytes_out += transmit.payload.len() as u64;
                return Some(transmit);
            }
            let (slot, work) = self.schedule.next(&mut self.publications)?;
            // Most turns only forward a burst. Frames for a data channel wait until SCTP has room,
            // which any datagram or timeout may bring, so every turn looks for them.
            let tends = work == Work::Tend || self.endpoints[slot].has_queued_frames();
            if !tends || self.tend(slot, now) {
                self.forward(slot, now);
            }
        }
    }

    /// Returns the next message to the rooms' owner. Call it after [`Sfu::poll_transmit`] has
    /// returned `None`.
    pub fn poll_event(&mut self) -> Option<from_sfu::Message> {
        self.events.pop_front()
    }

    /// Returns when to call [`Sfu::handle_timeout`]. Ask after [`Sfu::poll_transmit`] has returned
    /// `None`.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.schedule.deadline()
    }

    /// Returns the counts so far.
    pub fn stats(&self) -> Stats {
        let publications = self.publications.iter();
        let started = publications.filter(|publication| publication.started.is_some());
        Stats {
            transports: self.endpoints.len() as u64,
            rooms: self.rooms.len() as u64,
            publications: started.count() as u64,
            ..self.stats
        }
    }

    /// Ends every transport and says goodbye to each client; [`Sfu::poll_transmit`] then returns
    /// the datagrams.
    pub fn close_all(&mut self, now: Instant) {
        let slots: Vec<Slot> = self.endpoints.slots().collect();
        for slot in slots {
            self.close(slot, now);
        }
    }

    /// Tells the rooms' owner that this forwarding unit takes messages, and all that it has: first
    /// of all, and whenever the owner may have missed something.
    pub fn announce(&mut self) {
        let slots: Vec<Slot> = self.endpoints.slots().collect();
        let held = slots.into_iter().map(|slot| {
            let endpoint = &self.endpoints[slot];
            let keys = endpoint.publications.iter();
            let ids = keys.map(|key| self.publications[*key].info.id.clone());
            v1::HeldTransport {
                room: endpoint.room.clone(),
                session: endpoint.session,
                transport: endpoint.number,
                publications: ids.collect(),
            }
        });
        let up = v1::UnitUp {
            epoch: self.config.epoch,
            transports: held.collect(),
        };
        self.emit(from_sfu::Message::Up(up));
    }

    /// Ends a transport with a reason that the rooms' owner is told.
    fn end(&mut self, slot: Slot, code: LinkCode, now: Instant) {
        self.emit_error(slot, code, 0);
        if code == LinkCode::Silence {
            self.set_status(slot, v1::TransportStatus::Disconnected);
        }
        self.close(slot, now);
    }

    /// Ends a transport that cannot go on.
    fn fail(&mut self, slot: Slot, fault: &TransportError, now: Instant) {
        tracing::warn!(%fault, ?slot, "transport failed");
        if matches!(fault, TransportError::Panicked) {
            self.stats.panics += 1;
        }
        self.end(slot, LinkCode::Fault, now);
    }

    /// Tells the rooms' owner of an error that concerns a session's transport.
    fn emit_error(&mut self, slot: Slot, code: LinkCode, request: u32) {
        let endpoint = &self.endpoints[slot];
        let (room, session) = (endpoint.room.clone(), endpoint.session);
        self.emit_refusal(room, session, code, request);
    }

    /// Tells the rooms' owner of an error that concerns a session without a transport.
    fn emit_refusal(&mut self, room: String, session: u64, code: LinkCode, request: u32) {
        self.emit(from_sfu::Message::Error(v1::LinkError {
            room,
            session,
            code: code.code().to_owned(),
            text: code.to_string(),
            request,
        }));
    }

    fn emit(&mut self, message: from_sfu::Message) {
        self.events.push_back(message);
    }

    /// Returns true if the rooms' owner is so far behind that it gets only answers to its requests.
    fn is_overloaded(&self) -> bool {
        self.events.len() >= EVENTS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::epoch;
    use fmz_proto::v1::to_sfu;

    fn events(sfu: &mut Sfu) -> Vec<from_sfu::Message> {
        std::iter::from_fn(|| sfu.poll_event()).collect()
    }

    #[test]
    fn sfu14_a_fault_ends_one_transport_only() {
        let now = epoch();
        let mut sfu = Sfu::new(Config::default(), [1; 32]);
        for session in [1, 2] {
            let open = v1::OpenTransport {
                room: "room".into(),
                session,
                transport: 5,
            };
            sfu.handle_message(to_sfu::Message::Open(open), now);
        }
        while sfu.poll_transmit(now).is_some() {}
        events(&mut sfu);
        let slot = sfu.endpoints.of_session(1).unwrap();
        let fault = sfu.endpoints[slot].transport.panic_inside();
        sfu.handle_events(slot, fault, now);
        let told = events(&mut sfu);
        let [
            from_sfu::Message::Error(error),
            from_sfu::Message::State(state),
        ] = &told[..]
        else {
            panic!("{told:?}");
        };
        assert_eq!((error.session, error.code.as_str()), (1, "transport_fault"));
        assert_eq!((state.session, state.transport), (1, 5));
        assert_eq!(state.status(), v1::TransportStatus::Closed);
        let stats = sfu.stats();
        assert_eq!((stats.panics, stats.transports, stats.rooms), (1, 1, 1));
    }

    #[test]
    fn sfu13_a_client_that_floods_a_slow_owner_is_ended() {
        let now = epoch();
        let mut sfu = Sfu::new(Config::default(), [1; 32]);
        let open = v1::OpenTransport {
            room: "room".into(),
            session: 1,
            transport: 1,
        };
        sfu.handle_message(to_sfu::Message::Open(open), now);
        let slot = sfu.endpoints.of_session(1).unwrap();
        let flood = |sfu: &mut Sfu, channel, frames| {
            for _ in 0..frames {
                let data = crate::transport::TransportEvent::Data(channel, vec![0; 8]);
                sfu.outputs.events.push(data);
                sfu.handle_events(slot, Ok(()), now);
            }
        };
        flood(&mut sfu, crate::transport::Channel::Live, EVENTS_MAX + 10);
        assert_eq!(sfu.events.len(), EVENTS_MAX);
        assert_eq!(sfu.stats().transports, 1);
        flood(&mut sfu, crate::transport::Channel::Ops, 1);
        assert_eq!(sfu.stats().transports, 0);
        assert_eq!(sfu.stats().queue_drops, 11);
    }
}
