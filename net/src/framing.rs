//! Finds the end of each STUN or TURN message on a stream (RFC 8489 section 6.2.2, RFC 8656 section
//! 12.5).
//! A stream has no datagrams: the receiver finds the end of each message by the length in its
//! header. On a stream, ChannelData is padded to a multiple of four bytes; the padding is no part
//! of the message.
//! message.

use bytes::{BufMut, Bytes, BytesMut};

/// Longest message, in bytes: as much as one UDP datagram over IPv4 holds, because nothing longer
/// can be relayed.
pub const MESSAGE_BYTES_MAX: usize = 65_507;

/// Bytes taken from a stream at once: one TLS record.
const READ_BYTES_MAX: usize = 16 * 1024;

/// Bytes of a STUN header. The header of ChannelData is shorter.
const STUN_HEADER_BYTES: usize = 20;
const CHANNEL_HEADER_BYTES: usize = 4;
/// Bytes 4 to 7 of every STUN message (RFC 8489 section 5).
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];

/// Reasons for which a stream cannot be read on: the beginning of the next message is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FramingError {
    /// The next byte begins neither STUN (0x00 to 0x03) nor ChannelData (0x40 to 0x7F).
    #[error("neither STUN nor ChannelData")]
    Unknown,
    /// A message claims to be longer than [`MESSAGE_BYTES_MAX`].
    #[error("longer than {MESSAGE_BYTES_MAX} bytes")]
    TooLong,
    /// The length of a STUN message is no multiple of four, or its cookie is missing.
    #[error("not the header of a STUN message")]
    Header,
}

/// Bytes that came from a stream and were not taken yet.
#[derive(Debug, Default)]
pub struct Deframer {
    bytes: BytesMut,
}

impl Deframer {
    /// Makes a deframer without bytes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the buffer for the next bytes of the stream. Ask for it only after [`Self::message`]
    /// has returned `None`: then it holds less than [`MESSAGE_BYTES_MAX`] and one read.
    pub fn room(&mut self) -> impl BufMut + '_ {
        self.bytes.reserve(READ_BYTES_MAX);
        (&mut self.bytes).limit(READ_BYTES_MAX)
    }

    /// Takes the next whole message, without padding.
    ///
    /// # Errors
    /// [`FramingError`]: the stream must be closed.
    pub fn message(&mut self) -> Result<Option<Bytes>, FramingError> {
        let Some(length) = length(&self.bytes)? else {
            return Ok(None);
        };
        let padded = length.next_multiple_of(4);
        if self.bytes.len() < padded {
            return Ok(None);
        }
        let mut message = self.bytes.split_to(padded);
        message.truncate(length);
        Ok(Some(message.freeze()))
    }
}

/// Returns the zero bytes that follow a message of `length` bytes on a stream.
pub fn padding(length: usize) -> &'static [u8] {
    &[0; 3][..length.next_multiple_of(4) - length]
}

/// Returns the length of the message that `bytes` begins with, once its header is there.
fn length(bytes: &[u8]) -> Result<Option<usize>, FramingError> {
    let is_stun = match bytes.first() {
        None => return Ok(None),
        Some(0x00..=0x03) => true,
        Some(0x40..=0x7F) => false,
        Some(_) => return Err(FramingError::Unknown),
    };
    let Some(&[high, low]) = bytes.get(2..4) else {
        return Ok(None);
    };
    let length = usize::from(u16::from_be_bytes([high, low]));
    let header = [CHANNEL_HEADER_BYTES, STUN_HEADER_BYTES][usize::from(is_stun)];
    // The first four bytes are checked before the others, so that the fault is the same wherever
    // the stream is cut.
    if is_stun && !length.is_multiple_of(4) {
        return Err(FramingError::Header);
    }
    if header + length > MESSAGE_BYTES_MAX {
        return Err(FramingError::TooLong);
    }
    let cookie = &bytes[4..bytes.len().min(8)];
    if is_stun && !MAGIC_COOKIE.starts_with(cookie) {
        return Err(FramingError::Header);
    }
    Ok(Some(header + length))
}

#[cfg(test)]
mod tests;
