//! A network without loss or delay between a forwarding unit and its clients, with a hand-moved
//! clock.

use bytes::Bytes;
use fmz_proto::limits::LIVE_LIFETIME_MS;
use fmz_proto::v1::{self, from_sfu, to_sfu};
use fmz_sfu_core::{Config, Datagram, Flow, Sfu, Transmit};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::change::SdpOffer;
use str0m::channel::{ChannelConfig, ChannelId, Reliability};
use str0m::format::Codec;
use str0m::media::{KeyframeRequestKind, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{RtpPacket, RtpWrite};
use str0m::{Candidate, Event, Input, Output, Rtc};

pub(crate) const ROOM: &str = "room";

/// A packet as a client received it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Got {
    pub(crate) mid: Mid,
    pub(crate) sequence: u64,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    pub(crate) payload: Vec<u8>,
    pub(crate) at: Instant,
}

pub(crate) struct Client {
    pub(crate) session: u64,
    pub(crate) address: SocketAddr,
    pub(crate) rtc: Rtc,
    pub(crate) answers: bool,
    /// Whether the last offer waits for an answer.
    pub(crate) unanswered: bool,
    pub(crate) channels: [ChannelId; 2],
    pub(crate) open: Vec<ChannelId>,
    pub(crate) got: Vec<Got>,
    pub(crate) data: Vec<(ChannelId, Vec<u8>)>,
    pub(crate) keyframes_wanted: usize,
    /// Lines on which the client publishes, by publication.
    pub(crate) lines: Vec<(String, Mid)>,
    pub(crate) offers: Vec<v1::Offer>,
    /// Whether datagrams to this client are lost.
    pub(crate) deaf: bool,
    timeout: Instant,
}

pub(crate) struct World {
    pub(crate) sfu: Sfu,
    pub(crate) now: Instant,
    pub(crate) clients: Vec<Client>,
    pub(crate) events: Vec<from_sfu::Message>,
    /// Datagrams that the forwarding unit sent: time, destination, size.
    pub(crate) sent: Vec<(Instant, SocketAddr, usize)>,
}

pub(crate) fn server() -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], 4000))
}

#[expect(clippy::disallowed_methods, reason = "a test needs one first moment")]
fn epoch() -> Instant {
    Instant::now()
}

fn channel(label: &str, ordered: bool, reliability: Reliability, id: u16) -> ChannelConfig {
    ChannelConfig {
        label: label.to_owned(),
        ordered,
        reliability,
        negotiated: Some(id),
        protocol: String::new(),
    }
}

impl Client {
    fn new(session: u64, codecs: &[Codec], now: Instant) -> Self {
        let address = SocketAddr::from(([10, 0, 1, session as u8], 5000));
        let has = |codec| codecs.contains(&codec);
        let mut rtc = Rtc::builder()
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(has(Codec::Vp8))
            .enable_vp9(has(Codec::Vp9))
            .enable_h264(has(Codec::H264))
            .build(now);
        rtc.add_local_candidate(Candidate::host(address, Protocol::Udp).unwrap());
        let never = Reliability::MaxPacketLifetime {
            lifetime: LIVE_LIFETIME_MS,
        };
        let channels = [
            channel("ops", true, Reliability::Reliable, 0),
            channel("live", false, never, 1),
        ]
        .map(|config| rtc.direct_api().create_data_channel(config));
        Self {
            session,
            address,
            rtc,
            answers: true,
            unanswered: false,
            channels,
            open: Vec::new(),
            got: Vec::new(),
            data: Vec::new(),
            keyframes_wanted: 0,
            lines: Vec::new(),
            offers: Vec::new(),
            deaf: false,
            timeout: now,
        }
    }

