//! One participant's connection: ICE, DTLS, SRTP and SCTP, by str0m, whose types stay in this
//! module.
//!
//! str0m asks for a full drain after every change. A burst of packets, or of channel messages, is
//! written and then drained once: it costs a third less, and
//! `sfu10_every_packet_of_a_burst_arrives` holds the library to it.

mod channel;
mod guard;
mod media;
mod offer;

pub(crate) use channel::Channel;
pub(crate) use guard::{Guarded, TransportError};
pub(crate) use media::{Format, Mid, Packet, PayloadType};
pub(crate) use offer::LineChange;

use crate::limits::CHANNEL_BUFFER_BYTES;
use crate::{Datagram, Flow, Transmit};
use channel::Channels;
use fmz_media::Codec;
use media::Sources;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::change::SdpPendingOffer;
use str0m::config::DtlsVersion;
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, IceConnectionState, IceCreds, Input, Output, Rtc, RtcConfig};

/// Time between two reports of str0m's counts.
const STATS_INTERVAL: Duration = Duration::from_secs(2);
/// Deadlines in the past that str0m may name in a row; it is driven again after a millisecond.
const OVERDUE_TIMEOUTS_MAX: usize = 64;

/// A report of a transport.
#[derive(Debug)]
pub(crate) enum TransportEvent {
    Connected,
    Disconnected,
    Closed,
    ChannelOpened(Channel),
    ChannelClosed(Channel),
    Data(Channel, Vec<u8>),
    Packet(Mid, Packet),
    KeyframeWanted(Mid),
    Nacks(u64),
}

/// Outputs of draining a transport: datagrams to send, and events.
#[derive(Debug, Default)]
pub(crate) struct Outputs {
    pub(crate) transmits: VecDeque<Transmit>,
    pub(crate) events: Vec<TransportEvent>,
}

pub(crate) struct Transport {
    rtc: Guarded,
    channels: Channels,
    sources: Sources,
    pending: Option<SdpPendingOffer>,
    /// Lines that offer one codec only, in every offer.
    only: BTreeMap<String, Codec>,
    connected: bool,
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Transport")
    }
}

impl Transport {
    /// Makes a transport with its two channels, not yet offered.
    pub(crate) fn new(
        ufrag: String,
        pass: String,
        candidates: &[SocketAddr],
        now: Instant,
    ) -> Result<Self, TransportError> {
        let rtc = Guarded::new(|| build(IceCreds { ufrag, pass }, candidates, now))?;
        Ok(Self {
            rtc,
            channels: Channels::default(),
            sources: Sources::default(),
            pending: None,
            only: BTreeMap::new(),
            connected: false,
        })
    }

    /// Gives the transport a datagram that is meant for it. Returns false if it does not accept the
    /// source; then nothing was touched (`handle_input` alone would feed DTLS and SRTP from any
    /// address).
    pub(crate) fn handle_datagram(
        &mut self,
        datagram: &Datagram<'_>,
        now: Instant,
    ) -> Result<bool, TransportError> {
        let Flow {
            protocol,
            local,
            remote,
        } = datagram.flow;
        let protocol = to_str0m(protocol);
        self.rtc.call(|rtc| {
            let Ok(receive) = Receive::new(protocol, remote, local, datagram.payload) else {
                // Neither STUN nor DTLS, RTP or RTCP.
                return false;
            };
            let input = Input::Receive(now, receive);
            if !rtc.accepts(&input) {
                return false;
            }
            if let Err(error) = rtc.handle_input(input) {
                tracing::debug!(%error, "datagram without effect");
            }
            true
        })
    }

    /// Drives the transport to `now` and collects what it brings. Returns when to drive it again.
    pub(crate) fn drain(
        &mut self,
        now: Instant,
        outputs: &mut Outputs,
    ) -> Result<Instant, TransportError> {
        let Self {
            rtc,
            channels,
            sources,
            connected,
            ..
        } = self;
        let Outputs { transmits, events } = outputs;
        let at = rtc.call(|rtc| {
            poll(rtc, now, transmits, |rtc, event| {
                events.extend(match event {
                    Event::RtpPacket(packet) => sources.packet(rtc, packet, now),
                    other => plain(&other, connected).or_else(|| channels.event(rtc, other)),
                });
            })
        })??;
        if !rtc.call(|rtc| rtc.is_alive())? {
            outputs.events.push(TransportEvent::Closed);
        }
        Ok(at)
    }

