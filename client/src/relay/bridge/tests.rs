use super::*;
use crate::relay::{line::DATAGRAMS_MAX, target::ALPN};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use std::time::Duration;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

const PATIENCE: Duration = Duration::from_secs(30);
/// ChannelData of five bytes, without padding and with it.
const CHANNEL_DATA: &[u8] = &[0x40, 0, 0, 5, 1, 2, 3, 4, 5];
const PADDED: &[u8] = &[0x40, 0, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0];
/// A binding request (RFC 8489 section 5).
const STUN: &[u8] = &[
    0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
];

async fn within<T>(work: impl Future<Output = T>) -> T {
    timeout(PATIENCE, work).await.expect("it happens in time")
}

async fn relay() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

async fn bridge(port: u16, tls: Option<Arc<ClientConfig>>) -> Bridge {
    let host = if tls.is_some() {
        "localhost"
    } else {
        "127.0.0.1"
    };
    Bridge::open(Target::new(host.into(), port, tls))
        .await
        .unwrap()
}

/// Opens a socket that stands for a local address of the native stack.
async fn source(bridge: &Bridge) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(bridge.address()).await.unwrap();
    socket
}

async fn take(socket: &UdpSocket) -> Vec<u8> {
    let mut datagram = vec![0; 100];
    let length = within(socket.recv(&mut datagram)).await.unwrap();
    datagram.truncate(length);
    datagram
}

async fn read(stream: &mut (impl AsyncRead + Unpin), count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    within(stream.read_exact(&mut bytes)).await.unwrap();
    bytes
}

fn certificate() -> (CertificateDer<'static>, TlsAcceptor) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    config.alpn_protocols = vec![ALPN.to_vec()];
    (certificate, TlsAcceptor::from(Arc::new(config)))
}

fn trusting(certificate: CertificateDer<'static>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap();
    Arc::new(config.with_root_certificates(roots).with_no_client_auth())
}

#[tokio::test]
async fn ice5_datagrams_are_messages_of_a_stream_and_back() {
    let (listener, port) = relay().await;
    let bridge = bridge(port, None).await;
    let local = source(&bridge).await;
    local.send(CHANNEL_DATA).await.unwrap();
    let (mut stream, _) = within(listener.accept()).await.unwrap();
    assert_eq!(read(&mut stream, PADDED.len()).await, PADDED);
    local.send(STUN).await.unwrap();
    assert_eq!(read(&mut stream, STUN.len()).await, STUN);
    stream.write_all(&[PADDED, STUN].concat()).await.unwrap();
    assert_eq!(take(&local).await, CHANNEL_DATA);
    assert_eq!(take(&local).await, STUN);
}

#[tokio::test]
async fn ice5_a_relay_over_tls_is_one_that_is_trusted() {
    let (certificate, acceptor) = certificate();
    let (other, _) = self::certificate();
    for (trusted, works) in [(certificate, true), (other, false)] {
        let (listener, port) = relay().await;
        let bridge = bridge(port, Some(trusting(trusted))).await;
        let local = source(&bridge).await;
        local.send(STUN).await.unwrap();
        let (stream, _) = within(listener.accept()).await.unwrap();
        let accepted = within(acceptor.accept(stream)).await;
        assert_eq!(accepted.is_ok(), works);
        if let Ok(mut stream) = accepted {
            assert_eq!(stream.get_ref().1.alpn_protocol(), Some(ALPN));
            assert_eq!(read(&mut stream, STUN.len()).await, STUN);
            stream.write_all(PADDED).await.unwrap();
            stream.flush().await.unwrap();
            assert_eq!(take(&local).await, CHANNEL_DATA);
        }
    }
}

#[tokio::test]
async fn ice5_each_local_address_has_a_connection_and_there_are_so_many() {
    let (listener, port) = relay().await;
    let bridge = bridge(port, None).await;
    let mut held = Vec::new();
    for _ in 0..LINES_MAX {
        let local = source(&bridge).await;
        local.send(STUN).await.unwrap();
        held.push((local, within(listener.accept()).await.unwrap()));
    }
    source(&bridge).await.send(STUN).await.unwrap();
    // Bytes that arrive on a known line afterwards show that the source beyond the bound got no
    // connection.
    held[0].0.send(STUN).await.unwrap();
    read(&mut held[0].1.0, 2 * STUN.len()).await;
    let more = futures_util::FutureExt::now_or_never(listener.accept());
    assert!(more.is_none());
}

#[tokio::test]
async fn ice5_a_relay_that_does_not_read_costs_datagrams_and_no_memory() {
    let (listener, port) = relay().await;
    let target = Arc::new(Target::new("127.0.0.1".into(), port, None));
    let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
    let line = Line::open(target, socket.clone(), socket.local_addr().unwrap());
    // The task does not run between these sends, so all datagrams beyond the bound are dropped.
    for number in 0..u16::try_from(DATAGRAMS_MAX + 10).unwrap() {
        let [high, low] = number.to_be_bytes();
        line.send(Bytes::copy_from_slice(&[0x40, 0, 0, 4, high, low, 0, 0]));
    }
    let (mut stream, _) = within(listener.accept()).await.unwrap();
    read(&mut stream, 8 * DATAGRAMS_MAX).await;
    line.send(Bytes::from_static(STUN));
    assert_eq!(read(&mut stream, STUN.len()).await, STUN);
}

#[tokio::test]
async fn ice5_a_connection_that_ended_is_made_again() {
    let (listener, port) = relay().await;
    let bridge = bridge(port, None).await;
    let local = source(&bridge).await;
    local.send(STUN).await.unwrap();
    drop(within(listener.accept()).await.unwrap());
    let again = async {
        loop {
            local.send(STUN).await.unwrap();
            if let Ok(accepted) = timeout(Duration::from_millis(100), listener.accept()).await {
                return accepted.unwrap();
            }
        }
    };
    let (mut stream, _) = within(again).await;
    assert_eq!(read(&mut stream, STUN.len()).await, STUN);
}
