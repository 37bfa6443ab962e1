//! The frame around every message: one head byte, then protobuf, plain or snappy.
//!
//! ```text
//! +------+--------------------------+
//! | head | body                     |   head 0: protobuf
//! +------+--------------------------+   head 1: snappy block (raw format) of protobuf
//! ```

use crate::v1::{ClientMessage, ServerMessage};
use crate::{WireError, limits, validate};
use bytes::{BufMut, Bytes, BytesMut};
use prost::Message;

const HEAD_PLAIN: u8 = 0;
const HEAD_SNAPPY: u8 = 1;

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
    let length = message.encoded_len();
    let mut plain = BytesMut::with_capacity(length + 1);
    plain.put_u8(HEAD_PLAIN);
    message
        .encode(&mut plain)
        .expect("BytesMut grows as needed");
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

/// Reads and checks a client's message. Afterwards every string, count and coordinate is within its
/// limit.
///
/// # Errors
/// [`WireError`] as for [`decode`], and for a field that is missing or out of range.
pub fn decode_client(frame: &[u8]) -> Result<crate::v1::client_message::Message, WireError> {
    let message: ClientMessage = decode(frame, Role::Client)?;
    let message = message.message.ok_or(WireError::Malformed(
        "no message, or one of a newer protocol",
    ))?;
    validate::validate_client(&message)?;
    Ok(message)
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
    use crate::v1::{Hello, Presence, client_message};
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
        fn wire6_any_bytes_give_a_message_or_an_error(frame in proptest::collection::vec(any::<u8>(), 0..2048)) {
            let _ = decode_client(&frame);
            let _ = decode_server(&frame);
        }
    }
}
