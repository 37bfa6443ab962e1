//! Sessions that reach the server only through its relay.

use crate::house::{DEADLINE, Server, asked};
use fmz_client::{Client, Event, Options, RelayTransport};
use std::time::Duration;
use tokio::time::timeout;

/// Joins by one transport of the relay and waits until media may flow.
async fn joined(server: &Server, token: &str, transport: RelayTransport) -> Client {
    let mut options = Options::named("Ada");
    options.relay_only = true;
    options.relay_transports = vec![transport];
    let url = format!("ws://{}/ws", server.place);
    let (client, mut events) = Client::connect(&url, token, options).await.unwrap();
    let connected = async {
        while let Some(event) = events.next().await {
            if matches!(event, Event::Transport { connected: true }) {
                return;
            }
        }
        panic!("the session ended");
    };
    timeout(DEADLINE, connected).await.unwrap();
    client
}

/// Waits until the counts, which are published four times a second, show that packets were relayed
/// both ways.
async fn relayed_since(server: &Server, before: [u64; 2]) -> [u64; 2] {
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    loop {
        tick.tick().await;
        let now = server.packets();
        if now[0] > before[0] && now[1] > before[1] {
            return now;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_reach_the_forwarding_unit_by_the_relay_alone() {
    let server = Server::start(&[]);
    server.make_room("dailies");
    let token = server.token(&["--room", "dailies", "--grants", "view,annotate,publish"]);
    let mut before = [0, 0];
    for transport in [RelayTransport::Udp, RelayTransport::Tcp] {
        let client = joined(&server, &token, transport).await;
        before = timeout(DEADLINE, relayed_since(&server, before))
            .await
            .unwrap();
        client.leave().await;
    }
    let sessions = asked(&server.admin, "GET /turn/sessions", "", "");
    assert!(sessions.starts_with("HTTP/1.1 200"), "{sessions}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_reach_a_server_without_a_relay_by_one_at_the_edge() {
    let secret = ["--turn-secrets", "the secret that both have"];
    let at_edge = ["--roles", "turn", "--turn-peers", "127.0.0.1"];
    let edge = Server::start(&[&at_edge[..], &secret].concat());
    let url = format!("turn:{}?transport=udp", edge.relay());
    let inside = ["--roles", "signaling,sfu", "--turn-edges", &url];
    let server = Server::start(&[&inside[..], &secret].concat());
    server.make_room("dailies");
    let token = server.token(&["--room", "dailies", "--grants", "view,annotate"]);
    let client = joined(&server, &token, RelayTransport::Udp).await;
    timeout(DEADLINE, relayed_since(&edge, [0, 0]))
        .await
        .unwrap();
    client.leave().await;
}
