//! Publishing and receiving.

use crate::world::{ROOM, World, delta, keyframe};
use fmz_proto::v1::{self, MediaKind, from_sfu, to_sfu};
use fmz_sfu_core::limits;
use std::time::Duration;
use str0m::format::Codec;

/// Publishes a film from client 0 to all others, sends one keyframe, and waits until all have
/// answered their offers.
fn film(clients: u64) -> World {
    let mut world = World::with(clients);
    world.publish(0, "film", MediaKind::Video, "VP8");
    world.until(|world| !world.clients[0].lines.is_empty());
    world.write(0, "film", 0, &keyframe(0));
    let viewers = |world: &World| world.clients[1..].iter().all(|c| c.offers.len() == 2);
    world.until(viewers);
    world.exchange();
    world
}

/// Returns the numbers in the test payloads that a client received.
fn numbers(world: &World, client: usize) -> Vec<u32> {
    let number = |payload: &[u8]| u32::from_be_bytes(payload[7..11].try_into().unwrap());
    let got = world.clients[client].got.iter();
    got.map(|got| number(&got.payload)).collect()
}

fn sequences(world: &World, client: usize) -> Vec<u64> {
    let got = world.clients[client].got.iter();
    got.map(|got| got.sequence).collect()
}

fn ended(world: &World) -> Vec<&str> {
    let ended = world.events.iter().filter_map(|event| match event {
        from_sfu::Message::PublicationEnded(ended) => Some(ended.publication.as_str()),
        _ => None,
    });
    ended.collect()
}

/// Writes packets of a film, a millisecond apart; every thirtieth begins a keyframe.
fn play(world: &mut World, numbers: std::ops::RangeInclusive<u32>) {
    for number in numbers {
        let payload = match number % 30 {
            1 => keyframe(number),
            _ => delta(number),
        };
        world.write(0, "film", number.into(), &payload);
        world.run(Duration::from_millis(1));
    }
    world.run(Duration::from_millis(100));
}

#[test]
fn sfu7_every_packet_arrives_in_order_with_its_timestamp() {
    let mut world = film(3);
    play(&mut world, 1..=300);
    for viewer in [1, 2] {
        assert_eq!(sequences(&world, viewer), (1..=300).collect::<Vec<_>>());
        assert_eq!(numbers(&world, viewer), (1..=300).collect::<Vec<_>>());
        for (got, number) in world.clients[viewer].got.iter().zip(1u32..) {
            let timestamp = 4_000_000_000u32.wrapping_add(number / 3 * 3750);
            assert_eq!((got.timestamp, got.marker), (timestamp, number % 3 == 2));
            assert_eq!(world.clients[viewer].stream_id(got.mid), "film");
        }
    }
    let started = world.events.iter().filter_map(|event| match event {
        from_sfu::Message::PublicationStarted(started) => Some(started.codec.as_str()),
        _ => None,
    });
    assert_eq!(started.collect::<Vec<_>>(), ["VP8"]);
    let stats = world.sfu.stats();
    assert_eq!((stats.packets_in, stats.packets_out), (301, 600));
    assert_eq!((stats.packets_lost, stats.publications), (0, 1));
}

#[test]
fn sfu6_a_publication_with_a_codec_is_offered_in_it_only() {
    let mut world = World::new();
    world.open(1, &[Codec::Vp8, Codec::Vp9]);
    world.until(|world| world.clients[0].open.len() == 2);
    world.publish(0, "film", MediaKind::Video, "VP9");
    world.publish(0, "any", MediaKind::Video, "");
    let section = |world: &World, mid: &str| {
        let sdp = world.clients[0].offers.last().unwrap().sdp.clone();
        let found = sdp
            .split("m=")
            .find(|s| s.contains(&format!("a=mid:{mid}\r")));
        found.unwrap().to_owned()
    };
    let film = world.clients[0].line("film").to_string();
    let film = section(&world, &film);
    assert!(
        film.contains("VP9/90000") && !film.contains("VP8/90000"),
        "{film}"
    );
    assert!(film.contains("a=recvonly"));
    let any = world.clients[0].line("any").to_string();
    let any = section(&world, &any);
    for codec in ["VP8", "VP9", "AV1", "H264"] {
        assert!(any.contains(&format!("{codec}/90000")), "{any}");
    }
}

