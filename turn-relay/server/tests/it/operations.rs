//! Commands of operators.

use crate::house::{House, SECRET, account_by, heard, in_time, peer, usual};
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use fmz_turn::admin;
use fmz_turn::check::Trouble;
use tokio::sync::mpsc;
use tower::ServiceExt;

async fn asked(house: &House, method: &str, path: &str, body: &str) -> (StatusCode, String) {
    let (reloads, _) = mpsc::channel(1);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()))
        .unwrap();
    let answer = admin::router(house.turn.clone(), reloads)
        .oneshot(request)
        .await
        .unwrap();
    let status = answer.status();
    let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn code(outcome: Result<impl Sized, Trouble>) -> u16 {
    match outcome {
        Err(Trouble::Refused { code, .. }) => code,
        Err(other) => panic!("{other}"),
        Ok(_) => 0,
    }
}

#[tokio::test]
async fn turn_ops3_sessions_are_listed_and_ended() {
    let house = House::new();
    let (mut ada, mut bob) = (house.udp("room/ada").await, house.tcp("room/bob").await);
    let relayed = ada.allocate().await.unwrap();
    bob.allocate().await.unwrap();
    let (status, list) = asked(&house, "GET", "/turn/sessions", "").await;
    assert_eq!(
        (status, list.matches("\"id\"").count()),
        (StatusCode::OK, 2)
    );
    let (_, list) = asked(&house, "GET", "/turn/sessions?user=room/ada", "").await;
    assert!(
        list.contains(&relayed.to_string()) && list.contains("\"protocol\":\"udp\""),
        "{list}"
    );
    assert_eq!(list.matches("\"id\"").count(), 1);
    let id = list.split('"').nth(3).unwrap();
    let path = format!("/turn/sessions/{id}");
    assert_eq!(
        asked(&house, "DELETE", &path, "").await.0,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        asked(&house, "DELETE", &path, "").await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(code(ada.refresh(600).await), 437);
    let (_, list) = asked(&house, "GET", "/turn/sessions", "").await;
    assert!(
        list.contains("room/bob") && !list.contains("room/ada"),
        "{list}"
    );
}

#[tokio::test]
async fn turn_ops4_a_revoked_user_is_out_and_stays_out() {
    let house = House::new();
    let (mut ada, mut bob) = (house.tcp("room/ada").await, house.udp("room/bob").await);
    ada.allocate().await.unwrap();
    bob.allocate().await.unwrap();
    let body = r#"{"user": "room/ada"}"#;
    assert_eq!(
        asked(&house, "POST", "/turn/revoke", body).await.0,
        StatusCode::NO_CONTENT
    );
    assert!(in_time(ada.line().receive()).await.is_err());
    assert_eq!(code(house.udp("room/ada").await.allocate().await), 401);
    bob.refresh(600).await.unwrap();
}

#[tokio::test]
async fn turn_ops5_a_drain_sends_new_clients_elsewhere_and_lets_the_others_end() {
    let house = House::new();
    let mut old = house.udp("room/ada").await;
    old.allocate().await.unwrap();
    let body = r#"{"deadline_s": 600, "alternate": "127.0.0.1:9"}"#;
    assert_eq!(
        asked(&house, "POST", "/turn/drain", body).await.0,
        StatusCode::ACCEPTED
    );
    assert_eq!(code(house.udp("room/bob").await.allocate().await), 300);
    let (peer, peer_at) = peer().await;
    old.permit(peer_at).await.unwrap();
    old.send_to(peer_at, b"still here").await.unwrap();
    assert_eq!(heard(&peer).await.0, b"still here");
    old.refresh(0).await.unwrap();
    in_time(house.turn.drained()).await;
    let late = asked(&house, "POST", "/turn/drain", r#"{"deadline_s": 999999}"#).await;
    assert_eq!(late.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn turn_ops6_a_drain_ends_at_its_deadline() {
    let house = House::new();
    let mut client = house.tcp("room/ada").await;
    client.allocate().await.unwrap();
    asked(&house, "POST", "/turn/drain", r#"{"deadline_s": 0}"#).await;
    in_time(house.turn.drained()).await;
    assert!(in_time(client.line().receive()).await.is_err());
}

#[tokio::test]
async fn turn_ops7_new_secrets_under_load_lose_no_packet() {
    let house = House::new();
    let mut client = house.udp("room/ada").await;
    let relayed = client.allocate().await.unwrap();
    let (peer, peer_at) = peer().await;
    client.bind(0x4000, peer_at).await.unwrap();
    let mut config = usual();
    for round in 0..100_u32 {
        client.send(0x4000, &round.to_be_bytes()).await.unwrap();
        config.secrets = vec![format!("the secret of round {round}")];
        house.turn.reload(&config).await.unwrap();
        peer.send_to(&round.to_be_bytes(), relayed).await.unwrap();
        assert_eq!(heard(&peer).await.0, round.to_be_bytes());
        assert_eq!(client.receive().await.unwrap(), round.to_be_bytes());
    }
    assert_eq!(code(house.udp("room/bob").await.allocate().await), 401);
    let mut new = house.udp("room/bob").await;
    new.use_account(account_by("the secret of round 99", "room/bob"));
    new.allocate().await.unwrap();
    assert!(!house.config.secrets.is_empty() && SECRET.len() >= 16);
}

#[tokio::test]
async fn turn_ops8_metrics_name_no_user() {
    let house = House::new();
    let mut client = house.udp("room/adalovelace").await;
    client.allocate().await.unwrap();
    house.metric_reaches("fmz_turn_allocations ", 1).await;
    assert!(house.metric("fmz_turn_refusals_total{code=\"401\"}") >= 1);
    assert!(!house.metrics().contains("adalovelace"));
}

#[tokio::test]
async fn turn_ops9_a_relay_that_has_stopped_says_so() {
    let house = House::new();
    let at = house.at();
    house.turn.shutdown().await;
    assert!(tokio::net::UdpSocket::bind(at).await.is_ok());
    let (status, body) = asked(&house, "GET", "/turn/sessions", "").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{body}");
}
