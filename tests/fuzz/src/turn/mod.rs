//! The TURN relay: one message of anybody, and whole sessions.

mod relay;
mod speaker;

pub(crate) use relay::run as relay;

use fmz_turn_core::{Config, Forward, PolicyMode, Relay, RelayedIp, StaticUser};
use speaker::{Speaker, addr};
use std::time::{Duration, Instant};
use turn_types::attribute::ChannelNumber;
use turn_types::message::{CHANNEL_BIND, CREATE_PERMISSION};

const NAMES: [&str; 3] = ["ada", "bob", "eve"];
/// Longest answer to who is not let in: 401 to a realm of three bytes, or 420 with eight attributes, with FINGERPRINT.
const ANSWER_BYTES_MAX: usize = 96;

/// A message from a stranger changes nothing and is answered shortly; from a client without credentials it reaches only
/// what the client permitted.
pub(crate) fn message(data: &[u8]) {
    let now = Instant::now();
    let mut relay = Relay::new(config(), [1; 32], now, Duration::from_secs(1_700_000_000));
    stranger(&mut relay, data, now);
    let mut ada = Speaker::new("ada", 1);
    ada.allocate(&mut relay, now).expect("an allocation");
    let peer = addr("192.0.2.9:7000");
    assert_eq!(
        ada.ask(&mut relay, now, CREATE_PERMISSION, &[peer], None),
        Some(0)
    );
    let number = ChannelNumber::new(0x4001);
    assert_eq!(
        ada.ask(&mut relay, now, CHANNEL_BIND, &[peer], Some(&number)),
        Some(0)
    );
    match relay.handle_datagram(ada.client, data, now) {
        None => {}
        Some(Forward::ToPeer {
            peer: to, payload, ..
        }) => {
            assert_eq!(to.ip(), peer.ip());
            assert!(payload.len() <= data.len());
        }
        Some(Forward::ToClient { .. }) => panic!("nobody else is there"),
    }
    assert_eq!(relay.sessions().count(), 1);
}

fn stranger(relay: &mut Relay, data: &[u8], now: Instant) {
    for protocol in [fmz_turn_core::Protocol::Udp, fmz_turn_core::Protocol::Tcp] {
        let mut client = Speaker::new("eve", 9).client;
        client.protocol = protocol;
        assert!(relay.handle_datagram(client, data, now).is_none());
        if let Some(answer) = relay.poll_transmit() {
            assert_eq!(answer.client, client);
            assert!(
                answer.payload.len() <= ANSWER_BYTES_MAX,
                "{}",
                answer.payload.len()
            );
        }
        assert!(relay.poll_transmit().is_none(), "one answer at most");
    }
    while let Some(event) = relay.poll_event() {
        assert!(matches!(event, fmz_turn_core::Event::CloseClient { .. }));
    }
    assert_eq!(relay.sessions().count(), 0);
    assert_eq!(relay.poll_timeout(), None);
}

fn config() -> Config {
    let user = |name: &str| StaticUser {
        name: name.to_owned(),
        password: "word".to_owned(),
    };
    let ip = "198.51.100.10".parse().expect("an address");
    let mut config = Config {
        users: NAMES.map(user).into(),
        relayed: vec![RelayedIp {
            bind: ip,
            announced: ip,
        }],
        // Few, so that they run out.
        ports: 50_000..=50_003,
        ..Config::default()
    };
    config.policy.mode = PolicyMode::Platform;
    let net: fmz_turn_core::IpNet = "192.0.2.0/24".parse().expect("a range");
    config.policy.platform = vec![net.into()];
    (config.quotas.user_allocations, config.quotas.permissions) = (2, 3);
    (config.quotas.channels, config.quotas.replies_per_s) = (2, 1000);
    config
}
