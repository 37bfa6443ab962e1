//! Files that are written once: a magic number, a length and a checksum around a message.
//!
//! ```text
//! magic 8 | length of the body u64 little endian | BLAKE3 of the body 32 | body
//! ```

use fmz_proto::Message;

pub(super) const INDEX: [u8; 8] = *b"FMZIDX01";
pub(super) const SNAPSHOT: [u8; 8] = *b"FMZSNP01";
const HEAD_BYTES: usize = 48;

pub(super) fn encode(magic: [u8; 8], message: &impl Message) -> Vec<u8> {
    let length = message.encoded_len();
    let mut bytes = Vec::with_capacity(HEAD_BYTES + length);
    bytes.extend_from_slice(&magic);
    bytes.extend_from_slice(&(length as u64).to_le_bytes());
    bytes.extend_from_slice(&[0; 32]);
    message
        .encode(&mut bytes)
        .expect("a vector grows as it must");
    let checksum = blake3::hash(&bytes[HEAD_BYTES..]);
    bytes[16..HEAD_BYTES].copy_from_slice(checksum.as_bytes());
    bytes
}

/// Returns the message, if the file holds exactly the bytes that were written.
pub(super) fn decode<M: Message + Default>(magic: [u8; 8], bytes: Vec<u8>) -> Option<M> {
    let mut bytes = bytes::Bytes::from(bytes);
    let head = bytes.get(..HEAD_BYTES)?;
    let (length, checksum) = (head[8..16].try_into().ok()?, &head[16..]);
    let whole = u64::from_le_bytes(length) == (bytes.len() - HEAD_BYTES) as u64;
    let good = head[..8] == magic && blake3::hash(&bytes[HEAD_BYTES..]).as_bytes() == checksum;
    bytes::Buf::advance(&mut bytes, HEAD_BYTES);
    (whole && good).then(|| M::decode(bytes).ok()).flatten()
}
