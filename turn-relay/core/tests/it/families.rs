//! IPv4, IPv6 and both (RFC 8656 sections 7.2 and 18).

use crate::world::*;
use fmz_turn_core::OpenError;
use stun_types::AddressFamily::{IPV4, IPV6};
use stun_types::attribute::RawAttribute;
use stun_types::message::Message;
use stun_types::prelude::*;
use turn_types::attribute::{
    AdditionalAddressFamily, AddressErrorCode, Lifetime, RequestedAddressFamily,
};
use turn_types::message::REFRESH;

/// Reads family and code of ADDRESS-ERROR-CODE by hand.
fn address_error(answer: &Answer) -> Option<(u8, u16)> {
    let message = answer.message();
    let (offset, raw) = message.raw_attribute_and_offset(AddressErrorCode::TYPE)?;
    assert_eq!(raw.length(), 4);
    let value = &answer.0[offset + 4..];
    assert_eq!(value[1], 0);
    Some((value[0], u16::from(value[2]) * 100 + u16::from(value[3])))
}

#[test]
fn turn7_a_family_is_asked_for() {
    let mut world = World::new(config());
    for (family, ip) in [(IPV4, RELAY_V4), (IPV6, RELAY_V6)] {
        let mut user = User::new("ada", "192.0.2.1:5000");
        let answer = world.allocate_with(&mut user, &[&RequestedAddressFamily::new(family)]);
        assert_eq!(answer.relayed(0).unwrap().ip().to_string(), ip);
        assert_eq!(answer.relayed(1), None);
        world.relay.handle_closed(user.client, world.now);
        world.pump();
    }
}

#[test]
fn turn7_a_family_that_is_not_there_is_440() {
    let mut config = config();
    config.relayed.remove(1);
    let mut world = World::new(config);
    let mut user = User::new("ada", "192.0.2.1:5000");
    let v6 = RequestedAddressFamily::new(IPV6);
    assert_eq!(world.allocate_with(&mut user, &[&v6]).code(), 440);
    let unheard = RawAttribute::new(RequestedAddressFamily::TYPE, &[9, 0, 0, 0]);
    assert_eq!(world.allocate_with(&mut user, &[&unheard]).code(), 440);
    let short = RawAttribute::new(RequestedAddressFamily::TYPE, &[1]);
    assert_eq!(world.allocate_with(&mut user, &[&short]).code(), 400);
    assert_eq!(world.relay.stats().allocations, 0);
}

#[test]
fn turn7_both_families_are_one_allocation() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    let answer = world.allocate_with(&mut user, &[&AdditionalAddressFamily::new(IPV6)]);
    assert_eq!(answer.code(), 0);
    let (v4, v6) = (answer.relayed(0).unwrap(), answer.relayed(1).unwrap());
    assert!(v4.is_ipv4() && v6.is_ipv6());
    assert_eq!(world.sockets.len(), 2);
    assert_eq!(world.relay.stats().allocations, 1);
    assert_eq!(world.permit(&mut user, "192.0.2.9:1"), 0);
    assert_eq!(world.permit(&mut user, "[2001:db8:1::9]:1"), 0);
    assert!(world.peer_sends(v4, "192.0.2.9:1", b"x").is_some());
    assert!(world.peer_sends(v6, "[2001:db8:1::9]:1", b"x").is_some());
    assert_eq!(world.send_indication(&user, "[2001:db8:1::9]:1", b"x"), {
        let peer = addr("[2001:db8:1::9]:1");
        Some(Sent::ToPeer(v6, peer, b"x".to_vec(), false))
    });
}

#[test]
fn turn7_one_of_two_families_is_enough() {
    // IPv6 is missing; IPv4 is missing; then the second socket, and then the first, cannot be
    // opened.
    let failed = || vec![Ok(()), Err(OpenError::Failed)];
    let first = || vec![Err(OpenError::Failed), Ok(())];
    for (missing, opens, error) in [
        (Some(1), vec![], (2, 440)),
        (Some(0), vec![], (1, 440)),
        (None, failed(), (2, 508)),
        (None, first(), (1, 508)),
    ] {
        let mut config = config();
        missing.map(|index: usize| config.relayed.remove(index));
        let mut world = World::new(config);
        world.opens = opens;
        let mut user = User::new("ada", "192.0.2.1:5000");
        let both = AdditionalAddressFamily::new(IPV6);
        let answer = world.allocate_with(&mut user, &[&both]);
        assert_eq!(answer.code(), 0);
        assert_eq!(answer.relayed(0).unwrap().is_ipv4(), error.0 == 2);
        assert_eq!(answer.relayed(1), None);
        assert_eq!(address_error(&answer), Some(error));
    }
}

