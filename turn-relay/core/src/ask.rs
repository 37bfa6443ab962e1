//! A request, and the answer to it.

use crate::client::Client;
use crate::family::Family;
use crate::integrity::{Key, MacKind, push_fingerprint};
use std::net::SocketAddr;
use stun_types::attribute::{
    AlternateServer, AttributeType, ErrorCode, Fingerprint, UnknownAttributes,
};
use stun_types::message::{
    Message, MessageClass, MessageType, MessageWriteVec, Method, TransactionId,
};
use stun_types::prelude::*;

/// The parts of a request that its answer needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    pub(crate) client: Client,
    pub(crate) method: Method,
    pub(crate) transaction: TransactionId,
    /// True if the request has a FINGERPRINT; then the answer gets one too.
    fingerprint: bool,
    /// The key that signs the answer, once it is known.
    pub(crate) signer: Option<(Key, MacKind)>,
}

impl Ask {
    pub(crate) fn new(client: Client, message: &Message<'_>) -> Self {
        Self {
            client,
            method: message.method(),
            transaction: message.transaction_id(),
            fingerprint: message.has_attribute(Fingerprint::TYPE),
            signer: None,
        }
    }

    pub(crate) fn success(&self) -> Reply {
        self.reply(MessageClass::Success)
    }

    pub(crate) fn error(&self, fault: &Fault) -> Reply {
        let mut reply = self.reply(MessageClass::Error);
        let reason = match self.signer {
            Some(_) => ErrorCode::default_reason_for_code(fault.code()),
            None => "",
        };
        let code = ErrorCode::new(fault.code(), reason).expect("a code between 300 and 699");
        reply.add(&code);
        match fault {
            Fault::Code(_) => {}
            Fault::Unknown(attributes) => reply.add(&UnknownAttributes::new(attributes)),
            Fault::Alternate(address) => reply.add(&AlternateServer::new(*address)),
        }
        reply
    }

    fn reply(&self, class: MessageClass) -> Reply {
        let kind = MessageType::from_class_method(class, self.method);
        let write = MessageWriteVec::with_capacity(160);
        Reply(Message::builder(kind, self.transaction, write))
    }

    /// Returns the finished message.
    pub(crate) fn seal(&self, reply: Reply) -> Vec<u8> {
        let mut bytes = reply.0.finish();
        if let Some((key, kind)) = &self.signer {
            key.sign(*kind, &mut bytes);
        }
        if self.fingerprint {
            push_fingerprint(&mut bytes);
        }
        bytes
    }
}

/// An answer that is being written.
#[derive(Debug)]
pub(crate) struct Reply(MessageWriteVec);

impl Reply {
    pub(crate) fn add(&mut self, attribute: &dyn AttributeWrite) {
        self.0
            .add_attribute(attribute)
            .expect("integrity and fingerprint come last");
    }
}

/// The reason why a request is answered with an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    Code(u16),
    /// 420, with the attributes that were not understood.
    Unknown(Vec<AttributeType>),
    /// 300, with the server to use instead.
    Alternate(SocketAddr),
}

impl Fault {
    pub(crate) const BAD_REQUEST: Self = Self::Code(ErrorCode::BAD_REQUEST);
    pub(crate) const UNAUTHORIZED: Self = Self::Code(ErrorCode::UNAUTHORIZED);
    pub(crate) const FORBIDDEN: Self = Self::Code(ErrorCode::FORBIDDEN);
    pub(crate) const MISMATCH: Self = Self::Code(ErrorCode::ALLOCATION_MISMATCH);
    pub(crate) const STALE_NONCE: Self = Self::Code(ErrorCode::STALE_NONCE);
    pub(crate) const FAMILY: Self = Self::Code(ErrorCode::ADDRESS_FAMILY_NOT_SUPPORTED);
    pub(crate) const WRONG_CREDENTIALS: Self = Self::Code(ErrorCode::WRONG_CREDENTIALS);
    pub(crate) const TRANSPORT: Self = Self::Code(ErrorCode::UNSUPPORTED_TRANSPORT_PROTOCOL);
    pub(crate) const PEER_FAMILY: Self = Self::Code(ErrorCode::PEER_ADDRESS_FAMILY_MISMATCH);
    pub(crate) const QUOTA: Self = Self::Code(ErrorCode::ALLOCATION_QUOTA_REACHED);
    pub(crate) const CAPACITY: Self = Self::Code(ErrorCode::INSUFFICIENT_CAPACITY);

