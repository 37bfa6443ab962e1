//! A peer in the same process.

use crate::house::{House, in_time};
use fmz_net::handoff::End;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::Notify;

/// An address that no socket on this machine has.
const CANDIDATE: &str = "192.0.2.9:7882";

async fn taken(end: &mut End, arrived: &Notify) -> (SocketAddr, SocketAddr, Vec<u8>) {
    in_time(async {
        loop {
            if let Some(datagram) = end.take().next() {
                return (datagram.source, datagram.local, datagram.payload.to_vec());
            }
            arrived.notified().await;
        }
    })
    .await
}

#[tokio::test]
async fn turn_handoff5_a_peer_in_the_process_is_reached_without_a_socket() {
    let candidate: SocketAddr = CANDIDATE.parse().unwrap();
    let (house, mut end, table) = House::beside(candidate);
    let arrived = Arc::new(Notify::new());
    let notify = Arc::clone(&arrived);
    end.on_arrival(move || notify.notify_one());
    let mut client = house.udp("room/ada").await;
    let relayed = client.allocate().await.unwrap();
    assert_eq!(table.shard(relayed), Some(0));
    client.bind(0x4000, candidate).await.unwrap();
    client.send(0x4000, b"there").await.unwrap();
    let expected = (relayed, candidate, b"there".to_vec());
    assert_eq!(taken(&mut end, &arrived).await, expected);
    assert!(end.push(candidate, relayed, b"back"));
    assert_eq!(end.flush(), 0);
    assert_eq!(client.receive().await.unwrap(), b"back");
    client.refresh(0).await.unwrap();
    assert!(house.turn.sessions(None, 1).await.unwrap().is_empty());
    assert_eq!(table.shard(relayed), None);
}

#[tokio::test]
async fn turn_handoff6_who_is_not_permitted_is_not_heard_through_it() {
    let candidate: SocketAddr = CANDIDATE.parse().unwrap();
    let (house, mut end, _) = House::beside(candidate);
    let mut client = house.udp("room/ada").await;
    let relayed = client.allocate().await.unwrap();
    assert!(end.push(candidate, relayed, b"uninvited"));
    end.flush();
    house
        .metric_reaches("fmz_turn_dropped_total{cause=\"permission\"}", 1)
        .await;
}
