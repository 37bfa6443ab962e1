//! One thread's loop. A round handles, in order of priority: datagrams of clients, of peers, of the
//! peer in this process, messages of streams, commands, timers, answers, sending; then the loop
//! waits. Each part has a budget for each round, so that none starves another.

mod door;
mod inputs;
mod moderation;
mod outputs;
mod sockets;
mod way;

pub use door::Stopped;
pub(crate) use door::{Bell, Control, Door, Inbox, StreamInput, door};
pub(crate) use sockets::Sockets;
pub(crate) use way::{Handoff, Way};

use fmz_net::{PathError, RawSocket, ReceiveBuffer};
use fmz_turn_core::{AllocationId, Client, Icmp, Protocol, Relay};
use mio::{Events, Poll, Token};
use moderation::Moderation;
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
/// Answers and events a round, each. Between two rounds, data flows.
const OUTPUTS_MAX: usize = 1024;
/// Readiness events taken at once; the rest comes the next time.
const EVENTS_MAX: usize = 1024;
/// Time between two updates of the metrics.
const EXPORT_INTERVAL: Duration = Duration::from_millis(250);

/// Tokens that are not the slot of a relay socket.
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
    /// True if the listening socket may have something to read.
    listening_ready: bool,
    moderation: Moderation,
    exported_at: Instant,
}

/// Outcome of a round: whether work is left.
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
            listening_ready: way.listening.is_some(),
            way,
            inbox,
            drained,
            buffer: ReceiveBuffer::new(),
            ready: VecDeque::new(),
            moderation: Moderation::new(Instant::now()),
            exported_at: Instant::now(),
        }
    }

    /// Works until it is told to stop, or until no sender is left that could tell it.
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
        // Reset before the queues are read: an input that comes meanwhile then rings the bell
        // again.
        self.inbox.bell.heard();
        let parts = [
            self.receive(),
            self.read(),
            self.take_handed(),
            self.take_inputs(),
            self.obey(),
            self.speak(),
        ];
        // One send for each destination of the whole round.
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
                // An earlier send failed. The next call reads the datagrams after the error.
                Err(error) => tracing::debug!(%error, "receive"),
            }
            if !self.listening_ready {
                return Round::Done;
            }
        }
        Round::More
    }

    /// Hands the clients' datagrams to the relay, and collects the data that it forwards.
    fn take(&mut self) {
        let now = Instant::now();
        for datagram in self.buffer.datagrams() {
            self.moderation.count();
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

    /// Reads the relay sockets that are ready, one batch each in turn.
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
            // A socket with more to read gets its next turn after all others.
            if more {
                self.ready.push_back(slot);
            }
        }
        Round::More
    }

    /// Hands the peers' datagrams to the relay, and collects the data that it forwards.
    fn take_from_peers(&mut self, relayed: std::net::SocketAddr) {
        let now = Instant::now();
        for datagram in self.buffer.datagrams() {
            self.moderation.count();
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

    /// Takes the datagrams of the peer in this process. The queue's bound is the budget.
    fn take_handed(&mut self) -> Round {
        // Taken out for the loop, which forwards through `way`. Data from a peer goes to clients
        // only, so nothing needs the hand-off meanwhile.
        let Some(mut handoff) = self.way.handoff.take() else {
            return Round::Done;
        };
        let now = Instant::now();
        for datagram in handoff.end.take() {
            self.moderation.count();
            let relayed = self.way.bound(datagram.local);
            let (peer, payload) = (datagram.source, datagram.payload);
            if let Some(forward) = self.relay.handle_peer(relayed, peer, payload, now) {
                self.way.forward(forward);
            }
        }
        self.way.handoff = Some(handoff);
        Round::Done
    }

    fn export(&mut self) {
        let now = Instant::now();
        if now >= self.exported_at + EXPORT_INTERVAL {
            self.exported_at = now;
            self.way.metrics.export(self.relay.stats());
            self.relay.handle_wall_clock(unix_time(), now);
        }
    }

    /// Returns the time to wait for input. A busy loop rests first, and looks at its input after
    /// that.
    fn rest(&mut self) -> Duration {
        let Some(rest) = self.moderation.rest(Instant::now()) else {
            return self.until_due();
        };
        std::thread::sleep(rest);
        Duration::ZERO
    }

    /// Returns the time until something is due.
    fn until_due(&self) -> Duration {
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

/// Returns the time since 1970.
pub(crate) fn unix_time() -> Duration {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default()
}

/// Makes the listening socket of a shard.
pub(crate) fn listening(
    address: std::net::SocketAddr,
    shared_port: bool,
) -> std::io::Result<RawSocket> {
    let options = fmz_net::Options {
        shared_port,
        ..fmz_net::Options::default()
    };
    let socket = RawSocket::bind(address, options)?;
    // A peer's packet may be as long as its link allows, and the header is added to it.
    socket.set_dont_fragment(false)?;
    Ok(socket)
}

#[cfg(test)]
mod tests;