    /// Collects the datagrams that the client sends, with flows as the forwarding unit sees them.
    fn drain(&mut self, now: Instant, sent: &mut VecDeque<Transmit>) {
        let mut overdue = 0;
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(at) if at <= now && overdue < 50 => {
                    overdue += 1;
                    self.rtc.handle_input(Input::Timeout(now)).unwrap();
                }
                Output::Timeout(at) => {
                    self.timeout = at;
                    return;
                }
                Output::Transmit(transmit) => sent.push_back(Transmit {
                    flow: Flow::udp(transmit.destination, transmit.source),
                    payload: transmit.contents.into(),
                    received_at: None,
                }),
                Output::Event(event) => self.take(event, now),
            }
        }
    }

    fn take(&mut self, event: Event, now: Instant) {
        match event {
            Event::ChannelOpen(id, _) => self.open.push(id),
            Event::ChannelData(data) => self.data.push((data.id, data.data)),
            Event::KeyframeRequest(_) => self.keyframes_wanted += 1,
            Event::RtpPacket(packet) => self.note(&packet, now),
            _ => {}
        }
    }

    fn note(&mut self, packet: &RtpPacket, now: Instant) {
        let ssrc = packet.header.ssrc;
        let mid = match self.rtc.direct_api().stream_rx(&ssrc) {
            Some(stream) => stream.mid(),
            None => return,
        };

        self.got.push(Got {
            mid,
            sequence: *packet.seq_no,
            timestamp: packet.header.timestamp,
            marker: packet.header.marker,
            payload: packet.payload.to_vec(),
            at: now,
        });
    }

    fn write(&mut self, mid: Mid, sequence: u64, payload: &[u8], now: Instant) -> Option<()> {
        let media = self.rtc.media(mid)?;
        let audio = media.kind() == MediaKind::Audio;
        let pts = media.remote_pts().to_vec();
        let config = self.rtc.codec_config();
        let pt = pts
            .into_iter()
            .find(|pt| config.find(|c| c.pt() == *pt).is_some())?;
        let timestamp = 4_000_000_000u32.wrapping_add(sequence as u32 / 3 * 3750);
        let write = RtpWrite::new(pt, sequence.into(), timestamp, now, payload)
            .marker(sequence % 3 == 2)
            .nackable(!audio);
        let mut api = self.rtc.direct_api();
        api.stream_tx_by_mid(mid, None)?.write_rtp(write);
        Some(())
    }

    /// Returns the media stream id of a line on which the client receives.
    pub(crate) fn stream_id(&self, mid: Mid) -> String {
        let sdp = &self.offers.last().unwrap().sdp;
        let section = sdp
            .split("m=")
            .find(|s| s.contains(&format!("a=mid:{mid}\r")));
        let line = section
            .unwrap()
            .lines()
            .find_map(|l| l.strip_prefix("a=msid:"));
        line.unwrap().split(' ').next().unwrap().to_owned()
    }

    pub(crate) fn line(&self, publication: &str) -> Mid {
        let found = self.lines.iter().find(|(id, _)| id == publication);
        found.expect("the publication was offered").1
    }

    /// Asks for a keyframe of each line on which the client receives.
    pub(crate) fn want_keyframe(&mut self) {
        let mid = self.got.last().unwrap().mid;
        let mut api = self.rtc.direct_api();
        let stream = api.stream_rx_by_mid(mid, None).unwrap();
        stream.request_keyframe(KeyframeRequestKind::Pli);
    }

    pub(crate) fn send(&mut self, channel: usize, data: &[u8]) {
        let mut channel = self.rtc.channel(self.channels[channel]).unwrap();
        assert!(channel.write(true, data).unwrap());
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let now = epoch();
        let config = Config {
            candidates: vec![server()],
            ..Config::default()
        };
        Self {
            sfu: Sfu::new(config, [7; 32]),
            now,
            clients: Vec::new(),
            events: Vec::new(),
            sent: Vec::new(),
        }
    }

    pub(crate) fn tell(&mut self, message: to_sfu::Message) {
        self.sfu.handle_message(message, self.now);
    }

    /// Opens a transport for a new client; returns its position.
    pub(crate) fn open(&mut self, session: u64, codecs: &[Codec]) -> usize {
        self.clients.push(Client::new(session, codecs, self.now));
        self.tell(to_sfu::Message::Open(v1::OpenTransport {
            room: ROOM.into(),
            session,
            transport: 1,
        }));
        self.clients.len() - 1
    }

    /// Makes a world with this many connected clients, whose channels are open.
    pub(crate) fn with(clients: u64) -> Self {
        let mut world = Self::new();
        for session in 1..=clients {
            world.open(session, &[Codec::Vp8]);
        }
        world.until(|world| world.clients.iter().all(|client| client.open.len() == 2));
        world.exchange();
        world
    }

    pub(crate) fn publish(
        &mut self,
        client: usize,
        publication: &str,
        kind: v1::MediaKind,
        codec: &str,
    ) {
        let session = self.clients[client].session;
        self.tell(to_sfu::Message::AddPublication(v1::AddPublication {
            room: ROOM.into(),
            session,
            publication: publication.into(),
            publish: Some(v1::Publish {
                request: 41,
                kind: kind.into(),
                source: v1::Source::Program.into(),
                codec: codec.into(),
                ..v1::Publish::default()
            }),
        }));
        self.exchange();
    }

    /// Sends one packet; it travels with the next exchange.
    pub(crate) fn write(
        &mut self,
        client: usize,
        publication: &str,
        sequence: u64,
        payload: &[u8],
    ) {
        let mid = self.clients[client].line(publication);
        assert!(self.try_write(client, mid, sequence, payload));
    }

    /// Does the same on any line. Returns false if the client does not send on it.
    pub(crate) fn try_write(
        &mut self,
        client: usize,
        mid: Mid,
        sequence: u64,
        payload: &[u8],
    ) -> bool {
        let written = self.clients[client].write(mid, sequence, payload, self.now);
        if written.is_some() {
            self.drain(client);
        }
        written.is_some()
    }

    fn drain(&mut self, client: usize) {
        let mut sent = VecDeque::new();
        self.clients[client].drain(self.now, &mut sent);
        for transmit in sent {
            self.deliver(&transmit);
        }
    }

    fn deliver(&mut self, transmit: &Transmit) {
        let datagram = Datagram {
            flow: transmit.flow,
            payload: &transmit.payload,
        };
        self.sfu.handle_datagram(datagram, self.now);
    }

    /// Lets all datagrams and events of this moment happen.
    pub(crate) fn exchange(&mut self) {
        loop {
            let mut sent = VecDeque::new();
            for client in &mut self.clients {
                client.drain(self.now, &mut sent);
            }
            let mut moved = !sent.is_empty();
            for transmit in sent {
                self.deliver(&transmit);
            }
            while let Some(transmit) = self.sfu.poll_transmit(self.now) {
                moved = true;
                self.arrive(&transmit);
            }
            while let Some(event) = self.sfu.poll_event() {
                moved = true;
                self.heed(event);
            }
            if !moved {
                let deadline = self.sfu.poll_timeout();
                assert!(deadline.is_none_or(|at| at > self.now), "it would spin");
                return;
            }
        }
    }

    fn arrive(&mut self, transmit: &Transmit) {
        let Flow { local, remote, .. } = transmit.flow;
        self.sent.push((self.now, remote, transmit.payload.len()));
        let found = self
            .clients
            .iter_mut()
            .find(|client| client.address == remote);
        let Some(client) = found.filter(|client| !client.deaf) else {
            return;
        };
        let receive = Receive::new(Protocol::Udp, local, remote, &transmit.payload);
        let input = Input::Receive(self.now, receive.unwrap());
        client.rtc.handle_input(input).unwrap();
        let mut sent = VecDeque::new();
        client.drain(self.now, &mut sent);
        for transmit in sent {
            self.deliver(&transmit);
        }
    }

    fn heed(&mut self, event: from_sfu::Message) {
        if let from_sfu::Message::Offer(offer) = &event {
            let at = self.client(offer.session);
            self.clients[at].offers.push(offer.offer.clone().unwrap());
            self.clients[at].unanswered = true;
            if self.clients[at].answers {
                self.answer(at);
            }
        }
        self.events.push(event);
    }

    /// Answers the newest offer.
    pub(crate) fn answer(&mut self, client: usize) {
        let client = &mut self.clients[client];
        client.unanswered = false;
        let offer = client.offers.last().unwrap().clone();
        let sdp = SdpOffer::from_sdp_string(&offer.sdp).unwrap();
        let answer = client.rtc.sdp_api().accept_offer(sdp).unwrap();
        for line in offer.lines {
            client
                .lines
                .push((line.publication, Mid::from(line.mid.as_str())));
        }
        let session = client.session;
        self.tell(to_sfu::Message::Answer(v1::TransportAnswer {
            room: ROOM.into(),
            session,
            answer: Some(v1::Answer {
                offer: offer.offer,
                sdp: answer.to_sdp_string(),
                transport: offer.transport,
            }),
        }));
    }

    pub(crate) fn close(&mut self, session: u64) {
        let room = ROOM.into();
        self.tell(to_sfu::Message::Close(v1::CloseTransport { room, session }));
    }

    pub(crate) fn client(&self, session: u64) -> usize {
        let found = self.clients.iter().position(|c| c.session == session);
        found.expect("a client of this session")
    }

    /// Moves the clock to the next deadline, or to `limit`, and handles it.
    fn step(&mut self, limit: Instant) {
        let deadlines = self.clients.iter().map(|client| client.timeout);
        let next = deadlines.chain(self.sfu.poll_timeout()).min();
        let soon = self.now + Duration::from_micros(100);
        self.now = next.unwrap_or(limit).max(soon).min(limit);
        self.sfu.handle_timeout(self.now);
        self.exchange();
    }

    pub(crate) fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        while self.now < end {
            self.step(end);
        }
    }

    /// Goes on until the condition holds; fails after a minute.
    pub(crate) fn until(&mut self, mut holds: impl FnMut(&Self) -> bool) {
        let end = self.now + Duration::from_secs(60);
        self.exchange();
        while !holds(self) {
            assert!(self.now < end, "it never came: {:?}", self.events);
            self.step(end);
        }
    }

    pub(crate) fn send(&mut self, sessions: &[u64], channel: v1::Channel, payload: &[u8]) {
        self.tell(to_sfu::Message::Send(v1::SendData {
            room: ROOM.into(),
            sessions: sessions.to_vec(),
            channel: channel.into(),
            payload: Bytes::copy_from_slice(payload),
        }));
    }

    pub(crate) fn error_codes(&self) -> Vec<&str> {
        let errors = self.events.iter().filter_map(|event| match event {
            from_sfu::Message::Error(error) => Some(error.code.as_str()),
            _ => None,
        });
        errors.collect()
    }

    pub(crate) fn closed(&self) -> Vec<u64> {
        let closed = self.events.iter().filter_map(|event| match event {
            from_sfu::Message::State(state) if state.status() == v1::TransportStatus::Closed => {
                Some(state.session)
            }
            _ => None,
        });
        closed.collect()
    }
}

/// Makes a VP8 payload that begins a keyframe.
pub(crate) fn keyframe(number: u32) -> Vec<u8> {
    [
        &[0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2a][..],
        &number.to_be_bytes(),
        &[0; 1100],
    ]
    .concat()
}

/// Makes a VP8 payload that does not.
pub(crate) fn delta(number: u32) -> Vec<u8> {
    [
        &[0x10, 0x11, 0, 0, 0, 0, 0][..],
        &number.to_be_bytes(),
        &[0; 1100],
    ]
    .concat()
}
