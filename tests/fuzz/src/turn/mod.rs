//! Targets of the TURN relay: single messages of strangers, and whole sessions.

mod relay;
mod speaker;

pub(crate) use relay::run as relay;

use fmz_turn_core::{Config, Forward, PolicyMode, Relay, RelayedIp, StaticUser};
use speaker::{Speaker, addr};
use std::cell::RefCell;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use turn_types::attribute::ChannelNumber;
use turn_types::message::{CHANNEL_BIND, CREATE_PERMISSION};

const NAMES: [&str; 3] = ["ada", "bob", "eve"];
/// Longest answer to a client without credentials, in bytes: 401 with a realm of three bytes, or
/// 420 with eight attributes, each with FINGERPRINT.
const ANSWER_BYTES_MAX: usize = 96;

/// Messages after which a new relay is made. Making one costs far more than a message.
const MESSAGES_MAX: u32 = 1000;
/// Time between two messages, so that a thousand are over before anything expires.
const PAUSE: Duration = Duration::from_millis(100);

/// Sends one message. From a stranger it must change nothing and get a short answer; from a client,
/// sent without credentials, it may reach only the peer that the client has permitted.
pub(crate) fn message(data: &[u8]) {
    thread_local! {
        static ASKED: RefCell<Option<Asked>> = const { RefCell::new(None) };
    }
    ASKED.with_borrow_mut(|asked| {
        asked.take_if(|asked| asked.messages == MESSAGES_MAX);
        asked.get_or_insert_with(Asked::new).ask(data);
    });
}

/// A relay with one client that may send to one peer.
struct Asked {
    relay: Relay,
    ada: Speaker,
    peer: SocketAddr,
    now: Instant,
    messages: u32,
}

impl Asked {
    fn new() -> Self {
        let now = Instant::now();
        let mut relay = Relay::new(config(), [1; 32], now, Duration::from_secs(1_700_000_000));
        let mut ada = Speaker::new("ada", 1);
        ada.allocate(&mut relay, now).expect("an allocation");
        let peer = addr("192.0.2.9:7000");
        let number = ChannelNumber::new(0x4001);
        let permitted = ada.ask(&mut relay, now, CREATE_PERMISSION, &[peer], None);
        let bound = ada.ask(&mut relay, now, CHANNEL_BIND, &[peer], Some(&number));
        assert_eq!((permitted, bound), (Some(0), Some(0)));
        Self {
            relay,
            ada,
            peer,
            now,
            messages: 0,
        }
    }

    fn ask(&mut self, data: &[u8]) {
        self.messages += 1;
        self.now += PAUSE;
        let due = self.relay.poll_timeout();
        stranger(&mut self.relay, data, self.now);
        assert_eq!(self.relay.poll_timeout(), due, "nothing is kept");
        match self.relay.handle_datagram(self.ada.client, data, self.now) {
            None => {}
            Some(Forward::ToPeer {
                peer: to, payload, ..
            }) => {
                assert_eq!(to.ip(), self.peer.ip());
                assert!(payload.len() <= data.len());
            }
            Some(Forward::ToClient { .. }) => panic!("nobody else is there"),
        }
        while self.relay.poll_transmit().is_some() {}
        assert_eq!(self.relay.sessions().count(), 1);
    }
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
    assert_eq!(relay.sessions().count(), 1);
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
        // Few ports, so that they run out.
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
