//! Joining, channels, addresses, silence.

use crate::world::{ROOM, World, server};
use fmz_proto::v1::{self, TransportStatus, from_sfu, to_sfu};
use fmz_sfu_core::{Datagram, Flow, limits};
use std::net::SocketAddr;
use std::time::Duration;
use str0m::format::Codec;

fn foreign() -> SocketAddr {
    SocketAddr::from(([10, 9, 9, 9], 9))
}

fn candidate(session: u64, candidate: &str, transport: u32) -> to_sfu::Message {
    to_sfu::Message::Candidate(v1::TransportCandidate {
        room: ROOM.into(),
        session,
        candidate: Some(v1::IceCandidate {
            candidate: candidate.into(),
            mid: "0".into(),
            transport,
        }),
    })
}

fn answer(session: u64, offer: u64, sdp: &str) -> to_sfu::Message {
    to_sfu::Message::Answer(v1::TransportAnswer {
        room: ROOM.into(),
        session,
        answer: Some(v1::Answer {
            offer,
            sdp: sdp.into(),
            transport: 1,
        }),
    })
}

/// Returns the channel states that were reported for one session.
fn channel_states(world: &World, session: u64) -> Vec<(v1::Channel, bool)> {
    let states = world.events.iter().filter_map(|event| match event {
        from_sfu::Message::Channel(state) if state.session == session => {
            Some((state.channel(), state.open))
        }
        _ => None,
    });
    states.collect()
}

#[test]
fn sfu1_the_server_offers_and_channels_carry_both_ways() {
    let mut world = World::with(2);
    world.clients[0].send(0, b"op");
    world.clients[1].send(1, b"cursor");
    world.send(&[1, 2], v1::Channel::Ops, b"commit");
    world.send(&[1], v1::Channel::Live, b"laser");
    world.until(|world| world.clients[0].data.len() == 2 && world.clients[1].data.len() == 1);
    let [ops, live] = world.clients[0].channels;
    let mut data = world.clients[0].data.clone();
    data.sort_by_key(|(id, _)| *id == live);
    assert_eq!(data, [(ops, b"commit".to_vec()), (live, b"laser".to_vec())]);
    let received = world.events.iter().filter_map(|event| match event {
        from_sfu::Message::Data(data) => {
            Some((data.session, data.channel(), data.payload.to_vec()))
        }
        _ => None,
    });
    assert_eq!(
        received.collect::<Vec<_>>(),
        [
            (1, v1::Channel::Ops, b"op".to_vec()),
            (2, v1::Channel::Live, b"cursor".to_vec())
        ]
    );
    assert!(world.error_codes().is_empty());
}

#[test]
fn sfu1_largest_frames_arrive_whole_and_in_order() {
    let mut world = World::with(1);
    let frame = |number: u8| vec![number; fmz_proto::limits::SERVER_FRAME_BYTES_MAX];
    for number in 0..8 {
        world.send(&[1], v1::Channel::Ops, &frame(number));
    }
    world.until(|world| world.clients[0].data.len() == 8);
    let data = world.clients[0].data.iter().map(|(_, data)| data.clone());
    assert!(data.eq((0..8).map(frame)));
}

#[test]
fn sfu2_a_datagram_from_a_foreign_address_is_refused() {
    let mut world = World::with(1);
    let before = world.sfu.stats();
    let now = world.now;
    let hello = [&[22, 0xfe, 0xfd][..], &[0; 60]].concat();
    let rtp = [&[0x80, 96, 0, 1][..], &[0; 60]].concat();
    for payload in [&hello[..], &rtp, &[], &[0; 20], &[255; 1500]] {
        let datagram = Datagram {
            flow: Flow::udp(server(), foreign()),
            payload,
        };
        world.sfu.handle_datagram(datagram, now);
    }
    let after = world.sfu.stats();
    assert_eq!(after.datagrams_refused - before.datagrams_refused, 5);
    assert_eq!(after.bytes_in, before.bytes_in);
    assert_eq!(world.sfu.poll_transmit(now), None);
}

#[test]
fn sfu2_a_foreign_request_costs_and_tells_nothing() {
    let mut world = World::with(1);
    let now = world.now;
    let ufrag = world.clients[0].offers[0]
        .sdp
        .lines()
        .find_map(|line| line.strip_prefix("a=ice-ufrag:"))
        .unwrap()
        .to_owned();
    // A right name without the password, and a name that was never issued.
    for name in [format!("{ufrag}:peer"), "abcdefghijklmnop:peer".to_owned()] {
        let name = name.as_bytes();
        let mut request = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
        request.extend([3; 12]);
        request.extend([0, 6, 0, u8::try_from(name.len()).unwrap()]);
        request.extend(name);
        request.resize(request.len().next_multiple_of(4), 0);
        request[3] = u8::try_from(request.len() - 20).unwrap();
        let before = world.sfu.stats().datagrams_refused;
        let datagram = Datagram {
            flow: Flow::udp(server(), foreign()),
            payload: &request,
        };
        world.sfu.handle_datagram(datagram, now);
        assert_eq!(world.sfu.stats().datagrams_refused, before + 1);
        assert_eq!(world.sfu.poll_transmit(now), None);
    }
    let hello = Datagram {
        flow: Flow::udp(server(), foreign()),
        payload: &[22, 0xfe, 0xfd, 0, 0, 0, 0],
    };
    world.sfu.handle_datagram(hello, now);
    assert_eq!(world.sfu.stats().datagrams_refused, 3);
}

