//! Publishing and receiving.

use crate::world::{World, delta, keyframe};
use fmz_proto::v1::{self, MediaKind, from_sfu};
use std::time::Duration;

/// Publishes a film from client 0 to all others, sends one keyframe, and waits until it is offered to all.
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

#[test]
fn sfu7_every_packet_arrives_in_order_with_its_timestamp() {
    let mut world = film(3);
    for number in 1..=300 {
        let payload = if number % 30 == 1 {
            keyframe(number)
        } else {
            delta(number)
        };
        world.write(0, "film", number.into(), &payload);
        world.run(Duration::from_millis(2));
    }
    world.run(Duration::from_millis(200));
    for viewer in &world.clients[1..] {
        let sequences: Vec<u64> = viewer.got.iter().map(|got| got.sequence).collect();
        assert_eq!(sequences, (1..=300).collect::<Vec<_>>());
        for (got, number) in viewer.got.iter().zip(1u32..) {
            assert_eq!(got.payload[7..11], number.to_be_bytes());
            assert_eq!(
                got.timestamp,
                4_000_000_000u32.wrapping_add(number / 3 * 3750)
            );
            assert_eq!(got.marker, number % 3 == 2);
        }
        assert_eq!(viewer.stream_id(viewer.got[0].mid), "film");
    }
    let started = world.events.iter().filter_map(|event| match event {
        from_sfu::Message::PublicationStarted(started) => Some(started.codec.clone()),
        _ => None,
    });
    assert_eq!(started.collect::<Vec<_>>(), ["VP8"]);
    assert_eq!(world.sfu.stats().packets_out, 600);
    let _ = v1::Channel::Ops;
}
