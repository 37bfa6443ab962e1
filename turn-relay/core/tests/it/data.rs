//! Data outside channels, and data between two clients of the relay.

use crate::world::*;
use fmz_turn_core::{Icmp, limits};
use stun_types::attribute::RawAttribute;
use stun_types::message::{Message, MessageClass, MessageType, MessageWriteVec};
use stun_types::prelude::*;
use turn_types::attribute::{Data, DontFragment, RequestedAddressFamily, XorPeerAddress};
use turn_types::message::SEND;

#[test]
fn turn12_send_and_data() {
    let mut world = World::new(config());
    let v6 = RequestedAddressFamily::new(stun_types::AddressFamily::IPV6);
    for (peer, is_v6) in [("192.0.2.9:7", false), ("[2001:db8:1::9]:7", true)] {
        let mut user = User::new("ada", "192.0.2.1:5000");
        let family: &[&dyn AttributeWrite] = if is_v6 { &[&v6] } else { &[] };
        let relayed = world.allocate_with(&mut user, family).relayed(0).unwrap();
        assert_eq!(world.permit(&mut user, peer), 0);
        for length in [0, 1, 2, 3, 4, 1200] {
            let data = vec![9; length];
            let out = Sent::ToPeer(relayed, addr(peer), data.clone(), false);
            assert_eq!(world.send_indication(&user, peer, &data), Some(out));
            let Some(Sent::ToClient(client, bytes)) = world.peer_sends(relayed, peer, &data) else {
                panic!("data");
            };
            assert_eq!(client, user.client);
            assert_eq!(read_data(&bytes), (addr(peer), data));
        }
        world.relay.handle_closed(user.client, world.now);
        world.pump();
    }
    let stats = world.relay.stats();
    assert_eq!((stats.packets_to_peer, stats.packets_to_client), (12, 12));
    assert_eq!(
        (stats.bytes_to_peer, stats.bytes_to_client),
        (2 * 1210, 2 * 1210)
    );
}

#[test]
fn turn12_data_indications_have_ids_of_their_own() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    let relayed = world.allocate(&mut user);
    assert_eq!(world.permit(&mut user, "192.0.2.9:7"), 0);
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..100 {
        let Some(Sent::ToClient(_, bytes)) = world.peer_sends(relayed, "192.0.2.9:7", b"x") else {
            panic!("data");
        };
        ids.insert(Message::from_bytes(&bytes).unwrap().transaction_id());
    }
    assert_eq!(ids.len(), 100);
}

#[test]
fn turn12_dont_fragment_is_passed_on() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    let answer = world.allocate_with(&mut user, &[&DontFragment::new()]);
    assert_eq!(answer.code(), 0);
    let asked = world.events.iter().any(|event| {
        matches!(
            event,
            fmz_turn_core::Event::Open {
                dont_fragment: true,
                ..
            }
        )
    });
    assert!(asked);
    assert_eq!(world.permit(&mut user, "192.0.2.9:7"), 0);
    let bytes = send_indication("192.0.2.9:7", b"x", &[&DontFragment::new()]);
    let forward = sent(world.relay.handle_datagram(user.client, &bytes, world.now));
    assert!(matches!(forward, Some(Sent::ToPeer(_, _, _, true))));
}

#[test]
fn turn12_a_send_indication_that_is_not_whole_is_dropped() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    world.allocate(&mut user);
    assert_eq!(world.permit(&mut user, "192.0.2.9:7"), 0);
    let kind = MessageType::from_class_method(MessageClass::Indication, SEND);
    let peer = XorPeerAddress::new(addr("192.0.2.9:7"), 77.into());
    let data = Data::new(b"x");
    let unknown = RawAttribute::new(0x7123.into(), &[1, 2, 3, 4]);
    let cases: [&[&dyn AttributeWrite]; 3] = [&[&peer], &[&data], &[&peer, &data, &unknown]];
    for attributes in cases {
        let mut builder = Message::builder(kind, 77.into(), MessageWriteVec::new());
        attributes
            .iter()
            .for_each(|attribute| builder.add_attribute(*attribute).unwrap());
        let bytes = builder.finish();
        assert_eq!(
            sent(world.relay.handle_datagram(user.client, &bytes, world.now)),
            None
        );
    }
    assert_eq!(world.relay.stats().malformed, 3);
    let stranger = User::new("eve", "192.0.2.1:5001");
    assert_eq!(world.send_indication(&stranger, "192.0.2.9:7", b"x"), None);
    world.pump();
    assert!(
        world.transmits.is_empty(),
        "an indication is never answered"
    );
}

