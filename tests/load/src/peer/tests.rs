//! A peer against a server made of bare str0m, in virtual time.

use super::*;
use std::time::Duration;
use str0m::change::SdpAnswer;
use str0m::media::{Direction, MediaKind};

const STEPS_MAX: usize = 2000;

/// The server's end, as the forwarding unit makes it: it offers both channels and a line in each
/// direction.
struct Offerer {
    rtc: Rtc,
    address: SocketAddr,
    ops: ChannelId,
    publish: Mid,
    subscribe: Mid,
    received: Vec<RtpPacket>,
    frames: Vec<Vec<u8>>,
    transmits: VecDeque<Vec<u8>>,
}

fn connected(now: &mut Instant) -> (Peer, Offerer) {
    str0m::crypto::from_feature_flags().install_process_default();
    let (here, there) = (
        SocketAddr::from(([127, 0, 0, 1], 4000)),
        SocketAddr::from(([127, 0, 0, 1], 5000)),
    );
    let mut peer = Peer::new(here, *now).unwrap();
    let mut rtc = RtcConfig::new().set_rtp_mode(true).build(*now);
    rtc.add_local_candidate(Candidate::host(there, "udp").unwrap());
    let mut api = rtc.sdp_api();
    let ops = api.add_channel_with_config(channel("ops", OPS_STREAM));
    api.add_channel_with_config(channel("live", LIVE_STREAM));
    let publish = api.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
    let subscribe = api.add_media(
        MediaKind::Video,
        Direction::SendOnly,
        Some("p-1-1".into()),
        None,
        None,
    );
    let (offer, pending) = api.apply().unwrap();
    let answer = peer.accept_offer(&offer.to_sdp_string(), *now).unwrap();
    rtc.sdp_api()
        .accept_answer(pending, SdpAnswer::from_sdp_string(&answer).unwrap())
        .unwrap();
    let mut offerer = Offerer {
        rtc,
        address: there,
        ops,
        publish,
        subscribe,
        received: vec![],
        frames: vec![],
        transmits: VecDeque::new(),
    };
    until(&mut peer, &mut offerer, now, |event| {
        matches!(event, PeerEvent::OpsOpen)
    });
    for _ in 0..STEPS_MAX {
        if offerer.rtc.channel(ops).is_some() {
            return (peer, offerer);
        }
        carry(&mut peer, &mut offerer, *now);
        advance(&mut peer, &mut offerer, now);
    }
    panic!("the channel never opened at the server");
}

fn channel(label: &str, stream: u16) -> ChannelConfig {
    ChannelConfig {
        label: label.into(),
        negotiated: Some(stream),
        ..Default::default()
    }
}

impl Offerer {
    fn drain(&mut self) -> Instant {
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(at) => return at,
                Output::Transmit(transmit) => self.transmits.push_back(transmit.contents.into()),
                Output::Event(Event::RtpPacket(packet)) => self.received.push(packet),
                Output::Event(Event::ChannelData(data)) => self.frames.push(data.data),
                Output::Event(_) => {}
            }
        }
    }
}

/// Carries datagrams and moves the time until the peer reports the wanted event.
fn until(
    peer: &mut Peer,
    offerer: &mut Offerer,
    now: &mut Instant,
    wanted: impl Fn(&PeerEvent) -> bool,
) -> PeerEvent {
    for _ in 0..STEPS_MAX {
        carry(peer, offerer, *now);
        while let Some(event) = peer.poll_event() {
            if wanted(&event) {
                return event;
            }
        }
        advance(peer, offerer, now);
    }
    panic!("the peer never told it");
}

fn carry(peer: &mut Peer, offerer: &mut Offerer, now: Instant) {
    offerer.drain();
    while let Some((destination, payload)) = peer.poll_transmit() {
        assert_eq!(destination, offerer.address);
        let receive = Receive::new(Protocol::Udp, peer.local, offerer.address, &payload).unwrap();
        offerer
            .rtc
            .handle_input(Input::Receive(now, receive))
            .unwrap();
        offerer.drain();
    }
    while let Some(payload) = offerer.transmits.pop_front() {
        peer.handle_datagram(offerer.address, &payload, now)
            .unwrap();
    }
}

fn advance(peer: &mut Peer, offerer: &mut Offerer, now: &mut Instant) {
    let next = offerer.drain().min(peer.poll_timeout());
    *now = next
        .max(*now + Duration::from_micros(100))
        .min(*now + Duration::from_millis(50));
    offerer.rtc.handle_input(Input::Timeout(*now)).unwrap();
    peer.handle_timeout(*now).unwrap();
}

#[test]
fn it_connects_and_frames_go_both_ways_on_ops() {
    let mut now = Instant::now();
    let (mut peer, mut offerer) = connected(&mut now);
    peer.send_ops(b"up", now).unwrap();
    assert!(
        offerer
            .rtc
            .channel(offerer.ops)
            .unwrap()
            .write(true, b"down")
            .unwrap()
    );
    let event = until(&mut peer, &mut offerer, &mut now, |event| {
        matches!(event, PeerEvent::Frame(_))
    });
    assert!(matches!(event, PeerEvent::Frame(frame) if frame == b"down"));
    assert_eq!(offerer.frames, vec![b"up".to_vec()]);
}

#[test]
fn it_sends_rtp_on_a_line_that_only_receives_and_receives_on_the_other() {
    let mut now = Instant::now();
    let (mut peer, mut offerer) = connected(&mut now);
    let pt = peer.vp8(offerer.publish).expect("VP8 was offered");
    for number in 0..20u64 {
        let packet = RtpWrite::new(pt, number.into(), 3750, now, vec![number as u8; 1200]);
        peer.send_rtp(offerer.publish, packet, now).unwrap();
    }
    carry(&mut peer, &mut offerer, now);
    assert_eq!(offerer.received.len(), 20);
    let down = RtpWrite::new(pt, 1u64.into(), 3750, now, vec![9; 1200]);
    let mid = offerer.subscribe;
    offerer
        .rtc
        .direct_api()
        .stream_tx_by_mid(mid, None)
        .unwrap()
        .write_rtp(down);
    let event = until(&mut peer, &mut offerer, &mut now, |event| {
        matches!(event, PeerEvent::Packet(_))
    });
    assert!(matches!(event, PeerEvent::Packet(packet) if packet.payload[..] == [9; 1200]));
}

#[test]
fn bytes_that_are_no_datagram_of_ours_are_passed_over() {
    let mut now = Instant::now();
    let (mut peer, offerer) = connected(&mut now);
    for bytes in [&[][..], &[0], &[22; 40], &[0x80; 12], &[255; 1200]] {
        peer.handle_datagram(offerer.address, bytes, now).unwrap();
    }
    assert!(peer.send_ops(b"alive", now).is_ok());
}
