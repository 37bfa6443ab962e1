//! Targets of the wire: frames of both sides.

use fmz_proto::{
    Message, Role, decode_client, decode_server, encode_client, encode_server, limits, points, v1,
};

/// Decodes a client's frame. If it is accepted, it must survive encoding; if not, the error must
/// have a code.
pub(crate) fn client_frame(data: &[u8]) {
    match decode_client(data) {
        Ok(message) => {
            let frame = encode_client(message.clone());
            assert_eq!(decode_client(&frame).as_ref(), Ok(&message));
        }
        Err(error) => assert!(!error.code().is_empty()),
    }
}

/// Decodes a server's frame. If it is accepted, it must survive encoding.
pub(crate) fn server_frame(data: &[u8]) {
    if let Ok(Some(message)) = decode_server(data) {
        let frame = encode_server(message.clone());
        if frame.len() <= limits::SERVER_FRAME_BYTES_MAX {
            assert_eq!(decode_server(&frame), Ok(Some(message)));
        }
    }
    // A client may send a server's frame too, by mistake or on purpose.
    let _ = fmz_proto::decode::<v1::ClientMessage>(data, Role::Server);
}

/// Reads a stroke's points. If they are accepted, they must be written as they were read, whatever
/// else the bytes held.
pub(crate) fn stroke_points(data: &[u8]) {
    let Ok(wire) = v1::StrokePoints::decode(data) else {
        return;
    };
    let Ok(read) = points::decode(&wire, limits::APPEND_POINTS_MAX) else {
        return;
    };
    let written = points::encode(&read.deltas, read.pressed);
    assert_eq!(
        points::decode(&written, limits::APPEND_POINTS_MAX),
        Ok(read)
    );
}
