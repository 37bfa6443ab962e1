//! People in a room, over WebSockets.

use crate::{
    client::{Client, closing_code, send},
    fixture::{EVERYTHING, Fixture},
};
use fmz_proto::v1::{
    Offer, TransportOffer, client_message, from_sfu, server_message::Message, to_sfu,
};

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
        session: open.session,
        offer: Some(offer.clone()),
    };
    fixture
        .from_sfu
        .send(from_sfu::Message::Offer(message))
        .await
        .unwrap();
    loop {
        match crate::client::receive(&mut socket).await.unwrap() {
            Message::Offer(received) => break assert_eq!(received, offer),
            _ => {}
        }
    }
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
