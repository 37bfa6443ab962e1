//! People in a room, over WebSockets.

use crate::{
    client::{Client, closing_code, send},
    fixture::{EVERYTHING, Fixture},
};
use fmz_proto::{
    limits,
    v1::{
        Create, FrameStamp, Kind, ObjectId, Offer, Op, Property, TransportOffer, client_message,
        from_sfu, op, property, server_message::Message, to_sfu,
    },
};
use fmz_store::Disk;
use std::sync::Arc;
use tempfile::TempDir;
use tokio_tungstenite::tungstenite::Error;

#[tokio::test]
async fn two_draw_and_hold_the_same_document() {
    let fixture = Fixture::new().await;
    let mut ada = fixture.join("ada", 1).await;
    let mut ben = fixture.join("ben", 2).await;
    for _ in 0..20 {
        ada.draw().await;
        ben.draw().await;
    }
    ada.until_objects(40).await;
    ben.until_objects(40).await;
    assert_eq!(ada.document, ben.document);
}

#[tokio::test]
async fn who_comes_back_gets_its_number_and_what_it_missed() {
    let fixture = Fixture::new().await;
    let mut ada = fixture.join("ada", 1).await;
    let mut ben = fixture.join("ben", 2).await;
    ada.draw().await;
    ada.until_objects(1).await;
    let (author, document) = (ada.welcome.author, ada.document.clone());
    drop(ada);
    ben.draw().await;
    ben.until_objects(2).await;
    let token = fixture.token("ada", &EVERYTHING);
    let ada = Client::resume(fixture.address, token, 1, document.revision(), document).await;
    assert_eq!(
        (ada.welcome.author, ada.welcome.last_client_seq),
        (author, 1)
    );
    assert_eq!(ada.document, ben.document);
}

#[tokio::test]
async fn a_restart_loses_nothing_and_says_goodbye() {
    let fixture = Fixture::new().await;
    let mut ada = fixture.join("ada", 1).await;
    for _ in 0..5 {
        ada.draw().await;
    }
    ada.until_objects(5).await;
    let (stopped, code) = tokio::join!(fixture.stop(), closing_code(&mut ada.socket));
    assert_eq!(code.as_deref(), Some("shutdown"));
    let fixture = Fixture::in_folder(stopped).await;
    let again = fixture.join("ada", 1).await;
    assert_eq!(again.document, ada.document);
    assert_eq!(
        (again.welcome.author, again.welcome.last_client_seq),
        (ada.welcome.author, 5)
    );
}

#[tokio::test]
async fn offers_reach_the_client_and_answers_the_media_server() {
    let mut fixture = Fixture::new().await;
    let token = fixture.token("ada", &EVERYTHING);
    let mut socket = crate::client::connect(fixture.address).await;
    let client_message::Message::Hello(mut hello) = crate::client::hello(token, 1, 0) else {
        unreachable!()
    };
    hello.transport = true;
    send(&mut socket, client_message::Message::Hello(hello)).await;
    let Some(to_sfu::Message::Open(open)) = fixture.to_sfu.recv().await else {
        panic!("no transport")
    };
    let offer = Offer {
        offer: 1,
        sdp: "v=0".into(),
        lines: vec![],
        transport: open.transport,
    };
    let message = TransportOffer {
        room: open.room.clone(),
        session: open.session,
        offer: Some(offer.clone()),
    };
    fixture
        .from_sfu
        .send(from_sfu::Message::Offer(message))
        .await
        .unwrap();
    let received = loop {
        if let Some(Message::Offer(received)) = crate::client::receive(&mut socket).await {
            break received;
        }
    };
    assert_eq!(received, offer);
    let answer = fmz_proto::v1::Answer {
        offer: 1,
        sdp: "v=0".into(),
        transport: open.transport,
    };
    send(&mut socket, client_message::Message::Answer(answer.clone())).await;
    let Some(to_sfu::Message::Answer(relayed)) = fixture.to_sfu.recv().await else {
        panic!("no answer")
    };
    assert_eq!(
        (relayed.session, relayed.answer),
        (open.session, Some(answer))
    );
    drop(socket);
    let closed = fixture.to_sfu.recv().await;
    assert!(matches!(closed, Some(to_sfu::Message::Close(close)) if close.session == open.session));
}

