//! Peers that may and may not be reached.

use crate::world::*;
use fmz_turn_core::{Config, IpNet, PeerRule, PolicyMode};
use turn_types::attribute::RequestedAddressFamily;

/// One address of every range that no peer on the public internet has; of the less obvious ranges,
/// the first and the last.
const DENIED: &[&str] = &[
    "0.0.0.0",
    "0.255.255.255",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
];

const DENIED_V6: &[&str] = &[
    "::",
    "::1",
    "100::1",
    "2001::1",
    "2001:1::1",
    "2001:1ff:ffff::1",
    "2001:db8::1",
    "3fff:fff::1",
    "5f00::1",
    "fc00::1",
    "fd00::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "64:ff9b:1::1",
    "64:ff9b:1:ffff::8.8.8.8",
];

const GLOBAL: &[&str] = &[
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "198.17.255.255",
    "223.255.255.255",
];
const GLOBAL_V6: &[&str] = &[
    "2606:4700::1111",
    "2001:200::1",
    "2a00::1",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
];

/// Returns every way to write an IPv4 address as an IPv6 one.
fn spellings(ip: &str) -> Vec<String> {
    let ip: std::net::Ipv4Addr = ip.parse().unwrap();
    let bits = ip.to_bits();
    let (high, low) = (bits >> 16, bits & 0xffff);
    vec![
        format!("::ffff:{ip}"),
        format!("::{ip}"),
        format!("64:ff9b::{ip}"),
        format!("64:ff9b:1::{ip}"),
        format!("2002:{high:x}:{low:x}::1"),
        format!(
            "2001:0:102:304:0:f227:{:x}:{:x}",
            high ^ 0xffff,
            low ^ 0xffff
        ),
    ]
}

fn with_mode(mode: PolicyMode) -> Config {
    let mut config = config();
    config.policy.mode = mode;
    config.policy.platform.clear();
    config.quotas.user_new_peers_per_s = 1_000_000;
    config.quotas.permissions = 10_000;
    config.quotas.channels = 10_000;
    config
}

fn written(ip: &str, port: u16) -> String {
    std::net::SocketAddr::new(ip.parse().unwrap(), port).to_string()
}

/// Returns the codes of CreatePermission and ChannelBind, and whether a Send and a packet of the
/// peer pass.
fn probe(world: &mut World, user: &mut User, peer: &str, number: u16) -> (u16, u16, bool, bool) {
    let relayed = user_relayed(world, user);
    let permission = world.permit(user, peer);
    let sends = world.send_indication(user, peer, b"x").is_some();
    let hears = world.peer_sends(relayed, peer, b"x").is_some();
    (permission, world.bind(user, number, peer), sends, hears)
}

fn user_relayed(world: &World, user: &User) -> std::net::SocketAddr {
    let mut sessions = world.relay.sessions();
    let session = sessions
        .find(|session| session.client == user.client)
        .unwrap();
    session.relayed.into_iter().flatten().next().unwrap()
}

fn users(world: &mut World) -> (User, User) {
    let mut v4 = User::new("ada", "192.0.2.1:5000");
    let mut v6 = User::new("ada", "192.0.2.1:5001");
    world.allocate(&mut v4);
    let family = RequestedAddressFamily::new(stun_types::AddressFamily::IPV6);
    assert_eq!(world.allocate_with(&mut v6, &[&family]).code(), 0);
    (v4, v6)
}

const REFUSED: (u16, u16, bool, bool) = (403, 403, false, false);
const ALLOWED: (u16, u16, bool, bool) = (0, 0, true, true);

#[test]
fn turn14_no_mode_reaches_inside_in_any_spelling() {
    for mode in [PolicyMode::Platform, PolicyMode::Public, PolicyMode::List] {
        let mut world = World::new(with_mode(mode));
        let (mut v4, mut v6) = users(&mut world);
        for ip in DENIED {
            assert_eq!(
                probe(&mut world, &mut v4, &written(ip, 5000), 0x4000),
                REFUSED,
                "{ip}"
            );
            for ip in spellings(ip) {
                assert_eq!(
                    probe(&mut world, &mut v6, &written(&ip, 5000), 0x4000),
                    REFUSED,
                    "{ip}"
                );
            }
        }
        for ip in DENIED_V6 {
            assert_eq!(
                probe(&mut world, &mut v6, &written(ip, 5000), 0x4000),
                REFUSED,
                "{ip}"
            );
        }
    }
}

