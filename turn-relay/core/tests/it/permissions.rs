//! Permissions (RFC 8656 sections 9 and 10).

use crate::world::*;
use stun_types::attribute::RawAttribute;
use stun_types::prelude::*;
use turn_types::attribute::XorPeerAddress;
use turn_types::message::CREATE_PERMISSION;

#[test]
fn turn10_a_peer_is_heard_for_300_seconds() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    let relayed = world.allocate(&mut user);
    assert_eq!(
        world.peer_sends(relayed, "192.0.2.9:1", b"x"),
        None,
        "not asked for yet"
    );
    assert_eq!(world.permit(&mut user, "192.0.2.9:1"), 0);
    for port in [1, 2, 65535] {
        let peer = format!("192.0.2.9:{port}");
        assert!(world.peer_sends(relayed, &peer, b"x").is_some(), "any port");
        assert!(world.send_indication(&user, &peer, b"x").is_some());
    }
    assert_eq!(
        world.peer_sends(relayed, "192.0.2.8:1", b"x"),
        None,
        "another address"
    );
    assert_eq!(world.send_indication(&user, "192.0.2.8:1", b"x"), None);
    world.pass(seconds(299));
    assert!(world.peer_sends(relayed, "192.0.2.9:1", b"x").is_some());
    world.pass(seconds(1));
    assert_eq!(world.peer_sends(relayed, "192.0.2.9:1", b"x"), None);
    assert_eq!(world.send_indication(&user, "192.0.2.9:1", b"x"), None);
    assert!(world.relay.stats().dropped_permission >= 4);
}

#[test]
fn turn10_data_does_not_refresh_a_permission_but_a_request_does() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    let relayed = world.allocate(&mut user);
    assert_eq!(world.permit(&mut user, "192.0.2.9:1"), 0);
    world.pass(seconds(200));
    assert!(world.send_indication(&user, "192.0.2.9:1", b"x").is_some());
    assert!(world.peer_sends(relayed, "192.0.2.9:1", b"x").is_some());
    assert_eq!(world.permit(&mut user, "192.0.2.9:7"), 0);
    world.pass(seconds(299));
    assert!(world.peer_sends(relayed, "192.0.2.9:1", b"x").is_some());
    world.pass(seconds(1));
    assert_eq!(world.peer_sends(relayed, "192.0.2.9:1", b"x"), None);
}

#[test]
fn turn10_one_request_may_name_several_peers() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    let relayed = world.allocate(&mut user);
    let peers = ["192.0.2.9:1", "192.0.2.8:1", "192.0.2.7:1"].map(|peer| user.peer(peer));
    let peers: Vec<&dyn AttributeWrite> = peers.iter().map(|peer| peer as _).collect();
    assert_eq!(world.ask(&mut user, CREATE_PERMISSION, &peers).code(), 0);
    for peer in ["192.0.2.9:1", "192.0.2.8:1", "192.0.2.7:1"] {
        assert!(world.send_indication(&user, peer, b"x").is_some());
        assert!(world.peer_sends(relayed, peer, b"x").is_some());
    }
}

#[test]
fn turn10_all_peers_of_a_request_are_permitted_or_none() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    let relayed = world.allocate(&mut user);
    for (bad, code) in [("10.0.0.1:1", 403), ("[2001:db8:1::9]:1", 443)] {
        let peers = [user.peer("192.0.2.9:1"), user.peer(bad)];
        let answer = world.ask(&mut user, CREATE_PERMISSION, &[&peers[0], &peers[1]]);
        assert_eq!(answer.code(), code);
        assert_eq!(world.peer_sends(relayed, "192.0.2.9:1", b"x"), None);
    }
    let good = user.peer("192.0.2.9:1");
    let unreadable = RawAttribute::new(XorPeerAddress::TYPE, &[0, 1, 2]);
    let answer = world.ask(&mut user, CREATE_PERMISSION, &[&good, &unreadable]);
    assert_eq!(answer.code(), 400);
    assert_eq!(world.peer_sends(relayed, "192.0.2.9:1", b"x"), None);
}

#[test]
fn turn10_sixteen_permissions_at_a_time() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    world.allocate(&mut user);
    for host in 1..=16 {
        assert_eq!(world.permit(&mut user, &format!("192.0.2.{host}:1")), 0);
    }
    world.pass(seconds(10));
    assert_eq!(world.permit(&mut user, "192.0.2.17:1"), 508);
    assert_eq!(
        world.permit(&mut user, "192.0.2.16:1"),
        0,
        "one there is may be refreshed"
    );
    world.pass(seconds(290));
    assert_eq!(
        world.permit(&mut user, "192.0.2.17:1"),
        0,
        "fifteen have run out"
    );
    assert_eq!(world.relay.sessions().next().unwrap().permissions, 2);
}
