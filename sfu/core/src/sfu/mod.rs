//! The forwarding unit: its verbs, and the order in which its transports are served.

mod events;
mod messages;
mod negotiate;
mod rooms;

use crate::demux::{Addresses, Label, label};
use crate::endpoint::{Endpoint, Flushed};
use crate::limits::EVENTS_MAX;
use crate::publication::Publication;
use crate::slab::Slab;
use crate::stats::Stats;
use crate::transport::{Outputs, TransportError};
use crate::ufrag::Place;
use crate::{Datagram, LinkCode, Transmit};
use fmz_proto::v1::{self, from_sfu};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rooms::Room;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::time::Instant;

/// What a forwarding unit has to know.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Number of this shard, written into every transport's user fragment.
    pub shard: u16,
    /// Addresses announced to clients; datagrams carry one of them as their local address.
    pub candidates: Vec<SocketAddr>,
}

/// Rooms, their transports and publications. See the crate's documentation for how to drive it.
#[derive(Debug)]
pub struct Sfu {
    config: Config,
    rng: ChaCha20Rng,
    /// Counts the transports made, so that a slot used again has another user fragment.
    epoch: u32,
    endpoints: Slab<Box<Endpoint>>,
    places: Vec<u32>,
    sessions: BTreeMap<u64, usize>,
    rooms: BTreeMap<String, Room>,
    publications: Slab<Publication>,
    addresses: Addresses,
    timers: BTreeSet<(Instant, usize)>,
    ready: VecDeque<usize>,
    /// Publications with packets to forward.
    dirty: Vec<usize>,
    outputs: Outputs,
    events: VecDeque<from_sfu::Message>,
    stats: Stats,
}

impl Sfu {
    /// Makes a forwarding unit without rooms. The seed must not be guessable: ICE passwords come from it.
    pub fn new(config: Config, seed: [u8; 32]) -> Self {
        Self {
            config,
            rng: ChaCha20Rng::from_seed(seed),
            epoch: 0,
            endpoints: Slab::default(),
            places: Vec::new(),
            sessions: BTreeMap::new(),
            rooms: BTreeMap::new(),
            publications: Slab::default(),
            addresses: Addresses::default(),
            timers: BTreeSet::new(),
            ready: VecDeque::new(),
            dirty: Vec::new(),
            outputs: Outputs::default(),
            events: VecDeque::new(),
            stats: Stats::default(),
        }
    }

    /// Takes a datagram that came at `now`. One that no transport accepts is dropped.
    pub fn handle_datagram(&mut self, datagram: Datagram<'_>, now: Instant) {
        let label = label(datagram.payload);
        let slot = match label {
            Label::Named(place) => self.slot_of(place),
            Label::Plain => self.addresses.slot(datagram.source),
            Label::Foreign => None,
        };
        let named = label != Label::Plain;
        let taken = slot.is_some_and(|slot| self.receive(slot, named, &datagram, now));
        if !taken {
            self.stats.datagrams_refused += 1;
        }
    }

    fn slot_of(&self, place: Place) -> Option<usize> {
        let slot = usize::try_from(place.slot).ok()?;
        let known = self.endpoints.get(slot).is_some() && self.places[slot] == place.epoch;
        (known && place.shard == self.config.shard).then_some(slot)
    }

    fn receive(&mut self, slot: usize, named: bool, datagram: &Datagram<'_>, now: Instant) -> bool {
        let Some(endpoint) = self.endpoints.get_mut(slot) else {
            return false;
        };
        match endpoint.transport.handle_datagram(datagram, now) {
            Ok(false) => return false,
            Ok(true) => {}
            Err(fault) => {
                self.fail(slot, &fault, now);
                return true;
            }
        }
        endpoint.received_at = now;
        if named {
            self.addresses
                .learn(datagram.source, slot, &mut endpoint.addresses);
        }
        self.stats.bytes_in += datagram.payload.len() as u64;
        let drained = endpoint.drain(None, now, &mut self.outputs);
        self.handle_events(slot, drained, now);
        self.wake(slot);
        true
    }

