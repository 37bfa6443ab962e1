//! One port, and clients of every kind.

mod fixture;

use fixture::{Fixture, HTTP, STUN, read, within};
use fmz_net::front::{OPENING_MAX, Protocol, Refusal};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn front1_the_first_byte_tells_http_from_turn() {
    let mut fixture = Fixture::start();
    for first in [0x00, 0x01, 0x03] {
        let mut client = fixture.connect().await;
        client.write_all(&[first, 1, 0, 0]).await.unwrap();
        let mut stream = within(fixture.relay.recv()).await.unwrap();
        assert_eq!(
            (stream.protocol, stream.client, stream.local),
            (Protocol::Tcp, client.local_addr().unwrap(), fixture.address)
        );
        assert_eq!(read(&mut stream.io, 4).await, [first, 1, 0, 0]);
    }
    for first in [b"GET /", b"PROXY", b"\x04xxxx", b"\x40\x00\x00\x01x"] {
        let mut client = fixture.connect().await;
        client.write_all(first).await.unwrap();
        let mut stream = within(fixture.web.recv()).await.unwrap();
        assert!(!stream.is_secure());
        assert_eq!(read(&mut stream, 5).await, first);
    }
}

#[tokio::test]
async fn front1_an_ipv4_client_is_one_on_a_socket_for_both_families() {
    let mut fixture = Fixture::listening("[::]:0");
    fixture.address.set_ip([127, 0, 0, 1].into());
    let mut client = fixture.connect().await;
    client.write_all(STUN).await.unwrap();
    let stream = within(fixture.relay.recv()).await.unwrap();
    assert_eq!(stream.client, client.local_addr().unwrap());
    assert_eq!(stream.local, fixture.address);
}

#[tokio::test]
async fn front1_a_stream_goes_both_ways_and_ends() {
    let mut fixture = Fixture::start();
    let mut client = fixture.connect_tls(&[]).await.unwrap();
    client.write_all(STUN).await.unwrap();
    let mut stream = within(fixture.relay.recv()).await.unwrap().io;
    let long = vec![7; 100_000];
    let (wrote, got) = tokio::join!(stream.write_all(&long), read(&mut client, long.len()));
    wrote.unwrap();
    assert!(got == long);
    client.shutdown().await.unwrap();
    let mut rest = Vec::new();
    within(stream.read_to_end(&mut rest)).await.unwrap();
    assert_eq!(rest, STUN);
}

#[tokio::test]
async fn front2_the_application_protocol_decides_within_tls() {
    let mut fixture = Fixture::start();
    // Nothing is sent after the handshake: the protocol that was named is enough.
    let client = fixture.connect_tls(&["h2", "http/1.1"]).await.unwrap();
    assert_eq!(client.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    assert!(within(fixture.web.recv()).await.unwrap().is_secure());
    let client = fixture.connect_tls(&["stun.turn"]).await.unwrap();
    let stream = within(fixture.relay.recv()).await.unwrap();
    assert_eq!(
        (stream.protocol, stream.client),
        (Protocol::Tls, client.get_ref().0.local_addr().unwrap())
    );
    // As coturn's client does.
    let both = ["http/1.1", "stun.turn"];
    fixture.connect_tls(&both).await.unwrap();
    within(fixture.relay.recv()).await.unwrap();
    assert!(fixture.connect_tls(&["smtp"]).await.is_err());
    assert_eq!(fixture.refusal().await, Refusal::Handshake);
}

#[tokio::test]
async fn front3_a_client_that_names_no_protocol_is_judged_by_its_first_decrypted_byte() {
    let mut fixture = Fixture::start();
    let mut browser = fixture.connect_tls(&[]).await.unwrap();
    browser.write_all(STUN).await.unwrap();
    let mut stream = within(fixture.relay.recv()).await.unwrap();
    assert_eq!(read(&mut stream.io, STUN.len()).await, STUN);
    let mut script = fixture.connect_tls(&[]).await.unwrap();
    script.write_all(HTTP).await.unwrap();
    let mut stream = within(fixture.web.recv()).await.unwrap();
    assert_eq!(read(&mut stream, HTTP.len()).await, HTTP);
}

#[tokio::test]
async fn front4_a_hello_may_come_byte_by_byte() {
    let mut fixture = Fixture::start();
    let mut client = fixture.tls_client(&["stun.turn"]);
    let mut hello = Vec::new();
    client.write_tls(&mut hello).unwrap();
    let mut socket = fixture.connect().await;
    socket.set_nodelay(true).unwrap();
    for byte in hello {
        socket.write_u8(byte).await.unwrap();
        tokio::task::yield_now().await;
    }
    fixture.finish(&mut client, &mut socket).await;
    assert_eq!(
        within(fixture.relay.recv()).await.unwrap().protocol,
        Protocol::Tls
    );
}

#[tokio::test(start_paused = true)]
async fn front4_who_does_not_say_what_it_is_is_closed_in_time() {
    let mut fixture = Fixture::start();
    let begin_tls = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc];
    for bytes in [&b""[..], &begin_tls] {
        let mut client = fixture.connect().await;
        client.write_all(bytes).await.unwrap();
        assert_eq!(fixture.refusal().await, Refusal::Timeout);
        assert_eq!(client.read(&mut [0]).await.unwrap_or(0), 0);
    }
}

