//! Clients and peers over UDP.

use crate::house::{House, LOOPBACK, SECRET, account, heard, in_time, peer, usual};
use fmz_turn::check::Line;
use fmz_turn::check::{Step, Trouble, try_line};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use tokio::net::UdpSocket;
use turn::client::{Client as Foreign, ClientConfig};
use turn_types::attribute::Icmp;
use webrtc_util::Conn;

#[tokio::test]
async fn turn_socket1_a_foreign_client_reaches_a_peer_and_back() {
    let house = House::new();
    let account = account("room/ada");
    let at = house.at().to_string();
    let client = Foreign::new(ClientConfig {
        stun_serv_addr: at.clone(),
        turn_serv_addr: at,
        username: account.username,
        password: account.password,
        realm: "test".to_owned(),
        software: String::new(),
        rto_in_ms: 0,
        conn: Arc::new(UdpSocket::bind((LOOPBACK, 0)).await.unwrap()),
        vnet: None,
    });
    let client = client.await.unwrap();
    client.listen().await.unwrap();
    let relayed = in_time(client.allocate()).await.unwrap();
    let (peer, peer_at) = peer().await;
    in_time(relayed.send_to(b"there", peer_at)).await.unwrap();
    let (payload, from) = heard(&peer).await;
    assert_eq!(
        (payload.as_slice(), from),
        (&b"there"[..], relayed.local_addr().unwrap())
    );
    peer.send_to(b"back", from).await.unwrap();
    let mut buffer = [0; 100];
    let (length, from) = in_time(relayed.recv_from(&mut buffer)).await.unwrap();
    assert_eq!((&buffer[..length], from), (&b"back"[..], peer_at));
}

#[tokio::test]
async fn turn_socket2_bursts_arrive_whole_and_in_order_both_ways() {
    let house = House::new();
    let mut client = house.udp("room/ada").await;
    let relayed = client.allocate().await.unwrap();
    let (peer, peer_at) = peer().await;
    client.bind(0x4001, peer_at).await.unwrap();
    // No more datagrams at once than the system's default socket buffer holds.
    for burst in 0..10_u8 {
        let numbers = || burst * 20..(burst + 1) * 20;
        for number in numbers() {
            client.send(0x4001, &vec![number; 1000]).await.unwrap();
        }
        for number in numbers() {
            assert_eq!(heard(&peer).await, (vec![number; 1000], relayed));
        }
        for number in numbers() {
            peer.send_to(&vec![number; 900], relayed).await.unwrap();
        }
        for number in numbers() {
            assert_eq!(client.receive().await.unwrap(), vec![number; 900]);
        }
    }
    house
        .metric_reaches("fmz_turn_packets_total{direction=\"to_peer\"}", 200)
        .await;
    assert_eq!(
        house.metric("fmz_turn_bytes_total{direction=\"to_client\"}"),
        200 * 900
    );
}

#[tokio::test]
async fn turn_socket3_a_client_answered_on_a_wildcard_hears_the_address_it_asked() {
    let mut house = House::new();
    house.turn.shutdown().await;
    let config = fmz_turn::Config {
        listen: Some("0.0.0.0:0".parse().unwrap()),
        listen_streams: Vec::new(),
        front: fmz_net::front::Settings::default(),
        relay: usual(),
        neighbour: None,
    };
    house.turn = fmz_turn::start(config, &prometheus::Registry::new()).unwrap();
    let at: SocketAddr = ([127, 0, 0, 3], house.at().port()).into();
    let socket = UdpSocket::bind((LOOPBACK, 0)).await.unwrap();
    // A connected socket receives from no other address.
    socket.connect(at).await.unwrap();
    let mut client = fmz_turn::check::Client::new(Line::datagrams(socket), account("room/ada"));
    client.allocate().await.unwrap();
}

#[tokio::test]
async fn turn_socket4_a_closed_relayed_address_is_free_again() {
    let house = House::new();
    let mut client = house.udp("room/ada").await;
    let relayed = client.allocate().await.unwrap();
    assert!(UdpSocket::bind(relayed).await.is_err());
    client.refresh(0).await.unwrap();
    assert!(house.turn.sessions(None, 10).await.unwrap().is_empty());
    assert!(UdpSocket::bind(relayed).await.is_ok());
}