#[test]
fn turn7_none_of_two_families_is_an_error() {
    let mut config = config();
    config.relayed.clear();
    let mut world = World::new(config);
    let mut user = User::new("ada", "192.0.2.1:5000");
    let both = AdditionalAddressFamily::new(IPV6);
    assert_eq!(world.allocate_with(&mut user, &[&both]).code(), 440);
    let mut world = World::new(crate::world::config());
    world.opens = vec![Err(OpenError::Failed), Err(OpenError::Failed)];
    let mut user = User::new("ada", "192.0.2.1:5000");
    assert_eq!(world.allocate_with(&mut user, &[&both]).code(), 508);
    assert_eq!(world.relay.stats().allocations, 0);
}

#[test]
fn turn7_contradictions_are_a_bad_request() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    let requested = RequestedAddressFamily::new(IPV4);
    let both = AdditionalAddressFamily::new(IPV6);
    assert_eq!(
        world.allocate_with(&mut user, &[&requested, &both]).code(),
        400
    );
    let v4 = RawAttribute::new(AdditionalAddressFamily::TYPE, &[1, 0, 0, 0]);
    assert_eq!(world.allocate_with(&mut user, &[&v4]).code(), 400);
}

#[test]
fn turn7_one_family_may_be_given_up() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    let answer = world.allocate_with(&mut user, &[&AdditionalAddressFamily::new(IPV6)]);
    let (v4, v6) = (answer.relayed(0).unwrap(), answer.relayed(1).unwrap());
    assert_eq!(world.permit(&mut user, "192.0.2.9:1"), 0);
    assert_eq!(world.bind(&mut user, 0x4001, "[2001:db8:1::9]:1"), 0);
    let delete = [
        &Lifetime::new(0) as &dyn AttributeWrite,
        &RequestedAddressFamily::new(IPV6),
    ];
    assert_eq!(world.ask(&mut user, REFRESH, &delete).code(), 0);
    let open: Vec<_> = world.sockets.iter().map(|(_, open)| *open).collect();
    assert_eq!(open, [v4]);
    assert!(world.peer_sends(v4, "192.0.2.9:1", b"x").is_some());
    assert_eq!(world.peer_sends(v6, "[2001:db8:1::9]:1", b"x"), None);
    assert_eq!(world.permit(&mut user, "[2001:db8:1::9]:1"), 443);
    assert_eq!(
        world.ask(&mut user, REFRESH, &delete).code(),
        443,
        "it is not there any more"
    );
    let delete = [
        &Lifetime::new(0) as &dyn AttributeWrite,
        &RequestedAddressFamily::new(IPV4),
    ];
    assert_eq!(world.ask(&mut user, REFRESH, &delete).code(), 0);
    assert_eq!(world.relay.stats().allocations, 0);
}

#[test]
fn turn7_a_peer_of_the_other_family_is_443() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    world.allocate(&mut user);
    assert_eq!(world.permit(&mut user, "[2001:db8:1::9]:1"), 443);
    assert_eq!(world.bind(&mut user, 0x4001, "[2001:db8:1::9]:1"), 443);
    assert_eq!(
        world.send_indication(&user, "[2001:db8:1::9]:1", b"x"),
        None
    );
    let v6 = RequestedAddressFamily::new(IPV6);
    assert_eq!(world.ask(&mut user, REFRESH, &[&v6]).code(), 443);
    let mut user = User::new("ada", "[2001:db8:1::1]:5000");
    let answer = world.allocate_with(&mut user, &[&v6]);
    assert!(answer.relayed(0).unwrap().is_ipv6());
    assert_eq!(world.permit(&mut user, "192.0.2.9:1"), 443);
    let _: Message<'_> = answer.message();
}