#[test]
fn turn12_what_fits_no_datagram_is_dropped() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    let relayed = world.allocate(&mut user);
    assert_eq!(world.bind(&mut user, 0x4001, "192.0.2.9:7"), 0);
    let most = vec![0; limits::PAYLOAD_BYTES_MAX];
    assert!(world.channel_data(&user, 0x4001, &most).is_some());
    assert!(world.peer_sends(relayed, "192.0.2.9:8", &most).is_some());
    let more = vec![0; limits::PAYLOAD_BYTES_MAX + 1];
    assert_eq!(world.channel_data(&user, 0x4001, &more), None);
    assert_eq!(world.peer_sends(relayed, "192.0.2.9:8", &more), None);
    assert_eq!(world.relay.stats().dropped_size, 2);
}

#[test]
fn turn12_icmp_errors_are_told() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    world.allocate(&mut user);
    assert_eq!(world.permit(&mut user, "192.0.2.9:7"), 0);
    let (id, now) = (world.sockets[0].0, world.now);
    let icmp = |kind, data| Icmp {
        kind,
        code: 4,
        data,
    };
    world.transmits.clear();
    world
        .relay
        .handle_icmp(id, addr("192.0.2.9:7"), icmp(3, 1400), now);
    world.pump();
    let told = Answer(world.transmits.pop().unwrap().payload);
    let message = told.message();
    assert!(message.has_class(MessageClass::Indication));
    let peer: XorPeerAddress = message.attribute().unwrap();
    assert_eq!(peer.addr(message.transaction_id()), addr("192.0.2.9:7"));
    let error: turn_types::attribute::Icmp = message.attribute().unwrap();
    assert_eq!(
        (error.icmp_type(), error.code(), error.data()),
        (3, 4, 1400)
    );
    assert!(!message.has_attribute(Data::TYPE));
    // An echo, another peer, another allocation: none of them is told to the client.
    world
        .relay
        .handle_icmp(id, addr("192.0.2.9:7"), icmp(8, 0), now);
    world
        .relay
        .handle_icmp(id, addr("192.0.2.8:7"), icmp(3, 0), now);
    let other = fmz_turn_core::AllocationId { epoch: 9, ..id };
    world
        .relay
        .handle_icmp(other, addr("192.0.2.9:7"), icmp(3, 0), now);
    world.pump();
    assert!(world.transmits.is_empty());
}

/// Makes two clients, each with a permission for the other's relayed address; the bound addresses
/// are not the announced ones.
fn two() -> (World, User, User, [std::net::SocketAddr; 2]) {
    let mut config = config();
    config.relayed[0].bind = "10.1.1.1".parse().unwrap();
    let mut world = World::new(config);
    let mut ada = User::new("ada", "192.0.2.1:5000");
    let mut bob = User::new("bob", "192.0.2.2:5000");
    let relayed = [world.allocate(&mut ada), world.allocate(&mut bob)];
    (world, ada, bob, relayed)
}

