//! The frame around every message: one head byte, then protobuf, plain or snappy.
//!
//! ```text
//! +------+--------------------------+
//! | head | body                     |   head 0: protobuf
//! +------+--------------------------+   head 1: snappy block (raw format) of protobuf
//! ```

use crate::v1::{ClientMessage, ServerMessage};
use crate::{EncodedBatch, FromClient, ValidOps, WireError, limits};
use bytes::{BufMut, Bytes, BytesMut};
use prost::Message;

const HEAD_PLAIN: u8 = 0;
const HEAD_SNAPPY: u8 = 1;

/// Key of the field `committed` of a [`ServerMessage`]: number 8, length-delimited.
const COMMITTED_KEY: u8 = 8 << 3 | 2;
/// Key of the field `batches` of a [`crate::v1::Committed`]: number 1, length-delimited.
const BATCHES_KEY: u8 = 1 << 3 | 2;

/// The sender of a frame, whose limits hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A frame that a client sent.
    Client,
    /// A frame that a server sent.
    Server,
}

impl Role {
    fn frame_bytes_max(self) -> usize {
        match self {
            Self::Client => limits::CLIENT_FRAME_BYTES_MAX,
            Self::Server => limits::SERVER_FRAME_BYTES_MAX,
        }
    }

    fn message_bytes_max(self) -> usize {
        match self {
            Self::Client => limits::CLIENT_MESSAGE_BYTES_MAX,
            Self::Server => limits::SERVER_MESSAGE_BYTES_MAX,
        }
    }
}

/// Frames a message, compressed if that makes it shorter.
pub fn encode(message: &impl Message) -> Bytes {
    frame(message.encoded_len(), |plain| {
        message.encode(plain).expect("BytesMut grows as needed");
    })
}

/// Frames a [`crate::v1::Committed`] of batches that are encoded: the same bytes as
/// [`encode_server`] makes of it.
pub fn encode_committed<'a>(batches: impl Iterator<Item = &'a EncodedBatch> + Clone) -> Bytes {
    let length = committed_len(batches.clone());
    frame(1 + delimited_len(length), |plain| {
        put_key(plain, COMMITTED_KEY, length);
        for batch in batches {
            put_key(plain, BATCHES_KEY, batch.bytes().len());
            plain.put_slice(batch.bytes());
        }
    })
}

/// Returns the bytes of an encoded [`crate::v1::Committed`] of these batches.
pub fn committed_len<'a>(batches: impl Iterator<Item = &'a EncodedBatch>) -> usize {
    batches.map(EncodedBatch::field_len).sum()
}

impl EncodedBatch {
    /// Returns the bytes that the batch takes in a [`crate::v1::Committed`].
    #[must_use]
    pub fn field_len(&self) -> usize {
        1 + delimited_len(self.bytes().len())
    }
}

/// Returns the bytes of a length and of so many bytes behind it.
fn delimited_len(length: usize) -> usize {
    prost::length_delimiter_len(length) + length
}

fn put_key(buffer: &mut BytesMut, key: u8, length: usize) {
    buffer.put_u8(key);
    prost::encode_length_delimiter(length, buffer).expect("BytesMut grows as needed");
}

/// Frames a message of so many bytes, which `write` writes.
fn frame(length: usize, write: impl FnOnce(&mut BytesMut)) -> Bytes {
    let mut plain = BytesMut::with_capacity(length + 1);
    plain.put_u8(HEAD_PLAIN);
    write(&mut plain);
    debug_assert_eq!(plain.len(), length + 1, "the length is that of the message");
    if length < limits::COMPRESS_FROM_BYTES {
        return plain.freeze();
    }
    compress(&plain[1..]).unwrap_or_else(|| plain.freeze())
}

/// Frames a client message.
pub fn encode_client(message: crate::v1::client_message::Message) -> Bytes {
    encode(&ClientMessage {
        message: Some(message),
    })
}

/// Frames a server message.
pub fn encode_server(message: crate::v1::server_message::Message) -> Bytes {
    encode(&ServerMessage {
        message: Some(message),
    })
}

/// Returns a snappy frame if it is shorter than the plain one and within the ratio that [`decode`]
/// accepts.
fn compress(body: &[u8]) -> Option<Bytes> {
    let packed = snap::raw::Encoder::new().compress_vec(body).ok()?;
    let pays =
        packed.len() < body.len() && body.len() <= packed.len() * limits::COMPRESSION_RATIO_MAX;
    pays.then(|| {
        let mut frame = BytesMut::with_capacity(packed.len() + 1);
        frame.put_u8(HEAD_SNAPPY);
        frame.put_slice(&packed);
        frame.freeze()
    })
}

/// Reads one framed message within the limits of its sender.
///
/// # Errors
/// [`WireError`] if the frame is too large, claims to inflate too far, or is not a message.
pub fn decode<M: Message + Default>(frame: &[u8], role: Role) -> Result<M, WireError> {
    let limit = role.frame_bytes_max();
    if frame.len() > limit {
        return Err(WireError::FrameTooLarge {
            bytes: frame.len(),
            limit,
        });
    }
    let (&head, body) = frame
        .split_first()
        .ok_or(WireError::Malformed("empty frame"))?;
    let message = match head {
        HEAD_PLAIN => M::decode(body),
        HEAD_SNAPPY => M::decode(inflate(body, role)?.as_slice()),
        _ => return Err(WireError::Malformed("unknown head byte")),
    };
    message.map_err(|_| WireError::Malformed("not a protobuf message"))
}

