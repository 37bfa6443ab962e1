//! The forwarding unit goes away and comes back while people are in a room.

use crate::{
    client::{self, Socket},
    fixture::{EVERYTHING, Fixture, ROOM, up},
    http::Request,
};
use fmz_proto::v1::{
    CloseRoom, HeldTransport, OpenTransport, UnitDown, UnitUp, client_message, from_sfu,
    server_message::Message, to_sfu,
};

/// Joins with the wish for a transport.
async fn join(fixture: &Fixture, subject: &str, key: u8) -> Socket {
    let mut socket = client::connect(fixture.address).await;
    let token = fixture.token(subject, &EVERYTHING);
    let client_message::Message::Hello(mut hello) = client::hello(token, key, 0) else {
        unreachable!("it is one")
    };
    hello.transport = true;
    client::send(&mut socket, client_message::Message::Hello(hello)).await;
    socket
}

async fn opened(fixture: &mut Fixture) -> OpenTransport {
    match fixture.to_sfu.recv().await {
        Some(to_sfu::Message::Open(open)) => open,
        other => panic!("{other:?}"),
    }
}

/// What `/readyz` answers once the link's last message is taken.
async fn ready(fixture: &Fixture, expected: u16) -> String {
    for _ in 0..10_000 {
        let answer = Request::get("/readyz").send(fixture.address).await;
        if answer.status == expected {
            return answer.body;
        }
    }
    panic!("/readyz never said {expected}");
}

#[tokio::test]
async fn link5_people_stay_while_the_unit_is_away_and_get_new_transports_when_it_is_back() {
    let mut fixture = Fixture::new().await;
    let mut ada = join(&fixture, "ada", 1).await;
    let mut ben = fixture.join("ben", 2).await;
    let first = opened(&mut fixture).await;
    assert_eq!((first.room.as_str(), first.transport), (ROOM, 1));
    assert_eq!(first.session >> 32, 1, "the epoch");
    ready(&fixture, 200).await;
    let down = from_sfu::Message::Down(UnitDown { epoch: 1 });
    fixture.from_sfu.send(down).await.unwrap();
    let told = ready(&fixture, 503).await;
    assert!(told.contains("\"media\""), "{told}");
    // Nobody was closed, and drawing goes on.
    ben.draw().await;
    ben.until_objects(1).await;
    let drawn = |message: &Message| match message {
        Message::Committed(committed) => committed.batches.iter().any(|batch| batch.author > 0),
        _ => false,
    };
    while !drawn(&client::receive(&mut ada).await.expect("it goes on")) {}
    fixture.from_sfu.send(up(2)).await.unwrap();
    let second = opened(&mut fixture).await;
    assert_eq!(second.transport, 2);
    assert_eq!(second.session, 2 << 32 | first.session & 0xffff_ffff);
    ready(&fixture, 200).await;
}

#[tokio::test]
async fn link3_what_a_unit_has_of_a_room_that_is_closed_is_closed() {
    let mut fixture = Fixture::new().await;
    let _ada = join(&fixture, "ada", 1).await;
    let open = opened(&mut fixture).await;
    let held = |room: &str| HeldTransport {
        room: room.into(),
        session: open.session,
        transport: 1,
        publications: vec![],
    };
    let inventory = UnitUp {
        epoch: 1,
        transports: vec![held(ROOM), held("closed")],
    };
    let up = from_sfu::Message::Up(inventory);
    fixture.from_sfu.send(up).await.unwrap();
    let told = fixture.to_sfu.recv().await;
    let room = "closed".into();
    assert_eq!(told, Some(to_sfu::Message::CloseRoom(CloseRoom { room })));
}

#[tokio::test]
async fn link5_a_link_that_ends_is_a_unit_that_is_gone() {
    let mut fixture = Fixture::new().await;
    ready(&fixture, 200).await;
    let (from_sfu, _) = tokio::sync::mpsc::channel(1);
    drop(std::mem::replace(&mut fixture.from_sfu, from_sfu));
    ready(&fixture, 503).await;
    let ada = fixture.join("ada", 1).await;
    assert!(ada.welcome.author > 0);
}
