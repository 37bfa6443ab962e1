//! Refresh requests, and ownership of allocations.

use crate::world::*;
use fmz_turn_core::Protocol;
use turn_types::attribute::ChannelNumber;
use turn_types::message::{CHANNEL_BIND, CREATE_PERMISSION, REFRESH};

#[test]
fn turn9_without_allocation_is_437() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    world.greet(&mut user);
    assert_eq!(world.ask(&mut user, REFRESH, &[]).code(), 437);
    assert_eq!(world.permit(&mut user, "192.0.2.9:1"), 437);
    assert_eq!(world.bind(&mut user, 0x4000, "192.0.2.9:1"), 437);
}

#[test]
fn turn9_another_users_allocation_is_441() {
    let mut world = World::new(config());
    let mut ada = User::new("ada", "192.0.2.1:5000");
    let relayed = world.allocate(&mut ada);
    let mut eve = User::new("eve", "192.0.2.1:5000");
    eve.nonce = ada.nonce.clone();
    assert_eq!(world.refresh(&mut eve, 0).code(), 441);
    assert_eq!(world.permit(&mut eve, "192.0.2.9:1"), 441);
    assert_eq!(world.bind(&mut eve, 0x4000, "192.0.2.9:1"), 441);
    assert_eq!(world.allocate_with(&mut eve, &[]).code(), 437);
    assert_eq!(world.peer_sends(relayed, "192.0.2.9:1", b"x"), None);
    assert_eq!(world.refresh(&mut ada, 600).code(), 0);
}

#[test]
fn turn9_a_renewed_credential_is_the_same_user() {
    let mut world = World::new(config());
    let mut ada = User::until("ada", "192.0.2.1:5000", EPOCH + seconds(100));
    world.allocate(&mut ada);
    let mut renewed = User::until("ada", "192.0.2.1:5000", EPOCH + seconds(9000));
    renewed.nonce = ada.nonce.clone();
    assert_eq!(world.refresh(&mut renewed, 3600).lifetime(), 3600);
}

#[test]
fn turn9_refresh_prolongs_and_deletes() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    world.allocate(&mut user);
    for _ in 0..5 {
        world.pass(seconds(599));
        assert_eq!(world.refresh(&mut user, 600).lifetime(), 600);
    }
    world.pass(seconds(200));
    // A lifetime shorter than the time that is left is honoured too.
    assert_eq!(world.refresh(&mut user, 3600).lifetime(), 3600);
    assert_eq!(world.refresh(&mut user, 600).lifetime(), 600);
    world.pass(seconds(599));
    assert_eq!(world.sockets.len(), 1);
    world.greet(&mut user);
    let deleted = world.refresh(&mut user, 0);
    assert_eq!((deleted.code(), deleted.lifetime()), (0, 0));
    assert_eq!(world.sockets.len(), 0);
    assert_eq!(world.refresh(&mut user, 0).code(), 437);
}

/// The 5-tuple may be used again at once, and nothing of the last allocation is left.
#[test]
fn turn9_a_5_tuple_is_used_again() {
    let mut config = config();
    config.ports = 50_000..=50_000;
    let mut world = World::new(config);
    let mut ada = User::new("ada", "192.0.2.1:5000");
    let relayed = world.allocate(&mut ada);
    assert_eq!(world.bind(&mut ada, 0x4000, "192.0.2.9:1"), 0);
    assert_eq!(world.refresh(&mut ada, 0).code(), 0);
    assert_eq!(world.refresh(&mut ada, 600).code(), 437);
    let mut eve = User::new("eve", "192.0.2.1:5000");
    assert_eq!(world.allocate(&mut eve), relayed, "the same port");
    assert_eq!(world.peer_sends(relayed, "192.0.2.9:1", b"x"), None);
    assert_eq!(world.channel_data(&eve, 0x4000, b"x"), None);
    assert_eq!(world.refresh(&mut ada, 0).code(), 441);
}

#[test]
fn turn9_two_users_behind_one_address() {
    let mut world = World::new(config());
    let mut ada = User::new("ada", "192.0.2.1:5000");
    let mut bob = User::new("bob", "192.0.2.1:5001");
    let (a, b) = (world.allocate(&mut ada), world.allocate(&mut bob));
    assert_ne!(a, b);
    assert_eq!(world.permit(&mut ada, "192.0.2.9:1"), 0);
    assert!(world.peer_sends(a, "192.0.2.9:1", b"x").is_some());
    assert_eq!(world.peer_sends(b, "192.0.2.9:1", b"x"), None);
    assert_eq!(world.refresh(&mut ada, 0).code(), 0);
    assert_eq!(world.refresh(&mut bob, 600).code(), 0);
}

#[test]
fn turn19_a_stream_is_another_5_tuple_and_ends_its_allocation() {
    let mut world = World::new(config());
    let mut udp = User::new("ada", "192.0.2.1:5000");
    let mut tcp = udp.clone().over(Protocol::Tcp);
    let mut tls = udp.clone().over(Protocol::Tls);
    let relayed = [&mut udp, &mut tcp, &mut tls].map(|user| world.allocate(user));
    assert_eq!(world.sockets.len(), 3);
    world.relay.handle_closed(tcp.client, world.now);
    world.pump();
    assert_eq!(world.sockets.len(), 2);
    assert!(world.sockets.iter().all(|(_, open)| *open != relayed[1]));
    assert_eq!(world.refresh(&mut udp, 600).code(), 0);
    assert_eq!(world.refresh(&mut tcp, 600).code(), 437);
    world.relay.handle_closed(tcp.client, world.now);
}

#[test]
fn turn9_what_is_missing_is_a_bad_request() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    world.allocate(&mut user);
    assert_eq!(world.ask(&mut user, CREATE_PERMISSION, &[]).code(), 400);
    assert_eq!(world.ask(&mut user, CHANNEL_BIND, &[]).code(), 400);
    let number = ChannelNumber::new(0x4000);
    assert_eq!(world.ask(&mut user, CHANNEL_BIND, &[&number]).code(), 400);
    let peer = user.peer("192.0.2.9:1");
    assert_eq!(world.ask(&mut user, CHANNEL_BIND, &[&peer]).code(), 400);
}
