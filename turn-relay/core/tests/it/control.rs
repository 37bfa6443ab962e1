//! Commands of an operator.

use crate::world::*;
use fmz_turn_core::{Command, Event, Protocol, limits};
use stun_types::attribute::AlternateServer;

fn close_client(user: &User) -> Event {
    Event::CloseClient {
        client: user.client,
    }
}

fn alternate(answer: &Answer) -> std::net::SocketAddr {
    answer
        .message()
        .attribute::<AlternateServer>()
        .unwrap()
        .server()
}

#[test]
fn turn5_a_revoked_user_is_ended_at_once_and_stays_out() {
    let mut world = World::new(config());
    let mut ada = User::new("ada", "192.0.2.1:5000");
    let mut tls = User::new("ada", "192.0.2.1:5001").over(Protocol::Tls);
    let mut bob = User::new("bob", "192.0.2.2:5000");
    let relayed = world.allocate(&mut ada);
    world.allocate(&mut tls);
    world.allocate(&mut bob);
    assert_eq!(world.permit(&mut ada, "192.0.2.9:1"), 0);
    let user = "ada".to_owned();
    world
        .relay
        .handle_command(Command::Revoke { user }, world.now);
    world.pump();
    assert_eq!(world.sockets.len(), 1);
    assert!(world.events.contains(&close_client(&tls)));
    assert!(
        !world.events.contains(&close_client(&ada)),
        "a datagram has no connection"
    );
    assert_eq!(world.peer_sends(relayed, "192.0.2.9:1", b"x"), None);
    assert_eq!(world.refresh(&mut ada, 600).code(), 401);
    assert_eq!(world.allocate_with(&mut tls, &[]).code(), 401);
    assert_eq!(world.refresh(&mut bob, 600).code(), 0);
    // The user is refused as long as a credential of theirs could be valid, whatever its expiry
    // says.
    world.pass(seconds(24 * 3600 - 1));
    let fresh = world.now - world.start + EPOCH + seconds(900);
    let mut again = User::until("ada", "192.0.2.1:5009", fresh);
    assert_eq!(world.allocate_with(&mut again, &[]).code(), 401);
    world.pass(seconds(1));
    assert_eq!(world.allocate_with(&mut again, &[]).code(), 0);
}

#[test]
fn turn5_revocations_are_bounded() {
    let mut world = World::new(config());
    let mut revoke = |user: String| {
        world
            .relay
            .handle_command(Command::Revoke { user }, world.now);
    };
    revoke("ada".to_owned());
    revoke("bob".to_owned());
    // Bob was revoked again, so he is not the oldest any more.
    (0..limits::REVOCATIONS_MAX - 2).for_each(|n| revoke(format!("user{n}")));
    revoke("bob".to_owned());
    revoke("eve".to_owned());
    assert_eq!(world.relay.stats().revocations_forgotten, 1);
    assert_eq!(
        world
            .allocate_with(&mut User::new("ada", "192.0.2.1:1"), &[])
            .code(),
        0
    );
    for (name, port) in [("bob", 2), ("user0", 3), ("eve", 4)] {
        let mut user = User::new(name, &format!("192.0.2.1:{port}"));
        assert_eq!(world.allocate_with(&mut user, &[]).code(), 401, "{name}");
    }
}

#[test]
fn turn17_kick_ends_one_allocation() {
    let mut world = World::new(config());
    let mut udp = User::new("ada", "192.0.2.1:5000");
    let mut tcp = User::new("ada", "192.0.2.1:5001").over(Protocol::Tcp);
    world.allocate(&mut udp);
    world.allocate(&mut tcp);
    let mut sessions = world.relay.sessions();
    let session = sessions
        .find(|session| session.client == tcp.client)
        .unwrap();
    let kick = Command::Kick {
        allocation: session.allocation,
    };
    drop(sessions);
    world.relay.handle_command(kick.clone(), world.now);
    world.pump();
    assert!(world.events.contains(&close_client(&tcp)));
    assert_eq!(world.refresh(&mut udp, 600).code(), 0);
    assert_eq!(world.refresh(&mut tcp, 600).code(), 437);
    // The slot is used again; the old id finds nothing.
    world.allocate(&mut tcp);
    world.relay.handle_command(kick, world.now);
    assert_eq!(world.refresh(&mut tcp, 600).code(), 0);
}

