//! A client: str0m on a UDP socket.

use fmz_proto::{limits::LIVE_LIFETIME_MS, v1};
use std::time::Instant;
use str0m::change::SdpOffer;
use str0m::channel::{ChannelConfig, Reliability};
use str0m::format::Codec;
use str0m::media::Mid;
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Output, Rtc};
use tokio::net::UdpSocket;

pub(crate) struct Client {
    pub(crate) session: u64,
    pub(crate) open: usize,
    pub(crate) packets: usize,
    pub(crate) answers: usize,
    pub(crate) data: Vec<Vec<u8>>,
    pub(crate) line: Option<Mid>,
    rtc: Rtc,
    socket: UdpSocket,
}

impl Client {
    pub(crate) async fn new(session: u64) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut rtc = Rtc::builder()
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_vp8(true)
            .build(Instant::now());
        let address = socket.local_addr().unwrap();
        rtc.add_local_candidate(Candidate::host(address, Protocol::Udp).unwrap());
        for (label, id, ordered) in [("ops", 0, true), ("live", 1, false)] {
            let reliability = if ordered {
                Reliability::Reliable
            } else {
                Reliability::MaxPacketLifetime {
                    lifetime: LIVE_LIFETIME_MS,
                }
            };
            rtc.direct_api().create_data_channel(ChannelConfig {
                label: label.to_owned(),
                ordered,
                reliability,
                negotiated: Some(id),
                protocol: String::new(),
            });
        }
        Self {
            session,
            open: 0,
            packets: 0,
            answers: 0,
            data: Vec::new(),
            line: None,
            rtc,
            socket,
        }
    }

    /// Sends what is due, then waits for one datagram or deadline.
    pub(crate) async fn work(&mut self) {
        let deadline = self.drain();
        let mut buffer = [0; 2000];
        tokio::select! {
            received = self.socket.recv_from(&mut buffer) => {
                let (length, source) = received.unwrap();
                let local = self.socket.local_addr().unwrap();
                let datagram = Receive::new(Protocol::Udp, source, local, &buffer[..length]);
                let input = Input::Receive(Instant::now(), datagram.unwrap());
                self.rtc.handle_input(input).unwrap();
            }
            () = tokio::time::sleep_until(deadline.into()) => {
                self.rtc.handle_input(Input::Timeout(Instant::now())).unwrap();
            }
        }
        self.drain();
    }

    fn drain(&mut self) -> Instant {
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(at) if at > Instant::now() => return at,
                Output::Timeout(_) => {
                    let now = Input::Timeout(Instant::now());
                    self.rtc.handle_input(now).unwrap();
                }
                // A datagram that the system does not take now is lost, as on any network.
                Output::Transmit(transmit) => drop(
                    self.socket
                        .try_send_to(&transmit.contents, transmit.destination),
                ),
                Output::Event(Event::ChannelOpen(..)) => self.open += 1,
                Output::Event(Event::ChannelData(data)) => self.data.push(data.data),
                Output::Event(Event::RtpPacket(_)) => self.packets += 1,
                Output::Event(_) => {}
            }
        }
    }

    pub(crate) fn answer(&mut self, offer: v1::Offer) -> v1::Answer {
        let sdp = SdpOffer::from_sdp_string(&offer.sdp).unwrap();
        let answer = self.rtc.sdp_api().accept_offer(sdp).unwrap();
        let lines = offer.lines.iter();
        self.line = lines
            .map(|line| Mid::from(line.mid.as_str()))
            .next()
            .or(self.line);
        self.answers += 1;
        v1::Answer {
            offer: offer.offer,
            sdp: answer.to_sdp_string(),
            transport: offer.transport,
        }
    }

    pub(crate) fn write(&mut self, sequence: u64, payload: &[u8]) {
        let config = self.rtc.codec_config();
        let vp8 = config.find(|c| c.spec().codec == Codec::Vp8).unwrap().pt();
        let timestamp = sequence as u32 * 3750;
        let write = RtpWrite::new(vp8, sequence.into(), timestamp, Instant::now(), payload);
        let mut api = self.rtc.direct_api();
        let stream = api.stream_tx_by_mid(self.line.unwrap(), None).unwrap();
        stream.write_rtp(write);
        self.drain();
    }
}

/// Makes a VP8 payload that begins a keyframe.
pub(crate) fn keyframe() -> Vec<u8> {
    [&[0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2a][..], &[0; 1100]].concat()
}