#[test]
fn sfu2_a_client_is_known_on_the_flows_that_it_has_checked() {
    let mut world = World::with(1);
    let (now, client) = (world.now, world.clients[0].address);
    let other = SocketAddr::from(([10, 0, 0, 2], 4000));
    for (local, refused) in [(server(), 0), (other, 1)] {
        let datagram = Datagram {
            flow: Flow::udp(local, client),
            payload: &[22, 0xfe, 0xfd, 0],
        };
        world.sfu.handle_datagram(datagram, now);
        assert_eq!(world.sfu.stats().datagrams_refused, refused, "{local}");
    }
}

#[test]
fn sfu2_a_slot_used_again_has_another_name() {
    let mut world = World::with(1);
    let ufrag = |world: &World, client: usize| {
        let sdp = &world.clients[client].offers[0].sdp;
        let mut lines = sdp.lines();
        lines
            .find_map(|line| line.strip_prefix("a=ice-ufrag:"))
            .unwrap()
            .to_owned()
    };
    world.close(1);
    world.open(2, &[Codec::Vp8]);
    world.exchange();
    assert_ne!(ufrag(&world, 0), ufrag(&world, 1));
}

#[test]
fn sfu3_one_offer_waits_and_other_answers_are_passed_over() {
    let mut world = World::with(1);
    world.clients[0].answers = false;
    world.publish(0, "camera", v1::MediaKind::Video, "");
    world.publish(0, "voice", v1::MediaKind::Audio, "");
    assert_eq!(world.clients[0].offers.len(), 2);
    world.tell(answer(1, 1, "v=0"));
    world.tell(answer(1, 9, "v=0"));
    world.tell(answer(7, 1, "v=0"));
    world.exchange();
    let expected = ["stale_answer", "stale_answer", "unknown_session"];
    assert_eq!(world.error_codes(), expected);
    world.answer(0);
    world.exchange();
    let lines = &world.clients[0].offers[2].lines;
    assert_eq!((lines.len(), lines[0].publication.as_str()), (1, "voice"));
    assert_eq!(lines[0].request, 41);
    assert!(world.closed().is_empty());
}

#[test]
fn sfu3_an_unreadable_answer_ends_its_transport_only() {
    let mut world = World::with(2);
    world.clients[0].answers = false;
    world.publish(0, "camera", v1::MediaKind::Video, "");
    world.tell(answer(1, 2, "no such thing"));
    world.run(Duration::from_secs(1));
    assert_eq!(world.error_codes(), ["bad_answer"]);
    assert_eq!(world.closed(), [1]);
    assert_eq!(world.sfu.stats().transports, 1);
}

#[test]
fn sfu3_an_offer_that_is_never_answered_ends_its_transport() {
    let mut world = World::with(1);
    world.clients[0].answers = false;
    world.publish(0, "camera", v1::MediaKind::Video, "");
    world.run(limits::ANSWER_TIME_MAX + Duration::from_secs(1));
    assert_eq!(world.error_codes(), ["answer_timeout"]);
    assert_eq!(world.closed(), [1]);
}

