//! A relay, its clock and the clients around it.

use fmz_turn_core::{
    AllocationId, Answer as Kind, Client, Config, Credentials, Event, Forward, OpenError, Protocol,
    Quotas, Relay, RelayedIp, Transmit,
};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use stun_types::attribute::{
    ErrorCode, MessageIntegrity, MessageIntegritySha256, Nonce, PasswordAlgorithm,
    PasswordAlgorithmValue, PasswordAlgorithms, Realm, Userhash, Username,
};
use stun_types::message::{
    IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageClass, MessageIntegrityCredentials,
    MessageType, MessageWriteVec, Method,
};
use stun_types::prelude::*;
use turn_types::attribute::{
    ChannelNumber, Data, Lifetime, RequestedTransport, XorPeerAddress, XorRelayedAddress,
};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH, SEND};

pub(crate) const SECRET: &str = "north";
/// Unix time at the start of every world.
pub(crate) const EPOCH: Duration = Duration::from_secs(1_700_000_000);
pub(crate) const RELAY_V4: &str = "198.51.100.10";
pub(crate) const RELAY_V6: &str = "2001:db8::10";

#[allow(
    clippy::disallowed_methods,
    reason = "a test needs some instant to begin with"
)]
pub(crate) fn epoch() -> Instant {
    Instant::now()
}

pub(crate) fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Returns settings with one secret, both families, and all peers that the tests use.
pub(crate) fn config() -> Config {
    let mut config = Config {
        secrets: vec![SECRET.to_owned()],
        relayed: vec![same(RELAY_V4), same(RELAY_V6)],
        quotas: Quotas {
            replies_per_s: 1_000_000,
            ..Quotas::default()
        },
        ..Config::default()
    };
    let nets = ["192.0.2.0/24", "2001:db8:1::/48"];
    let nets = nets.map(|net| net.parse::<fmz_turn_core::IpNet>().unwrap().into());
    config.policy.platform = nets.into();
    config
}

fn same(ip: &str) -> RelayedIp {
    let ip = ip.parse().unwrap();
    RelayedIp {
        bind: ip,
        announced: ip,
    }
}

pub(crate) fn client(address: &str) -> Client {
    Client {
        protocol: Protocol::Udp,
        address: addr(address),
        local: addr("198.51.100.10:3478"),
    }
}

/// A client with credentials.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) client: Client,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) realm: String,
    pub(crate) nonce: Option<String>,
    /// Whether requests carry PASSWORD-ALGORITHM and MESSAGE-INTEGRITY-SHA256.
    pub(crate) sha256: bool,
    /// Whether requests carry USERHASH in place of USERNAME.
    pub(crate) hashed: bool,
    /// Value of PASSWORD-ALGORITHMS that comes back from the client.
    pub(crate) offered: Vec<PasswordAlgorithmValue>,
    transactions: u128,
}

impl User {
    pub(crate) fn new(name: &str, address: &str) -> Self {
        Self::until(name, address, EPOCH + seconds(6 * 3600))
    }

    pub(crate) fn until(name: &str, address: &str, expiry: Duration) -> Self {
        let credentials = Credentials::issue(SECRET, name, expiry);
        Self::named(&credentials.username, &credentials.password, address)
    }

    pub(crate) fn named(username: &str, password: &str, address: &str) -> Self {
        Self {
            client: client(address),
            username: username.to_owned(),
            password: password.to_owned(),
            realm: "fmz".to_owned(),
            nonce: None,
            sha256: false,
            hashed: false,
            offered: vec![PasswordAlgorithmValue::SHA256, PasswordAlgorithmValue::MD5],
            transactions: 1,
        }
    }

    pub(crate) fn over(mut self, protocol: Protocol) -> Self {
        self.client.protocol = protocol;
        self
    }

    fn key(&self) -> MessageIntegrityCredentials {
        let (username, password) = (self.username.clone(), self.password.clone());
        LongTermKeyCredentials::new(username, password, self.realm.clone()).into()
    }

