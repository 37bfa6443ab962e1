//! Datagrams from strangers: no state is kept for them, and few are answered.

use crate::world::*;
use fmz_turn_core::{Protocol, Quotas};
use std::time::Duration;
use stun_types::message::BINDING;
use turn_types::message::ALLOCATE;

fn strict() -> fmz_turn_core::Config {
    let mut config = config();
    config.quotas.replies_per_s = Quotas::default().replies_per_s;
    config
}

/// Returns the number of answers to `count` requests, spread evenly within `time`.
fn answers(world: &mut World, user: &mut User, count: u32, time: Duration) -> u32 {
    let mut answered = 0;
    for n in 0..count {
        let method = if n % 2 == 0 { ALLOCATE } else { BINDING };
        let request = user.bare(method, &[]);
        answered += u32::from(world.send(user.client, &request).is_some());
        world.pass(time / count);
    }
    answered
}

#[test]
fn turn4_one_source_gets_ten_answers_a_second() {
    let mut world = World::new(strict());
    let mut user = User::new("ada", "192.0.2.1:5000");
    let burst = answers(&mut world, &mut user, 1000, Duration::from_millis(50));
    assert_eq!(burst, fmz_turn_core::limits::REPLY_BURST);
    let steady = answers(&mut world, &mut user, 10_000, seconds(10));
    assert!((98..=101).contains(&steady), "{steady}");
    assert!(world.relay.stats().replies_withheld > 10_000);
    // Another port is the same source; another address is not.
    let mut port = User::new("ada", "192.0.2.1:5001");
    assert_eq!(answers(&mut world, &mut port, 5, Duration::ZERO), 0);
    let mut other = User::new("ada", "192.0.2.2:5000");
    assert_eq!(answers(&mut world, &mut other, 5, Duration::ZERO), 5);
}

#[test]
fn turn4_an_ipv6_source_is_its_first_64_bits() {
    let mut world = World::new(strict());
    let mut answered = 0;
    for host in 1..=100 {
        let mut user = User::new("ada", &format!("[2001:db8:1::{host:x}]:5000"));
        answered += answers(&mut world, &mut user, 1, Duration::ZERO);
    }
    assert_eq!(answered, fmz_turn_core::limits::REPLY_BURST);
}

#[test]
fn turn4_who_is_let_in_is_always_answered() {
    let mut world = World::new(strict());
    let mut user = User::new("ada", "192.0.2.1:5000");
    world.allocate(&mut user);
    let mut flood = User::new("eve", "192.0.2.1:6000");
    answers(&mut world, &mut flood, 1000, Duration::ZERO);
    for _ in 0..100 {
        assert_eq!(world.refresh(&mut user, 600).code(), 0);
    }
}

#[test]
fn turn4_a_stream_is_always_answered() {
    let mut world = World::new(strict());
    let mut user = User::new("ada", "192.0.2.1:5000").over(Protocol::Tls);
    assert_eq!(answers(&mut world, &mut user, 1000, Duration::ZERO), 1000);
}

/// 100,000 forged addresses leave nothing behind except counts.
#[test]
fn turn4_a_flood_from_forged_addresses_leaves_nothing() {
    let mut world = World::new(strict());
    let mut answered = 0;
    for n in 0..100_000_u32 {
        let [_, b, c, d] = n.to_be_bytes();
        let mut user = User::new("ada", &format!("11.{b}.{c}.{d}:5000"));
        let bytes = if n % 2 == 0 {
            user.bare(ALLOCATE, &[])
        } else {
            user.nonce = Some("obMatJos2gAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned());
            user.request(ALLOCATE, &[&udp()])
        };
        answered += u32::from(world.send(user.client, &bytes).is_some());
        world.pass(seconds(1) / fmz_turn_core::limits::REPLIES_PER_S);
    }
    assert_eq!(world.relay.poll_timeout(), None);
    assert_eq!(world.relay.sessions().count(), 0);
    assert!(world.events.is_empty());
    let stats = *world.relay.stats();
    assert_eq!(
        (stats.allocations, stats.users, stats.allocations_made),
        (0, 0, 0)
    );
    assert_eq!(stats.challenges + stats.errors, u64::from(answered));
    assert!(
        answered > 95_000,
        "sources hardly share a place: {answered}"
    );
}

#[test]
fn turn4_all_sources_together_get_ten_thousand_answers_a_second() {
    let mut world = World::new(strict());
    let flood = |world: &mut World, first: u32, count: u32, time: Duration| {
        let sources = (first..first + count).map(|n| {
            let [_, b, c, d] = n.to_be_bytes();
            User::new("eve", &format!("11.{b}.{c}.{d}:5000"))
        });
        let answer = |mut user: User| {
            let answered = answers(world, &mut user, 1, Duration::ZERO);
            world.pass(time / count);
            answered
        };
        sources.map(answer).sum::<u32>()
    };
    let per_s = fmz_turn_core::limits::REPLIES_PER_S;
    let burst = flood(&mut world, 0, per_s, Duration::ZERO);
    assert_eq!(burst, per_s / 4);
    let steady = flood(&mut world, per_s, 5 * per_s, seconds(2));
    assert!(steady.abs_diff(2 * per_s) < per_s / 100, "{steady}");
    assert!(world.relay.stats().replies_withheld > 0);
}

#[test]
fn turn4_answers_that_nobody_takes_are_bounded() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000").over(Protocol::Tcp);
    let max = fmz_turn_core::limits::TRANSMITS_MAX;
    for _ in 0..max + 10 {
        let bytes = user.bare(BINDING, &[]);
        assert!(
            world
                .relay
                .handle_datagram(user.client, &bytes, world.now)
                .is_none()
        );
    }
    world.pump();
    assert_eq!(world.transmits.len(), max);
    assert_eq!(world.relay.stats().transmits_dropped, 10);
}
