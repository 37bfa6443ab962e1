//! Paced load in one direction: clients through a relay to a peer.

use super::allocation::{Allocation, CHANNEL};
use super::relay::Relay;
use super::sink::Sink;
use crate::cpu;
use crate::report::Delays;
use anyhow::Result;
use std::io::ErrorKind;
use std::time::{Duration, Instant, SystemTime};

/// Datagrams that leave at once.
pub(super) const BURST: usize = 8;
/// Bytes before the payload: channel and length (RFC 8656 section 12.4).
const HEADER_BYTES: usize = 4;
/// Time before the measurement, in which buffers fill and processors wake up.
const WARM_UP: Duration = Duration::from_secs(1);
/// Time before and after the measurement, in which the last datagrams arrive and are counted.
const REST: Duration = Duration::from_millis(1500);

/// Order in which clients send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// One datagram of each client in turn, like voice: a relay can join nothing.
    Turns,
    /// A whole burst from one client, like a frame of video.
    Bursts,
}

/// Order, rate and size of the load.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) order: Order,
    /// Datagrams a second, all clients together.
    pub(super) rate: u32,
    /// Bytes of payload in each datagram.
    pub(super) bytes: usize,
    pub(super) seconds: u64,
}

/// Results of one measurement.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) sent: u64,
    pub(super) arrived: u64,
    /// Processor time of the relay.
    pub(super) spent: Duration,
    /// Cores that other programs than relay and load kept busy.
    pub(super) other_cores: f64,
    pub(super) delays: Delays,
}

impl Outcome {
    /// Returns the relay's processor time for each datagram that arrived, in microseconds.
    pub(super) fn us_per_packet(&self) -> f64 {
        self.spent.as_secs_f64() * 1e6 / self.arrived.max(1) as f64
    }

    pub(super) fn lost(&self) -> u64 {
        self.sent.saturating_sub(self.arrived)
    }
}

/// Returns the outcome of median cost: on a machine that others share, single rounds can be far off
/// in both directions.
pub(super) fn typical(mut outcomes: Vec<Outcome>) -> Outcome {
    outcomes.sort_by(|one, other| one.us_per_packet().total_cmp(&other.us_per_packet()));
    outcomes.swap_remove(outcomes.len() / 2)
}

/// The receiver.
#[derive(Debug)]
pub(super) enum Peer<'a> {
    Sink(&'a mut Sink),
    /// The forwarding unit in the relay's own process. It refuses, and counts, all of these
    /// datagrams.
    Inside,
}

/// Processor time, and the wall time in which it was spent.
struct Spent {
    clock: Duration,
    relay: Duration,
    load: Duration,
    machine: Duration,
}

impl Spent {
    fn so_far(relay: &Relay) -> Result<Self> {
        Ok(Self {
            clock: unix_time(),
            relay: relay.spent()?,
            load: cpu::of_process(std::process::id())?,
            machine: cpu::of_machine()?,
        })
    }

    fn since(&self, before: &Self) -> Self {
        Self {
            clock: self.clock - before.clock,
            relay: self.relay - before.relay,
            load: self.load - before.load,
            machine: self.machine - before.machine,
        }
    }

    fn other_cores(&self) -> f64 {
        let others = self.machine.saturating_sub(self.relay + self.load);
        others.as_secs_f64() / self.clock.as_secs_f64()
    }
}

/// Clients that send through one relay.
pub(super) struct Load<'a> {
    relay: &'a Relay,
    clients: &'a [Allocation],
    peer: Peer<'a>,
    shape: Shape,
    /// The next datagram, and its number.
    datagram: Vec<u8>,
    number: u64,
    arrived: u64,
    delays: Delays,
}

impl<'a> Load<'a> {
    pub(super) fn new(
        relay: &'a Relay,
        clients: &'a [Allocation],
        peer: Peer<'a>,
        shape: Shape,
    ) -> Self {
        let mut datagram = vec![0; HEADER_BYTES + shape.bytes];
        datagram[..2].copy_from_slice(&CHANNEL.to_be_bytes());
        datagram[2..4].copy_from_slice(&(shape.bytes as u16).to_be_bytes());
        Self {
            relay,
            clients,
            peer,
            shape,
            datagram,
            number: 0,
            arrived: 0,
            delays: Delays::new(),
        }
    }

    /// Sends for the shape's time, after a warm-up and a pause in which all datagrams of that
    /// arrive.
    pub(super) fn run(mut self) -> Result<Outcome> {
        self.send_for(WARM_UP)?;
        self.rest()?;
        let (first, inside, before) = (self.number, self.inside()?, Spent::so_far(self.relay)?);
        (self.arrived, self.delays) = (0, Delays::new());
        self.send_for(Duration::from_secs(self.shape.seconds))?;
        self.rest()?;
        let spent = Spent::so_far(self.relay)?.since(&before);
        Ok(Outcome {
            sent: self.number - first,
            arrived: self.arrived + self.inside()? - inside,
            spent: spent.relay,
            other_cores: spent.other_cores(),
            delays: self.delays,
        })
    }

    fn rest(&mut self) -> Result<()> {
        let rested = Instant::now() + REST;
        while Instant::now() < rested {
            self.receive()?;
        }
        Ok(())
    }

    fn inside(&self) -> Result<u64> {
        match self.peer {
            Peer::Sink(_) => Ok(0),
            Peer::Inside => self.relay.refused(),
        }
    }

    /// Sends for a time without ever sleeping: the load has a processor to itself, and a timer
    /// would fire late.
    fn send_for(&mut self, time: Duration) -> Result<()> {
        let pause = Duration::from_secs(1) * BURST as u32 / self.shape.rate;
        let (mut next, end) = (Instant::now(), Instant::now() + time);
        while next < end {
            if Instant::now() < next {
                self.receive()?;
            } else {
                self.send_burst()?;
                next += pause;
            }
        }
        Ok(())
    }

    fn send_burst(&mut self) -> Result<()> {
        let burst = self.number as usize / BURST;
        for place in 0..BURST {
            let client = match self.shape.order {
                Order::Turns => burst * BURST + place,
                Order::Bursts => burst,
            };
            self.send(client % self.clients.len())?;
        }
        Ok(())
    }

    fn send(&mut self, client: usize) -> Result<()> {
        let now = unix_time().as_nanos() as u64;
        self.datagram[HEADER_BYTES..][..8].copy_from_slice(&now.to_be_bytes());
        self.number += 1;
        match self.clients[client].socket.send(&self.datagram) {
            // If the kernel does not take a datagram, it is lost, as on any network.
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            sent => Ok(sent.map(|_| ())?),
        }
    }

    fn receive(&mut self) -> Result<()> {
        let Peer::Sink(sink) = &mut self.peer else {
            return Ok(());
        };
        let bytes = self.shape.bytes;
        let (arrived, delays) = (&mut self.arrived, &mut self.delays);
        sink.receive(|at, datagram| {
            if let Some(sent) = stamp(datagram).filter(|_| datagram.len() == bytes) {
                *arrived += 1;
                delays.record(at.saturating_sub(sent));
            }
        })
    }
}

/// Returns the time of sending, since 1970.
fn stamp(payload: &[u8]) -> Option<Duration> {
    let sent = payload.first_chunk()?;
    Some(Duration::from_nanos(u64::from_be_bytes(*sent)))
}

fn unix_time() -> Duration {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
}