    fn algorithm(&self) -> IntegrityAlgorithm {
        if self.sha256 {
            IntegrityAlgorithm::Sha256
        } else {
            IntegrityAlgorithm::Sha1
        }
    }

    fn builder(&mut self, method: Method, attributes: &[&dyn AttributeWrite]) -> MessageWriteVec {
        self.transactions += 1;
        let transaction = self.transactions | u128::from(self.client.address.port()) << 64;
        let kind = MessageType::from_class_method(MessageClass::Request, method);
        let mut builder = Message::builder(kind, transaction.into(), MessageWriteVec::new());
        for attribute in attributes {
            builder.add_attribute(*attribute).unwrap();
        }
        builder
    }

    /// Makes a request without credentials.
    pub(crate) fn bare(&mut self, method: Method, attributes: &[&dyn AttributeWrite]) -> Vec<u8> {
        self.builder(method, attributes).finish()
    }

    /// Makes a request with credentials. `attributes` gets its transaction id, which addresses
    /// need.
    pub(crate) fn request(
        &mut self,
        method: Method,
        attributes: &[&dyn AttributeWrite],
    ) -> Vec<u8> {
        let mut builder = self.builder(method, attributes);
        if self.hashed {
            let hash = Userhash::compute(&self.username, &self.realm);
            builder.add_attribute(&Userhash::new(hash)).unwrap();
        } else {
            builder
                .add_attribute(&Username::new(&self.username).unwrap())
                .unwrap();
        }
        builder
            .add_attribute(&Realm::new(&self.realm).unwrap())
            .unwrap();
        let nonce = self.nonce.clone().unwrap_or_else(|| "bogus".to_owned());
        builder.add_attribute(&Nonce::new(&nonce).unwrap()).unwrap();
        if self.sha256 {
            let offered = PasswordAlgorithms::new(&self.offered);
            builder.add_attribute(&offered).unwrap();
            let chosen = PasswordAlgorithm::new(PasswordAlgorithmValue::SHA256);
            builder.add_attribute(&chosen).unwrap();
        }
        builder
            .add_message_integrity(&self.key(), self.algorithm())
            .unwrap();
        builder.finish()
    }

    /// Skips this many transaction ids.
    pub(crate) fn skip(&mut self, count: u128) {
        self.transactions += count;
    }

    /// Encodes an address as the next request carries it.
    pub(crate) fn peer(&self, peer: &str) -> XorPeerAddress {
        let transaction = (self.transactions + 1) | u128::from(self.client.address.port()) << 64;
        XorPeerAddress::new(addr(peer), transaction.into())
    }
}

/// A STUN answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer(pub(crate) Vec<u8>);

impl Answer {
    pub(crate) fn message(&self) -> Message<'_> {
        Message::from_bytes(&self.0).unwrap()
    }

    /// Returns the error code; 0 for success.
    pub(crate) fn code(&self) -> u16 {
        let message = self.message();
        if message.has_class(MessageClass::Success) {
            return 0;
        }
        message.attribute::<ErrorCode>().unwrap().code()
    }

    pub(crate) fn relayed(&self, nth: usize) -> Option<SocketAddr> {
        let message = self.message();
        let relayed: XorRelayedAddress = message.nth_attribute(nth).ok()?;
        Some(relayed.addr(message.transaction_id()))
    }

    pub(crate) fn lifetime(&self) -> u32 {
        self.message().attribute::<Lifetime>().unwrap().seconds()
    }
}

/// Data that left the relay, with the bytes that the shell would add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sent {
    ToPeer(SocketAddr, SocketAddr, Vec<u8>, bool),
    ToClient(Client, Vec<u8>),
}

pub(crate) fn sent(forward: Option<Forward<'_>>) -> Option<Sent> {
    Some(match forward? {
        Forward::ToPeer {
            relayed,
            peer,
            payload,
            dont_fragment,
        } => Sent::ToPeer(relayed, peer, payload.to_vec(), dont_fragment),
        Forward::ToClient {
            client,
            header,
            payload,
        } => {
            let padding = header.padding(client.protocol, payload.len());
            let bytes = [header.as_bytes(), payload, &vec![0; padding]].concat();
            Sent::ToClient(client, bytes)
        }
    })
}