fn inflate(body: &[u8], role: Role) -> Result<Vec<u8>, WireError> {
    let claimed = snap::raw::decompress_len(body)
        .map_err(|_| WireError::Malformed("snappy length unreadable"))?;
    if claimed > role.message_bytes_max() || claimed > body.len() * limits::COMPRESSION_RATIO_MAX {
        return Err(WireError::Bomb { claimed });
    }
    snap::raw::Decoder::new()
        .decompress_vec(body)
        .map_err(|_| WireError::Malformed("snappy block broken"))
}

/// Reads and checks what a client sent. Afterwards every string, count and coordinate is within its
/// limit, and the type of the ops says so.
///
/// # Errors
/// [`WireError`] as for [`decode`], and for a field that is missing or out of range.
pub fn read_client(frame: &[u8]) -> Result<FromClient<ValidOps>, WireError> {
    let message: ClientMessage = decode(frame, Role::Client)?;
    FromClient::check(message.message.ok_or(WireError::Malformed(
        "no message, or one of a newer protocol",
    ))?)
}

/// Reads and checks what a client sent, as [`read_client`] does, and returns the plain message.
///
/// # Errors
/// As [`read_client`].
pub fn decode_client(frame: &[u8]) -> Result<crate::v1::client_message::Message, WireError> {
    read_client(frame).map(Into::into)
}

/// Reads a server's message. Returns `None` for a message of a newer protocol, which must be
/// ignored.
///
/// # Errors
/// [`WireError`] as for [`decode`].
pub fn decode_server(
    frame: &[u8],
) -> Result<Option<crate::v1::server_message::Message>, WireError> {
    Ok(decode::<ServerMessage>(frame, Role::Server)?.message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1::{Committed, CommittedBatch, Hello, Op, Presence, client_message};
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn hello(name: String) -> client_message::Message {
        let session_key = Bytes::from_static(&[7; 16]);
        client_message::Message::Hello(Hello {
            protocol: 1,
            token: "t".into(),
            name,
            session_key,
            revision: 3,
            transport: true,
        })
    }

    #[test]
    fn wire1_plain_and_compressed_frames_round_trip() {
        for name in ["Ada".to_owned(), "a".repeat(64)] {
            let message = hello(name);
            assert_eq!(decode_client(&encode_client(message.clone())), Ok(message));
        }
        let many: Vec<u8> = (0..600u32).flat_map(|n| (n / 7).to_le_bytes()).collect();
        let body = ServerMessage {
            message: Some(crate::v1::server_message::Message::Snapshot(
                crate::v1::Snapshot {
                    revision: 1,
                    part: many.into(),
                    last: true,
                },
            )),
        };
        let frame = encode(&body);
        assert_eq!(frame[0], HEAD_SNAPPY);
        assert_eq!(decode::<ServerMessage>(&frame, Role::Server), Ok(body));
    }

    #[test]
    fn wire2_oversized_frame_is_refused_unread() {
        let frame = vec![0; limits::CLIENT_FRAME_BYTES_MAX + 1];
        assert_eq!(
            decode_client(&frame).map_err(|e| e.code()),
            Err("frame_too_large")
        );
    }

    #[test]
    fn wire3_bombs_are_refused_before_inflating() {
        let gigabytes = [1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0];
        assert_eq!(
            decode_client(&gigabytes).map_err(|e| e.code()),
            Err("compression_bomb")
        );
        let mut zeros = vec![1];
        zeros.extend(
            snap::raw::Encoder::new()
                .compress_vec(&vec![0; 60_000])
                .unwrap(),
        );
        assert_eq!(
            decode_client(&zeros).map_err(|e| e.code()),
            Err("compression_bomb")
        );
    }

    #[test]
    fn wire4_unknown_head_and_unknown_message_are_malformed() {
        for frame in [&[][..], &[9, 1, 2], &[0], &[0, 0xff], &[0, 0xfa, 0x7f, 0]] {
            assert_eq!(
                decode_client(frame).map_err(|e| e.code()),
                Err("malformed"),
                "{frame:?}"
            );
        }
    }

    #[test]
    fn wire5_empty_presence_is_a_message() {
        let message = client_message::Message::Presence(Presence { pointer: None });
        assert_eq!(decode_client(&encode_client(message.clone())), Ok(message));
    }

    proptest! {
        #[test]
        fn committed_batches_are_framed_as_their_message(
            sizes in vec((1..9usize, any::<(u64, u64)>()), 0..40),
        ) {
            let batch = |&(ops, (revision, hash)): &(usize, (u64, u64))| CommittedBatch {
                first_revision: revision / 2,
                author: ops as u32,
                client_seq: hash,
                committed_ms: revision,
                ops: vec![Op::default(); ops],
                state_hash: hash % 3,
            };
            let batches: Vec<_> = sizes.iter().map(batch).collect();
            let encoded: Vec<_> = batches.iter().map(EncodedBatch::new).collect();
            let committed = Committed { batches };
            prop_assert_eq!(committed_len(encoded.iter()), committed.encoded_len());
            // Both heads come: few batches are plain, many alike are compressed.
            let frame = encode_committed(encoded.iter());
            let message = crate::v1::server_message::Message::Committed(committed);
            prop_assert_eq!(frame, encode_server(message));
        }

        #[test]
        fn wire6_any_bytes_give_a_message_or_an_error(frame in vec(any::<u8>(), 0..2048)) {
            let _ = decode_client(&frame);
            let _ = decode_server(&frame);
        }
    }
}
