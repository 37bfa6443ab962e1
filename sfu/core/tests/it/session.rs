//! Joining, channels, addresses, silence.

use crate::world::{ROOM, World, server};
use fmz_proto::v1::{self, from_sfu, to_sfu};
use fmz_sfu_core::{Datagram, limits};
use std::net::SocketAddr;
use std::time::Duration;
use str0m::format::Codec;

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
