//! One thread's loop. In order of priority: datagrams of clients, of peers, of the peer in this process, messages of streams,
//! commands, timers, answers, sending; then waiting. Each has a budget a round, so that none starves another.

mod door;
mod sockets;
mod way;

pub(crate) use door::{Bell, Control, Door, Inbox, StreamInput, door};
pub(crate) use sockets::Sockets;
pub(crate) use way::{Handoff, Way};

use crate::Session;
use fmz_net::{PathError, RawSocket, ReceiveBuffer};
use fmz_turn_core::{AllocationId, Client, Command, Event, Icmp, Protocol, Relay};
use mio::{Events, Poll, Token};
use sockets::Read;
use std::collections::VecDeque;
use std::io::ErrorKind;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::watch;

/// Receive calls on the listening socket a round, of up to 32 buffers each.
const RECEIVES_MAX: usize = 4;
/// Relay sockets read a round.
const READS_MAX: usize = 128;
/// Messages of streams a round.
const INPUTS_MAX: usize = 256;
/// Commands a round.
const CONTROLS_MAX: usize = 16;
/// Answers and events a round, each: between two of them data flows.
const OUTPUTS_MAX: usize = 1024;
/// Readiness told at once; the rest is told the next time.
const EVENTS_MAX: usize = 1024;
/// How often counts are made visible.
const EXPORT_INTERVAL: Duration = Duration::from_millis(250);

/// Tokens that are no slot of a relay socket.
pub(crate) const LISTENING: Token = Token(usize::MAX - 1);
pub(crate) const BELL: Token = Token(usize::MAX);

pub(crate) struct Shard {
    pub(crate) number: u16,
    relay: Relay,
    poll: Poll,
    way: Way,
    inbox: Inbox,
    drained: watch::Sender<bool>,
    buffer: ReceiveBuffer,
    /// Relay sockets that may have something to read.
    ready: VecDeque<usize>,
    /// Whether the listening socket may have.
    listening_ready: bool,
    exported_at: Instant,
}

/// Whether a round left work behind.
#[derive(PartialEq, Eq)]
enum Round {
    Done,
    More,
    Over,
}

impl Shard {
    pub(crate) fn new(
        number: u16,
        relay: Relay,
        poll: Poll,
        way: Way,
        inbox: Inbox,
        drained: watch::Sender<bool>,
    ) -> Self {
        Self {
            number,
            relay,
            poll,
            way,
            inbox,
            drained,
            buffer: ReceiveBuffer::new(),
            ready: VecDeque::new(),
            listening_ready: true,
            exported_at: Instant::now(),
        }
    }

