//! A client's allocation with one channel (RFC 8656), over UDP. It shares no code with the relay,
//! and works with other servers too.

use super::credentials::Credentials;
use anyhow::{Context, Result, bail};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use stun_types::attribute::{AttributeWrite, ErrorCode, Nonce, Realm, Username};
use stun_types::message::{
    BINDING, IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageIntegrityCredentials,
    MessageWrite, MessageWriteExt, MessageWriteVec, Method, StunWriteError, TransactionId,
};
use turn_types::attribute::{ChannelNumber, RequestedTransport, XorPeerAddress};
use turn_types::message::{ALLOCATE, CHANNEL_BIND};

/// The only channel of each client: the lowest number allowed.
pub(super) const CHANNEL: u16 = 0x4000;
/// Longest wait for an answer, after which the request is sent again.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(500);
/// Longest wait for a relay that is starting.
const START_TIMEOUT: Duration = Duration::from_secs(20);
/// Sends of one request, as in RFC 8489 section 6.2.1.
const SENDS_MAX: usize = 7;
/// Bytes for an answer; STUN answers are much shorter.
const ANSWER_BYTES: usize = 1500;
/// Bytes of a STUN header (RFC 8489 section 5).
const HEADER_BYTES: usize = 20;
/// Challenges that are answered: the first one, and stale nonces. A relay that asks more often
/// admits nobody.
const CHALLENGES_MAX: usize = 3;

/// A client's socket whose datagrams, sent as ChannelData, reach one peer.
#[derive(Debug)]
pub(super) struct Allocation {
    pub(super) socket: UdpSocket,
    username: String,
    password: String,
    challenge: Option<Challenge>,
}

/// Realm and nonce with which a relay asks a client for credentials.
#[derive(Debug)]
struct Challenge {
    realm: String,
    nonce: String,
}

impl Allocation {
    /// Makes an allocation at `relay`, as client `number`, and binds the channel to `peer`.
    pub(super) fn open(relay: SocketAddr, peer: SocketAddr, number: u32) -> Result<Self> {
        let credentials = Credentials::of(&format!("bench/{number}"));
        let mut allocation = Self {
            socket: connect(relay, number)?,
            username: credentials.username,
            password: credentials.password,
            challenge: None,
        };
        allocation
            .ask(ALLOCATE, &|_| {
                vec![Box::new(RequestedTransport::new(RequestedTransport::UDP))]
            })
            .context("allocate")?;
        allocation
            .ask(CHANNEL_BIND, &move |transaction| {
                vec![
                    Box::new(ChannelNumber::new(CHANNEL)),
                    Box::new(XorPeerAddress::new(peer, transaction)),
                ]
            })
            .context("bind a channel")?;
        Ok(allocation)
    }

    /// Sends a request until it succeeds; proves the credentials anew each time the relay asks for
    /// them.
    fn ask(&mut self, method: Method, attributes: &Attributes) -> Result<()> {
        for _ in 0..CHALLENGES_MAX {
            let transaction = TransactionId::generate();
            let request = self.request(method, transaction, attributes)?;
            let answer = exchange(&self.socket, &request)?;
            let answer = Message::from_bytes(&answer).context("parse an answer")?;
            let Ok(error) = answer.attribute::<ErrorCode>() else {
                return Ok(());
            };
            if !matches!(error.code(), 401 | 438) {
                bail!("refused with {error}");
            }
            self.challenge = Some(Challenge {
                realm: answer.attribute::<Realm>()?.realm().to_owned(),
                nonce: answer.attribute::<Nonce>()?.nonce().to_owned(),
            });
        }
        bail!("no credentials were good enough")
    }