pub(crate) struct World {
    pub(crate) relay: Relay,
    pub(crate) now: Instant,
    pub(crate) start: Instant,
    /// Results of the next attempts to open sockets. All later ones succeed.
    pub(crate) opens: Vec<Result<(), OpenError>>,
    /// Sockets that are open.
    pub(crate) sockets: Vec<(AllocationId, SocketAddr)>,
    pub(crate) events: Vec<Event>,
    pub(crate) transmits: Vec<Transmit>,
    /// Whether sockets are opened at once.
    pub(crate) opening: bool,
}

impl World {
    pub(crate) fn new(config: Config) -> Self {
        let now = epoch();
        config.check().unwrap();
        Self {
            relay: Relay::new(config, [7; 32], now, EPOCH),
            now,
            start: now,
            opens: Vec::new(),
            sockets: Vec::new(),
            events: Vec::new(),
            transmits: Vec::new(),
            opening: true,
        }
    }

    /// Moves the time on, and stops whenever the relay wants to be called.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.relay.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.relay.handle_timeout(self.now);
            self.pump();
        }
        self.now = end;
    }

    /// Carries out the relay's events.
    pub(crate) fn pump(&mut self) {
        while let Some(event) = self.relay.poll_event() {
            self.events.push(event);
            match event {
                Event::Open {
                    allocation,
                    relayed,
                    ..
                } if self.opening => {
                    let result = if self.opens.is_empty() {
                        Ok(())
                    } else {
                        self.opens.remove(0)
                    };
                    if result.is_ok() {
                        assert!(self.sockets.iter().all(|(_, open)| *open != relayed));
                        self.sockets.push((allocation, relayed));
                    }
                    self.relay
                        .handle_opened(allocation, relayed, result, self.now);
                }
                Event::Close {
                    allocation,
                    relayed,
                } => self
                    .sockets
                    .retain(|socket| *socket != (allocation, relayed)),
                _ => {}
            }
        }
        while let Some(transmit) = self.relay.poll_transmit() {
            self.transmits.push(transmit);
        }
    }

    /// Sends bytes and returns the last answer to them.
    pub(crate) fn send(&mut self, client: Client, bytes: &[u8]) -> Option<Answer> {
        self.transmits.clear();
        let forward = self.relay.handle_datagram(client, bytes, self.now);
        assert!(forward.is_none(), "a request forwards nothing");
        self.pump();
        let transmit = self.transmits.pop()?;
        assert_eq!(transmit.client, client);
        let refused = match transmit.answer {
            Some(Kind::Refused(code)) => code,
            Some(Kind::Allocated) | None => 0,
        };
        let answer = Answer(transmit.payload);
        assert_eq!(refused, answer.code(), "the code beside the message");
        Some(answer)
    }

    /// Sends an authenticated request, first fetching a nonce if there is none. The answer's
    /// signature is checked.
    pub(crate) fn ask(
        &mut self,
        user: &mut User,
        method: Method,
        attributes: &[&dyn AttributeWrite],
    ) -> Answer {
        let request = user.request(method, attributes);
        let answer = self.send(user.client, &request).expect("an answer");
        let message = answer.message();
        let signed = message.has_attribute(MessageIntegrity::TYPE)
            || message.has_attribute(MessageIntegritySha256::TYPE);
        let code = answer.code();
        assert_eq!(
            signed,
            !matches!(code, 401 | 438) && user.nonce.is_some(),
            "{code}"
        );
        if signed {
            let algorithm = message.validate_integrity(&user.key()).unwrap();
            assert_eq!(algorithm, user.algorithm());
        }
        answer
    }

    /// Fetches a nonce.
    pub(crate) fn greet(&mut self, user: &mut User) -> Answer {
        let request = user.bare(ALLOCATE, &[&udp()]);
        let answer = self.send(user.client, &request).expect("a challenge");
        user.nonce = nonce(&answer);
        answer
    }

    pub(crate) fn allocate_with(
        &mut self,
        user: &mut User,
        attributes: &[&dyn AttributeWrite],
    ) -> Answer {
        if user.nonce.is_none() {
            self.greet(user);
        }
        let transport = udp();
        let mut all: Vec<&dyn AttributeWrite> = vec![&transport];
        all.extend(attributes);
        self.ask(user, ALLOCATE, &all)
    }

    /// Makes an allocation; returns its relayed address.
    pub(crate) fn allocate(&mut self, user: &mut User) -> SocketAddr {
        let answer = self.allocate_with(user, &[]);
        assert_eq!(answer.code(), 0);
        answer.relayed(0).unwrap()
    }

    pub(crate) fn refresh(&mut self, user: &mut User, lifetime: u32) -> Answer {
        self.ask(user, REFRESH, &[&Lifetime::new(lifetime)])
    }

    /// Asks for a permission; returns the code.
    pub(crate) fn permit(&mut self, user: &mut User, peer: &str) -> u16 {
        let peer = user.peer(peer);
        self.ask(user, CREATE_PERMISSION, &[&peer]).code()
    }

    /// Binds a channel; returns the code.
    pub(crate) fn bind(&mut self, user: &mut User, number: u16, peer: &str) -> u16 {
        let peer = user.peer(peer);
        self.ask(user, CHANNEL_BIND, &[&ChannelNumber::new(number), &peer])
            .code()
    }

    pub(crate) fn send_indication(&mut self, user: &User, peer: &str, data: &[u8]) -> Option<Sent> {
        let bytes = send_indication(peer, data, &[]);
        sent(self.relay.handle_datagram(user.client, &bytes, self.now))
    }

    pub(crate) fn channel_data(&mut self, user: &User, number: u16, data: &[u8]) -> Option<Sent> {
        let bytes = channel_data(number, data);
        sent(self.relay.handle_datagram(user.client, &bytes, self.now))
    }

    pub(crate) fn peer_sends(
        &mut self,
        relayed: SocketAddr,
        peer: &str,
        data: &[u8],
    ) -> Option<Sent> {
        sent(self.relay.handle_peer(relayed, addr(peer), data, self.now))
    }
}