#[tokio::test]
async fn front4_a_hello_without_end_is_refused() {
    let mut fixture = Fixture::start();
    let mut client = fixture.connect().await;
    // Records of 16 KiB, all of one hello that claims 16 MiB.
    let mut record = vec![0x16, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff];
    record.resize(5 + 0x4000, 0);
    while client.write_all(&record).await.is_ok() {
        record[5] = 0;
    }
    assert_eq!(fixture.refusal().await, Refusal::Handshake);
}

#[tokio::test]
async fn front5_where_too_many_open_the_oldest_gives_way() {
    let mut fixture = Fixture::start();
    let mut silent = Vec::new();
    for _ in 0..OPENING_MAX {
        silent.push(fixture.connect().await);
    }
    let mut client = fixture.connect().await;
    client.write_all(HTTP).await.unwrap();
    assert!(within(fixture.web.recv()).await.is_some());
    assert_eq!(fixture.refusal().await, Refusal::GaveWay);
    assert_eq!(silent[0].read(&mut [0]).await.unwrap_or(0), 0);
    silent[1].write_all(STUN).await.unwrap();
    assert!(within(fixture.relay.recv()).await.is_some());
}

#[tokio::test]
async fn front6_a_trusted_proxy_says_whose_a_connection_is() {
    let mut fixture = Fixture::with(|settings| {
        settings.proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    let mut proxy = fixture.connect().await;
    proxy
        .write_all(b"PROXY TCP4 192.0.2.1 192.0.2.2 4660 443\r\n")
        .await
        .unwrap();
    proxy.write_all(STUN).await.unwrap();
    let stream = within(fixture.relay.recv()).await.unwrap();
    let told: [SocketAddr; 2] = [
        "192.0.2.1:4660".parse().unwrap(),
        "192.0.2.2:443".parse().unwrap(),
    ];
    assert_eq!([stream.client, stream.local], told);
    let mut silent = fixture.connect().await;
    silent.write_all(HTTP).await.unwrap();
    assert_eq!(fixture.refusal().await, Refusal::ProxyHeader);
}

#[tokio::test]
async fn front6_nobody_else_says_whose_a_connection_is() {
    let mut fixture = Fixture::with(|settings| {
        settings.proxies = vec!["192.0.2.0/24".parse().unwrap()];
    });
    let mut client = fixture.connect().await;
    let header = b"PROXY TCP4 192.0.2.1 192.0.2.2 4660 443\r\n";
    client.write_all(header).await.unwrap();
    let mut stream = within(fixture.web.recv()).await.unwrap();
    assert_eq!(read(&mut stream, header.len()).await, header);
}

#[tokio::test]
async fn front7_a_new_certificate_is_for_who_comes_next() {
    let mut fixture = Fixture::start();
    let mut before = fixture.connect_tls(&["stun.turn"]).await.unwrap();
    let mut stream = within(fixture.relay.recv()).await.unwrap().io;
    let first = fixture.certificate.clone();
    fixture.renew();
    let after = fixture.connect_tls(&["stun.turn"]).await.unwrap();
    let shown = after.get_ref().1.peer_certificates().unwrap()[0].clone();
    assert!(shown == fixture.certificate && shown != first);
    before.write_all(STUN).await.unwrap();
    assert_eq!(read(&mut stream, STUN.len()).await, STUN);
    stream.write_all(b"on").await.unwrap();
    assert_eq!(read(&mut before, 2).await, b"on");
}

#[tokio::test]
async fn front8_a_source_with_too_many_connections_is_refused_until_one_ends() {
    let mut fixture = Fixture::with(|settings| {
        settings.proxies = vec!["127.0.0.0/8".parse().unwrap()];
        settings.per_source_max = 1;
    });
    let mut come = async || {
        let mut client = fixture.connect().await;
        let header = b"PROXY TCP4 192.0.2.1 192.0.2.2 4660 443\r\nGET";
        client.write_all(header).await.unwrap();
        tokio::select! {
            stream = fixture.web.recv() => Ok((client, stream.unwrap())),
            refusal = fixture.refused.recv() => Err(refusal.unwrap()),
        }
    };
    let held = come().await.unwrap();
    assert_eq!(come().await.err(), Some(Refusal::SourceFull));
    drop(held);
    assert!(come().await.is_ok());
}

#[tokio::test]
async fn front9_what_nobody_serves_is_closed() {
    let mut fixture = Fixture::with(|settings| settings.tls = None);
    fixture.relay.close();
    for (bytes, refusal) in [(STUN, Refusal::NotServed), (&[0x16, 3, 1], Refusal::TlsOff)] {
        let mut client = fixture.connect().await;
        client.write_all(bytes).await.unwrap();
        assert_eq!(fixture.refusal().await, refusal);
        assert_eq!(client.read(&mut [0]).await.unwrap_or(0), 0);
    }
    drop(fixture.connect().await);
    assert_eq!(fixture.refusal().await, Refusal::Gone);
}
