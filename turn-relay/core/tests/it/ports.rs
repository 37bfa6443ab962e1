//! Ports of relayed addresses.

use crate::world::*;
use fmz_turn_core::{OpenError, Protocol};
use std::collections::BTreeSet;
use turn_types::attribute::{
    AdditionalAddressFamily, EvenPort, RequestedAddressFamily, ReservationToken,
};

fn token(answer: &Answer) -> ReservationToken {
    answer.message().attribute().unwrap()
}

#[test]
fn turn8_ports_are_of_the_shard_and_each_is_given_once() {
    for shard in 0..3 {
        let mut config = config();
        config.ports = 50_000..=50_010;
        (config.shards, config.shard) = (3, shard);
        config.quotas.user_allocations = 100;
        let mut world = World::new(config);
        let mut ports = BTreeSet::new();
        let mut code = 0;
        for port in 1.. {
            let mut user = User::new("ada", &format!("192.0.2.1:{port}"));
            let answer = world.allocate_with(&mut user, &[]);
            code = answer.code();
            let Some(relayed) = answer.relayed(0) else {
                break;
            };
            assert!(ports.insert(relayed.port()));
        }
        let all = (50_000..=50_010).filter(|port| port % 3 == shard);
        assert_eq!(ports, all.collect());
        assert_eq!(code, 508);
    }
}

#[test]
fn turn8_ports_cannot_be_foreseen() {
    let mut world = World::new(config());
    let mut ports = Vec::new();
    for port in 1..=4 {
        ports.push(
            world
                .allocate(&mut User::new("ada", &format!("192.0.2.1:{port}")))
                .port(),
        );
    }
    let steps: BTreeSet<i32> = ports
        .windows(2)
        .map(|two| i32::from(two[1]) - i32::from(two[0]))
        .collect();
    assert!(
        steps.len() == 3 && steps.iter().all(|step| step.abs() > 2),
        "{ports:?}"
    );
}

#[test]
fn turn8_a_port_in_use_is_passed_over_twice() {
    let in_use = || Err(OpenError::InUse);
    for (opens, code) in [
        (vec![in_use()], 0),
        (vec![in_use(), in_use()], 0),
        (vec![in_use(), in_use(), in_use()], 508),
        (vec![Err(OpenError::Failed)], 508),
    ] {
        let mut world = World::new(config());
        world.opens = opens;
        let mut user = User::new("ada", "192.0.2.1:5000");
        assert_eq!(world.allocate_with(&mut user, &[]).code(), code);
        assert!(world.opens.is_empty());
        assert_eq!(world.relay.stats().allocations, u64::from(code == 0));
    }
}

#[test]
fn turn8_an_even_port_is_even() {
    let mut world = World::new(config());
    for client in 1..=4 {
        let mut user = User::new("ada", &format!("192.0.2.1:{client}"));
        let answer = world.allocate_with(&mut user, &[&EvenPort::new(false)]);
        assert_eq!(answer.relayed(0).unwrap().port() % 2, 0);
        assert!(answer.message().attribute::<ReservationToken>().is_err());
    }
}

#[test]
fn turn8_a_pair_is_two_neighbours() {
    let mut world = World::new(config());
    let mut rtp = User::new("ada", "192.0.2.1:5000");
    let first = world.allocate_with(&mut rtp, &[&EvenPort::new(true)]);
    let even = first.relayed(0).unwrap().port();
    assert_eq!(even % 2, 0);
    let token = token(&first);
    let mut stranger = User::new("eve", "192.0.2.1:5002");
    assert_eq!(world.allocate_with(&mut stranger, &[&token]).code(), 508);
    let mut rtcp = User::new("ada", "192.0.2.1:5001");
    let second = world.allocate_with(&mut rtcp, &[&token]);
    assert_eq!(second.relayed(0).unwrap().port(), even + 1);
    let mut third = User::new("ada", "192.0.2.1:5003");
    assert_eq!(
        world.allocate_with(&mut third, &[&token]).code(),
        508,
        "it is used up"
    );
}

