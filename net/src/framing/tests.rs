use super::*;
use proptest::prelude::*;

fn stun(attributes: usize) -> Vec<u8> {
    let length = u16::try_from(attributes * 4).unwrap().to_be_bytes();
    let mut message = vec![0, 1, length[0], length[1]];
    message.extend(MAGIC_COOKIE);
    message.resize(STUN_HEADER_BYTES + attributes * 4, 7);
    message
}

fn channel_data(number: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    let mut message = number.to_be_bytes().to_vec();
    message.extend(length);
    message.extend(payload);
    message
}

/// Returns the messages of a stream that comes in pieces of the given lengths, over and over.
fn messages(stream: &[u8], pieces: &[usize]) -> Result<Vec<Vec<u8>>, FramingError> {
    let (mut deframer, mut found) = (Deframer::new(), Vec::new());
    let (mut rest, mut lengths) = (stream, pieces.iter().cycle());
    while !rest.is_empty() {
        let piece = rest.len().min(*lengths.next().unwrap_or(&1));
        deframer.room().put_slice(&rest[..piece]);
        rest = &rest[piece..];
        while let Some(message) = deframer.message()? {
            found.push(message.to_vec());
        }
    }
    Ok(found)
}

fn refused(stream: &[u8]) -> FramingError {
    messages(stream, &[stream.len()]).unwrap_err()
}

#[test]
fn turn_stream1_lengths_that_cannot_be_end_the_stream() {
    assert_eq!(refused(&[0, 1, 0xFF, 0xFF]), FramingError::Header);
    assert_eq!(refused(&[0, 1, 0xFF, 0xFC]), FramingError::TooLong);
    assert_eq!(refused(&[0x40, 0, 0xFF, 0xFF]), FramingError::TooLong);
    assert_eq!(refused(&[0x40, 0, 0xFF, 0xE0]), FramingError::TooLong);
    assert_eq!(messages(&[0x40, 0, 0xFF, 0xDF], &[1]), Ok(vec![]));
}

#[test]
fn turn_stream1_what_is_neither_stun_nor_channel_data_ends_the_stream() {
    for first in [0x04, 0x16, 0x3F, 0x80, 0xFF] {
        assert_eq!(refused(&[first]), FramingError::Unknown);
    }
    assert_eq!(refused(&[0, 1, 0, 0, 0x21, 0x13]), FramingError::Header);
    assert_eq!(refused(&[0, 1, 0, 2]), FramingError::Header);
}

#[test]
fn turn_stream2_padding_is_taken_and_not_given() {
    let mut stream = channel_data(0x4000, b"hello");
    assert_eq!(padding(stream.len()), [0; 3]);
    stream.extend(padding(stream.len()));
    stream.extend(stun(0));
    let expected = [channel_data(0x4000, b"hello"), stun(0)];
    assert_eq!(messages(&stream, &[1]).unwrap(), expected);
    assert_eq!(messages(&stream, &[stream.len()]).unwrap(), expected);
}

fn message() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        (0..64usize).prop_map(stun),
        (
            0x4000..0x8000u16,
            proptest::collection::vec(any::<u8>(), 0..300)
        )
            .prop_map(|(number, payload)| channel_data(number, &payload)),
    ]
}

proptest! {
    #[test]
    fn turn_stream3_how_a_stream_is_cut_changes_nothing(
        sent in proptest::collection::vec(message(), 0..12),
        pieces in proptest::collection::vec(1..500usize, 1..8),
    ) {
        let stream: Vec<u8> = sent.iter().flat_map(|message| {
            message.iter().chain(padding(message.len())).copied().collect::<Vec<u8>>()
        }).collect();
        prop_assert_eq!(messages(&stream, &pieces).unwrap(), sent);
    }

    #[test]
    fn turn_stream3_any_bytes_give_bounded_messages_or_an_error(stream in proptest::collection::vec(any::<u8>(), 0..2000)) {
        if let Ok(found) = messages(&stream, &[97]) {
            prop_assert!(found.iter().map(Vec::len).sum::<usize>() <= stream.len());
        }
    }
}
