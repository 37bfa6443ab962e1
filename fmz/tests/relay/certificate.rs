//! A certificate that changes while the relay runs.

use crate::edge::{SECRET, account};
use crate::house::{DEADLINE, Server, fmz};
use fmz_turn::check::{Client, Line};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

const FILES: [&str; 2] = ["certificate.pem", "key.pem"];
const CHANNEL: u16 = 0x4000;
/// Changes of the certificate while data flows.
const CHANGES: u32 = 40;

/// A relay, and the folders of its two certificates.
struct House {
    server: Server,
    used: PathBuf,
    pairs: [PathBuf; 2],
}

impl House {
    fn new() -> Self {
        let role = ["--roles", "turn", "--turn-secrets", SECRET];
        let tls = ["--turn-peers", "127.0.0.1", "--tls-self-signed"];
        let server = Server::start(&[&role[..], &tls].concat());
        let folder = server.folder.path().to_owned();
        let used = folder.join("fmz-data");
        let pairs = [folder.join("first"), folder.join("second")];
        std::fs::create_dir(&pairs[0]).unwrap();
        copy(&used, &pairs[0]);
        make(&server, &pairs[1]);
        Self {
            server,
            used,
            pairs,
        }
    }

    /// Replaces the certificate in use by another.
    fn change(&self, pair: usize) {
        copy(&self.pairs[pair], &self.used);
        let answer = self.server.reload();
        assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    }

    /// Runs `fmz turn check` with trust in one of the certificates, and returns its output.
    fn check(&self, pair: usize) -> Output {
        let url = format!("turns:{}", self.server.relay());
        let folder = self.server.folder.path();
        let mut command = fmz(folder, &["turn", "check", &url, "--secret", SECRET]);
        let ca = self.pairs[pair].join(FILES[0]);
        command.arg("--ca").arg(ca).output().unwrap()
    }

    /// Connects a client over TLS that trusts one of the certificates.
    async fn client(&self, pair: usize) -> std::io::Result<Client> {
        let stream = TcpStream::connect(self.server.relay()).await?;
        let name = ServerName::try_from("localhost").unwrap();
        let connector = TlsConnector::from(trust(&self.pairs[pair]));
        let line = Line::stream(connector.connect(name, stream).await?);
        Ok(Client::new(line, account(SECRET)))
    }
}

fn copy(from: &Path, to: &Path) {
    for name in FILES {
        std::fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

/// Starts a second server on the same admin address. It makes its own certificate before it finds
/// that address in use, and ends.
fn make(server: &Server, folder: &Path) {
    let made = fmz(server.folder.path(), &["serve", "--roles", "turn"])
        .args(["--turn-secrets", SECRET, "--turn-listen", "off"])
        .args(["--tls-self-signed", "--admin-listen", &server.admin])
        .arg("--data-dir")
        .arg(folder)
        .output()
        .unwrap();
    assert_eq!(made.status.code(), Some(2), "the admin address is in use");
}

fn trust(pair: &Path) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(pair.join(FILES[0])).unwrap();
    roots.add(certificate).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap();
    Arc::new(config.with_root_certificates(roots).with_no_client_auth())
}

async fn heard(peer: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = [0; 64];
    let heard = timeout(DEADLINE, peer.recv_from(&mut buffer)).await;
    let (length, from) = heard.unwrap().unwrap();
    (buffer[..length].to_vec(), from)
}

#[test]
fn turn_ops10_a_new_certificate_is_for_new_connections_only() {
    let house = House::new();
    assert!(house.check(0).status.success());
    house.change(1);
    assert!(house.check(1).status.success());
    let said = house.check(0);
    let text = String::from_utf8(said.stdout).unwrap();
    assert_eq!(said.status.code(), Some(1));
    assert!(
        text.contains("FAILED") && text.contains("connect"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn turn_ops10_new_certificates_under_load_lose_no_packet() {
    let house = House::new();
    let mut client = house.client(0).await.unwrap();
    let relayed = client.allocate().await.unwrap();
    let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    client
        .bind(CHANNEL, peer.local_addr().unwrap())
        .await
        .unwrap();
    for round in 0..CHANGES {
        let payload = round.to_be_bytes();
        client.send(CHANNEL, &payload).await.unwrap();
        peer.send_to(&payload, relayed).await.unwrap();
        let pair = 1 - round as usize % 2;
        house.change(pair);
        assert_eq!(heard(&peer).await, (payload.to_vec(), relayed));
        assert_eq!(client.receive().await.unwrap(), payload);
        house.client(pair).await.unwrap().binding().await.unwrap();
    }
    client.refresh(600).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn turn_ops10_a_broken_certificate_leaves_the_old_one_in_use() {
    let house = House::new();
    std::fs::write(house.used.join(FILES[0]), "no certificate").unwrap();
    let answer = house.server.reload();
    assert!(
        answer.starts_with("HTTP/1.1 400") && answer.contains(FILES[0]),
        "{answer}"
    );
    house.client(0).await.unwrap().allocate().await.unwrap();
}
