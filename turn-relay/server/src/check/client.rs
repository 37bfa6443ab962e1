//! A small TURN client for a check: one request at a time.

use super::Account;
use super::line::Line;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use stun_types::attribute::{ErrorCode, Nonce, Realm, Username, XorMappedAddress};
use stun_types::message::{
    BINDING, IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageIntegrityCredentials,
    MessageWriteVec, Method, TransactionId,
};
use stun_types::prelude::{MessageWrite, MessageWriteExt};
use tokio::time::{Instant, timeout_at};
use turn_types::attribute::{
    ChannelNumber, Data, Lifetime, RequestedTransport, XorPeerAddress, XorRelayedAddress,
};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH, SEND};

/// Longest wait for an answer.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);
/// Pause before a request that may have been lost is sent again; each pause is twice as long as the
/// one before (RFC 8489 section 6.2.1).
const RETRANSMIT: Duration = Duration::from_millis(500);
/// IANA's number of UDP.
const UDP: u8 = 17;

/// Reasons for which a relay did not do as it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// No answer came in time.
    #[error("no answer")]
    Silence,
    /// An error answer.
    #[error("refused with {code} {reason}")]
    Refused {
        /// Code of the answer.
        code: u16,
        /// Reason in the answer.
        reason: String,
    },
    /// An answer that lacks a required part.
    #[error("an answer without {0}")]
    Nonsense(&'static str),
    /// The connection failed.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// The kind of a request.
#[derive(Debug, Clone, Copy)]
enum Ask {
    Binding,
    Allocate,
    Refresh(u32),
    Permit(SocketAddr),
    Bind(u16, SocketAddr),
}

/// A client of a relay, on one line.
#[derive(Debug)]
pub struct Client {
    line: Line,
    account: Account,
    challenge: Option<(String, String)>,
    /// Messages that came while the client waited for an answer.
    data: Vec<Vec<u8>>,
}

impl Client {
    /// Makes a client that has asked for nothing yet.
    pub fn new(line: Line, account: Account) -> Self {
        Self {
            line,
            account,
            challenge: None,
            data: Vec::new(),
        }
    }

    /// Uses other credentials from now on.
    pub fn use_account(&mut self, account: Account) {
        self.account = account;
    }

    /// Returns the line, for sending messages that no client would send.
    pub fn line(&mut self) -> &mut Line {
        &mut self.line
    }

    /// Asks for the address under which the relay sees this client.
    ///
    /// # Errors
    /// [`Trouble`]
    pub async fn binding(&mut self) -> Result<SocketAddr, Trouble> {
        let answer = self.ask(Ask::Binding).await?;
        let answer = read(&answer)?;
        let mapped = answer.attribute::<XorMappedAddress>();
        let mapped = mapped.map_err(|_| Trouble::Nonsense("XOR-MAPPED-ADDRESS"))?;
        Ok(mapped.addr(answer.transaction_id()))
    }

    /// Asks for a relayed address over UDP. Returns it as peers know it.
    ///
    /// # Errors
    /// [`Trouble`]
    pub async fn allocate(&mut self) -> Result<SocketAddr, Trouble> {
        let answer = self.ask(Ask::Allocate).await?;
        let answer = read(&answer)?;
        let relayed = answer.attribute::<XorRelayedAddress>();
        let relayed = relayed.map_err(|_| Trouble::Nonsense("XOR-RELAYED-ADDRESS"))?;
        Ok(relayed.addr(answer.transaction_id()))
    }

    /// Keeps the allocation for `seconds`; 0 ends it.
    ///
    /// # Errors
    /// [`Trouble`]
    pub async fn refresh(&mut self, seconds: u32) -> Result<(), Trouble> {
        self.ask(Ask::Refresh(seconds)).await.map(drop)
    }

    /// Permits a peer to send.
    ///
    /// # Errors
    /// [`Trouble`]
    pub async fn permit(&mut self, peer: SocketAddr) -> Result<(), Trouble> {
        self.ask(Ask::Permit(peer)).await.map(drop)
    }

    /// Binds a channel, 0x4000 to 0x4FFF, to a peer.
    ///
    /// # Errors
    /// [`Trouble`]
    pub async fn bind(&mut self, channel: u16, peer: SocketAddr) -> Result<(), Trouble> {
        self.ask(Ask::Bind(channel, peer)).await.map(drop)
    }

    /// Sends data on a channel.
    ///
    /// # Errors
    /// [`Trouble::Io`]
    pub async fn send(&mut self, channel: u16, payload: &[u8]) -> Result<(), Trouble> {
        let length = u16::try_from(payload.len()).map_err(io::Error::other)?;
        let mut message = channel.to_be_bytes().to_vec();
        message.extend(length.to_be_bytes());
        message.extend(payload);
        Ok(self.line.send(&message).await?)
    }

    /// Sends data without a channel.
    ///
    /// # Errors
    /// [`Trouble::Io`]
    pub async fn send_to(&mut self, peer: SocketAddr, payload: &[u8]) -> Result<(), Trouble> {
        let mut message = Message::builder_indication(SEND, MessageWriteVec::new());
        let id = message.transaction_id();
        let _ = message.add_attribute(&XorPeerAddress::new(peer, id));
        let _ = message.add_attribute(&Data::new(payload));
        Ok(self.line.send(&message.finish()).await?)
    }

    /// Waits for data, by channel or by indication.
    ///
    /// # Errors
    /// [`Trouble::Silence`], [`Trouble::Io`]
    pub async fn receive(&mut self) -> Result<Vec<u8>, Trouble> {
        let deadline = Instant::now() + ANSWER_TIME_MAX;
        loop {
            let message = match self.data.pop() {
                Some(message) => message,
                None => timeout_at(deadline, self.line.receive())
                    .await
                    .map_err(|_| Trouble::Silence)??,
            };
            if let Some(payload) = payload(&message) {
                return Ok(payload);
            }
        }
    }

    /// Sends a request, and sends it again with credentials if the relay asks for them.
    async fn ask(&mut self, ask: Ask) -> Result<Vec<u8>, Trouble> {
        for _ in 0..2 {
            let answer = self.exchange(ask).await?;
            let message = read(&answer)?;
            if !message.has_class(stun_types::message::MessageClass::Error) {
                return Ok(answer);
            }
            let (code, reason) = error(&message);
            let challenge = challenge(&message).filter(|_| matches!(code, 401 | 438));
            let known = self.challenge.as_ref();
            match challenge {
                Some(new) if known.is_none() || code == 438 => self.challenge = Some(new),
                _ => return Err(Trouble::Refused { code, reason }),
            }
        }
        Err(Trouble::Nonsense("an end of challenges"))
    }

    async fn exchange(&mut self, ask: Ask) -> Result<Vec<u8>, Trouble> {
        let (request, id) = self.request(ask);
        let deadline = Instant::now() + ANSWER_TIME_MAX;
        let mut pause = RETRANSMIT;
        loop {
            self.line.send(&request).await?;
            let again = if self.line.is_lossy() {
                deadline.min(Instant::now() + pause)
            } else {
                deadline
            };
            pause *= 2;
            match timeout_at(again, self.answer(id)).await {
                Ok(answer) => return answer,
                Err(_) if Instant::now() >= deadline => return Err(Trouble::Silence),
                Err(_) => {}
            }
        }
    }

    async fn answer(&mut self, id: TransactionId) -> Result<Vec<u8>, Trouble> {
        loop {
            let message = self.line.receive().await?;
            match Message::from_bytes(&message) {
                Ok(read) if read.is_response() && read.transaction_id() == id => {
                    return Ok(message);
                }
                _ => self.data.insert(0, message),
            }
        }
    }

    fn request(&self, ask: Ask) -> (Vec<u8>, TransactionId) {
        let mut message = Message::builder_request(method(ask), MessageWriteVec::new());
        let id = message.transaction_id();
        fill(&mut message, id, ask);
        if let (Some((realm, nonce)), false) = (&self.challenge, matches!(ask, Ask::Binding)) {
            self.sign(&mut message, realm, nonce);
        }
        (message.finish(), id)
    }

    /// Signs a message. No part can be too long: each is the relay's own, or was accepted by it.
    fn sign(&self, message: &mut MessageWriteVec, realm: &str, nonce: &str) {
        let Account { username, password } = &self.account;
        for added in [
            Username::new(username).map(|name| message.add_attribute(&name)),
            Realm::new(realm).map(|realm| message.add_attribute(&realm)),
            Nonce::new(nonce).map(|nonce| message.add_attribute(&nonce)),
        ] {
            let _ = added;
        }
        let key = LongTermKeyCredentials::new(username.clone(), password.clone(), realm.to_owned());
        let key = MessageIntegrityCredentials::LongTerm(key);
        let _ = message.add_message_integrity(&key, IntegrityAlgorithm::Sha1);
    }
}

fn method(ask: Ask) -> Method {
    match ask {
        Ask::Binding => BINDING,
        Ask::Allocate => ALLOCATE,
        Ask::Refresh(_) => REFRESH,
        Ask::Permit(_) => CREATE_PERMISSION,
        Ask::Bind(..) => CHANNEL_BIND,
    }
}

/// Adds the attributes of a request. The only possible failure would be a repeated attribute, and
/// none is.
fn fill(message: &mut MessageWriteVec, id: TransactionId, ask: Ask) {
    let _ = match ask {
        Ask::Binding => Ok(()),
        Ask::Allocate => message.add_attribute(&RequestedTransport::new(UDP)),
        Ask::Refresh(seconds) => message.add_attribute(&Lifetime::new(seconds)),
        Ask::Permit(peer) => message.add_attribute(&XorPeerAddress::new(peer, id)),
        Ask::Bind(channel, peer) => message
            .add_attribute(&ChannelNumber::new(channel))
            .and_then(|()| message.add_attribute(&XorPeerAddress::new(peer, id))),
    };
}

fn read(message: &[u8]) -> Result<Message<'_>, Trouble> {
    Message::from_bytes(message).map_err(|_| Trouble::Nonsense("the form of STUN"))
}

fn error(message: &Message<'_>) -> (u16, String) {
    let error = message.attribute::<ErrorCode>();
    error.map_or((0, String::new()), |error| {
        let usual = ErrorCode::default_reason_for_code(error.code());
        let given = Some(error.reason()).filter(|reason| !reason.is_empty());
        (error.code(), given.unwrap_or(usual).to_owned())
    })
}

fn challenge(message: &Message<'_>) -> Option<(String, String)> {
    let realm = message.attribute::<Realm>().ok()?;
    let nonce = message.attribute::<Nonce>().ok()?;
    Some((realm.realm().to_owned(), nonce.nonce().to_owned()))
}

/// Returns the payload of ChannelData or of a Data indication.
fn payload(message: &[u8]) -> Option<Vec<u8>> {
    if message
        .first()
        .is_some_and(|first| (0x40..0x80).contains(first))
    {
        let length = usize::from(u16::from_be_bytes([*message.get(2)?, *message.get(3)?]));
        return message.get(4..4 + length).map(<[u8]>::to_vec);
    }
    let message = Message::from_bytes(message).ok()?;
    let data = message.attribute::<Data<'_>>().ok()?;
    Some(data.data().to_vec())
}