pub(crate) fn udp() -> RequestedTransport {
    RequestedTransport::new(RequestedTransport::UDP)
}

pub(crate) fn nonce(answer: &Answer) -> Option<String> {
    let nonce: Nonce = answer.message().attribute().ok()?;
    Some(nonce.nonce().to_owned())
}

pub(crate) fn send_indication(peer: &str, data: &[u8], more: &[&dyn AttributeWrite]) -> Vec<u8> {
    let kind = MessageType::from_class_method(MessageClass::Indication, SEND);
    let mut builder = Message::builder(kind, 77.into(), MessageWriteVec::new());
    builder
        .add_attribute(&XorPeerAddress::new(addr(peer), 77.into()))
        .unwrap();
    builder.add_attribute(&Data::new(data)).unwrap();
    for attribute in more {
        builder.add_attribute(*attribute).unwrap();
    }
    builder.finish()
}

pub(crate) fn channel_data(number: u16, data: &[u8]) -> Vec<u8> {
    let length = data.len() as u16;
    [&number.to_be_bytes()[..], &length.to_be_bytes(), data].concat()
}

/// Reads a Data indication with the codec; returns the peer and its data.
pub(crate) fn read_data(bytes: &[u8]) -> (SocketAddr, Vec<u8>) {
    let message = Message::from_bytes(bytes).unwrap();
    assert_eq!(message.method(), turn_types::message::DATA);
    assert!(message.has_class(MessageClass::Indication));
    assert_eq!(bytes.len() % 4, 0);
    let peer: XorPeerAddress = message.attribute().unwrap();
    let data: Data<'_> = message.attribute().unwrap();
    (peer.addr(message.transaction_id()), data.data().to_vec())
}