    /// Works until told to stop.
    pub(crate) fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS_MAX);
        loop {
            let wait = match self.round() {
                Round::Over => break,
                Round::More => Duration::ZERO,
                Round::Done => self.rest(),
            };
            match self.poll.poll(&mut events, Some(wait)) {
                Ok(()) => self.note(&events),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    tracing::error!(%error, "a relay thread cannot wait");
                    break;
                }
            }
        }
        self.way.metrics.export(self.relay.stats());
    }

    fn round(&mut self) -> Round {
        self.inbox.bell.heard();
        let parts = [
            self.receive(),
            self.read(),
            self.take_handed(),
            self.take_inputs(),
            self.obey(),
            self.speak(),
        ];
        self.way.flush();
        self.export();
        if parts.contains(&Round::Over) {
            Round::Over
        } else if parts.contains(&Round::More) {
            Round::More
        } else {
            Round::Done
        }
    }

    fn receive(&mut self) -> Round {
        if !self.listening_ready {
            return Round::Done;
        }
        for _ in 0..RECEIVES_MAX {
            let Some(socket) = &self.way.listening else {
                break;
            };
            match socket.try_receive_some(&mut self.buffer, usize::MAX) {
                Ok(drained) => {
                    self.take();
                    self.listening_ready = !drained;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.listening_ready = false;
                }
                // The error of an earlier send; the next call brings what waits behind it.
                Err(error) => tracing::debug!(%error, "receive"),
            }
            if !self.listening_ready {
                return Round::Done;
            }
        }
        Round::More
    }

    fn take(&mut self) {
        let now = Instant::now();
        for datagram in self.buffer.datagrams() {
            let client = Client {
                protocol: Protocol::Udp,
                address: datagram.source,
                local: datagram.local,
            };
            if let Some(forward) = self.relay.handle_datagram(client, datagram.payload, now) {
                self.way.forward(forward);
            }
        }
    }

    fn read(&mut self) -> Round {
        for _ in 0..READS_MAX {
            let Some(slot) = self.ready.pop_front() else {
                return Round::Done;
            };
            let (read, more) = self.way.sockets.read(slot, &mut self.buffer);
            match read {
                Read::Datagrams(relayed) => self.take_from_peers(relayed),
                Read::Error(allocation, error) => self.take_error(allocation, &error),
                Read::Nothing => {}
            }
            if more {
                self.ready.push_back(slot);
            }
        }
        Round::More
    }

    fn take_from_peers(&mut self, relayed: std::net::SocketAddr) {
        let now = Instant::now();
        for datagram in self.buffer.datagrams() {
            let (peer, payload) = (datagram.source, datagram.payload);
            if let Some(forward) = self.relay.handle_peer(relayed, peer, payload, now) {
                self.way.forward(forward);
            }
        }
    }

    fn take_error(&mut self, allocation: AllocationId, error: &PathError) {
        let icmp = Icmp {
            kind: error.kind,
            code: error.code,
            data: error.info,
        };
        let peer = error.destination;
        self.relay
            .handle_icmp(allocation, peer, icmp, Instant::now());
    }

    /// Takes what the peer in this process sent. The queue's bound is the budget.
    fn take_handed(&mut self) -> Round {
        let Some(mut handoff) = self.way.handoff.take() else {
            return Round::Done;
        };
        let now = Instant::now();
        for datagram in handoff.end.take() {
            let relayed = self.way.bound(datagram.local);
            let (peer, payload) = (datagram.source, datagram.payload);
            if let Some(forward) = self.relay.handle_peer(relayed, peer, payload, now) {
                self.way.forward(forward);
            }
        }
        self.way.handoff = Some(handoff);
        Round::Done
    }

    fn take_inputs(&mut self) -> Round {
        for _ in 0..INPUTS_MAX {
            match self.inbox.inputs.try_recv() {
                Ok(input) => self.take_input(input),
                Err(_) => return Round::Done,
            }
        }
        Round::More
    }

    fn take_input(&mut self, input: StreamInput) {
        let now = Instant::now();
        match input {
            StreamInput::Opened(client, queue) => {
                self.way.streams.insert(client, queue);
            }
            StreamInput::Message(client, message) => {
                if let Some(forward) = self.relay.handle_datagram(client, &message, now) {
                    self.way.forward(forward);
                }
            }
            StreamInput::Closed(client) => {
                self.way.streams.remove(&client);
                self.relay.handle_closed(client, now);
            }
        }
    }

    fn obey(&mut self) -> Round {
        for _ in 0..CONTROLS_MAX {
            match self.inbox.controls.try_recv() {
                Ok(Control::Stop) => return Round::Over,
                Ok(control) => self.carry_out(control),
                Err(_) => return Round::Done,
            }
        }
        Round::More
    }

    fn carry_out(&mut self, control: Control) {
        let now = Instant::now();
        match control {
            Control::Config(config) => self.relay.set_config(*config, now),
            Control::Command(command) => self.relay.handle_command(command, now),
            Control::Kick(allocation, known) => {
                let mut sessions = self.relay.sessions();
                let _ = known.send(sessions.any(|session| session.allocation == allocation));
                drop(sessions);
                self.relay.handle_command(Command::Kick { allocation }, now);
            }
            Control::Sessions(user, limit, answer) => {
                let sessions = self.relay.sessions();
                let wanted = |session: &fmz_turn_core::SessionView<'_>| {
                    user.as_deref().is_none_or(|user| user == session.user)
                };
                let listed = sessions.filter(wanted).take(limit);
                let _ = answer.send(
                    listed
                        .map(|view| Session::new(self.number, &view, now))
                        .collect(),
                );
            }
            Control::Stop => {}
        }
    }

    /// Timers, then answers, then events: what an event leads to is answered in the same round.
    fn speak(&mut self) -> Round {
        let now = Instant::now();
        if self.relay.poll_timeout().is_some_and(|at| at <= now) {
            self.relay.handle_timeout(now);
        }
        for _ in 0..OUTPUTS_MAX {
            let Some(event) = self.relay.poll_event() else {
                return self.answer();
            };
            self.heed(event, now);
        }
        self.answer();
        Round::More
    }

    fn answer(&mut self) -> Round {
        for _ in 0..OUTPUTS_MAX {
            let Some(transmit) = self.relay.poll_transmit() else {
                return Round::Done;
            };
            self.way.answer(transmit);
        }
        Round::More
    }

    fn heed(&mut self, event: Event, now: Instant) {
        match event {
            Event::Open {
                allocation,
                relayed,
                ..
            } => {
                let result = self.way.sockets.open(allocation, relayed);
                if let (Ok(()), Some(handoff)) = (result, &self.way.handoff) {
                    handoff.relayed.open(relayed);
                }
                self.relay.handle_opened(allocation, relayed, result, now);
            }
            Event::Close { relayed, .. } => {
                if let Some(handoff) = &self.way.handoff {
                    handoff.relayed.close(relayed);
                }
                self.way.sockets.close(relayed);
            }
            Event::CloseClient { client } => {
                if let Some(queue) = self.way.streams.get(&client) {
                    queue.close();
                }
            }
            Event::Drained => {
                let _ = self.drained.send(true);
            }
        }
    }

    fn export(&mut self) {
        let now = Instant::now();
        if now >= self.exported_at + EXPORT_INTERVAL {
            self.exported_at = now;
            self.way.metrics.export(self.relay.stats());
            self.relay.handle_wall_clock(unix_time(), now);
        }
    }

    /// Time until something is due.
    fn rest(&self) -> Duration {
        let export_at = self.exported_at + EXPORT_INTERVAL;
        let due = self.relay.poll_timeout();
        let due = due.map_or(export_at, |at| at.min(export_at));
        due.saturating_duration_since(Instant::now())
    }

    fn note(&mut self, events: &Events) {
        for event in events {
            match event.token() {
                LISTENING => self.listening_ready = true,
                BELL => {}
                Token(slot) => {
                    if self.way.sockets.wake(slot) {
                        self.ready.push_back(slot);
                    }
                }
            }
        }
    }
}

/// Time since 1970.
pub(crate) fn unix_time() -> Duration {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default()
}

/// The listening socket of a shard.
pub(crate) fn listening(
    address: std::net::SocketAddr,
    shared_port: bool,
) -> std::io::Result<RawSocket> {
    let options = fmz_net::Options {
        shared_port,
        ..fmz_net::Options::default()
    };
    let socket = RawSocket::bind(address, options)?;
    // What a peer sends may be as long as its link takes, and the header comes on top.
    socket.set_dont_fragment(false)?;
    Ok(socket)
}