#[test]
fn turn17_a_drain_lets_none_in_and_ends_at_its_deadline() {
    let mut world = World::new(config());
    let mut old = User::new("ada", "192.0.2.1:5000").over(Protocol::Tcp);
    world.allocate(&mut old);
    assert_eq!(world.bind(&mut old, 0x4001, "192.0.2.9:7"), 0);
    let deadline = world.now + seconds(1000);
    let elsewhere = addr("192.0.2.77:3478");
    let drain = Command::Drain {
        alternate: Some(elsewhere),
        deadline,
    };
    world.relay.handle_command(drain, world.now);
    let mut new = User::new("bob", "192.0.2.2:5000");
    let answer = world.allocate_with(&mut new, &[]);
    assert_eq!((answer.code(), alternate(&answer)), (300, elsewhere));
    let mut v6 = User::new("bob", "[2001:db8:1::2]:5000");
    assert_eq!(
        world.allocate_with(&mut v6, &[]).code(),
        508,
        "no alternate of its family"
    );
    world.pass(seconds(500));
    assert_eq!(world.refresh(&mut old, 3600).code(), 0);
    assert_eq!(world.bind(&mut old, 0x4001, "192.0.2.9:7"), 0);
    assert!(world.channel_data(&old, 0x4001, b"x").is_some());
    assert!(!world.events.contains(&Event::Drained));
    world.pass(seconds(500));
    assert_eq!(world.sockets.len(), 0);
    assert!(world.events.contains(&close_client(&old)));
    assert_eq!(world.events.last(), Some(&Event::Drained));
    assert_eq!(world.relay.poll_timeout(), None);
}

#[test]
fn turn17_a_drain_is_over_when_the_last_is_gone() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    world.allocate(&mut user);
    let drain = Command::Drain {
        alternate: None,
        deadline: world.now + seconds(1000),
    };
    world.relay.handle_command(drain.clone(), world.now);
    let mut new = User::new("bob", "192.0.2.2:5000");
    assert_eq!(world.allocate_with(&mut new, &[]).code(), 508);
    assert!(!world.events.contains(&Event::Drained));
    assert_eq!(world.refresh(&mut user, 0).code(), 0);
    let count = |world: &World| {
        world
            .events
            .iter()
            .filter(|event| **event == Event::Drained)
            .count()
    };
    assert_eq!(count(&world), 1);
    world.pass(seconds(2000));
    assert_eq!(count(&world), 1, "told once");
    world.relay.handle_command(drain, world.now);
    world.pump();
    assert_eq!(count(&world), 2, "an empty relay is drained at once");
}

#[test]
fn turn17_clients_are_sent_elsewhere_by_settings() {
    let mut world = World::new(config());
    let mut new = config();
    new.alternate = Some(addr("192.0.2.77:3478"));
    world.relay.set_config(new.clone(), world.now);
    let mut user = User::new("ada", "192.0.2.1:5000");
    // Clients are sent elsewhere only after they have shown credentials.
    assert_eq!(world.greet(&mut user).code(), 401);
    let answer = world.allocate_with(&mut user, &[]);
    assert_eq!(
        (answer.code(), alternate(&answer)),
        (300, addr("192.0.2.77:3478"))
    );
    let mut v6 = User::new("bob", "[2001:db8:1::2]:5000");
    assert_eq!(world.allocate_with(&mut v6, &[]).code(), 0);
    // A client is never sent to the address that it already uses.
    new.alternate = Some(user.client.local);
    world.relay.set_config(new, world.now);
    assert_eq!(world.allocate_with(&mut user, &[]).code(), 0);
}

#[test]
fn turn17_sessions_are_listed() {
    let mut world = World::new(config());
    let mut user = User::new("room/ada", "192.0.2.1:5000");
    let relayed = world.allocate(&mut user);
    world.pass(seconds(10));
    assert_eq!(world.bind(&mut user, 0x4001, "192.0.2.9:7"), 0);
    assert!(world.channel_data(&user, 0x4001, b"abc").is_some());
    assert!(world.peer_sends(relayed, "192.0.2.9:7", b"hello").is_some());
    let sessions: Vec<_> = world.relay.sessions().collect();
    let [session] = sessions[..] else {
        panic!("one session");
    };
    assert_eq!(session.user, "room/ada");
    assert_eq!(session.relayed, [Some(relayed), None]);
    assert_eq!((session.permissions, session.channels), (1, 1));
    assert_eq!((session.packets_to_peer, session.bytes_to_peer), (1, 3));
    assert_eq!((session.packets_to_client, session.bytes_to_client), (1, 5));
    assert_eq!(session.created_at, world.start);
    assert_eq!(session.expires_at, world.start + seconds(600));
}
