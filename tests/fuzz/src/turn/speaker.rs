//! A client that signs its requests.

use fmz_turn_core::{Client, Event, Protocol, Relay};
use std::net::SocketAddr;
use std::time::Instant;
use stun_types::attribute::{ErrorCode, Nonce, Realm, Username};
use stun_types::message::{
    IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageClass, MessageType,
    MessageWriteVec, Method,
};
use stun_types::prelude::*;
use turn_types::attribute::{RequestedTransport, XorPeerAddress, XorRelayedAddress};
use turn_types::message::ALLOCATE;

pub(super) fn addr(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

pub(super) struct Speaker {
    pub(super) client: Client,
    pub(super) name: &'static str,
    nonce: Option<String>,
    transactions: u128,
}

impl Speaker {
    pub(super) fn new(name: &'static str, port: u16) -> Self {
        let client = Client {
            protocol: if port.is_multiple_of(2) {
                Protocol::Tcp
            } else {
                Protocol::Udp
            },
            address: SocketAddr::new([192, 0, 2, 1].into(), port),
            local: addr("198.51.100.10:3478"),
        };
        Self {
            client,
            name,
            nonce: None,
            transactions: u128::from(port) << 64,
        }
    }

    /// Sends a request until the relay's nonce is known; returns the error code if there is an
    /// answer.
    pub(super) fn ask(
        &mut self,
        relay: &mut Relay,
        now: Instant,
        method: Method,
        peers: &[SocketAddr],
        more: Option<&dyn AttributeWrite>,
    ) -> Option<u16> {
        let answer = self.answer(relay, now, method, peers, more)?;
        Some(code(&Message::from_bytes(&answer).expect("an answer")))
    }

    fn answer(
        &mut self,
        relay: &mut Relay,
        now: Instant,
        method: Method,
        peers: &[SocketAddr],
        more: Option<&dyn AttributeWrite>,
    ) -> Option<Vec<u8>> {
        for _ in 0..2 {
            let request = self.request(method, peers, more);
            assert!(relay.handle_datagram(self.client, &request, now).is_none());
            let answer = relay.poll_transmit()?.payload;
            let message = Message::from_bytes(&answer).expect("an answer");
            let nonce = message.attribute::<Nonce>();
            let Ok(nonce) = nonce else {
                return Some(answer);
            };
            self.nonce = Some(nonce.nonce().to_owned());
        }
        None
    }

    fn request(
        &mut self,
        method: Method,
        peers: &[SocketAddr],
        more: Option<&dyn AttributeWrite>,
    ) -> Vec<u8> {
        self.transactions += 1;
        let transaction = self.transactions.into();
        let kind = MessageType::from_class_method(MessageClass::Request, method);
        let mut request = Message::builder(kind, transaction, MessageWriteVec::new());
        let mut add = |attribute: &dyn AttributeWrite| {
            request
                .add_attribute(attribute)
                .expect("a request has room");
        };
        more.into_iter().for_each(&mut add);
        peers
            .iter()
            .for_each(|peer| add(&XorPeerAddress::new(*peer, transaction)));
        let Some(nonce) = &self.nonce else {
            return request.finish();
        };
        add(&Username::new(self.name).expect("a short name"));
        add(&Realm::new("fmz").expect("a short realm"));
        add(&Nonce::new(nonce).expect("a nonce"));
        let (name, realm) = (self.name.to_owned(), "fmz".to_owned());
        let key = LongTermKeyCredentials::new(name, "word".to_owned(), realm).into();
        let signed = request.add_message_integrity(&key, IntegrityAlgorithm::Sha1);
        signed.expect("one signature");
        request.finish()
    }

    /// Makes an allocation whose socket opens at once.
    pub(super) fn allocate(&mut self, relay: &mut Relay, now: Instant) -> Option<SocketAddr> {
        let udp = RequestedTransport::new(RequestedTransport::UDP);
        self.ask(relay, now, ALLOCATE, &[], Some(&udp));
        while let Some(event) = relay.poll_event() {
            if let Event::Open {
                allocation,
                relayed,
                ..
            } = event
            {
                relay.handle_opened(allocation, relayed, Ok(()), now);
            }
        }
        let answer = relay.poll_transmit()?.payload;
        let message = Message::from_bytes(&answer).ok()?;
        let relayed: XorRelayedAddress = message.attribute().ok()?;
        Some(relayed.addr(message.transaction_id()))
    }
}

/// Returns the error code; 0 for success.
pub(super) fn code(message: &Message<'_>) -> u16 {
    message
        .attribute::<ErrorCode>()
        .map_or(0, |error| error.code())
}