    /// Notes that the deadline [`Sfu::poll_timeout`] named has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((at, slot)) = self.timers.first().copied() {
            if at > now {
                break;
            }
            self.timers.pop_first();
            if let Some(endpoint) = self.endpoints.get_mut(slot) {
                endpoint.timer = None;
            }
            self.wake(slot);
        }
    }

    /// The next datagram to send. To be called after any number of inputs until it returns `None`; it serves the
    /// transports one after the other, so that one subscriber's burst is done before the next one's begins.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<Transmit> {
        loop {
            if let Some(transmit) = self.outputs.transmits.pop_front() {
                self.stats.bytes_out += transmit.payload.len() as u64;
                return Some(transmit);
            }
            let slot = self.next_ready()?;
            self.serve(slot, now);
        }
    }

    /// The next message to the rooms' owner. To be called after [`Sfu::poll_transmit`] has returned `None`.
    pub fn poll_event(&mut self) -> Option<from_sfu::Message> {
        self.events.pop_front()
    }

    /// When [`Sfu::handle_timeout`] is to be called. To be asked after [`Sfu::poll_transmit`] has returned `None`.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Counts so far.
    pub fn stats(&self) -> Stats {
        let keys = self.publications.keys();
        let started = keys
            .iter()
            .filter(|key| self.publications[**key].started.is_some());
        Stats {
            transports: self.endpoints.len() as u64,
            rooms: self.rooms.len() as u64,
            publications: started.count() as u64,
            ..self.stats
        }
    }

    /// Ends every transport, with a good-bye to each; [`Sfu::poll_transmit`] then has them.
    pub fn close_all(&mut self, now: Instant) {
        for slot in self.endpoints.keys() {
            self.close(slot, now);
        }
    }

    /// The slot to be served next; publications with new packets make their subscribers ready first.
    fn next_ready(&mut self) -> Option<usize> {
        if self.ready.is_empty() {
            for key in std::mem::take(&mut self.dirty) {
                let Some(publication) = self.publications.get_mut(key) else {
                    continue;
                };
                publication.dirty = false;
                let subscribers: Vec<usize> = publication.subscribers.iter().copied().collect();
                for slot in subscribers {
                    self.wake(slot);
                }
            }
        }
        let slot = self.ready.pop_front()?;
        if let Some(endpoint) = self.endpoints.get_mut(slot) {
            endpoint.ready = false;
        }
        Some(slot)
    }

    fn wake(&mut self, slot: usize) {
        if let Some(endpoint) = self.endpoints.get_mut(slot)
            && !endpoint.ready
        {
            endpoint.ready = true;
            self.ready.push_back(slot);
        }
    }

    /// Does all that is due for one transport.
    fn serve(&mut self, slot: usize, now: Instant) {
        let Some(endpoint) = self.endpoints.get(slot) else {
            return;
        };
        if let Some(code) = endpoint.overdue(now) {
            self.end(slot, code, now);
            return;
        }
        let served = self.negotiate(slot, now).and_then(|()| {
            self.flush(slot)?;
            self.ask_for_keyframes(slot, now)?;
            self.forward(slot, now)
        });
        match served {
            Ok(next_burst) => self.arm(slot, next_burst, now),
            Err(fault) => self.fail(slot, &fault, now),
        }
    }

    fn flush(&mut self, slot: usize) -> Result<(), TransportError> {
        let Some(endpoint) = self.endpoints.get_mut(slot) else {
            return Ok(());
        };
        let session = endpoint.session;
        for flushed in endpoint.flush_channels()? {
            match flushed {
                Flushed::Broken(channel) => {
                    self.emit_error(session, LinkCode::ChannelWrite, 0);
                    self.set_channel(slot, channel, false);
                }
                Flushed::Recovered(channel) => self.set_channel(slot, channel, true),
            }
        }
        self.emit_pressure(slot);
        Ok(())
    }

    fn ask_for_keyframes(&mut self, slot: usize, now: Instant) -> Result<(), TransportError> {
        let Some(endpoint) = self.endpoints.get_mut(slot) else {
            return Ok(());
        };
        for key in &endpoint.publications {
            let publication = &mut self.publications[*key];
            let due = publication.keyframe_due(now).is_some_and(|at| at <= now);
            if let Some(mid) = publication.mid.filter(|_| due) {
                publication.keyframe_asked(now);
                if endpoint.transport.request_keyframe(mid)? {
                    self.stats.plis_out += 1;
                }
            }
        }
        Ok(())
    }

    /// Forwards a burst, drains, and returns when the next burst may leave.
    fn forward(&mut self, slot: usize, now: Instant) -> Result<Option<Instant>, TransportError> {
        let Some(endpoint) = self.endpoints.get_mut(slot) else {
            return Ok(None);
        };
        let forwarded = endpoint.forward(&mut self.publications, &mut self.stats, now)?;
        let drained = endpoint.drain(forwarded.oldest, now, &mut self.outputs);
        self.wake_owners_that_must_ask(slot, now);
        self.handle_events(slot, drained, now);
        Ok(forwarded.next_at)
    }

    /// A subscriber that waits for a keyframe makes the publisher's transport ask for it.
    fn wake_owners_that_must_ask(&mut self, slot: usize, now: Instant) {
        let Some(endpoint) = self.endpoints.get(slot) else {
            return;
        };
        let waiting = endpoint.subscriptions.iter().filter_map(|subscription| {
            let publication = &self.publications[subscription.publication];
            let due = publication.keyframe_due(now)?;
            let armed = self.endpoints.get(publication.owner)?.timer;
            let sooner = armed.is_none_or(|at| at > due);
            (subscription.waits_for_keyframe() && sooner).then_some(publication.owner)
        });
        for owner in waiting.collect::<Vec<_>>() {
            self.wake(owner);
        }
    }

    /// Puts the transport's next deadline into the timers.
    fn arm(&mut self, slot: usize, next_burst: Option<Instant>, now: Instant) {
        let Some(endpoint) = self.endpoints.get_mut(slot) else {
            return;
        };
        let at = endpoint.next_at(next_burst, &self.publications, now);
        if endpoint.timer == Some(at) {
            return;
        }
        if let Some(before) = endpoint.timer.replace(at) {
            self.timers.remove(&(before, slot));
        }
        self.timers.insert((at, slot));
    }

    /// Ends a transport with a reason that its owner hears.
    fn end(&mut self, slot: usize, code: LinkCode, now: Instant) {
        if let Some(endpoint) = self.endpoints.get(slot) {
            let session = endpoint.session;
            self.emit_error(session, code, 0);
            if code == LinkCode::Silence {
                self.set_status(slot, v1::TransportStatus::Disconnected);
            }
            self.close(slot, now);
        }
    }

    fn fail(&mut self, slot: usize, fault: &TransportError, now: Instant) {
        tracing::warn!(%fault, slot, "transport failed");
        if matches!(fault, TransportError::Panicked) {
            self.stats.panics += 1;
        }
        self.end(slot, LinkCode::Fault, now);
    }

    fn emit_error(&mut self, session: u64, code: LinkCode, request: u32) {
        self.emit(from_sfu::Message::Error(v1::LinkError {
            session,
            code: code.code().to_owned(),
            text: code.to_string(),
            request,
        }));
    }

    fn emit(&mut self, message: from_sfu::Message) {
        self.events.push_back(message);
    }

    /// True where the rooms' owner is too far behind to be given more than it asked for.
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
        let slot = sfu.sessions[&1];
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
        let slot = sfu.sessions[&1];
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