#[test]
fn sfu6_a_publisher_without_the_codec_is_told() {
    let mut world = World::with(1);
    world.publish(0, "film", MediaKind::Video, "AV1");
    let refused = world.events.iter().find_map(|event| match event {
        from_sfu::Message::Error(error) => Some((error.code.as_str(), error.request)),
        _ => None,
    });
    assert_eq!(refused, Some(("line_refused", 41)));
    assert_eq!(ended(&world), ["film"]);
    assert!(world.closed().is_empty());
}

#[test]
fn sfu6_what_cannot_be_published_has_a_code() {
    let mut world = World::with(1);
    world.publish(0, "a", MediaKind::Unspecified, "");
    world.publish(0, "b", MediaKind::Video, "opus");
    world.publish(0, "c", MediaKind::Video, "MPEG");
    world.publish(0, "d e", MediaKind::Video, "");
    world.publish(0, "e", MediaKind::Video, "");
    world.publish(0, "e", MediaKind::Video, "");
    let codes = [&["bad_publish"; 4][..], &["duplicate_publication"]];
    assert_eq!(world.error_codes(), codes.concat());
}

#[test]
fn sfu11_a_publication_that_has_ended_may_be_removed_again() {
    let mut world = World::with(1);
    for publication in ["never", ""] {
        let remove = v1::RemovePublication {
            room: ROOM.into(),
            publication: publication.into(),
        };
        world.tell(to_sfu::Message::RemovePublication(remove));
    }
    let remove = v1::RemovePublication {
        room: "nowhere".into(),
        publication: "never".into(),
    };
    world.events.clear();
    world.tell(to_sfu::Message::RemovePublication(remove));
    world.exchange();
    assert!(world.events.is_empty(), "{:?}", world.events);
}

#[test]
fn sfu8_a_viewer_begins_with_a_keyframe_and_one_is_asked_for() {
    let mut world = film(2);
    world.run(Duration::from_millis(10));
    assert_eq!(world.clients[0].keyframes_wanted, 1);
    for number in 1..=20 {
        world.write(0, "film", number, &delta(number as u32));
        world.exchange();
    }
    assert!(world.clients[1].got.is_empty());
    world.write(0, "film", 21, &keyframe(21));
    world.write(0, "film", 22, &delta(22));
    world.run(Duration::from_millis(10));
    assert_eq!(numbers(&world, 1), [21, 22]);
    assert_eq!(sequences(&world, 1), [1, 2]);
}

#[test]
fn sfu8_a_keyframe_whose_start_comes_late_is_whole() {
    let mut world = film(2);
    world.run(Duration::from_millis(10));
    for number in [1, 2, 23, 24] {
        world.write(0, "film", number, &delta(number as u32));
        world.exchange();
    }
    world.write(0, "film", 22, &keyframe(22));
    world.write(0, "film", 25, &delta(25));
    world.run(Duration::from_millis(10));
    assert_eq!(numbers(&world, 1), [22, 23, 24, 25]);
    assert_eq!(sequences(&world, 1), [1, 2, 3, 4]);
}

#[test]
fn sfu8_keyframe_requests_are_joined() {
    let mut world = film(5);
    play(&mut world, 1..=1);
    let before = world.clients[0].keyframes_wanted;
    for number in 2..102 {
        for viewer in 1..5 {
            world.clients[viewer].want_keyframe();
        }
        world.write(0, "film", number, &delta(number as u32));
        world.run(Duration::from_millis(20));
    }
    let asked = world.clients[0].keyframes_wanted - before;
    assert!((4..=5).contains(&asked), "{asked} in two seconds");
    assert!(world.sfu.stats().plis_in > 20);
}

#[test]
fn sfu8_a_publisher_that_sends_nothing_is_not_asked_again() {
    let mut world = film(2);
    world.run(Duration::from_secs(5));
    assert_eq!(world.clients[0].keyframes_wanted, 1);
}

#[test]
fn sfu7_whoever_joins_late_gets_what_runs() {
    let mut world = film(2);
    play(&mut world, 1..=40);
    let late = world.open(9, &[Codec::Vp8]);
    world.until(|world| world.clients[late].open.len() == 2);
    assert_eq!(world.clients[late].offers.len(), 1);
    play(&mut world, 61..=90);
    assert_eq!(numbers(&world, late), (61..=90).collect::<Vec<_>>());
    assert_eq!(sequences(&world, late), (1..=30).collect::<Vec<_>>());
}

