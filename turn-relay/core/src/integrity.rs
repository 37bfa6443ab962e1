//! Message integrity (RFC 8489 sections 9.2.2, 14.5 and 14.6).
//!
//! The codec ties the algorithm of the key to that of the MAC; the RFC lets a client choose the two
//! separately.

#[cfg(test)]
mod tests;

use hmac::{Hmac, Mac};
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::Sha256;
use stun_types::attribute::{AttributeType, Fingerprint, MessageIntegrity, MessageIntegritySha256};
use stun_types::message::Message;
use stun_types::prelude::*;

/// Bytes of an attribute's type and length.
const ATTRIBUTE_HEADER: usize = 4;
const MESSAGE_HEADER: usize = 20;

/// The kind of MAC that a message carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MacKind {
    Sha1,
    Sha256,
}

impl MacKind {
    fn attribute(self) -> AttributeType {
        match self {
            Self::Sha1 => MessageIntegrity::TYPE,
            Self::Sha256 => MessageIntegritySha256::TYPE,
        }
    }

    fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }
}

/// The digest that makes the key from the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyKind {
    Md5,
    Sha256,
}

/// The MAC of a received message: the stronger one if it carries both.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Integrity {
    pub(crate) kind: MacKind,
    offset: usize,
}

impl Integrity {
    pub(crate) fn find(message: &Message<'_>) -> Option<Self> {
        [MacKind::Sha256, MacKind::Sha1]
            .into_iter()
            .find_map(|kind| {
                let (offset, _) = message.raw_attribute_and_offset(kind.attribute())?;
                Some(Self { kind, offset })
            })
    }

    /// Returns whether `key` made it. A truncated MAC is refused, because TURN defines none.
    pub(crate) fn is_of(&self, key: &Key, bytes: &[u8]) -> bool {
        let start = self.offset + ATTRIBUTE_HEADER;
        let length = u16::from_be_bytes([bytes[self.offset + 2], bytes[self.offset + 3]]);
        if usize::from(length) != self.kind.length() {
            return false;
        }
        let tag = &bytes[start..start + self.kind.length()];
        let body = &bytes[..self.offset];
        match self.kind {
            MacKind::Sha1 => key
                .mac::<Hmac<Sha1>>(body, tag.len())
                .verify_slice(tag)
                .is_ok(),
            MacKind::Sha256 => key
                .mac::<Hmac<Sha256>>(body, tag.len())
                .verify_slice(tag)
                .is_ok(),
        }
    }
}

/// The key of one user.
#[derive(Clone, Copy)]
pub(crate) struct Key {
    bytes: [u8; 32],
    length: u8,
}

impl Key {
    /// Makes the key: the digest of `username:realm:password` (RFC 8489 section 9.2.2).
    pub(crate) fn new(kind: KeyKind, username: &str, realm: &str, password: &str) -> Self {
        match kind {
            KeyKind::Md5 => Self::digest::<Md5>(username, realm, password),
            KeyKind::Sha256 => Self::digest::<Sha256>(username, realm, password),
        }
    }

    fn digest<D: Digest>(username: &str, realm: &str, password: &str) -> Self {
        let mut digest = D::new();
        for (part, text) in [username, realm, password].into_iter().enumerate() {
            digest.update(&b":"[..part.min(1)]);
            digest.update(text);
        }
        let digest = digest.finalize();
        let mut bytes = [0; 32];
        bytes[..digest.len()].copy_from_slice(&digest);
        Self {
            bytes,
            length: digest.len() as u8,
        }
    }

    /// Computes the MAC over the message up to its integrity attribute, with the length that it has
    /// if that attribute is its last.
    fn mac<M: Mac + hmac::digest::KeyInit>(&self, body: &[u8], tag: usize) -> M {
        let key = &self.bytes[..usize::from(self.length)];
        let mut mac = <M as Mac>::new_from_slice(key).expect("HMAC takes a key of any length");
        let length = (body.len() + ATTRIBUTE_HEADER + tag - MESSAGE_HEADER) as u16;
        mac.update(&body[..2]);
        mac.update(&length.to_be_bytes());
        mac.update(&body[4..]);
        mac
    }

    /// Appends the integrity attribute to a message.
    pub(crate) fn sign(&self, kind: MacKind, message: &mut Vec<u8>) {
        match kind {
            MacKind::Sha1 => {
                let tag = self.mac::<Hmac<Sha1>>(message, 20).finalize().into_bytes();
                push(message, kind.attribute(), &tag);
            }
            MacKind::Sha256 => {
                let tag = self
                    .mac::<Hmac<Sha256>>(message, 32)
                    .finalize()
                    .into_bytes();
                push(message, kind.attribute(), &tag);
            }
        }
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

/// Appends FINGERPRINT (RFC 8489 section 14.7).
pub(crate) fn push_fingerprint(message: &mut Vec<u8>) {
    push(message, Fingerprint::TYPE, &[0; 4]);
    let start = message.len() - 8;
    let crc = Fingerprint::compute(&[&message[..start]]);
    // The attribute's own writer masks the sum.
    Fingerprint::new(crc).write_into_unchecked(&mut message[start..]);
}

/// Appends an attribute whose value needs no padding.
fn push(message: &mut Vec<u8>, kind: AttributeType, value: &[u8]) {
    message.extend_from_slice(&kind.value().to_be_bytes());
    message.extend_from_slice(&(value.len() as u16).to_be_bytes());
    message.extend_from_slice(value);
    let length = (message.len() - MESSAGE_HEADER) as u16;
    message[2..4].copy_from_slice(&length.to_be_bytes());
}