#[test]
fn turn8_a_reservation_is_kept_for_30_seconds() {
    let mut config = config();
    config.ports = 50_000..=50_001;
    let mut world = World::new(config);
    let mut rtp = User::new("ada", "192.0.2.1:5000");
    let token = token(&world.allocate_with(&mut rtp, &[&EvenPort::new(true)]));
    let mut other = User::new("ada", "192.0.2.1:5001");
    assert_eq!(
        world.allocate_with(&mut other, &[]).code(),
        508,
        "the odd port is kept"
    );
    world.pass(seconds(30));
    assert_eq!(
        world.allocate_with(&mut other, &[&token]).code(),
        508,
        "too late"
    );
    assert_eq!(
        world.allocate_with(&mut other, &[]).code(),
        0,
        "the odd port is free"
    );
}

#[test]
fn turn8_a_pair_that_cannot_open_keeps_nothing() {
    let mut config = config();
    config.ports = 50_000..=50_001;
    let mut world = World::new(config);
    world.opens = vec![Err(OpenError::Failed)];
    let mut user = User::new("ada", "192.0.2.1:5000");
    assert_eq!(
        world
            .allocate_with(&mut user, &[&EvenPort::new(true)])
            .code(),
        508
    );
    world.opening = false;
    let bytes = user.request(
        turn_types::message::ALLOCATE,
        &[&udp(), &EvenPort::new(true)],
    );
    assert_eq!(world.send(user.client, &bytes), None);
    world.relay.handle_closed(user.client, world.now);
    world.opening = true;
    for client in 1..=2 {
        let mut user = User::new("ada", &format!("192.0.2.1:{client}"));
        assert_eq!(world.allocate_with(&mut user, &[]).code(), 0);
    }
}

#[test]
fn turn8_a_shard_has_no_pairs() {
    let mut config = config();
    config.shards = 2;
    let mut world = World::new(config);
    let mut user = User::new("ada", "192.0.2.1:5000");
    assert_eq!(
        world
            .allocate_with(&mut user, &[&EvenPort::new(true)])
            .code(),
        508
    );
    assert_eq!(
        world
            .allocate_with(&mut user, &[&EvenPort::new(false)])
            .code(),
        0
    );
}

#[test]
fn turn8_a_token_stands_alone() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    let token = ReservationToken::new(7);
    let v4 = stun_types::AddressFamily::IPV4;
    let v6 = stun_types::AddressFamily::IPV6;
    let even = EvenPort::new(false);
    assert_eq!(world.allocate_with(&mut user, &[&token, &even]).code(), 400);
    let family = RequestedAddressFamily::new(v4);
    assert_eq!(
        world.allocate_with(&mut user, &[&token, &family]).code(),
        400
    );
    let both = AdditionalAddressFamily::new(v6);
    assert_eq!(world.allocate_with(&mut user, &[&token, &both]).code(), 400);
    assert_eq!(
        world
            .allocate_with(&mut user, &[&both, &EvenPort::new(true)])
            .code(),
        400
    );
    assert_eq!(world.allocate_with(&mut user, &[&token]).code(), 508);
}

#[test]
fn turn8_reservations_are_bounded() {
    let max = fmz_turn_core::limits::RESERVATIONS_MAX;
    let mut config = config();
    config.quotas.user_allocations = 2 * max as u32;
    let mut world = World::new(config);
    for client in 0..=max {
        let mut user = User::new("ada", &format!("192.0.2.1:{}", client + 1)).over(Protocol::Tcp);
        let code = world
            .allocate_with(&mut user, &[&EvenPort::new(true)])
            .code();
        assert_eq!(code, if client < max { 0 } else { 508 });
        world.relay.handle_closed(user.client, world.now);
        world.pump();
    }
}
