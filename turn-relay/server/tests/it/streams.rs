//! Clients on streams.

use crate::house::{House, account, heard, in_time, peer};
use fmz_turn::check::{Client, Line};
use fmz_turn::{CONNECTIONS_PER_SOURCE_MAX, HELLO_TIME_MAX, Protocol};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::TcpStream;

/// A Binding request.
const BINDING: [u8; 20] = *b"\x00\x01\x00\x00\x21\x12\xA4\x42abcdefghijkl";

fn client_at(host: u8) -> SocketAddr {
    client_on(host, 0)
}

fn client_on(host: u8, number: usize) -> SocketAddr {
    ([192, 0, 2, host], u16::try_from(40_000 + number).unwrap()).into()
}

/// Makes a connection that the relay serves without a socket.
fn connection(house: &House, client: SocketAddr, bytes: usize) -> DuplexStream {
    let (near, far) = duplex(bytes);
    let (turn, local) = (house.turn.clone(), house.at());
    tokio::spawn(async move { turn.serve_stream(far, Protocol::Tls, client, local).await });
    near
}

/// Returns whether the relay closes the connection before anything comes.
async fn is_closed(stream: &mut (impl AsyncReadExt + Unpin)) -> bool {
    !matches!(in_time(stream.read(&mut [0; 1])).await, Ok(1))
}

#[tokio::test]
async fn turn_stream8_two_clients_on_tcp_meet_and_padding_is_right() {
    let house = House::new();
    let (mut one, mut other) = (house.tcp("room/ada").await, house.tcp("room/bob").await);
    let relayed = one.allocate().await.unwrap();
    let other_relayed = other.allocate().await.unwrap();
    one.bind(0x4000, other_relayed).await.unwrap();
    other.bind(0x4abc, relayed).await.unwrap();
    for length in 1..=9 {
        let payload = vec![length; usize::from(length)];
        one.send(0x4000, &payload).await.unwrap();
        assert_eq!(other.receive().await.unwrap(), payload);
        other.send(0x4abc, &payload).await.unwrap();
        assert_eq!(one.receive().await.unwrap(), payload);
    }
}

#[tokio::test]
async fn turn_stream8_a_client_on_tcp_reaches_a_peer_on_udp() {
    let house = House::new();
    let mut client = house.tcp("room/ada").await;
    let relayed = client.allocate().await.unwrap();
    let (peer, peer_at) = peer().await;
    client.permit(peer_at).await.unwrap();
    client.send_to(peer_at, b"there").await.unwrap();
    assert_eq!(heard(&peer).await, (b"there".to_vec(), relayed));
    peer.send_to(b"back", relayed).await.unwrap();
    assert_eq!(client.receive().await.unwrap(), b"back");
}

#[tokio::test]
async fn turn_stream9_messages_come_byte_by_byte_and_two_at_once() {
    let house = House::new();
    let mut stream = TcpStream::connect(house.at()).await.unwrap();
    stream.set_nodelay(true).unwrap();
    for byte in BINDING {
        stream.write_all(&[byte]).await.unwrap();
    }
    let mut answer = [0; 32];
    in_time(stream.read_exact(&mut answer)).await.unwrap();
    assert_eq!(answer[..2], [0x01, 0x01]);
    stream
        .write_all(&[BINDING, BINDING].concat())
        .await
        .unwrap();
    let mut both = [0; 64];
    in_time(stream.read_exact(&mut both)).await.unwrap();
    assert_eq!(
        (both[..2].to_vec(), both[32..34].to_vec()),
        (vec![1, 1], vec![1, 1])
    );
}

#[tokio::test]
async fn turn_stream10_a_stream_that_makes_no_sense_is_closed() {
    let house = House::new();
    let lies: [&[u8]; 4] = [
        &[0x40, 0, 0xFF, 0xFF],
        &[0, 1, 0xFF, 0xFF],
        b"\x16\x03\x01",
        b"\x80 nonsense",
    ];
    for (host, lie) in (1..).zip(lies) {
        let mut stream = connection(&house, client_at(host), 1024);
        stream.write_all(lie).await.unwrap();
        assert!(is_closed(&mut stream).await, "{lie:?}");
    }
    house
        .metric_reaches("fmz_turn_connections_refused_total{cause=\"framing\"}", 4)
        .await;
}

#[tokio::test(start_paused = true)]
async fn turn_stream11_a_hello_without_end_is_closed_in_time() {
    let house = House::new();
    let mut stream = connection(&house, client_at(1), 1024);
    let begun = tokio::time::Instant::now();
    stream.write_all(&BINDING[..10]).await.unwrap();
    assert!(matches!(stream.read(&mut [0; 1]).await, Ok(0)));
    let took = begun.elapsed();
    assert!((HELLO_TIME_MAX..HELLO_TIME_MAX + Duration::from_secs(1)).contains(&took));
    assert_eq!(
        house.metric("fmz_turn_connections_refused_total{cause=\"hello\"}"),
        1
    );
}

#[tokio::test]
async fn turn_stream12_connections_of_one_source_are_bounded() {
    let house = House::new();
    let mut open: Vec<_> = (0..CONNECTIONS_PER_SOURCE_MAX)
        .map(|number| connection(&house, client_on(1, number), 1024))
        .collect();
    let mut answer = [0; 20];
    for stream in &mut open {
        stream.write_all(&BINDING).await.unwrap();
    }
    in_time(open[0].read_exact(&mut answer)).await.unwrap();
    let one_more = client_on(1, CONNECTIONS_PER_SOURCE_MAX);
    assert!(is_closed(&mut connection(&house, one_more, 1024)).await);
    let mut other = connection(&house, client_at(2), 1024);
    other.write_all(&BINDING).await.unwrap();
    in_time(other.read_exact(&mut answer)).await.unwrap();
}

#[tokio::test]
async fn turn_stream13_a_slow_reader_costs_itself_and_keeps_its_answers() {
    let house = House::new();
    let near = connection(&house, client_at(1), 4096);
    let mut client = Client::new(Line::stream(near), account("room/ada"));
    let relayed = client.allocate().await.unwrap();
    let (peer, peer_at) = peer().await;
    client.bind(0x4000, peer_at).await.unwrap();
    let payload = vec![7; 1200];
    let mut sent = 0;
    while house.metric("fmz_turn_queue_drops_total{queue=\"stream\"}") == 0 {
        peer.send_to(&payload, relayed).await.unwrap();
        sent += 1;
        assert!(sent < 200_000, "nothing is dropped");
    }
    client.refresh(600).await.unwrap();
    assert_eq!(client.receive().await.unwrap(), payload);
    let mut other = house.udp("room/bob").await;
    other.allocate().await.unwrap();
}

#[tokio::test]
async fn turn_stream14_an_allocation_ends_with_its_connection() {
    let house = House::new();
    let mut client = house.tcp("room/ada").await;
    client.allocate().await.unwrap();
    assert_eq!(house.turn.sessions(None, 9).await.unwrap().len(), 1);
    drop(client);
    house
        .metric_reaches("fmz_turn_allocations_ended_total", 1)
        .await;
    assert!(house.turn.sessions(None, 9).await.unwrap().is_empty());
}
