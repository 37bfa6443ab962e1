//! A peer on its socket.

use crate::peer::{Peer, PeerEvent};
use crate::socket::Socket;
use anyhow::Result;
use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use str0m::media::{Mid, Pt};
use str0m::rtp::RtpWrite;

/// An event of a transport, with the kernel's time of arrival (since 1970) of the datagram that
/// caused it.
pub(crate) type Arrived = (PeerEvent, Duration);

/// One WebRTC transport with a socket of its own, as every real participant has.
#[derive(Debug)]
pub(crate) struct Transport {
    peer: Peer,
    socket: Socket,
    events: VecDeque<Arrived>,
    received_bytes: u64,
}

impl Transport {
    /// Opens a transport on a free port of the loopback address.
    pub(crate) fn bind() -> Result<Self> {
        let socket = Socket::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let peer = Peer::new(socket.local(), Instant::now())?;
        Ok(Self {
            peer,
            socket,
            events: VecDeque::new(),
            received_bytes: 0,
        })
    }

    pub(crate) fn accept_offer(&mut self, sdp: &str) -> Result<String> {
        let answer = self.peer.accept_offer(sdp, Instant::now())?;
        self.flush(Duration::ZERO);
        Ok(answer)
    }

    pub(crate) fn send_ops(&mut self, frame: &[u8]) -> Result<()> {
        self.peer.send_ops(frame, Instant::now())?;
        self.flush(Duration::ZERO);
        Ok(())
    }

    /// Sends a frame that may be lost.
    pub(crate) fn send_live(&mut self, frame: &[u8]) -> Result<()> {
        self.peer.send_live(frame, Instant::now())?;
        self.flush(Duration::ZERO);
        Ok(())
    }

    pub(crate) fn vp8(&self, mid: Mid) -> Option<Pt> {
        self.peer.vp8(mid)
    }

    pub(crate) fn send_rtp(&mut self, mid: Mid, packet: RtpWrite) -> Result<()> {
        self.peer.send_rtp(mid, packet, Instant::now())?;
        self.flush(Duration::ZERO);
        Ok(())
    }

    /// Returns the bytes of UDP payload that came since the last call.
    pub(crate) fn take_received_bytes(&mut self) -> u64 {
        std::mem::take(&mut self.received_bytes)
    }

    /// Returns the next event, if any.
    pub(crate) fn poll_event(&mut self) -> Option<Arrived> {
        self.events.pop_front()
    }

    /// Waits for datagrams or the next deadline, and handles them. The future may be dropped while
    /// it waits.
    pub(crate) async fn run(&mut self) -> Result<()> {
        let deadline = tokio::time::Instant::from_std(self.peer.poll_timeout());
        tokio::select! {
            ready = self.socket.readable() => {
                ready?;
                self.receive()
            }
            () = tokio::time::sleep_until(deadline) => {
                self.peer.handle_timeout(Instant::now())?;
                self.flush(Duration::ZERO);
                Ok(())
            }
        }
    }

    fn receive(&mut self) -> Result<()> {
        let Self {
            peer,
            socket,
            events,
            received_bytes,
        } = self;
        let now = Instant::now();
        socket.receive(|datagram| {
            *received_bytes += datagram.payload.len() as u64;
            peer.handle_datagram(datagram.source, datagram.payload, now)?;
            events.extend(
                std::iter::from_fn(|| peer.poll_event()).map(|event| (event, datagram.arrived)),
            );
            Ok(())
        })?;
        self.flush(Duration::ZERO);
        Ok(())
    }

    fn flush(&mut self, arrived: Duration) {
        while let Some((destination, payload)) = self.peer.poll_transmit() {
            self.socket.send(destination, &payload);
        }
        self.events
            .extend(std::iter::from_fn(|| self.peer.poll_event()).map(|event| (event, arrived)));
    }
}