#[test]
fn sfu4_a_silent_transport_is_closed() {
    let mut world = World::with(2);
    let address = world.clients[0].address;
    // From now on nothing of client 1 arrives.
    world.clients.remove(0);
    world.run(limits::SILENCE_MAX + Duration::from_secs(2));
    assert_eq!(world.error_codes(), ["silence"]);
    assert_eq!(world.closed(), [1]);
    let told = world.events.iter().filter_map(|event| match event {
        from_sfu::Message::State(state) if state.session == 1 => Some(state.status()),
        _ => None,
    });
    let expected = [
        TransportStatus::Connected,
        TransportStatus::Disconnected,
        TransportStatus::Closed,
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    // Its address is forgotten with it.
    let refused = world.sfu.stats().datagrams_refused;
    let now = world.now;
    let datagram = Datagram {
        flow: Flow::udp(server(), address),
        payload: &[22, 0xfe, 0xfd, 0],
    };
    world.sfu.handle_datagram(datagram, now);
    assert_eq!(world.sfu.stats().datagrams_refused, refused + 1);
}

#[test]
fn sfu4_a_transport_that_never_connects_is_closed() {
    let mut world = World::new();
    world.open(1, &[Codec::Vp8]);
    world.clients[0].deaf = true;
    world.clients[0].address.set_port(1);
    world.exchange();
    world.clients.clear();
    world.run(limits::CONNECT_TIME_MAX + Duration::from_secs(1));
    assert_eq!(world.closed(), [1]);
    assert_eq!(world.error_codes(), ["connect_timeout"]);
}

#[test]
fn sfu4_a_peer_that_says_goodbye_is_gone_at_once() {
    let mut world = World::with(1);
    world.clients[0].rtc.close().unwrap();
    world.until(|world| world.closed() == [1]);
    assert_eq!(world.sfu.stats().rooms, 0);
    assert_eq!(world.sfu.poll_timeout(), None);
}

#[test]
fn sfu4_a_transport_that_is_ended_says_goodbye() {
    let mut world = World::with(2);
    world.tell(to_sfu::Message::CloseRoom(v1::CloseRoom {
        room: ROOM.into(),
    }));
    world.exchange();
    assert_eq!(world.closed(), [1, 2]);
    assert!(world.clients.iter().all(|client| !client.rtc.is_alive()));
}

#[test]
fn sfu4_a_new_transport_of_a_session_replaces_the_old() {
    let mut world = World::with(1);
    world.clients.clear();
    world.open(1, &[Codec::Vp8]);
    world.until(|world| world.clients[0].open.len() == 2);
    assert_eq!(world.closed(), [1]);
    assert_eq!(world.sfu.stats().transports, 1);
}

#[test]
fn sfu5_a_channel_that_does_not_keep_up_is_dropped_and_comes_back() {
    let mut world = World::with(2);
    world.clients[0].deaf = true;
    let frame = vec![0; 128 * 1024];
    for _ in 0..40 {
        world.send(&[1, 2], v1::Channel::Ops, &frame);
        world.exchange();
    }
    assert_eq!(
        channel_states(&world, 1).last(),
        Some(&(v1::Channel::Ops, false))
    );
    world.until(|world| world.clients[1].data.len() == 40);
    world.clients[0].deaf = false;
    world.until(|world| channel_states(world, 1).last() == Some(&(v1::Channel::Ops, true)));
    world.clients[0].data.clear();
    world.send(&[1], v1::Channel::Ops, b"after");
    world.until(|world| !world.clients[0].data.is_empty());
    assert_eq!(world.clients[0].data[0].1, b"after");
    assert!(world.sfu.stats().queue_drops > 0);
    assert!(!channel_states(&world, 2).contains(&(v1::Channel::Ops, false)));
}

fn levels(world: &World, session: u64) -> Vec<v1::ChannelLevel> {
    let told = world.events.iter().filter_map(|event| match event {
        from_sfu::Message::Pressure(told) if told.session == session => Some(told),
        _ => None,
    });
    let of_ops = |told: &v1::ChannelPressure| {
        assert_eq!((told.channel(), told.transport), (v1::Channel::Ops, 1));
        told.level()
    };
    told.map(of_ops).collect()
}

#[test]
fn sfu17_the_owner_is_told_who_falls_behind_on_its_channel_and_who_keeps_up_again() {
    use v1::ChannelLevel::{Full, High, Low};
    let mut world = World::with(2);
    world.clients[0].deaf = true;
    let frame = vec![0; 32 * 1024];
    for _ in 0..12 {
        world.send(&[1, 2], v1::Channel::Ops, &frame);
        world.exchange();
    }
    assert_eq!(levels(&world, 1), [High]);
    for _ in 12..40 {
        world.send(&[1, 2], v1::Channel::Ops, &frame);
        world.exchange();
    }
    assert_eq!(levels(&world, 1), [High, Full], "each is told once");
    world.until(|world| world.clients[1].data.len() == 40);
    assert!(!levels(&world, 2).contains(&Full), "nobody else waits");
    world.clients[0].deaf = false;
    world.until(|world| world.clients[0].data.len() == 40);
    assert_eq!(levels(&world, 1), [High, Full, Low], "and nothing is lost");
    assert_eq!(
        channel_states(&world, 1).last(),
        Some(&(v1::Channel::Live, true))
    );
}

#[test]
fn sfu9_candidates_are_taken_up_to_a_limit() {
    let mut world = World::with(1);
    let good = "candidate:1 1 udp 1 10.0.1.1 6000 typ host";
    let hidden = "candidate:1 1 udp 1 6f0a.local 6000 typ host";
    for line in [good, hidden, "nonsense", ""] {
        world.tell(candidate(1, line, 1));
    }
    for _ in 0..limits::CANDIDATES_MAX {
        world.tell(candidate(1, hidden, 1));
    }
    world.tell(candidate(1, good, 2));
    world.tell(candidate(8, good, 1));
    world.exchange();
    assert_eq!(world.error_codes(), ["bad_candidate"; 3]);
}

#[test]
fn sfu13_transports_are_bounded() {
    let mut world = World::new();
    for session in 0..=limits::TRANSPORTS_MAX as u64 {
        world.tell(to_sfu::Message::Open(v1::OpenTransport {
            room: format!("room-{}", session % 7),
            session,
            transport: 1,
        }));
    }
    while let Some(event) = world.sfu.poll_event() {
        world.events.push(event);
    }
    assert_eq!(world.error_codes(), ["too_many_transports"]);
    let stats = world.sfu.stats();
    assert_eq!(stats.transports, limits::TRANSPORTS_MAX as u64);
    assert_eq!(stats.rooms, 7);
}
