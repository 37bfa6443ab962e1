//! Authentication: the clients that are admitted.

use crate::world::*;
use fmz_turn_core::{Config, Credentials, Protocol, StaticUser};
use stun_types::attribute::{
    ErrorCode, PasswordAlgorithms, Realm, Software, UnknownAttributes, XorMappedAddress,
};
use stun_types::message::{BINDING, Message, MessageWriteVec};
use stun_types::prelude::*;
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH};

#[test]
fn turn1_binding_tells_the_mapped_address() {
    let mut world = World::new(config());
    for address in ["192.0.2.1:5000", "[2001:db8:1::5]:5000"] {
        let mut user = User::new("ada", address);
        let request = user.bare(BINDING, &[]);
        let answer = world.send(user.client, &request).unwrap();
        let message = answer.message();
        let mapped: XorMappedAddress = message.attribute().unwrap();
        assert_eq!(mapped.addr(message.transaction_id()), addr(address));
        assert_eq!(message.iter_attributes().count(), 1);
    }
}

#[test]
fn turn1_a_fingerprint_is_answered_with_one() {
    let mut world = World::new(config());
    let mut request = Message::builder_request(BINDING, MessageWriteVec::new());
    request.add_fingerprint().unwrap();
    let answer = world
        .send(client("192.0.2.1:5000"), &request.finish())
        .unwrap();
    // Reading it checks the sum.
    let fingerprint = stun_types::attribute::Fingerprint::TYPE;
    assert!(answer.message().has_attribute(fingerprint));
}

#[test]
fn turn1_what_is_no_request_is_not_answered() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    let good = user.bare(BINDING, &[]);
    let mut longer = good.clone();
    longer.extend([0; 4]);
    let mut cookie = good.clone();
    cookie[4] ^= 1;
    let mut response = good.clone();
    response[0] = 1;
    let mut unknown_method = good.clone();
    unknown_method[1] = 0x0a;
    for bad in [
        &good[..19],
        &longer,
        &cookie,
        &response,
        &unknown_method,
        &[],
        &[0x80; 30],
    ] {
        assert_eq!(world.send(user.client, bad), None);
    }
    assert_eq!(world.relay.stats().malformed, 5);
    assert!(world.events.is_empty(), "a datagram closes nothing");
}

#[test]
fn turn1_garbage_on_a_stream_closes_it() {
    let mut world = World::new(config());
    let user = User::new("ada", "192.0.2.1:5000").over(Protocol::Tls);
    for garbage in [&b"GET / HTTP/1.1"[..], &[0x40, 0, 0, 9, 1]] {
        world.send(user.client, garbage);
        let close = fmz_turn_core::Event::CloseClient {
            client: user.client,
        };
        assert_eq!(world.events, [close]);
        world.events.clear();
    }
}

#[test]
fn turn1_unknown_required_attributes_are_named() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    let raw = stun_types::attribute::RawAttribute::new(0x7123.into(), &[1, 2, 3, 4]);
    let optional = Software::new("client").unwrap();
    let request = user.bare(BINDING, &[&raw, &optional]);
    let answer = world.send(user.client, &request).unwrap();
    assert_eq!(answer.code(), 420);
    let unknown: UnknownAttributes = answer.message().attribute().unwrap();
    assert!(unknown.has_attribute(0x7123.into()));
    assert!(!unknown.has_attribute(Software::TYPE));
    // A TURN request learns of unknown attributes only after authentication.
    let bare = user.bare(ALLOCATE, &[&raw]);
    assert_eq!(world.send(user.client, &bare).unwrap().code(), 401);
    assert_eq!(world.allocate_with(&mut user, &[&raw]).code(), 420);
}

#[test]
fn turn2_every_method_is_challenged() {
    let mut world = World::new(config());
    for method in [ALLOCATE, REFRESH, CREATE_PERMISSION, CHANNEL_BIND] {
        let mut user = User::new("ada", "192.0.2.1:5000");
        let request = user.bare(method, &[]);
        let answer = world.send(user.client, &request).unwrap();
        assert_eq!(answer.code(), 401);
        let message = answer.message();
        assert_eq!(message.attribute::<Realm>().unwrap().realm(), "fmz");
        assert!(nonce(&answer).unwrap().starts_with("obMatJos2gAAA"));
        assert!(message.has_attribute(PasswordAlgorithms::TYPE));
    }
}

/// RFC 8489 section 9.2.4: the first challenge is not much larger than the request.
#[test]
fn turn4_a_challenge_is_short() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    let answer = world.greet(&mut user);
    assert!(answer.0.len() <= 88, "{}", answer.0.len());
    assert!(!answer.message().has_attribute(Software::TYPE));
}

#[test]
fn turn2_both_macs_and_both_names_are_taken() {
    for (sha256, hashed) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut config = config();
        let (name, password) = ("static".to_owned(), "word".to_owned());
        config.users = vec![StaticUser { name, password }];
        let mut world = World::new(config);
        let mut user = User::named("static", "word", "192.0.2.1:5000");
        (user.sha256, user.hashed) = (sha256, hashed);
        world.allocate(&mut user);
        assert_eq!(world.refresh(&mut user, 600).code(), 0);
    }
}