#[test]
fn turn14_public_reaches_what_is_global() {
    let mut world = World::new(with_mode(PolicyMode::Public));
    let (mut v4, mut v6) = users(&mut world);
    for (number, ip) in (0x4000..).zip(GLOBAL) {
        assert_eq!(
            probe(&mut world, &mut v4, &written(ip, 5000), number),
            ALLOWED,
            "{ip}"
        );
    }
    for (number, ip) in (0x4000..).zip(GLOBAL_V6) {
        assert_eq!(
            probe(&mut world, &mut v6, &written(ip, 5000), number),
            ALLOWED,
            "{ip}"
        );
    }
    // The mapped spelling of a good address is refused.
    assert_eq!(
        probe(&mut world, &mut v6, "[::ffff:8.8.8.8]:5000", 0x4100),
        REFUSED
    );
}

#[test]
fn turn14_public_has_no_low_ports() {
    let mut world = World::new(with_mode(PolicyMode::Public));
    let (mut v4, _) = users(&mut world);
    for (port, allowed) in [(0, false), (53, false), (1023, false), (1024, true)] {
        let (_, bind, sends, hears) = probe(&mut world, &mut v4, &written("8.8.8.8", port), 0x4000);
        assert_eq!(
            (bind == 0, sends, hears),
            (allowed, allowed, allowed),
            "{port}"
        );
    }
    assert_eq!(world.relay.stats().dropped_policy, 6);
}

#[test]
fn turn14_own_addresses_are_refused_in_every_spelling() {
    let mut config = with_mode(PolicyMode::Public);
    config.policy.own = vec!["9.9.9.9".parse().unwrap(), "2606:4700::9".parse().unwrap()];
    config.relayed[0].bind = "9.9.9.8".parse().unwrap();
    config.relayed[0].announced = "9.9.9.7".parse().unwrap();
    let mut world = World::new(config);
    let (mut v4, mut v6) = users(&mut world);
    assert_eq!(probe(&mut world, &mut v4, "9.9.9.9:5000", 0x4000), REFUSED);
    assert_eq!(
        probe(&mut world, &mut v6, "[2606:4700::9]:5000", 0x4000),
        REFUSED
    );
    for ip in ["9.9.9.9", "9.9.9.8", "9.9.9.7"].map(spellings).concat() {
        assert_eq!(
            probe(&mut world, &mut v6, &written(&ip, 5000), 0x4000),
            REFUSED,
            "{ip}"
        );
    }
    // At the relay's own address, only ports of allocations can be reached.
    assert_eq!(world.bind(&mut v4, 0x4000, "9.9.9.7:5000"), 403);
    assert_eq!(
        world.bind(&mut v4, 0x4000, "9.9.9.8:50000"),
        403,
        "as nobody is told"
    );
    assert_eq!(world.bind(&mut v4, 0x4000, "9.9.9.7:50000"), 0);
}

#[test]
fn turn14_the_platform_is_reached_though_it_is_private() {
    let mut config = with_mode(PolicyMode::Platform);
    config.policy.platform = vec![addr("10.0.0.5:7000").into(), addr("127.0.0.1:7001").into()];
    config.policy.own = vec!["10.0.0.5".parse().unwrap()];
    let mut world = World::new(config);
    let (mut v4, mut v6) = users(&mut world);
    assert_eq!(probe(&mut world, &mut v4, "10.0.0.5:7000", 0x4000), ALLOWED);
    assert_eq!(
        probe(&mut world, &mut v4, "127.0.0.1:7001", 0x4001),
        ALLOWED
    );
    // At another port nothing passes, although the permission is for the whole address.
    assert_eq!(
        probe(&mut world, &mut v4, "10.0.0.5:7001", 0x4002),
        (0, 403, false, false)
    );
    assert_eq!(probe(&mut world, &mut v4, "8.8.8.8:5000", 0x4002), REFUSED);
    for ip in spellings("10.0.0.5") {
        assert_eq!(
            probe(&mut world, &mut v6, &written(&ip, 7000), 0x4000),
            REFUSED,
            "{ip}"
        );
    }
}