    pub(crate) fn code(&self) -> u16 {
        match self {
            Self::Code(code) => *code,
            Self::Unknown(_) => ErrorCode::UNKNOWN_ATTRIBUTE,
            Self::Alternate(_) => ErrorCode::TRY_ALTERNATE,
        }
    }
}

/// Returns the attributes that are not understood; those below 0x8000 are answered 420.
/// REQUESTED-TRANSPORT and its like count as understood in any request, because they do no harm if
/// they mean nothing.
pub(crate) fn unknown(message: &Message<'_>) -> Vec<AttributeType> {
    const KNOWN: &[u16] = &[
        0x0006, // USERNAME
        0x0008, // MESSAGE-INTEGRITY
        0x000C, // CHANNEL-NUMBER
        0x000D, // LIFETIME
        0x0012, // XOR-PEER-ADDRESS
        0x0013, // DATA
        0x0014, // REALM
        0x0015, // NONCE
        0x0016, // XOR-RELAYED-ADDRESS
        0x0017, // REQUESTED-ADDRESS-FAMILY
        0x0018, // EVEN-PORT
        0x0019, // REQUESTED-TRANSPORT
        0x001A, // DONT-FRAGMENT
        0x001C, // MESSAGE-INTEGRITY-SHA256
        0x001D, // PASSWORD-ALGORITHM
        0x001E, // USERHASH
        0x0020, // XOR-MAPPED-ADDRESS
        0x0022, // RESERVATION-TOKEN
    ];
    /// Attributes named in a 420: more than an honest client sends, and few enough for a short
    /// answer.
    const TOLD_MAX: usize = 8;
    let kinds = message.iter_attributes().map(|(_, raw)| raw.get_type());
    let unknown =
        kinds.filter(|kind| kind.comprehension_required() && !KNOWN.contains(&kind.value()));
    unknown.take(TOLD_MAX).collect()
}

/// Returns the value of the first attribute of this kind, within the message that it was read from.
pub(crate) fn value<'a>(
    bytes: &'a [u8],
    message: &Message<'_>,
    kind: AttributeType,
) -> Option<&'a [u8]> {
    let (offset, raw) = message.raw_attribute_and_offset(kind)?;
    let start = offset + 4;
    bytes.get(start..start + usize::from(raw.length()))
}

/// Returns the value of such an attribute as text.
pub(crate) fn text<'a>(
    bytes: &'a [u8],
    message: &Message<'_>,
    kind: AttributeType,
) -> Option<&'a str> {
    std::str::from_utf8(value(bytes, message, kind)?).ok()
}

/// Reads an attribute that may be absent, but not unreadable.
pub(crate) fn optional<'a, A>(message: &'a Message<'a>) -> Result<Option<A>, Fault>
where
    A: AttributeFromRaw<'a> + AttributeStaticType,
{
    if !message.has_attribute(A::TYPE) {
        return Ok(None);
    }
    message
        .attribute()
        .map(Some)
        .map_err(|_| Fault::BAD_REQUEST)
}

/// Reads a family that may be absent. One that is neither of the two is answered 440.
pub(crate) fn optional_family(
    bytes: &[u8],
    message: &Message<'_>,
    kind: AttributeType,
) -> Result<Option<Family>, Fault> {
    match value(bytes, message, kind) {
        None => Ok(None),
        Some([1, _, _, _]) => Ok(Some(Family::V4)),
        Some([2, _, _, _]) => Ok(Some(Family::V6)),
        Some([_, _, _, _]) => Err(Fault::FAMILY),
        Some(_) => Err(Fault::BAD_REQUEST),
    }
}