    /// Adds an address of the client. Returns false if it is unreadable, or a name instead of an
    /// address; then it is ignored.
    pub(crate) fn add_candidate(&mut self, candidate: &str) -> Result<bool, TransportError> {
        let line = candidate.trim_start_matches("a=");
        self.rtc.call(|rtc| match Candidate::from_sdp_string(line) {
            Ok(candidate) => {
                rtc.add_remote_candidate(candidate);
                true
            }
            Err(_) => false,
        })
    }

    /// Says good-bye to the client (RTCP BYE, DTLS close_notify) as far as it is connected; a drain
    /// sends it.
    pub(crate) fn close(&mut self) -> Result<(), TransportError> {
        self.rtc.call(|rtc| {
            if let Err(error) = rtc.close() {
                tracing::debug!(%error, "close without good-bye");
            }
        })
    }

    #[cfg(test)]
    pub(crate) fn panic_inside(&mut self) -> Result<(), TransportError> {
        self.rtc.call(|_| panic!("planted"))
    }
}

/// Polls until the next deadline lies ahead, and returns it.
fn poll(
    rtc: &mut Rtc,
    now: Instant,
    transmits: &mut VecDeque<Transmit>,
    mut each: impl FnMut(&mut Rtc, Event),
) -> Result<Instant, TransportError> {
    let mut overdue = 0;
    loop {
        // A `?` here would copy the large output once more for each datagram.
        match rtc.poll_output() {
            Ok(Output::Timeout(at)) if at > now => return Ok(at),
            Ok(Output::Timeout(_)) if overdue == OVERDUE_TIMEOUTS_MAX => {
                return Ok(now + Duration::from_millis(1));
            }
            Ok(Output::Timeout(_)) => {
                overdue += 1;
                rtc.handle_input(Input::Timeout(now))?;
            }
            Ok(Output::Transmit(transmit)) => {
                // str0m pairs addresses of one protocol only, and ours are all announced for UDP.
                debug_assert_eq!(transmit.proto, Protocol::Udp);
                transmits.push_back(Transmit {
                    flow: Flow::udp(transmit.source, transmit.destination),
                    payload: transmit.contents.into(),
                    received_at: None,
                });
            }
            Ok(Output::Event(event)) => each(rtc, event),
            Err(error) => return Err(error.into()),
        }
    }
}

fn to_str0m(protocol: crate::Protocol) -> Protocol {
    match protocol {
        crate::Protocol::Udp => Protocol::Udp,
    }
}

/// Translates events that need nothing looked up.
fn plain(event: &Event, connected: &mut bool) -> Option<TransportEvent> {
    match event {
        Event::Connected => {
            *connected = true;
            Some(TransportEvent::Connected)
        }
        Event::IceConnectionStateChange(IceConnectionState::Disconnected) if *connected => {
            Some(TransportEvent::Disconnected)
        }
        Event::IceConnectionStateChange(state) if *connected && state.is_connected() => {
            Some(TransportEvent::Connected)
        }
        Event::KeyframeRequest(request) => {
            Some(TransportEvent::KeyframeWanted(Mid::new(request.mid)))
        }
        Event::Closed => Some(TransportEvent::Closed),
        _ => None,
    }
}

fn build(
    credentials: IceCreds,
    candidates: &[SocketAddr],
    now: Instant,
) -> Result<Rtc, TransportError> {
    let mut rtc = RtcConfig::new()
        .set_local_ice_credentials(credentials)
        // Both browsers then agree on AES-GCM for SRTP; with 1.3 they end on slower suites.
        .set_dtls_version(DtlsVersion::Dtls12)
        .set_rtp_mode(true)
        .set_stats_interval(Some(STATS_INTERVAL))
        .set_sctp_max_buffered_amount(CHANNEL_BUFFER_BYTES)
        .set_sctp_max_message_size(fmz_proto::limits::CLIENT_FRAME_BYTES_MAX as u32)
        .clear_codecs()
        .enable_opus(true, false)
        .enable_vp8(true)
        .enable_vp9(true)
        .enable_av1(true)
        .enable_h264(true)
        .build(now);
    for address in candidates {
        match Candidate::host(*address, Protocol::Udp) {
            Ok(candidate) => {
                rtc.add_local_candidate(candidate);
            }
            Err(error) => tracing::warn!(%error, "address cannot be announced"),
        }
    }
    Ok(rtc)
}
