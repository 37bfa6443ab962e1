//! Limits of one user and of all together.

use crate::world::*;
use fmz_turn_core::Protocol;
use std::time::Duration;

#[test]
fn turn15_a_user_has_four_allocations() {
    let mut world = World::new(config());
    let mut users: Vec<User> = (1..=1000)
        .map(|client| User::new("ada", &format!("192.0.2.1:{client}")).over(Protocol::Tcp))
        .collect();
    let codes: Vec<u16> = users
        .iter_mut()
        .map(|user| world.allocate_with(user, &[]).code())
        .collect();
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 4);
    assert_eq!(codes.iter().filter(|code| **code == 486).count(), 996);
    // Credentials of another time belong to the same user. Another user is not affected.
    let mut later = User::until("ada", "192.0.2.2:1", EPOCH + seconds(77));
    assert_eq!(world.allocate_with(&mut later, &[]).code(), 486);
    world.allocate(&mut User::new("bob", "192.0.2.3:1"));
    assert_eq!(world.refresh(&mut users[0], 0).code(), 0);
    assert_eq!(world.allocate_with(&mut later, &[]).code(), 0);
}

/// Sockets that are still being opened count too.
#[test]
fn turn15_allocations_under_way_count() {
    let mut world = World::new(config());
    world.opening = false;
    for client in 1..=6 {
        let mut user = User::new("ada", &format!("192.0.2.1:{client}"));
        world.greet(&mut user);
        let request = user.request(turn_types::message::ALLOCATE, &[&udp()]);
        let answer = world
            .send(user.client, &request)
            .map(|answer| answer.code());
        assert_eq!(answer, if client <= 4 { None } else { Some(486) });
    }
}

#[test]
fn turn15_the_relay_has_its_fill() {
    let mut config = config();
    config.quotas.allocations = 10;
    let mut world = World::new(config);
    for client in 1..=11 {
        let mut user = User::new(&format!("user{client}"), &format!("192.0.2.1:{client}"));
        let code = world.allocate_with(&mut user, &[]).code();
        assert_eq!(code, if client <= 10 { 0 } else { 508 });
    }
}

#[test]
fn turn15_new_peers_come_slowly() {
    let mut config = config();
    (config.quotas.permissions, config.quotas.user_allocations) = (100, 1);
    let mut world = World::new(config);
    let mut user = User::new("ada", "192.0.2.1:5000");
    world.allocate(&mut user);
    for host in 1..=100 {
        assert_eq!(
            world.permit(&mut user, &format!("192.0.2.{host}:1")),
            0,
            "a burst"
        );
    }
    world.pass(seconds(300));
    // The user's allocation ends and comes back at once, but the bucket is the same.
    for host in 1..=100 {
        assert_eq!(world.permit(&mut user, &format!("192.0.2.{host}:1")), 0);
    }
    assert_eq!(world.refresh(&mut user, 0).code(), 0);
    world.allocate(&mut user);
    assert_eq!(world.permit(&mut user, "192.0.2.201:1"), 508);
    world.pass(seconds(1));
    let codes: Vec<u16> = (201..=206)
        .map(|host| world.permit(&mut user, &format!("192.0.2.{host}:1")))
        .collect();
    assert_eq!(codes, [0, 0, 0, 0, 0, 508]);
    assert_eq!(world.permit(&mut user, "192.0.2.201:1"), 0, "it is known");
}

/// Sends `per_ms` packets of `bytes` each millisecond for four seconds; returns the bytes and
/// packets a second that passed.
fn rate(
    config: fmz_turn_core::Config,
    users: u16,
    per_ms: usize,
    bytes: usize,
    back: bool,
) -> (u64, u64) {
    let mut world = World::new(config);
    let mut sides = Vec::new();
    for client in 1..=users {
        let mut user = User::new(&format!("user{client}"), &format!("192.0.2.1:{client}"));
        let relayed = world.allocate(&mut user);
        assert_eq!(world.bind(&mut user, 0x4001, "192.0.2.9:7"), 0);
        sides.push((user, relayed));
    }
    let data = vec![0; bytes];
    let mut count = |milliseconds: u64| {
        let mut passed = 0;
        for _ in 0..milliseconds {
            world.pass(Duration::from_millis(1));
            for (user, relayed) in &sides {
                for n in 0..per_ms {
                    let to_client = back && n % 2 == 0;
                    let sent = if to_client {
                        world.peer_sends(*relayed, "192.0.2.9:7", &data)
                    } else {
                        world.channel_data(user, 0x4001, &data)
                    };
                    passed += u64::from(sent.is_some());
                }
            }
        }
        passed
    };
    count(1000);
    let packets = count(4000) / 4;
    (packets * bytes as u64 * 8, packets)
}

fn within_5_percent(measured: u64, wanted: u64) {
    let off = measured.abs_diff(wanted) as f64 / wanted as f64;
    assert!(off < 0.05, "{measured} for {wanted}");
}

#[test]
fn turn16_bits_of_a_user() {
    let mut config = config();
    config.quotas.user_bps = 8_000_000;
    for back in [false, true] {
        within_5_percent(rate(config.clone(), 1, 4, 1000, back).0, 8_000_000);
    }
}

#[test]
fn turn16_packets_of_a_user() {
    let mut config = config();
    config.quotas.user_pps = 2_000;
    within_5_percent(rate(config, 1, 10, 10, true).1, 2_000);
}

#[test]
fn turn16_bits_of_all() {
    let mut config = config();
    config.quotas.total_bps = 8_000_000;
    within_5_percent(rate(config, 4, 4, 1000, true).0, 8_000_000);
}

#[test]
fn turn16_a_4k_stream_fits() {
    // 25 Mbit/s and a keyframe of 1.5 MB at once.
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    world.allocate(&mut user);
    assert_eq!(world.bind(&mut user, 0x4001, "192.0.2.9:7"), 0);
    let packet = [0; 1200];
    for _ in 0..100 {
        for _ in 0..26 {
            assert!(world.channel_data(&user, 0x4001, &packet).is_some());
        }
        world.pass(Duration::from_millis(10));
    }
    for _ in 0..1250 {
        assert!(world.channel_data(&user, 0x4001, &packet).is_some());
    }
}

#[test]
fn turn16_a_user_above_its_rate_costs_nobody_else() {
    let mut config = config();
    config.quotas.user_bps = 8_000;
    let mut world = World::new(config);
    let (mut ada, mut bob) = (
        User::new("ada", "192.0.2.1:1"),
        User::new("bob", "192.0.2.1:2"),
    );
    for user in [&mut ada, &mut bob] {
        world.allocate(user);
        assert_eq!(world.bind(user, 0x4001, "192.0.2.9:7"), 0);
    }
    for _ in 0..100 {
        world.channel_data(&ada, 0x4001, &[0; 100]);
    }
    assert_eq!(world.channel_data(&ada, 0x4001, b"x"), None);
    assert!(world.channel_data(&bob, 0x4001, b"x").is_some());
    assert!(world.relay.stats().dropped_rate > 90);
}