#[tokio::test]
async fn a_batch_sent_again_after_a_reconnect_counts_once() {
    let fixture = Fixture::new().await;
    let mut ada = fixture.join("ada", 1).await;
    let batch = ada.next_batch();
    send(&mut ada.socket, client_message::Message::Ops(batch.clone())).await;
    drop(ada);
    let mut ada = fixture.join("ada", 1).await;
    for _ in 0..3 {
        send(&mut ada.socket, client_message::Message::Ops(batch.clone())).await;
    }
    ada.until_objects(1).await;
    let mut next = ada.next_batch();
    if next.client_seq == batch.client_seq {
        // The first connection broke before the batch was taken.
        next = ada.next_batch();
    }
    send(&mut ada.socket, client_message::Message::Ops(next)).await;
    ada.until_objects(2).await;
    assert_eq!(
        ada.document.revision(),
        3,
        "the author, and one op for each batch"
    );
}

#[tokio::test]
async fn who_does_not_read_is_closed_and_holds_nobody_up() {
    let folder = TempDir::new().unwrap();
    let store = Arc::new(Disk::open(folder.path().join("log")).unwrap());
    let fixture = Fixture::with(folder, store, |config| config.room.ops_burst = 20_000).await;
    let mut ada = fixture.join("ada", 1).await;
    let ben = fixture.join("ben", 2).await;
    let mut drawn = 0;
    let left = loop {
        let mut batch = ada.next_batch();
        batch.ops = (0..8)
            .map(|n| note(ada.welcome.author, drawn + n))
            .collect();
        drawn += 8;
        send(&mut ada.socket, client_message::Message::Ops(batch)).await;
        let told = ada.expect(|message| match message {
            Message::ParticipantLeft(left) => Some(Some(left)),
            Message::Committed(_) => Some(None),
            _ => None,
        });
        if let Some(left) = told.await {
            break left;
        }
    };
    // The room holds back what waits for him; a connection on which nothing moves is given up
    // before the room's patience ends.
    assert_eq!(
        (left.participant, left.reason.as_str()),
        (ben.welcome.participant, "disconnected")
    );
    ada.until(|ada| ada.document.object_count() as u32 == drawn)
        .await;
}

#[tokio::test]
async fn a_room_without_people_is_put_away_and_opened_again_from_its_log() {
    let folder = TempDir::new().unwrap();
    let store = Arc::new(Disk::open(folder.path().join("log")).unwrap());
    let idle = |config: &mut fmz_signaling::Config| {
        config.room_idle = std::time::Duration::ZERO;
        config.room.auto_commit = std::time::Duration::ZERO;
    };
    let mut fixture = Fixture::with(folder, store, idle).await;
    let mut ada = fixture.join("ada", 1).await;
    ada.draw().await;
    ada.until_objects(1).await;
    ada.socket.close(None).await.unwrap();
    let told = fixture.to_sfu.recv().await;
    assert!(
        matches!(told, Some(to_sfu::Message::CloseRoom(_))),
        "{told:?}"
    );
    let again = fixture.join("ada", 1).await;
    assert_eq!(again.document, ada.document);
}

#[tokio::test]
async fn a_full_server_says_so_and_has_room_again_when_somebody_leaves() {
    let folder = TempDir::new().unwrap();
    let store = Arc::new(Disk::open(folder.path().join("log")).unwrap());
    let fixture = Fixture::with(folder, store, |config| config.sessions_max = 1).await;
    let mut ada = fixture.join("ada", 1).await;
    let url = format!("ws://{}/ws", fixture.address);
    let refused = tokio_tungstenite::connect_async(&url).await;
    assert!(matches!(refused, Err(Error::Http(refused)) if refused.status() == 503));
    send(
        &mut ada.socket,
        client_message::Message::Leave(Default::default()),
    )
    .await;
    assert_eq!(closing_code(&mut ada.socket).await.as_deref(), Some("left"));
    // The place is free once the server has dropped the connection, which the client's end tells.
    while tokio_tungstenite::connect_async(&url).await.is_err() {
        tokio::task::yield_now().await;
    }
}

/// A text that does not squeeze.
fn note(author: u32, number: u32) -> Op {
    let mut state = u64::from(number) + 1;
    let mut letter = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        char::from(b'!' + (state >> 33) as u8 % 90)
    };
    let text = property::Value::Text((0..limits::TEXT_BYTES_MAX).map(|_| letter()).collect());
    let create = Create {
        parent: None,
        id: Some(ObjectId {
            author,
            counter: number + 1,
        }),
        kind: Kind::Text.into(),
        frame: Some(FrameStamp::default()),
        properties: vec![Property { value: Some(text) }],
    };
    Op {
        op: Some(op::Op::Create(create)),
    }
}
