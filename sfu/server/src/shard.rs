//! One thread's loop. A round takes datagrams, those of a relay in this process, the owner's
//! messages and timeouts, and then sends datagrams and events. Each part has a budget for each
//! round, so that none starves another. Between rounds, the loop waits.

use crate::ports::Ports;
use crate::stop::Stop;
use fmz_net::{ReceiveBuffer, SendBatch};
use fmz_proto::v1::from_sfu;
use fmz_sfu_core::{Config, Datagram, Flow, Sfu, Transmit};
use std::io::ErrorKind;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// Receive calls a round, of up to 32 buffers each.
const RECEIVES_MAX: usize = 4;
/// Messages a round.
const MESSAGES_MAX: usize = 256;
/// Datagrams sent a round: a millisecond's work, within which the receive buffer cannot fill.
const SENDS_MAX: usize = 512;
/// Time between two updates of the metrics.
const EXPORT_INTERVAL: Duration = Duration::from_millis(250);
/// Longest time for sending the last datagrams at the end.
const GOODBYE_TIME_MAX: Duration = Duration::from_secs(1);

pub(crate) struct Shard<'a> {
    sfu: Sfu,
    ports: &'a mut Ports,
    buffer: ReceiveBuffer,
    outgoing: Outgoing,
    /// An event that the link had no room for.
    held_event: Option<from_sfu::Message>,
    exported_at: Instant,
}

/// Datagrams on their way out.
#[derive(Default)]
struct Outgoing {
    batch: SendBatch,
    /// Arrival of the oldest packet of each datagram in the batch.
    received_at: Vec<Instant>,
    /// A datagram that could not join the batch, and waits until the batch is sent.
    held: Option<Transmit>,
    /// True while the kernel takes nothing.
    blocked: bool,
}

/// Result of a part of a round.
#[derive(PartialEq, Eq)]
enum Round {
    Done,
    /// Work for another round at once.
    More,
    /// The link's other end is gone.
    Over,
}

impl<'a> Shard<'a> {
    /// Makes a shard without transports. It tells the rooms that it is up.
    pub(crate) fn new(ports: &'a mut Ports, epoch: u32, seed: [u8; 32]) -> Self {
        let config = Config {
            shard: 0,
            epoch,
            candidates: ports.book.candidates().to_vec(),
        };
        let mut sfu = Sfu::new(config, seed);
        sfu.announce();
        Self {
            sfu,
            ports,
            buffer: ReceiveBuffer::new(),
            outgoing: Outgoing::default(),
            held_event: None,
            exported_at: Instant::now(),
        }
    }

    /// Works until told to stop, or until the link's other end is gone.
    pub(crate) async fn run(mut self, stop: &mut Stop) {
        loop {
            match self.round() {
                Round::Over => break,
                Round::More => {
                    tokio::task::yield_now().await;
                    if stop.is_asked() {
                        break;
                    }
                }
                Round::Done => {
                    if self.wait(stop).await == Round::Over {
                        break;
                    }
                }
            }
        }
        self.close().await;
    }

    fn round(&mut self) -> Round {
        #[cfg(any(test, feature = "fault-injection"))]
        self.ports.fault.strike();
        let received = self.receive();
        self.receive_relayed();
        let messages = self.receive_messages();
        self.sfu.handle_timeout(Instant::now());
        let sent = self.send();
        let events = self.send_events();
        self.export();
        let parts = [received, messages, sent, events];
        if parts.contains(&Round::Over) {
            Round::Over
        } else if parts.contains(&Round::More) {
            Round::More
        } else {
            Round::Done
        }
    }

    fn receive(&mut self) -> Round {
        for _ in 0..RECEIVES_MAX {
            match self.ports.socket.try_receive(&mut self.buffer) {
                Ok(()) => self.handle_received(),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Round::Done,
                // An ICMP error of an earlier send. The next call reads the datagrams after it.
                Err(error) => tracing::debug!(%error, "receive"),
            }
        }
        Round::More
    }

    fn handle_received(&mut self) {
        let now = Instant::now();
        for fmz_net::Datagram {
            source,
            local,
            payload,
        } in self.buffer.datagrams()
        {
            let flow = Flow::udp(self.ports.book.announced(local), source);
            self.sfu.handle_datagram(Datagram { flow, payload }, now);
        }
    }

    /// Takes all datagrams that the relay handed over. The bound of the hand-off is the budget.
    fn receive_relayed(&mut self) {
        let now = Instant::now();
        let (sfu, handoff) = (&mut self.sfu, &mut self.ports.handoff);
        handoff.receive(|datagram| {
            // The relay's client sent it to an announced address.
            let flow = Flow::udp(datagram.local, datagram.source);
            let payload = datagram.payload;
            sfu.handle_datagram(Datagram { flow, payload }, now);
        });
    }

    fn receive_messages(&mut self) -> Round {
        for _ in 0..MESSAGES_MAX {
            match self.ports.link.to_sfu.try_recv() {
                Ok(message) => self.sfu.handle_message(message, Instant::now()),
                Err(mpsc::error::TryRecvError::Empty) => return Round::Done,
                Err(mpsc::error::TryRecvError::Disconnected) => return Round::Over,
            }
        }
        Round::More
    }