#[test]
fn turn14_a_list_is_what_it_names() {
    let mut config = with_mode(PolicyMode::List);
    let net: IpNet = "10.2.0.0/16".parse().unwrap();
    config.policy.peers = vec![PeerRule {
        net,
        ports: 7000..=7009,
    }];
    let mut world = World::new(config.clone());
    let (mut v4, _) = users(&mut world);
    assert_eq!(
        probe(&mut world, &mut v4, "10.2.255.255:7009", 0x4000),
        ALLOWED
    );
    assert_eq!(
        probe(&mut world, &mut v4, "10.2.0.1:7010", 0x4001),
        (0, 403, false, false)
    );
    assert_eq!(probe(&mut world, &mut v4, "10.3.0.0:7000", 0x4001), REFUSED);
    assert_eq!(probe(&mut world, &mut v4, "8.8.8.8:7000", 0x4001), REFUSED);
    // In another mode the list has no effect.
    config.policy.mode = PolicyMode::Platform;
    let mut world = World::new(config);
    let (mut v4, _) = users(&mut world);
    assert_eq!(
        probe(&mut world, &mut v4, "10.2.255.255:7009", 0x4000),
        REFUSED
    );
}

#[test]
fn turn14_ranges_are_read() {
    for bad in [
        "",
        "10.0.0.0/33",
        "::/129",
        "10.0.0/8",
        "10.0.0.0/x",
        "host",
    ] {
        assert!(bad.parse::<IpNet>().is_err(), "{bad}");
    }
    let any: IpNet = "0.0.0.0/0".parse().unwrap();
    assert!(any.contains("255.0.0.1".parse().unwrap()));
    assert!(
        !any.contains("::ffff:1.2.3.4".parse().unwrap()),
        "another family"
    );
    let one: IpNet = "10.0.0.1".parse().unwrap();
    assert!(!one.contains("10.0.0.0".parse().unwrap()));
}

#[test]
fn turn18_a_reload_revokes_what_it_refuses() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    let relayed = world.allocate(&mut user);
    assert_eq!(world.bind(&mut user, 0x4001, "192.0.2.9:7"), 0);
    assert_eq!(world.bind(&mut user, 0x4002, "192.0.2.8:7"), 0);
    let mut new = config();
    new.policy.platform = vec![addr("192.0.2.8:7").into()];
    world.relay.set_config(new, world.now);
    assert_eq!(world.channel_data(&user, 0x4001, b"x"), None);
    assert_eq!(world.peer_sends(relayed, "192.0.2.9:7", b"x"), None);
    assert!(
        world.channel_data(&user, 0x4002, b"x").is_some(),
        "no packet of others is lost"
    );
    assert!(world.peer_sends(relayed, "192.0.2.8:7", b"x").is_some());
    assert_eq!(world.peer_sends(relayed, "192.0.2.8:8", b"x"), None);
    assert_eq!(world.permit(&mut user, "192.0.2.9:7"), 403);
}

#[test]
fn turn18_a_reload_leaves_what_is_fixed() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    let relayed = world.allocate(&mut user);
    let mut new = config();
    new.realm = "other".to_owned();
    new.relayed.clear();
    new.ports = 1..=1;
    (new.shards, new.shard) = (7, 3);
    world.relay.set_config(new, world.now);
    assert_eq!(world.refresh(&mut user, 600).code(), 0);
    assert_eq!(world.permit(&mut user, "192.0.2.9:1"), 0);
    assert!(world.peer_sends(relayed, "192.0.2.9:1", b"x").is_some());
    world.allocate(&mut User::new("bob", "192.0.2.1:5001"));
}