#[test]
fn turn2_a_user_hash_is_known_while_its_allocation_lives() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    user.hashed = true;
    assert_eq!(world.allocate_with(&mut user, &[]).code(), 401);
    user.hashed = false;
    world.allocate(&mut user);
    user.hashed = true;
    assert_eq!(world.refresh(&mut user, 600).code(), 0);
    assert_eq!(world.refresh(&mut user, 0).code(), 0);
    assert_eq!(world.refresh(&mut user, 600).code(), 401);
}

#[test]
fn turn2_hashes_are_offered_where_every_user_is_known() {
    let users = vec![StaticUser {
        name: "static".to_owned(),
        password: "word".to_owned(),
    }];
    let secrets = Vec::new();
    let mut world = World::new(Config {
        users,
        secrets,
        ..config()
    });
    let mut user = User::named("static", "word", "192.0.2.1:5000");
    let answer = world.greet(&mut user);
    assert!(nonce(&answer).unwrap().starts_with("obMatJos2wAAA"));
}

#[test]
fn turn2_wrong_credentials_are_challenged_again() {
    let mut world = World::new(config());
    let good = User::new("ada", "192.0.2.1:5000");
    let mut password = good.clone();
    password.password.push('x');
    let mut realm = good.clone();
    realm.realm = "elsewhere".to_owned();
    let mut sha256 = password.clone();
    sha256.sha256 = true;
    for mut user in [password, realm, sha256] {
        let answer = world.allocate_with(&mut user, &[]);
        assert_eq!(answer.code(), 401);
        assert!(nonce(&answer).is_some(), "the client may try again");
    }
    assert_eq!(world.relay.stats().allocations, 0);
}

/// Removes one attribute from a good request. The MAC is then wrong too, but the gap is noticed
/// first.
#[test]
fn turn2_incomplete_credentials_are_a_bad_request() {
    let mut world = World::new(config());
    for gap in [
        "username",
        "realm",
        "nonce",
        "algorithm",
        "algorithms",
        "other algorithms",
    ] {
        let mut user = User::new("ada", "192.0.2.1:5000");
        user.sha256 = true;
        world.greet(&mut user);
        let mut request = user.request(ALLOCATE, &[&udp()]);
        let kind: u16 = match gap {
            "username" => 0x0006,
            "realm" => 0x0014,
            "nonce" => 0x0015,
            "algorithm" => 0x001d,
            _ => 0x8002,
        };
        let offset = {
            let message = Message::from_bytes(&request).unwrap();
            message.raw_attribute_and_offset(kind.into()).unwrap().0
        };
        if gap == "other algorithms" {
            // SHA-256 removed on the way.
            request[offset + 5] = 1;
        } else {
            // Replaced by an attribute that may be ignored.
            request[offset..offset + 2].copy_from_slice(&0x8fff_u16.to_be_bytes());
        }
        let answer = world.send(user.client, &request).unwrap();
        assert_eq!(answer.code(), 400, "{gap}");
        let reason = answer.message().attribute::<ErrorCode>().unwrap();
        assert_eq!(reason.reason(), "", "short");
    }
}

#[test]
fn turn3_a_nonce_is_good_for_an_hour() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    world.allocate(&mut user);
    let first = user.nonce.clone();
    world.pass(seconds(590));
    for _ in 0..5 {
        assert_eq!(world.refresh(&mut user, 600).code(), 0);
        world.pass(seconds(590));
    }
    assert_eq!(world.refresh(&mut user, 600).code(), 0);
    world.pass(seconds(60));
    let answer = world.refresh(&mut user, 600);
    assert_eq!(answer.code(), 438);
    user.nonce = nonce(&answer);
    assert_ne!(user.nonce, first);
    assert_eq!(world.refresh(&mut user, 600).code(), 0);
}

#[test]
fn turn3_a_nonce_outlives_one_change_of_key() {
    let mut world = World::new(config());
    let mut early = User::new("ada", "192.0.2.1:5000");
    world.pass(seconds(3599));
    world.greet(&mut early);
    world.pass(seconds(2));
    // This one is made under a new key.
    let mut late = User::new("ada", "192.0.2.1:5001");
    world.greet(&mut late);
    assert_eq!(world.allocate_with(&mut early, &[]).code(), 0);
    assert_eq!(world.allocate_with(&mut late, &[]).code(), 0);
}

#[test]
fn turn3_a_nonce_is_one_clients() {
    let mut world = World::new(config());
    let mut ada = User::new("ada", "192.0.2.1:5000");
    world.greet(&mut ada);
    let mut elsewhere = vec![
        User::new("ada", "192.0.2.2:5000"),
        User::new("ada", "192.0.2.1:5001"),
        User::new("ada", "192.0.2.1:5000").over(Protocol::Tcp),
    ];
    for user in &mut elsewhere {
        user.nonce = ada.nonce.clone();
        let answer = world.allocate_with(user, &[]);
        assert_eq!(answer.code(), 438);
        assert!(nonce(&answer).is_some());
    }
}

