//! The WebRTC end of a load session: answers the server's offers, opens the two data channels,
//! sends and receives RTP.
//!
//! Holds no socket and no clock. After every `handle_*`, `accept_offer` and `send_*` call, call
//! [`Peer::poll_transmit`] and [`Peer::poll_event`] until both return `None`, then
//! [`Peer::poll_timeout`].

#[cfg(test)]
mod tests;

use anyhow::{Context, Result, bail};
use fmz_proto::limits::LIVE_LIFETIME_MS;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;
use str0m::change::SdpOffer;
use str0m::channel::{ChannelConfig, ChannelId, Reliability};
use str0m::format::Codec;
use str0m::media::{Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{RtpPacket, RtpWrite};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

/// SCTP stream of the ordered, reliable channel.
pub(crate) const OPS_STREAM: u16 = 0;
/// SCTP stream of the unordered channel without retransmission.
pub(crate) const LIVE_STREAM: u16 = 1;

/// An event of a peer.
#[derive(Debug)]
pub(crate) enum PeerEvent {
    /// ICE and DTLS stand.
    Connected,
    /// The `ops` channel accepts frames.
    OpsOpen,
    /// A frame came on the `ops` channel.
    Frame(Vec<u8>),
    /// A frame came on the `live` channel.
    LiveFrame(Vec<u8>),
    /// An RTP packet came.
    Packet(Box<RtpPacket>),
    /// The transport ended.
    Closed,
}

/// One WebRTC transport.
#[derive(Debug)]
pub(crate) struct Peer {
    rtc: Rtc,
    local: SocketAddr,
    ops: Option<ChannelId>,
    live: Option<ChannelId>,
    transmits: VecDeque<(SocketAddr, Vec<u8>)>,
    events: VecDeque<PeerEvent>,
    timeout: Instant,
}

impl Peer {
    /// Makes a peer that is reached at `local`.
    pub(crate) fn new(local: SocketAddr, now: Instant) -> Result<Self> {
        let config = RtcConfig::new()
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_vp8(true);
        let mut rtc = config.build(now);
        rtc.add_local_candidate(Candidate::host(local, "udp").context("make a host candidate")?);
        Ok(Self {
            rtc,
            local,
            ops: None,
            live: None,
            transmits: VecDeque::new(),
            events: VecDeque::new(),
            timeout: now,
        })
    }

    /// Takes an offer and returns the answer.
    pub(crate) fn accept_offer(&mut self, sdp: &str, now: Instant) -> Result<String> {
        let offer = SdpOffer::from_sdp_string(sdp).context("read the offer")?;
        let answer = self
            .rtc
            .sdp_api()
            .accept_offer(offer)
            .context("accept the offer")?;
        if self.ops.is_none() {
            self.create_channels();
        }
        self.handle_timeout(now)?;
        Ok(answer.to_sdp_string())
    }

    fn create_channels(&mut self) {
        let mut api = self.rtc.direct_api();
        let ops = ChannelConfig {
            label: "ops".into(),
            negotiated: Some(OPS_STREAM),
            ..Default::default()
        };
        self.ops = Some(api.create_data_channel(ops));
        let live = ChannelConfig {
            label: "live".into(),
            negotiated: Some(LIVE_STREAM),
            ordered: false,
            reliability: Reliability::MaxPacketLifetime {
                lifetime: LIVE_LIFETIME_MS,
            },
            ..Default::default()
        };
        self.live = Some(api.create_data_channel(live));
    }

    /// Takes one UDP payload.
    pub(crate) fn handle_datagram(
        &mut self,
        source: SocketAddr,
        payload: &[u8],
        now: Instant,
    ) -> Result<()> {
        let Ok(receive) = Receive::new(Protocol::Udp, source, self.local, payload) else {
            return Ok(());
        };
        let input = Input::Receive(now, receive);
        if self.rtc.accepts(&input) {
            self.rtc.handle_input(input).context("handle a datagram")?;
            self.drain()?;
        }
        Ok(())
    }

    /// Moves the time forward.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Result<()> {
        self.drain()?;
        self.rtc
            .handle_input(Input::Timeout(now))
            .context("handle a timeout")?;
        self.drain()
    }

    /// Sends a frame on the `ops` channel.
    pub(crate) fn send_ops(&mut self, frame: &[u8], now: Instant) -> Result<()> {
        let id = self.ops.context("no ops channel was offered")?;
        let mut channel = self
            .rtc
            .channel(id)
            .context("the ops channel is not open")?;
        if !channel
            .write(true, frame)
            .context("write to the ops channel")?
        {
            bail!("the ops channel is full");
        }
        self.handle_timeout(now)
    }

    /// Sends a frame on the `live` channel. A frame that does not fit is lost.
    pub(crate) fn send_live(&mut self, frame: &[u8], now: Instant) -> Result<()> {
        let channel = self.live.and_then(|id| self.rtc.channel(id));
        if let Some(mut channel) = channel {
            channel
                .write(true, frame)
                .context("write to the live channel")?;
        }
        self.handle_timeout(now)
    }

    /// Returns the payload type of VP8 on the line `mid`.
    pub(crate) fn vp8(&self, mid: Mid) -> Option<Pt> {
        let media = self.rtc.media(mid)?;
        let is_vp8 = |pt: &Pt| {
            let mut codecs = self.rtc.codec_config().iter();
            codecs.any(|params| params.pt() == *pt && params.spec().codec == Codec::Vp8)
        };
        media.remote_pts().iter().copied().find(is_vp8)
    }

    /// Sends an RTP packet on the line `mid`.
    pub(crate) fn send_rtp(&mut self, mid: Mid, packet: RtpWrite, now: Instant) -> Result<()> {
        let mut api = self.rtc.direct_api();
        let stream = api
            .stream_tx_by_mid(mid, None)
            .context("the line does not send")?;
        stream.write_rtp(packet);
        self.handle_timeout(now)
    }

    /// Returns the next datagram to send.
    pub(crate) fn poll_transmit(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        self.transmits.pop_front()
    }

    /// Returns the next event.
    pub(crate) fn poll_event(&mut self) -> Option<PeerEvent> {
        self.events.pop_front()
    }

    /// Returns when [`Peer::handle_timeout`] is due.
    pub(crate) fn poll_timeout(&self) -> Instant {
        self.timeout
    }

    fn drain(&mut self) -> Result<()> {
        loop {
            match self.rtc.poll_output().context("poll the transport")? {
                Output::Timeout(at) => {
                    self.timeout = at;
                    return Ok(());
                }
                Output::Transmit(transmit) => {
                    self.transmits
                        .push_back((transmit.destination, transmit.contents.into()));
                }
                Output::Event(event) => self.note(event),
            }
        }
    }

    fn note(&mut self, event: Event) {
        let event = match event {
            Event::Connected => PeerEvent::Connected,
            Event::ChannelOpen(id, _) if Some(id) == self.ops => PeerEvent::OpsOpen,
            Event::ChannelData(data) if Some(data.id) == self.live => {
                PeerEvent::LiveFrame(data.data)
            }
            Event::ChannelData(data) => PeerEvent::Frame(data.data),
            Event::RtpPacket(packet) => PeerEvent::Packet(Box::new(packet)),
            Event::Closed => PeerEvent::Closed,
            _ => return,
        };
        self.events.push_back(event);
    }
}