#[test]
fn turn13_two_clients_meet_without_a_socket() {
    let (mut world, mut ada, mut bob, [a, b]) = two();
    assert_eq!(world.bind(&mut ada, 0x4001, &b.to_string()), 0);
    assert_eq!(
        world.channel_data(&ada, 0x4001, b"x"),
        None,
        "bob has not permitted ada"
    );
    assert_eq!(world.permit(&mut bob, &a.to_string()), 0);
    let Some(Sent::ToClient(client, bytes)) = world.channel_data(&ada, 0x4001, b"x") else {
        panic!("data");
    };
    assert_eq!(client, bob.client);
    assert_eq!(
        read_data(&bytes),
        (a, b"x".to_vec()),
        "from the announced address"
    );
    assert_eq!(world.bind(&mut bob, 0x4002, &a.to_string()), 0);
    let there = Sent::ToClient(bob.client, channel_data(0x4002, b"x"));
    assert_eq!(world.channel_data(&ada, 0x4001, b"x"), Some(there));
    let back = Sent::ToClient(ada.client, channel_data(0x4001, b"y"));
    assert_eq!(
        world.send_indication(&bob, &a.to_string(), b"y"),
        Some(back)
    );
    assert_eq!(world.relay.stats().packets_hairpin, 4);
}

#[test]
fn turn13_an_own_address_without_allocation_is_not_sent_to() {
    let (mut world, mut ada, _, [a, b]) = two();
    let free = (50_000..)
        .find(|port| *port != a.port() && *port != b.port())
        .unwrap();
    let peer = format!("{RELAY_V4}:{free}");
    assert_eq!(world.bind(&mut ada, 0x4001, &peer), 0);
    assert_eq!(world.channel_data(&ada, 0x4001, b"x"), None);
    // Nor is data sent to any other port of that address.
    assert_eq!(
        world.bind(&mut ada, 0x4002, &format!("{RELAY_V4}:3478")),
        403
    );
    assert_eq!(
        world.send_indication(&ada, &format!("{RELAY_V4}:22"), b"x"),
        None
    );
}

/// A forwarding unit on the same host has a port that the relay could have given to an allocation.
#[test]
fn turn13_a_platform_peer_on_the_relays_address_is_sent_to() {
    let mut config = config();
    let unit = format!("{RELAY_V4}:50000");
    config.policy.platform = vec![addr(&unit).into()];
    let mut world = World::new(config);
    let mut ada = User::new("ada", "192.0.2.1:5000");
    let relayed = world.allocate(&mut ada);
    assert_ne!(relayed.port(), 50000);
    assert_eq!(world.bind(&mut ada, 0x4001, &unit), 0);
    let out = Sent::ToPeer(relayed, addr(&unit), b"x".to_vec(), false);
    assert_eq!(world.channel_data(&ada, 0x4001, b"x"), Some(out));
    let back = Sent::ToClient(ada.client, channel_data(0x4001, b"y"));
    assert_eq!(world.peer_sends(relayed, &unit, b"y"), Some(back));
}

#[test]
fn turn13_another_shard_is_sent_to_where_it_is_bound() {
    let mut config = config();
    config.relayed[0].bind = "10.1.1.1".parse().unwrap();
    (config.shards, config.shard) = (2, 0);
    let mut world = World::new(config);
    let mut ada = User::new("ada", "192.0.2.1:5000");
    let relayed = world.allocate(&mut ada);
    assert_eq!(relayed.port() % 2, 0);
    let sibling = format!("{RELAY_V4}:50001");
    assert_eq!(world.bind(&mut ada, 0x4001, &sibling), 0);
    let bound = addr(&format!("10.1.1.1:{}", relayed.port()));
    let out = Sent::ToPeer(bound, addr("10.1.1.1:50001"), b"x".to_vec(), false);
    assert_eq!(world.channel_data(&ada, 0x4001, b"x"), Some(out));
    // Data comes back from the bound address too, and the client sees the announced one.
    let back = Sent::ToClient(ada.client, channel_data(0x4001, b"y"));
    assert_eq!(world.peer_sends(bound, "10.1.1.1:50001", b"y"), Some(back));
}

#[test]
fn turn13_a_client_may_send_to_itself() {
    let (mut world, mut ada, _, [a, _]) = two();
    assert_eq!(world.bind(&mut ada, 0x4001, &a.to_string()), 0);
    let back = Sent::ToClient(ada.client, channel_data(0x4001, b"x"));
    assert_eq!(world.channel_data(&ada, 0x4001, b"x"), Some(back));
}