#[tokio::test]
async fn turn_socket5_a_peer_that_is_not_there_is_told_by_the_network() {
    let house = House::new();
    let mut client = house.udp("room/ada").await;
    client.allocate().await.unwrap();
    let (gone, nowhere) = peer().await;
    drop(gone);
    let (peer, peer_at) = peer().await;
    client.permit(nowhere).await.unwrap();
    client.send_to(nowhere, b"anybody?").await.unwrap();
    // An indication with ICMP type 3, code 3 (RFC 8656 section 11.5).
    let told = in_time(client.line().receive()).await.unwrap();
    let told = stun_types::message::Message::from_bytes(&told).unwrap();
    let icmp = told.attribute::<Icmp>().unwrap();
    assert_eq!((icmp.icmp_type(), icmp.code()), (3, 3));
    // The error costs none of the datagrams after it.
    client.send_to(peer_at, b"somebody").await.unwrap();
    assert_eq!(heard(&peer).await.0, b"somebody");
}

#[tokio::test]
async fn turn_socket6_shards_share_the_port_and_the_relayed_ports() {
    let mut config = usual();
    config.shards = 2;
    let house = House::with(config, None);
    let (peer, peer_at) = peer().await;
    let mut relayed_by = [0; 2];
    for number in 0..16_u8 {
        let mut client = house.udp(&format!("room/{number}")).await;
        let relayed = client.allocate().await.unwrap();
        relayed_by[usize::from(relayed.port() % 2)] += 1;
        client.permit(peer_at).await.unwrap();
        client.send_to(peer_at, &[number]).await.unwrap();
        assert_eq!(heard(&peer).await, (vec![number], relayed));
    }
    assert!(relayed_by.iter().all(|count| *count > 0), "{relayed_by:?}");
    assert_eq!(house.turn.sessions(None, 100).await.unwrap().len(), 16);
}

#[tokio::test]
async fn turn_socket7_packets_to_peers_leave_with_the_systems_ttl() {
    let house = House::new();
    let mut client = house.udp("room/ada").await;
    client.allocate().await.unwrap();
    let (peer, peer_at) = peer().await;
    let peer = peer.into_std().unwrap();
    peer.set_nonblocking(false).unwrap();
    peer.set_read_timeout(Some(crate::house::DEADLINE)).unwrap();
    setsockopt(&peer, sockopt::Ipv4RecvTtl, &true).unwrap();
    client.permit(peer_at).await.unwrap();
    client.send_to(peer_at, b"far away").await.unwrap();
    let ttl = tokio::task::spawn_blocking(move || {
        let mut bytes = [0; 64];
        let mut slices = [std::io::IoSliceMut::new(&mut bytes)];
        let mut space = nix::cmsg_space!(i32);
        let message = recvmsg::<()>(
            peer.as_raw_fd(),
            &mut slices,
            Some(&mut space),
            MsgFlags::empty(),
        );
        message
            .unwrap()
            .cmsgs()
            .unwrap()
            .find_map(|part| match part {
                ControlMessageOwned::Ipv4Ttl(ttl) => Some(ttl),
                _ => None,
            })
    });
    let usual = UdpSocket::bind((LOOPBACK, 0)).await.unwrap().ttl().unwrap();
    assert_eq!(ttl.await.unwrap(), Some(i32::try_from(usual).unwrap()));
}

#[tokio::test]
async fn turn_check2_a_check_takes_every_step() {
    let house = House::new();
    let line = async || {
        let socket = UdpSocket::bind((LOOPBACK, 0)).await.unwrap();
        socket.connect(house.at()).await.unwrap();
        Line::datagrams(socket)
    };
    let (_peer, peer_at) = peer().await;
    let lines = [line().await, line().await];
    let found = try_line(lines, &account("check"), &[peer_at]).await;
    let steps = found.iter().map(|(step, outcome)| (*step, outcome.is_ok()));
    let all = [
        Step::Binding,
        Step::Allocate,
        Step::Permission,
        Step::Hairpin,
    ];
    assert_eq!(steps.collect::<Vec<_>>(), all.map(|step| (step, true)));
    let lines = [line().await, line().await];
    let outside = "192.0.2.1:9".parse().unwrap();
    let found = try_line(lines, &account("check"), &[outside]).await;
    let last = found.last().unwrap();
    assert!(
        matches!(
            last,
            (Step::Permission, Err(Trouble::Refused { code: 403, .. }))
        ),
        "{last:?}"
    );
    assert!(SECRET.len() >= 16);
}
