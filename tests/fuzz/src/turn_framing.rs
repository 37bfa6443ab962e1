//! Target of the framing of streams.

use bytes::BufMut;
use fmz_net::framing::{Deframer, FramingError, MESSAGE_BYTES_MAX, padding};

/// Cuts a stream in two ways. The same messages must come out, up to the same fault, and together
/// they must be the stream.
pub(crate) fn run(data: &[u8]) {
    let Some((piece, stream)) = data.split_first() else {
        return;
    };
    let (whole, fault) = messages(stream, stream.len().max(1));
    let (cut, fault_of_cut) = messages(stream, usize::from(*piece).max(1));
    assert_eq!((&whole, fault), (&cut, fault_of_cut));
    let mut rest = stream;
    for message in &whole {
        assert!(message.len() <= MESSAGE_BYTES_MAX);
        let behind = rest.strip_prefix(message.as_slice());
        rest = &behind.expect("a message is a piece of the stream")[padding(message.len()).len()..];
    }
}

fn messages(stream: &[u8], piece: usize) -> (Vec<Vec<u8>>, Option<FramingError>) {
    let (mut deframer, mut found) = (Deframer::new(), Vec::new());
    // A read brings no more bytes than the buffer has room for.
    for piece in stream.chunks(piece.min(4096)) {
        deframer.room().put_slice(piece);
        loop {
            match deframer.message() {
                Ok(Some(message)) => found.push(message.to_vec()),
                Ok(None) => break,
                Err(error) => return (found, Some(error)),
            }
        }
    }
    (found, None)
}
