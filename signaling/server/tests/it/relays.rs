//! What sessions are told of relays.

use crate::{
    client::{connect, hello, receive, send},
    fixture::{EVERYTHING, Fixture},
};
use fmz_proto::v1::{IceServer, client_message, server_message};
use fmz_signaling::relay::{IceServers, RelayAsker, RelaySet};
use fmz_store::Disk;
use std::{sync::Arc, time::Duration};
use tempfile::TempDir;

/// How long the fixture's tokens hold, and what clocks may differ by (token1).
const TOKEN_TIME: Duration = Duration::from_secs(600 + 5);

/// Tells each asker what it asked.
struct Echo;

impl IceServers for Echo {
    fn servers(&self, asker: &RelayAsker) -> Option<RelaySet> {
        let server = IceServer {
            urls: asker.reached.clone().into_iter().collect(),
            username: format!("{}/{}", asker.room, asker.participant),
            credential: format!("{}", asker.time_left <= TOKEN_TIME),
        };
        Some(RelaySet {
            servers: vec![server],
            lifetime: Duration::from_secs(3600),
        })
    }
}

async fn fixture() -> Fixture {
    let folder = TempDir::new().unwrap();
    let store = Arc::new(Disk::open(folder.path().join("log")).unwrap());
    let relays = Arc::new(Echo);
    Fixture::with(folder, store, |config| config.ice_servers = Some(relays)).await
}

fn joining(fixture: &Fixture, transport: bool) -> client_message::Message {
    let mut message = hello(fixture.token("ada", &EVERYTHING), 1, 0);
    if let client_message::Message::Hello(hello) = &mut message {
        hello.transport = transport;
    }
    message
}

#[tokio::test]
async fn ice1_who_wants_a_transport_is_told_relays_behind_the_welcome() {
    let fixture = fixture().await;
    let mut socket = connect(fixture.address).await;
    send(&mut socket, joining(&fixture, true)).await;
    let Some(server_message::Message::Welcome(welcome)) = receive(&mut socket).await else {
        panic!("the welcome comes first");
    };
    let Some(server_message::Message::IceServers(told)) = receive(&mut socket).await else {
        panic!("the relays come second");
    };
    let server = IceServer {
        urls: vec![fixture.address.to_string()],
        username: format!("demo/{}", welcome.participant),
        credential: "true".into(),
    };
    assert_eq!((told.servers, told.lifetime_s), (vec![server], 3600));
}

#[tokio::test]
async fn ice1_who_wants_none_is_told_none() {
    let fixture = fixture().await;
    let mut socket = connect(fixture.address).await;
    send(&mut socket, joining(&fixture, false)).await;
    let ping = fmz_proto::v1::Ping::default();
    send(&mut socket, client_message::Message::Ping(ping)).await;
    loop {
        match receive(&mut socket).await.unwrap() {
            server_message::Message::Pong(_) => break,
            server_message::Message::IceServers(_) => panic!("told"),
            _ => {}
        }
    }
}
