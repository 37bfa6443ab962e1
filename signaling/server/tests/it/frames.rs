//! Frames that are wrong: each gets a coded answer or end, and costs nobody else anything.

use crate::{
    client::{closing_code, connect, receive, send},
    fixture::{EVERYTHING, Fixture},
};
use fmz_proto::{
    encode_client, limits,
    v1::{OpBatch, client_message, server_message},
};
use futures_util::SinkExt;
use tokio_tungstenite::tungstenite::Message;

/// A snappy block that claims four gigabytes.
const GIGABYTES: [u8; 7] = [1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0];

fn zeros_squeezed() -> Vec<u8> {
    // A snappy block of one literal zero and copies of it: 60,000 bytes in about 2,800.
    let mut block = vec![1, 0xe0, 0xd4, 0x03, 0x00, 0x00];
    let mut left = 60_000 - 1;
    while left > 0 {
        let length: usize = 64.min(left);
        block.extend([((length - 1) << 2 | 2) as u8, 1, 0]);
        left -= length;
    }
    block
}

#[tokio::test]
async fn input1_wrong_frames_get_a_code_and_the_session_goes_on() {
    let fixture = Fixture::new().await;
    let mut ada = fixture.join("ada", 1).await;
    let mut ben = fixture.join("ben", 2).await;
    let out_of_range = encode_client(client_message::Message::Ops(OpBatch {
        client_seq: 0,
        base: 0,
        ops: vec![],
    }));
    for (wrong, code) in [
        (Message::Binary(vec![9, 1, 2].into()), "malformed"),
        (Message::Binary(vec![].into()), "malformed"),
        (Message::Binary(vec![0, 0xff].into()), "malformed"),
        (
            Message::Binary(GIGABYTES.to_vec().into()),
            "compression_bomb",
        ),
        (Message::Binary(zeros_squeezed().into()), "compression_bomb"),
        (Message::Binary(out_of_range), "out_of_range"),
        (Message::Text("hello".into()), "malformed"),
    ] {
        ada.socket.send(wrong).await.unwrap();
        let told = ada
            .expect(|message| match message {
                server_message::Message::Error(error) => Some(error.code),
                _ => None,
            })
            .await;
        assert_eq!(told, code);
    }
    ada.draw().await;
    ben.until_objects(1).await;
}

#[tokio::test]
async fn input2_too_large_a_frame_ends_the_session_only() {
    let fixture = Fixture::new().await;
    let mut ada = fixture.join("ada", 1).await;
    let mut ben = fixture.join("ben", 2).await;
    let huge = vec![0; limits::CLIENT_FRAME_BYTES_MAX + 1];
    ada.socket.send(Message::Binary(huge.into())).await.unwrap();
    assert_eq!(
        closing_code(&mut ada.socket).await.as_deref(),
        Some("frame_too_large")
    );
    ben.draw().await;
    ben.until_objects(1).await;
}

#[tokio::test]
async fn input3_a_client_that_sends_nonsense_is_closed_at_last() {
    let fixture = Fixture::new().await;
    let mut ada = fixture.join("ada", 1).await;
    for _ in 0..=fmz_signaling_core::limits::STRIKES_MAX {
        ada.socket
            .send(Message::Binary(vec![9].into()))
            .await
            .unwrap();
    }
    assert_eq!(
        closing_code(&mut ada.socket).await.as_deref(),
        Some("malformed")
    );
}

#[tokio::test]
async fn input4_the_first_message_must_say_who_it_is() {
    let fixture = Fixture::new().await;
    for wrong in [
        Message::Text("hello".into()),
        Message::Binary(vec![9].into()),
        Message::Binary(GIGABYTES.to_vec().into()),
        Message::Binary(encode_client(client_message::Message::Leave(
            Default::default(),
        ))),
    ] {
        let mut socket = connect(fixture.address).await;
        socket.send(wrong).await.unwrap();
        assert_eq!(
            closing_code(&mut socket).await.as_deref(),
            Some("hello_expected")
        );
    }
    let mut socket = connect(fixture.address).await;
    socket
        .send(Message::Binary(
            vec![0; limits::CLIENT_FRAME_BYTES_MAX + 1].into(),
        ))
        .await
        .unwrap();
    assert_eq!(
        closing_code(&mut socket).await.as_deref(),
        Some("frame_too_large")
    );
}

#[tokio::test]
async fn input5_a_second_hello_is_an_error_and_an_old_protocol_is_refused() {
    let fixture = Fixture::new().await;
    let mut ada = fixture.join("ada", 1).await;
    let again = || crate::client::hello(fixture.token("ada", &EVERYTHING), 1, 0);
    send(&mut ada.socket, again()).await;
    let answer = receive(&mut ada.socket).await;
    assert!(
        matches!(answer, Some(server_message::Message::Error(error)) if error.code == "hello_twice")
    );
    let client_message::Message::Hello(mut old) = again() else {
        unreachable!()
    };
    old.protocol = 0;
    let mut socket = connect(fixture.address).await;
    send(&mut socket, client_message::Message::Hello(old)).await;
    assert_eq!(closing_code(&mut socket).await.as_deref(), Some("protocol"));
}