#[test]
fn turn3_a_nonce_cannot_be_made_up() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000").over(Protocol::Tcp);
    world.greet(&mut user);
    let good = user.nonce.clone().unwrap();
    // Every character of features, time and tag counts. Those of the cookie do not: without it, the
    // text is no nonce.
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        user.nonce = String::from_utf8(bytes).ok();
        assert_eq!(
            world.allocate_with(&mut user, &[]).code(),
            438,
            "character {at}"
        );
    }
    for bad in [
        "x",
        "obMatJos2",
        &good[..good.len() - 1],
        &format!("{good}A"),
    ] {
        user.nonce = Some(bad.to_owned());
        assert_eq!(world.allocate_with(&mut user, &[]).code(), 438, "{bad}");
    }
}

#[test]
fn turn5_an_expired_or_malformed_name_is_refused() {
    let mut world = World::new(config());
    let day = seconds(24 * 3600);
    for (expiry, code) in [
        (EPOCH - seconds(1), 401),
        (EPOCH, 401),
        (EPOCH + seconds(1), 0),
        (EPOCH + day, 0),
        (EPOCH + day + seconds(1), 401),
    ] {
        let mut user = User::until("ada", "192.0.2.1:5000", expiry);
        assert_eq!(
            world.allocate_with(&mut user, &[]).code(),
            code,
            "{expiry:?}"
        );
        world.relay.handle_closed(user.client, world.now);
    }
    for name in [
        "ada",
        "",
        "1700000100",
        "1700000100:",
        ":ada",
        "+1700000100:ada",
    ] {
        let made = Credentials::issue(SECRET, "x", EPOCH);
        // The password fits the name; only the name is invalid.
        let mut user = User::named(name, &password(name), "192.0.2.1:5000");
        assert_ne!(user.password, made.password);
        assert_eq!(world.allocate_with(&mut user, &[]).code(), 401, "{name:?}");
    }
    let mut colons = User::new("room:ada", "192.0.2.1:5000");
    world.allocate(&mut colons);
    assert_eq!(world.relay.sessions().next().unwrap().user, "room:ada");
}

/// Returns the password that a holder of the secret would compute for any name.
fn password(name: &str) -> String {
    use base64::Engine;
    use hmac::{Hmac, Mac};
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(name.as_bytes());
    base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
}

#[test]
fn turn5_a_name_of_600_bytes_is_a_bad_request() {
    let mut world = World::new(config());
    let mut user = User::new(&"a".repeat(497), "192.0.2.1:5000");
    assert_eq!(user.username.len(), 508);
    world.allocate(&mut user);
    let mut user = User::new("ada", "192.0.2.1:5001");
    world.greet(&mut user);
    let mut builder = Message::builder_request(ALLOCATE, MessageWriteVec::new());
    let name = "1".repeat(600);
    let raw = stun_types::attribute::RawAttribute::new(0x0006.into(), name.as_bytes());
    builder.add_attribute(&raw).unwrap();
    builder.add_attribute(&Realm::new("fmz").unwrap()).unwrap();
    let nonce = stun_types::attribute::Nonce::new(user.nonce.as_ref().unwrap()).unwrap();
    builder.add_attribute(&nonce).unwrap();
    let key = stun_types::message::LongTermKeyCredentials::new(name, "x".into(), "fmz".into());
    let sha1 = stun_types::message::IntegrityAlgorithm::Sha1;
    builder.add_message_integrity(&key.into(), sha1).unwrap();
    assert_eq!(
        world.send(user.client, &builder.finish()).unwrap().code(),
        400
    );
}

#[test]
fn turn5_secrets_rotate() {
    let mut world = World::new(config());
    let mut user = User::new("ada", "192.0.2.1:5000");
    world.allocate(&mut user);
    let mut both = config();
    both.secrets = vec!["south".to_owned(), SECRET.to_owned()];
    world.relay.set_config(both, world.now);
    assert_eq!(
        world.refresh(&mut user, 600).code(),
        0,
        "the old one is still listed"
    );
    let made = Credentials::issue("south", "bob", EPOCH + seconds(600));
    let mut bob = User::named(&made.username, &made.password, "192.0.2.1:5001");
    world.allocate(&mut bob);
    let mut new = config();
    new.secrets = vec!["south".to_owned()];
    world.relay.set_config(new, world.now);
    assert_eq!(world.refresh(&mut user, 600).code(), 401);
    assert_eq!(world.refresh(&mut bob, 600).code(), 0);
    assert_eq!(
        world.relay.stats().allocations,
        2,
        "ada's lives until it runs out"
    );
    world.pass(seconds(600));
    assert_eq!(world.relay.stats().allocations, 0);
}

#[test]
fn turn5_the_wall_clock_may_step() {
    let mut world = World::new(config());
    let mut user = User::until("ada", "192.0.2.1:5000", EPOCH + seconds(600));
    world
        .relay
        .handle_wall_clock(EPOCH + seconds(700), world.now);
    assert_eq!(world.allocate_with(&mut user, &[]).code(), 401);
    world.relay.handle_wall_clock(EPOCH, world.now);
    assert_eq!(world.allocate_with(&mut user, &[]).code(), 0);
}
