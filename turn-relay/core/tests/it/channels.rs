//! Channels (RFC 8656 section 12).

use crate::world::*;
use fmz_turn_core::Protocol;

#[test]
fn turn11_numbers() {
    let mut world = World::new(config());
    for (number, code) in [
        (0x0000, 400),
        (0x3fff, 400),
        (0x4000, 0),
        (0x4fff, 0),
        (0x5000, 0),
        (0x7fff, 0),
        (0x8000, 400),
        (0xffff, 400),
    ] {
        let mut user = User::new("ada", "192.0.2.1:5000");
        world.allocate(&mut user);
        assert_eq!(
            world.bind(&mut user, number, "192.0.2.9:1"),
            code,
            "{number:#x}"
        );
        world.relay.handle_closed(user.client, world.now);
        world.pump();
    }
}

#[test]
fn turn11_data_goes_both_ways() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    let relayed = world.allocate(&mut user);
    assert_eq!(world.bind(&mut user, 0x4001, "192.0.2.9:7"), 0);
    let out = Sent::ToPeer(relayed, addr("192.0.2.9:7"), b"abc".to_vec(), false);
    assert_eq!(world.channel_data(&user, 0x4001, b"abc"), Some(out));
    let back = Sent::ToClient(user.client, channel_data(0x4001, b"hello"));
    assert_eq!(
        world.peer_sends(relayed, "192.0.2.9:7", b"hello"),
        Some(back)
    );
    // Another port of the peer has the permission, not the channel.
    let Some(Sent::ToClient(_, bytes)) = world.peer_sends(relayed, "192.0.2.9:8", b"hello") else {
        panic!("a Data indication");
    };
    assert_eq!(read_data(&bytes), (addr("192.0.2.9:8"), b"hello".to_vec()));
    assert_eq!(world.channel_data(&user, 0x4002, b"abc"), None, "not bound");
}

#[test]
fn turn11_streams_are_padded() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000").over(Protocol::Tcp);
    let relayed = world.allocate(&mut user);
    assert_eq!(world.bind(&mut user, 0x4001, "192.0.2.9:7"), 0);
    for length in 0..9 {
        let data = vec![7; length];
        let Some(Sent::ToClient(_, bytes)) = world.peer_sends(relayed, "192.0.2.9:7", &data) else {
            panic!("data");
        };
        let mut padded = channel_data(0x4001, &data);
        padded.resize(4 + length.next_multiple_of(4), 0);
        assert_eq!(bytes, padded);
        let out = Sent::ToPeer(relayed, addr("192.0.2.9:7"), data, false);
        let forward = world.relay.handle_datagram(user.client, &padded, world.now);
        assert_eq!(sent(forward), Some(out));
    }
}

#[test]
fn turn11_a_length_beyond_the_datagram_is_dropped() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    world.allocate(&mut user);
    assert_eq!(world.bind(&mut user, 0x4001, "192.0.2.9:7"), 0);
    for bad in [
        &[0x40, 1, 0, 5, 1, 2, 3, 4][..],
        &[0x40, 1, 0xff, 0xff],
        &[0x40, 1, 0],
        &[0x40],
    ] {
        assert_eq!(
            sent(world.relay.handle_datagram(user.client, bad, world.now)),
            None
        );
    }
    assert_eq!(world.relay.stats().malformed, 4);
}

#[test]
fn turn11_number_and_peer_belong_together() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    world.allocate(&mut user);
    assert_eq!(world.bind(&mut user, 0x4001, "192.0.2.9:7"), 0);
    assert_eq!(world.bind(&mut user, 0x4001, "192.0.2.9:7"), 0, "a refresh");
    assert_eq!(
        world.bind(&mut user, 0x4001, "192.0.2.9:8"),
        400,
        "the number is taken"
    );
    assert_eq!(
        world.bind(&mut user, 0x4002, "192.0.2.9:7"),
        400,
        "the peer has one"
    );
    assert_eq!(world.bind(&mut user, 0x4002, "192.0.2.9:8"), 0);
}

#[test]
fn turn11_a_channel_lives_ten_minutes_and_is_held_for_five() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    let relayed = world.allocate(&mut user);
    assert_eq!(world.refresh(&mut user, 3600).code(), 0);
    assert_eq!(world.bind(&mut user, 0x4001, "192.0.2.9:7"), 0);
    world.pass(seconds(299));
    assert!(world.channel_data(&user, 0x4001, b"x").is_some());
    world.pass(seconds(1));
    assert_eq!(
        world.channel_data(&user, 0x4001, b"x"),
        None,
        "its permission ran out"
    );
    assert_eq!(world.permit(&mut user, "192.0.2.9:7"), 0);
    world.pass(seconds(299));
    assert!(world.channel_data(&user, 0x4001, b"x").is_some());
    assert_eq!(world.permit(&mut user, "192.0.2.9:7"), 0);
    world.pass(seconds(1));
    assert_eq!(
        world.channel_data(&user, 0x4001, b"x"),
        None,
        "the channel ran out"
    );
    let Some(Sent::ToClient(_, bytes)) = world.peer_sends(relayed, "192.0.2.9:7", b"x") else {
        panic!("a Data indication");
    };
    assert_eq!(read_data(&bytes).1, b"x");
    world.pass(seconds(299));
    assert_eq!(world.bind(&mut user, 0x4001, "192.0.2.9:8"), 400, "held");
    assert_eq!(world.bind(&mut user, 0x4002, "192.0.2.9:7"), 400, "held");
    world.pass(seconds(1));
    assert_eq!(world.bind(&mut user, 0x4001, "192.0.2.9:8"), 0);
    assert_eq!(world.bind(&mut user, 0x4002, "192.0.2.9:7"), 0);
}

#[test]
fn turn11_a_channel_that_ran_out_is_bound_again_to_its_peer() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    world.allocate(&mut user);
    assert_eq!(world.refresh(&mut user, 3600).code(), 0);
    assert_eq!(world.bind(&mut user, 0x4001, "192.0.2.9:7"), 0);
    world.pass(seconds(700));
    assert_eq!(world.bind(&mut user, 0x4001, "192.0.2.9:7"), 0);
    assert!(world.channel_data(&user, 0x4001, b"x").is_some());
}

#[test]
fn turn11_sixteen_channels_at_a_time() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    world.allocate(&mut user);
    for port in 1..=16 {
        assert_eq!(
            world.bind(&mut user, 0x4000 + port, &format!("192.0.2.9:{port}")),
            0
        );
    }
    assert_eq!(world.bind(&mut user, 0x4100, "192.0.2.9:100"), 508);
    assert_eq!(world.bind(&mut user, 0x4001, "192.0.2.9:1"), 0);
}
