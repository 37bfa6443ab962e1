//! Requests without credentials, each from another address.

use super::allocation::{bare_allocate, client_address};
use super::relay::Relay;
use anyhow::{Context, Result};
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSocketState};
use std::io::{ErrorKind, IoSliceMut};
use std::net::{Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

/// Requests a second: as many as a relay on one processor can read.
const RATE: u32 = 100_000;
/// Requests sent between two reads of the answers.
const STRIDE: u32 = 16;
const ANSWER_BYTES: usize = 2048;
/// Time in which the last answers come.
const SETTLE: Duration = Duration::from_millis(500);

/// Effect of the flood on a relay.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Resident memory afterwards, divided by that before.
    pub(super) growth: f64,
    /// Bytes that the relay answered, divided by those that it was sent.
    pub(super) amplification: f64,
}

/// Sends `requests` requests.
pub(super) fn run(relay: &Relay, requests: u32) -> Result<Outcome> {
    let flood = Flood::open(relay)?;
    let before = relay.memory()?;
    let (begin, mut answered) = (Instant::now(), 0);
    for number in 0..requests {
        flood.send(number)?;
        if number % STRIDE == 0 {
            while begin.elapsed() < Duration::from_secs(1) * number / RATE {
                answered += flood.answered()?;
            }
        }
    }
    let settled = Instant::now() + SETTLE;
    while Instant::now() < settled {
        answered += flood.answered()?;
    }
    let asked = flood.request.len() as u64 * u64::from(requests);
    Ok(Outcome {
        growth: relay.memory()? as f64 / before as f64,
        amplification: answered as f64 / asked as f64,
    })
}

struct Flood<'a> {
    relay: &'a Relay,
    socket: UdpSocket,
    state: UdpSocketState,
    request: Vec<u8>,
}

impl<'a> Flood<'a> {
    fn open(relay: &'a Relay) -> Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).context("bind the flood")?;
        let state = UdpSocketState::new((&socket).into()).context("set up the flood")?;
        Ok(Self {
            relay,
            socket,
            state,
            request: bare_allocate(),
        })
    }

    fn send(&self, number: u32) -> Result<()> {
        let transmit = Transmit {
            destination: self.relay.address,
            ecn: None,
            contents: &self.request,
            segment_size: None,
            src_ip: Some(client_address(number).into()),
        };
        match self.state.try_send((&self.socket).into(), &transmit) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            sent => sent.context("send a request"),
        }
    }

    /// Returns the bytes of the answers that wait, up to one batch.
    fn answered(&self) -> Result<u64> {
        let mut memory = vec![[0; ANSWER_BYTES]; BATCH_SIZE];
        let mut slots = memory.iter_mut();
        let mut slices: [IoSliceMut<'_>; BATCH_SIZE] = std::array::from_fn(|_| {
            IoSliceMut::new(slots.next().expect("one slot was made for each"))
        });
        let mut meta = [RecvMeta::default(); BATCH_SIZE];
        match self
            .state
            .recv((&self.socket).into(), &mut slices, &mut meta)
        {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
            filled => {
                let filled = filled.context("receive")?;
                Ok(meta[..filled].iter().map(|meta| meta.len as u64).sum())
            }
        }
    }
}
