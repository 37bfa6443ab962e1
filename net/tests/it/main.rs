//! Sockets on loopback.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod front;

use fmz_net::{
    BUFFER_BYTES, Options, RawSocket, ReceiveBuffer, SEGMENTS_MAX, SendBatch, Sent, Socket,
};
use std::net::{IpAddr, SocketAddr};

const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

type Received = (SocketAddr, SocketAddr, Vec<u8>);

async fn receive(socket: &Socket, count: usize) -> Vec<Received> {
    let mut buffer = ReceiveBuffer::new();
    let mut received = Vec::new();
    while received.len() < count {
        socket.readable().await.unwrap();
        if socket.try_receive(&mut buffer).is_ok() {
            let owned = buffer.datagrams();
            received.extend(owned.map(|d| (d.source, d.local, d.payload.to_vec())));
        }
    }
    received
}

fn bind(address: &str) -> Socket {
    Socket::bind(address.parse().unwrap()).unwrap()
}

/// Makes a batch of datagrams that begin with their number.
fn numbered(sizes: &[usize], to: SocketAddr) -> SendBatch {
    let mut batch = SendBatch::new();
    for (number, size) in sizes.iter().enumerate() {
        let mut payload = vec![0; *size];
        payload[0] = u8::try_from(number).unwrap();
        assert!(batch.push(LOOPBACK, to, &payload));
    }
    batch
}

#[tokio::test]
async fn a_batch_arrives_whole_in_order_with_both_addresses() {
    let (a, b) = (bind("127.0.0.1:0"), bind("0.0.0.0:0"));
    let to = SocketAddr::new(LOOPBACK, b.local_addr().port());
    let mut sizes = vec![1200; SEGMENTS_MAX];
    sizes[SEGMENTS_MAX - 1] = 77;
    let mut batch = numbered(&sizes, to);
    a.writable().await.unwrap();
    let sent = a.try_send(&mut batch).unwrap();
    assert_eq!(
        sent,
        Sent {
            datagrams: SEGMENTS_MAX,
            refused: 0
        }
    );
    assert!(batch.is_empty());
    let received = receive(&b, SEGMENTS_MAX).await;
    for (number, (source, local, payload)) in received.iter().enumerate() {
        assert_eq!((*source, *local), (a.local_addr(), to));
        assert_eq!(
            (payload[0] as usize, payload.len()),
            (number, sizes[number])
        );
    }
}

#[tokio::test]
async fn a_wildcard_socket_answers_from_the_address_it_was_asked_on() {
    let (a, b) = (bind("127.0.0.1:0"), bind("0.0.0.0:0"));
    let to: SocketAddr = ([127, 0, 0, 3], b.local_addr().port()).into();
    let mut question = numbered(&[5], to);
    a.writable().await.unwrap();
    a.try_send(&mut question).unwrap();
    let (source, local, _) = receive(&b, 1).await.remove(0);
    assert_eq!(local, to);
    let mut answer = SendBatch::new();
    assert!(answer.push(local.ip(), source, b"yes"));
    b.try_send(&mut answer).unwrap();
    assert_eq!(
        receive(&a, 1).await,
        [(to, a.local_addr(), b"yes".to_vec())]
    );
}

#[tokio::test]
async fn a_dual_stack_socket_speaks_with_ipv4() {
    let (a, b) = (bind("127.0.0.1:0"), bind("[::]:0"));
    let to = SocketAddr::new(LOOPBACK, b.local_addr().port());
    a.writable().await.unwrap();
    a.try_send(&mut numbered(&[9], to)).unwrap();
    let (source, local, _) = receive(&b, 1).await.remove(0);
    assert_eq!((source, local), (a.local_addr(), to));
    let mut answer = numbered(&[8], source);
    b.try_send(&mut answer).unwrap();
    assert_eq!(receive(&a, 1).await[0].0, to);
}

#[tokio::test]
async fn a_refused_datagram_is_counted_and_the_socket_lives() {
    let a = bind("127.0.0.1:0");
    a.writable().await.unwrap();
    let nowhere = SocketAddr::from(([192, 0, 2, 1], 9));
    let sent = a.try_send(&mut numbered(&[10, 10], nowhere)).unwrap();
    assert_eq!(sent.datagrams + sent.refused, 2);
    let own = a.local_addr();
    a.try_send(&mut numbered(&[10], own)).unwrap();
    assert_eq!(receive(&a, 1).await.len(), 1);
}

#[tokio::test]
async fn an_icmp_error_is_kept_and_costs_no_datagram() {
    let options = Options {
        keep_errors: true,
        ..Options::default()
    };
    let a = RawSocket::bind((LOOPBACK, 0).into(), options).unwrap();
    let (gone, b) = (bind("127.0.0.1:0"), bind("127.0.0.1:0"));
    let nowhere = gone.local_addr();
    drop(gone);
    a.try_send(&mut numbered(&[9], nowhere)).unwrap();
    let sent = a.try_send(&mut numbered(&[9], b.local_addr())).unwrap();
    assert_eq!((sent.datagrams, sent.refused), (1, 0));
    let error = a.take_error().unwrap().unwrap();
    assert_eq!((error.destination, error.kind, error.code), (nowhere, 3, 3));
    assert_eq!(a.take_error().unwrap(), None);
    assert_eq!(receive(&b, 1).await.len(), 1);
}

#[tokio::test]
async fn an_empty_socket_would_block() {
    let a = bind("127.0.0.1:0");
    let mut buffer = ReceiveBuffer::new();
    let error = a.try_receive(&mut buffer).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    assert_eq!(buffer.datagrams().count(), 0);
}

#[tokio::test]
async fn buffers_are_larger_than_the_default() {
    let (receive, send) = bind("127.0.0.1:0").buffer_bytes().unwrap();
    assert!(receive > 212_992 && send > 212_992, "{receive} {send}");
    assert!(receive <= 2 * BUFFER_BYTES);
}