    fn send(&mut self) -> Round {
        let round = self.send_datagrams();
        let Ports {
            handoff, metrics, ..
        } = &mut *self.ports;
        handoff.flush(metrics);
        round
    }

    /// Sends the forwarding unit's datagrams. The clock is read once for each send to the kernel,
    /// not for each datagram.
    fn send_datagrams(&mut self) -> Round {
        let mut now = Instant::now();
        for _ in 0..SENDS_MAX {
            let held = self.outgoing.held.take();
            let Some(transmit) = held.or_else(|| self.sfu.poll_transmit(now)) else {
                self.flush();
                return Round::Done;
            };
            let Ports {
                handoff, metrics, ..
            } = &mut *self.ports;
            if handoff.push(&transmit, metrics) {
                let received_at = transmit.received_at;
                received_at.iter().for_each(|at| self.forwarded(*at, now));
                continue;
            }
            if !self.add_to_batch(&transmit) {
                let sent_at = self.flush();
                now = sent_at.unwrap_or(now);
                // The kernel takes nothing more now: the datagram waits for the next round.
                if sent_at.is_none() || !self.add_to_batch(&transmit) {
                    self.outgoing.held = Some(transmit);
                    return Round::Done;
                }
            }
        }
        Round::More
    }

    /// Adds a datagram to the batch. Returns false if the batch has to be sent first.
    fn add_to_batch(&mut self, transmit: &Transmit) -> bool {
        let Flow { local, remote, .. } = transmit.flow;
        let source = self.ports.book.source(local);
        let batch = &mut self.outgoing.batch;
        let joined = batch.push(source, remote, &transmit.payload);
        if joined {
            self.outgoing.received_at.extend(transmit.received_at);
        }
        joined
    }

    /// Sends the batch and returns the time. Returns `None` if the kernel takes nothing now.
    fn flush(&mut self) -> Option<Instant> {
        match self.ports.socket.try_send(&mut self.outgoing.batch) {
            Ok(sent) => self.ports.metrics.refused(sent.refused),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.outgoing.blocked = true;
                return None;
            }
            Err(error) => tracing::debug!(%error, "send"),
        }
        self.outgoing.blocked = false;
        let now = Instant::now();
        let mut received_at = std::mem::take(&mut self.outgoing.received_at);
        received_at.drain(..).for_each(|at| self.forwarded(at, now));
        // The list keeps its memory for the next batch.
        self.outgoing.received_at = received_at;
        Some(now)
    }

    /// Notes the time that a packet spent in this process.
    fn forwarded(&self, received_at: Instant, now: Instant) {
        let delay = now.saturating_duration_since(received_at);
        self.ports.metrics.forwarded(delay);
    }

    fn send_events(&mut self) -> Round {
        while let Some(event) = self.held_event.take().or_else(|| self.sfu.poll_event()) {
            match self.ports.link.from_sfu.try_send(event) {
                Ok(()) => {}
                Err(TrySendError::Full(event)) => {
                    self.held_event = Some(event);
                    return Round::Done;
                }
                Err(TrySendError::Closed(_)) => return Round::Over,
            }
        }
        Round::Done
    }

    fn export(&mut self) {
        if self.exported_at.elapsed() >= EXPORT_INTERVAL {
            self.exported_at = Instant::now();
            self.ports.metrics.export(self.sfu.stats());
        }
    }

    /// Waits for whatever comes first.
    async fn wait(&mut self, stop: &mut Stop) -> Round {
        let export_at = self.exported_at + EXPORT_INTERVAL;
        let deadline = self
            .sfu
            .poll_timeout()
            .map_or(export_at, |at| at.min(export_at));
        tokio::select! {
            // In this order: the end first, then datagrams, which cannot wait as long as messages
            // can.
            biased;
            () = stop.asked() => return Round::Over,
            _ = self.ports.socket.readable() => {}
            () = self.ports.handoff.arrived() => {}
            message = self.ports.link.to_sfu.recv() => match message {
                Some(message) => self.sfu.handle_message(message, Instant::now()),
                None => return Round::Over,
            },
            () = tokio::time::sleep_until(deadline.into()) => {}
            _ = self.ports.socket.writable(), if self.outgoing.blocked => {}
            _ = self.ports.link.from_sfu.reserve(), if self.held_event.is_some() => {}
        }
        Round::Done
    }

    /// Ends every transport; returns once each goodbye is sent, or when the time for that is over.
    async fn close(mut self) {
        self.sfu.close_all(Instant::now());
        let all_sent = async {
            while self.send() == Round::More || self.outgoing.blocked {
                if self.outgoing.blocked && self.ports.socket.writable().await.is_err() {
                    break;
                }
            }
        };
        if tokio::time::timeout(GOODBYE_TIME_MAX, all_sent)
            .await
            .is_err()
        {
            tracing::warn!("not every transport was told of the end");
        }
        self.send_events();
        self.ports.metrics.export(self.sfu.stats());
    }
}
