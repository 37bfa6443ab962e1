//! Allocate requests.

use crate::world::*;
use fmz_turn_core::{Answer as Kind, Event, OpenError};
use stun_types::attribute::{RawAttribute, XorMappedAddress};
use stun_types::prelude::*;
use turn_types::attribute::{Lifetime, RequestedTransport};
use turn_types::message::ALLOCATE;

#[test]
fn turn6_an_allocation_is_made_once_its_socket_is_there() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    let answer = world.allocate_with(&mut user, &[]);
    assert_eq!(answer.code(), 0);
    let relayed = answer.relayed(0).unwrap();
    assert_eq!(relayed.ip(), RELAY_V4.parse::<std::net::IpAddr>().unwrap());
    assert!((49152..=65535).contains(&relayed.port()));
    assert_eq!(answer.relayed(1), None);
    assert_eq!(answer.lifetime(), 600);
    let message = answer.message();
    let mapped: XorMappedAddress = message.attribute().unwrap();
    assert_eq!(mapped.addr(message.transaction_id()), user.client.address);
    assert_eq!(world.sockets.len(), 1);
    assert_eq!(world.sockets[0].1, relayed);
}

#[test]
fn turn6_the_announced_address_is_told_and_the_bound_one_opened() {
    let mut config = config();
    config.relayed[0].bind = "10.1.1.1".parse().unwrap();
    let mut world = World::new(config);
    let mut user = User::new("ada", "192.0.2.1:5000");
    let relayed = world.allocate(&mut user);
    assert_eq!(relayed.ip().to_string(), RELAY_V4);
    assert_eq!(
        world.sockets[0].1.to_string(),
        format!("10.1.1.1:{}", relayed.port())
    );
}

#[test]
fn turn6_codes() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    world.greet(&mut user);
    let tcp = RequestedTransport::new(RequestedTransport::TCP);
    let short = RawAttribute::new(RequestedTransport::TYPE, &[17]);
    let bad_lifetime = RawAttribute::new(Lifetime::TYPE, &[1, 2]);
    let cases: [(u16, &[&dyn AttributeWrite]); 4] = [
        (400, &[]),
        (442, &[&tcp]),
        (400, &[&short]),
        (400, &[&udp(), &bad_lifetime]),
    ];
    for (code, attributes) in cases {
        assert_eq!(world.ask(&mut user, ALLOCATE, attributes).code(), code);
    }
    assert_eq!(world.relay.stats().allocations_made, 0);
    world.allocate(&mut user);
    assert_eq!(
        world.allocate_with(&mut user, &[]).code(),
        437,
        "the 5-tuple is in use"
    );
}

#[test]
fn turn6_lifetime_is_from_ten_minutes_to_an_hour() {
    let mut world = World::new(config());
    for (wanted, given) in [
        (0, 600),
        (1, 600),
        (600, 600),
        (1200, 1200),
        (3600, 3600),
        (u32::MAX, 3600),
    ] {
        let mut user = User::new("ada", "192.0.2.1:5000");
        let answer = world.allocate_with(&mut user, &[&Lifetime::new(wanted)]);
        assert_eq!(answer.lifetime(), given, "{wanted}");
        world.pass(seconds(u64::from(given) - 1));
        assert_eq!(world.sockets.len(), 1);
        world.pass(seconds(1));
        assert_eq!(world.sockets.len(), 0);
    }
}

#[test]
fn turn6_lifetime_ends_one_refresh_after_the_credential() {
    let mut world = World::new(config());
    let mut user = User::until("ada", "192.0.2.1:5000", EPOCH + seconds(1000));
    let answer = world.allocate_with(&mut user, &[&Lifetime::new(3600)]);
    assert_eq!(answer.lifetime(), 1600);
    world.pass(seconds(900));
    assert_eq!(world.refresh(&mut user, 3600).lifetime(), 700);
    world.pass(seconds(150));
    assert_eq!(world.refresh(&mut user, 3600).code(), 401);
    world.pass(seconds(550));
    assert_eq!(world.relay.stats().allocations, 0);
}

#[test]
fn turn6_a_request_sent_again_is_answered_again() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    world.greet(&mut user);
    let request = user.request(ALLOCATE, &[&udp(), &Lifetime::new(1200)]);
    let first = world.send(user.client, &request).unwrap();
    assert_eq!(first.code(), 0);
    world.pass(seconds(1));
    assert_eq!(world.send(user.client, &request), Some(first));
    assert_eq!(world.relay.stats().allocations_made, 1);
}

#[test]
fn turn6_a_request_sent_again_while_the_socket_opens_waits() {
    let mut world = World::new(config());
    world.opening = false;
    let mut user = User::new("ada", "192.0.2.1:5000");
    world.greet(&mut user);
    let request = user.request(ALLOCATE, &[&udp()]);
    assert_eq!(world.send(user.client, &request), None);
    assert_eq!(world.send(user.client, &request), None);
    let [
        Event::Open {
            allocation,
            relayed,
            ..
        },
    ] = world.events[..]
    else {
        panic!("{:?}", world.events);
    };
    world
        .relay
        .handle_opened(allocation, relayed, Ok(()), world.now);
    world.pump();
    assert_eq!(world.transmits.len(), 1);
    // Another request finds the 5-tuple in use meanwhile.
    assert_eq!(world.allocate_with(&mut user, &[]).code(), 437);
}

#[test]
fn turn_ops2_an_answer_names_its_kind_beside_the_message() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    let client = user.client;
    let kind = |world: &mut World, request: &[u8]| {
        let _ = world.relay.handle_datagram(client, request, world.now);
        world.pump();
        world.transmits.pop().expect("an answer").answer
    };
    world.greet(&mut user);
    let request = user.request(ALLOCATE, &[&udp()]);
    assert_eq!(kind(&mut world, &request), Some(Kind::Allocated));
    assert_eq!(
        kind(&mut world, &request),
        Some(Kind::Allocated),
        "sent again"
    );
    let another = user.request(ALLOCATE, &[&udp()]);
    assert_eq!(kind(&mut world, &another), Some(Kind::Refused(437)));
}

#[test]
fn turn6_a_socket_that_never_opens_is_given_up() {
    let mut world = World::new(config());
    world.opening = false;
    let mut user = User::new("ada", "192.0.2.1:5000");
    world.greet(&mut user);
    let request = user.request(ALLOCATE, &[&udp()]);
    assert_eq!(world.send(user.client, &request), None);
    world.pass(seconds(5));
    assert_eq!(Answer(world.transmits.pop().unwrap().payload).code(), 508);
    assert_eq!(world.relay.stats().allocations, 0);
    let Event::Open {
        allocation,
        relayed,
        ..
    } = world.events[0]
    else {
        panic!("{:?}", world.events);
    };
    // The socket opens late, and nobody has use for it.
    world.events.clear();
    world
        .relay
        .handle_opened(allocation, relayed, Ok(()), world.now);
    world.pump();
    assert_eq!(
        world.events,
        [Event::Close {
            allocation,
            relayed
        }]
    );
    world
        .relay
        .handle_opened(allocation, relayed, Err(OpenError::InUse), world.now);
}
