//! Bounds that no other rule's tests reach.

use crate::world::*;
use fmz_turn_core::{Config, RelayedIp, StaticUser, limits};

/// A change that makes the settings invalid, and the error that says what is allowed.
type Broken = (fn(&mut Config), String);

#[test]
fn turn20_settings_are_checked() {
    let user = |name: &str| StaticUser {
        name: name.to_owned(),
        password: "word".to_owned(),
    };
    let ip = |text: &str| text.parse().unwrap();
    let relayed = |bind, announced| RelayedIp {
        bind: ip(bind),
        announced: ip(announced),
    };
    let breaks: Vec<Broken> = vec![
        (
            |config| config.realm.clear(),
            limits::REALM_BYTES_MAX.to_string(),
        ),
        (
            |config| config.realm = "r".repeat(limits::REALM_BYTES_MAX + 1),
            limits::REALM_BYTES_MAX.to_string(),
        ),
        (
            |config| config.secrets = vec!["s".to_owned(); limits::SECRETS_MAX + 1],
            limits::SECRETS_MAX.to_string(),
        ),
        (
            |config| config.secrets = vec![String::new()],
            "empty".into(),
        ),
        (
            |config| config.relayed.push(config.relayed[0]),
            "one relayed address".into(),
        ),
        (|config| config.ports = 0..=10, "1 to 65535".into()),
        (
            |config| (config.shards, config.shard) = (2, 2),
            "below shards".into(),
        ),
        (|config| config.shards = 0, "below shards".into()),
    ];
    for (break_it, named) in breaks {
        let mut config = config();
        assert_eq!(config.check(), Ok(()));
        break_it(&mut config);
        let error = config.check().unwrap_err();
        assert!(error.contains(&named), "{error}");
    }
    let mut config = config();
    config.users = vec![user("a"); limits::STATIC_USERS_MAX + 1];
    let error = config.check().unwrap_err();
    assert!(error.contains(&limits::STATIC_USERS_MAX.to_string()));
    let mut config = crate::world::config();
    config.relayed = vec![relayed("10.0.0.1", "2001:db8::1")];
    assert!(config.check().is_err());
    let mut config = crate::world::config();
    config.policy.platform = vec![addr("192.0.2.1:1").into(); limits::RULES_MAX + 1];
    let error = config.check().unwrap_err();
    assert!(error.contains(&limits::RULES_MAX.to_string()));
}

#[test]
fn turn20_secrets_are_not_printed() {
    let mut config = config();
    config.users = vec![StaticUser {
        name: "static".to_owned(),
        password: "hush".to_owned(),
    }];
    let world = World::new(config.clone());
    for text in [format!("{config:?}"), format!("{:?}", world.relay)] {
        assert!(!text.contains(SECRET) && !text.contains("hush"), "{text}");
    }
}

#[test]
fn turn20_what_is_over_a_bound_of_the_settings_is_passed_over() {
    let mut settings = config();
    settings.secrets = (0..limits::SECRETS_MAX).map(|n| format!("s{n}")).collect();
    settings.secrets.push(SECRET.to_owned());
    let mut relay = fmz_turn_core::Relay::new(settings, [7; 32], epoch(), EPOCH);
    let mut world = World::new(config());
    std::mem::swap(&mut world.relay, &mut relay);
    let mut user = User::new("ada", "192.0.2.1:5000");
    assert_eq!(world.allocate_with(&mut user, &[]).code(), 401);
}

#[test]
fn turn20_events_that_nobody_takes_stop_new_allocations() {
    let mut config = config();
    config.quotas.user_allocations = u32::MAX;
    config.quotas.allocations = u32::MAX;
    config.ports = 1..=65535;
    let mut world = World::new(config);
    world.opening = false;
    let mut codes = Vec::new();
    for client in 1..=limits::EVENTS_MAX + 1 {
        let mut user = User::new("ada", &format!("192.0.2.{}:{}", client % 200, client));
        user.client.protocol = fmz_turn_core::Protocol::Tcp;
        let bare = user.bare(turn_types::message::ALLOCATE, &[]);
        assert!(
            world
                .relay
                .handle_datagram(user.client, &bare, world.now)
                .is_none()
        );
        user.nonce = nonce(&Answer(world.relay.poll_transmit().unwrap().payload));
        let request = user.request(turn_types::message::ALLOCATE, &[&udp()]);
        assert!(
            world
                .relay
                .handle_datagram(user.client, &request, world.now)
                .is_none()
        );
        codes.extend(
            world
                .relay
                .poll_transmit()
                .map(|answer| Answer(answer.payload).code()),
        );
    }
    assert_eq!(codes, [508]);
}

/// Timers of allocations that ended early must not pile up.
#[test]
fn turn20_churn_leaves_no_timers() {
    let mut world = World::new(config());
    for _ in 0..1000 {
        let mut user = User::new("ada", "192.0.2.1:5000");
        user.client.protocol = fmz_turn_core::Protocol::Tcp;
        world.allocate(&mut user);
        world.refresh(&mut user, 3600);
        world.refresh(&mut user, 600);
        world.refresh(&mut user, 0);
    }
    let mut calls = 0;
    while let Some(due) = world.relay.poll_timeout() {
        world.now = world.now.max(due);
        world.relay.handle_timeout(world.now);
        calls += 1;
    }
    assert!(calls <= 200, "{calls}");
}