#[test]
fn sfu7_other_rooms_get_nothing() {
    let mut world = film(2);
    world.tell(to_sfu::Message::Open(v1::OpenTransport {
        room: "other".into(),
        session: 77,
        transport: 1,
    }));
    let offer = std::iter::from_fn(|| {
        while world.sfu.poll_transmit(world.now).is_some() {}
        world.sfu.poll_event()
    });
    let lines: Vec<usize> = offer
        .filter_map(|event| match event {
            from_sfu::Message::Offer(offer) => Some(offer.offer?.sdp.matches("m=").count()),
            _ => None,
        })
        .collect();
    assert_eq!(lines, [1]);
}

#[test]
fn sfu7_a_codec_that_a_viewer_lacks_is_told() {
    let mut world = World::with(1);
    let other = world.open(2, &[Codec::Vp9]);
    world.until(|world| world.clients[other].open.len() == 2);
    world.publish(0, "film", MediaKind::Video, "VP8");
    world.write(0, "film", 0, &keyframe(0));
    world.until(|world| !world.error_codes().is_empty());
    let code = world.error_codes()[0].to_owned();
    assert!(
        ["codec_unsupported", "line_refused"].contains(&code.as_str()),
        "{code}"
    );
    play(&mut world, 1..=40);
    assert!(world.clients[other].got.is_empty() && world.closed().is_empty());
}

#[test]
fn sfu7_a_gap_stays_a_gap_and_a_late_packet_fills_it() {
    let mut world = film(2);
    play(&mut world, 1..=3);
    for number in [5, 6, 4, 7] {
        world.write(0, "film", number, &delta(number as u32));
        world.exchange();
        let lost = u64::from([5, 6].contains(&number));
        assert_eq!(world.sfu.stats().packets_lost, lost);
    }
    assert_eq!(sequences(&world, 1), [1, 2, 3, 5, 6, 4, 7]);
    assert_eq!(numbers(&world, 1), [1, 2, 3, 5, 6, 4, 7]);
}

#[test]
fn sfu10_every_packet_of_a_burst_arrives() {
    let mut world = film(3);
    let mut number = 1;
    for _ in 0..20 {
        for at in 0..87 {
            let payload = if at == 0 {
                keyframe(number)
            } else {
                delta(number)
            };
            world.write(0, "film", number.into(), &payload);
            number += 1;
        }
        world.run(Duration::from_millis(41));
    }
    world.run(Duration::from_millis(500));
    for viewer in [1, 2] {
        assert_eq!(numbers(&world, viewer), (1..number).collect::<Vec<_>>());
    }
}

#[test]
fn sfu12_a_large_keyframe_is_spread_over_time() {
    let mut world = film(2);
    world.sent.clear();
    world.write(0, "film", 1, &keyframe(1));
    for number in 2..=300 {
        world.write(0, "film", number, &delta(number as u32));
    }
    world.exchange();
    let start = world.now;
    world.run(Duration::from_millis(500));
    assert_eq!(numbers(&world, 1), (1..=300).collect::<Vec<_>>());
    let viewer = world.clients[1].address;
    let packets = world
        .sent
        .iter()
        .filter(|(_, to, size)| *to == viewer && *size > 1000);
    let times: Vec<_> = packets.map(|(at, ..)| *at).collect();
    let largest = times.chunk_by(|a, b| a == b).map(<[_]>::len).max();
    assert!(largest <= Some(limits::BURST_PACKETS_MAX), "{largest:?}");
    let took = *times.last().unwrap() - start;
    assert!(took > Duration::from_millis(50), "{took:?}");
    assert!(took < limits::PACING_DELAY_MAX * 3, "{took:?}");
}

#[test]
fn sfu12_sound_does_not_wait_for_pictures() {
    let mut world = film(2);
    world.publish(0, "voice", MediaKind::Audio, "");
    world.write(0, "voice", 0, &[7; 40]);
    world.until(|world| world.clients[1].offers.len() == 3);
    world.exchange();
    for number in 1..=300 {
        let payload = if number == 1 {
            keyframe(1)
        } else {
            delta(number)
        };
        world.write(0, "film", number.into(), &payload);
    }
    world.write(0, "voice", 1, &[8; 40]);
    world.exchange();
    let sound = world.clients[1]
        .got
        .iter()
        .filter(|got| got.payload.len() == 40);
    assert_eq!(sound.map(|got| got.sequence).collect::<Vec<_>>(), [1]);
    let pictures = world.clients[1].got.len() - 1;
    assert!(pictures <= limits::BURST_PACKETS_MAX, "{pictures}");
}