    fn request(
        &self,
        method: Method,
        transaction: TransactionId,
        attributes: &Attributes,
    ) -> Result<Vec<u8>, StunWriteError> {
        let mut message = request(method, transaction);
        for attribute in attributes(transaction) {
            message.add_attribute(attribute.as_ref())?;
        }
        if let Some(Challenge { realm, nonce }) = &self.challenge {
            message.add_attribute(&Username::new(&self.username)?)?;
            message.add_attribute(&Realm::new(realm)?)?;
            message.add_attribute(&Nonce::new(nonce)?)?;
            message.add_message_integrity(&self.key(realm), IntegrityAlgorithm::Sha1)?;
        }
        Ok(message.finish())
    }

    fn key(&self, realm: &str) -> MessageIntegrityCredentials {
        let (username, password) = (self.username.clone(), self.password.clone());
        LongTermKeyCredentials::new(username, password, realm.to_owned()).into()
    }
}

type Attributes = dyn Fn(TransactionId) -> Vec<Box<dyn AttributeWrite>>;

/// Makes an Allocate request without credentials, 28 bytes.
pub(super) fn bare_allocate() -> Vec<u8> {
    let mut message = request(ALLOCATE, TransactionId::generate());
    message
        .add_attribute(&RequestedTransport::new(RequestedTransport::UDP))
        .expect("an empty message has room");
    message.finish()
}

/// Waits until a relay that is starting answers.
pub(super) fn wait_for(relay: SocketAddr) -> Result<()> {
    let binding = request(BINDING, TransactionId::generate()).finish();
    let (socket, late) = (connect(relay, 0)?, Instant::now() + START_TIMEOUT);
    loop {
        match exchange(&socket, &binding) {
            Err(error) if Instant::now() > late => return Err(error),
            Err(_) => {}
            Ok(_) => return Ok(()),
        }
    }
}

fn request(method: Method, transaction: TransactionId) -> MessageWriteVec {
    let kind = stun_types::message::MessageType::from_class_method(
        stun_types::message::MessageClass::Request,
        method,
    );
    Message::builder(kind, transaction, MessageWriteVec::new())
}

/// Returns the address of a client. Every client has its own (all of 127/8 is this machine), so
/// that the limits of one address are not met.
pub(super) fn client_address(number: u32) -> Ipv4Addr {
    let [_, high, middle, low] = (number + 1).to_be_bytes();
    Ipv4Addr::new(127, 1 + high, middle, low)
}

fn connect(relay: SocketAddr, number: u32) -> Result<UdpSocket> {
    let socket = UdpSocket::bind((client_address(number), 0)).context("bind a client")?;
    socket.connect(relay)?;
    socket.set_read_timeout(Some(ANSWER_TIMEOUT))?;
    Ok(socket)
}

fn exchange(socket: &UdpSocket, request: &[u8]) -> Result<Vec<u8>> {
    let mut buffer = [0; ANSWER_BYTES];
    for _ in 0..SENDS_MAX {
        match socket
            .send(request)
            .and_then(|_| answer_to(request, socket, &mut buffer))
        {
            Ok(length) => return Ok(buffer[..length].to_vec()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            // A relay that is just starting does not listen yet.
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                std::thread::sleep(ANSWER_TIMEOUT);
            }
            Err(error) => return Err(error).context("speak to the relay"),
        }
    }
    bail!("no answer from the relay")
}

/// Returns the length of the next datagram with the transaction of `request` (RFC 8489 section 5).
/// Others answer earlier requests.
fn answer_to(request: &[u8], socket: &UdpSocket, buffer: &mut [u8]) -> std::io::Result<usize> {
    loop {
        let length = socket.recv(buffer)?;
        if length >= HEADER_BYTES && buffer[4..HEADER_BYTES] == request[4..HEADER_BYTES] {
            return Ok(length);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_client_has_an_address_of_its_own() {
        assert_eq!(client_address(0).to_string(), "127.1.0.1");
        assert_eq!(client_address(65_535).to_string(), "127.2.0.0");
        let all = (0..100_000).map(client_address);
        let different: std::collections::HashSet<_> = all.collect();
        assert_eq!(different.len(), 100_000);
    }

    #[test]
    fn a_request_without_credentials_is_short() {
        assert_eq!(bare_allocate().len(), 28);
    }
}