#[test]
fn sfu12_a_viewer_too_far_behind_goes_on_at_a_keyframe() {
    let mut world = film(2);
    let most = limits::PUBLICATION_PACKETS_MAX as u32;
    for number in 1..=2 * most {
        let payload = if number == 1 {
            keyframe(1)
        } else {
            delta(number)
        };
        world.write(0, "film", number.into(), &payload);
    }
    world.run(2 * limits::KEYFRAME_INTERVAL_MIN);
    assert!(world.sfu.stats().queue_drops > 0);
    let got = world.clients[1].got.len();
    world.write(0, "film", u64::from(2 * most + 1), &delta(0));
    world.run(Duration::from_millis(20));
    assert_eq!(world.clients[1].got.len(), got);
    assert!(world.clients[0].keyframes_wanted >= 2);
    world.write(0, "film", u64::from(2 * most + 2), &keyframe(99));
    world.run(Duration::from_millis(20));
    assert_eq!(numbers(&world, 1).last(), Some(&99));
    let sequences = sequences(&world, 1);
    assert!(sequences.windows(2).all(|two| two[1] == two[0] + 1));
}

#[test]
fn sfu11_a_publication_ends_and_its_lines_with_it() {
    let mut world = film(3);
    play(&mut world, 1..=30);
    let remove = v1::RemovePublication {
        room: ROOM.into(),
        publication: "film".into(),
    };
    world.tell(to_sfu::Message::RemovePublication(remove));
    world.exchange();
    assert_eq!(ended(&world), ["film"]);
    for client in &world.clients {
        let sdp = &client.offers.last().unwrap().sdp;
        assert!(sdp.contains("m=video 0 "), "{sdp}");
    }
    // The name may be used again, on new lines.
    world.publish(0, "film", MediaKind::Video, "VP8");
    world.until(|world| world.clients[0].lines.len() == 2);
    world.clients[0].lines.remove(0);
    for client in &mut world.clients {
        client.got.clear();
    }
    world.write(0, "film", 500, &keyframe(500));
    world.run(Duration::from_millis(50));
    play(&mut world, 511..=540);
    for viewer in [1, 2] {
        assert_eq!(numbers(&world, viewer), (511..=540).collect::<Vec<_>>());
    }
    assert_eq!(world.sfu.stats().publications, 1);
    assert!(world.error_codes().is_empty());
}

#[test]
fn sfu11_publications_end_with_their_transport() {
    let mut world = film(2);
    world.close(1);
    world.exchange();
    assert_eq!(ended(&world), ["film"]);
    assert_eq!(world.sfu.stats().publications, 0);
    let sdp = &world.clients[1].offers.last().unwrap().sdp;
    assert!(sdp.contains("m=video 0 "));
}

#[test]
fn sfu11_a_viewer_may_leave_at_any_time() {
    let mut world = film(3);
    play(&mut world, 1..=10);
    world.close(2);
    play(&mut world, 11..=30);
    assert_eq!(numbers(&world, 1).len(), 10);
    assert_eq!(numbers(&world, 2).len(), 30);
}

#[test]
fn sfu13_publications_and_lines_are_bounded() {
    let mut world = World::with(2);
    for number in 0..=limits::SESSION_PUBLICATIONS_MAX {
        world.publish(0, &format!("p{number}"), MediaKind::Audio, "");
    }
    assert_eq!(world.error_codes(), ["too_many_publications"]);
    world.events.clear();
    // Each publication that ended leaves its line behind.
    for number in 0..=limits::LINES_MAX {
        let publication = format!("q{number}");
        world.publish(1, &publication, MediaKind::Audio, "");
        let remove = v1::RemovePublication {
            room: ROOM.into(),
            publication,
        };
        world.tell(to_sfu::Message::RemovePublication(remove));
        world.exchange();
    }
    assert_eq!(world.error_codes(), ["too_many_lines"]);
    assert!(world.closed().is_empty());
}
