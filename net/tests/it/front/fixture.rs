//! A front on loopback, and clients for it.

use fmz_net::front::{Front, Outlets, Refusal, RelayStream, Settings, Stream, Tls};
use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, ClientConnection, RootCertStore, ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName},
    },
};

/// Longer than anything here takes, so that a fault ends a test instead of holding it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A binding request (RFC 8489 section 5).
pub(super) const STUN: &[u8] = &[
    0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
];
pub(super) const HTTP: &[u8] = b"GET / HTTP/1.1\r\n\r\n";

pub(super) struct Fixture {
    pub(super) address: SocketAddr,
    pub(super) web: mpsc::Receiver<Stream>,
    pub(super) relay: mpsc::Receiver<RelayStream>,
    pub(super) refused: mpsc::UnboundedReceiver<Refusal>,
    pub(super) certificate: CertificateDer<'static>,
    tls: Tls,
}

impl Fixture {
    pub(super) fn start() -> Self {
        Self::with(|_| {})
    }

    pub(super) fn listening(address: &str) -> Self {
        Self::at(address, |_| {})
    }

    pub(super) fn with(set: impl FnOnce(&mut Settings)) -> Self {
        Self::at("127.0.0.1:0", set)
    }

    fn at(address: &str, set: impl FnOnce(&mut Settings)) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let (certificate, config) = certificate();
        let tls = Tls::new(config);
        let (to_web, web) = mpsc::channel(8);
        let (to_relay, relay) = mpsc::channel(8);
        let (to_refused, refused) = mpsc::unbounded_channel();
        let mut settings = Settings {
            tls: Some(tls.clone()),
            on_refused: Arc::new(move |refusal| {
                let _ = to_refused.send(refusal);
            }),
            ..Settings::default()
        };
        set(&mut settings);
        let outlets = Outlets {
            web: Some(to_web),
            relay: Some(to_relay),
        };
        let front = Front::new(vec![listener], settings, outlets).unwrap();
        tokio::spawn(front.run());
        Self {
            address,
            web,
            relay,
            refused,
            certificate,
            tls,
        }
    }

    pub(super) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    pub(super) async fn connect_tls(
        &self,
        protocols: &[&str],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let connector = TlsConnector::from(self.config(protocols));
        let socket = self.connect().await;
        within(connector.connect(localhost(), socket)).await
    }

    /// Makes a TLS client without a socket.
    pub(super) fn tls_client(&self, protocols: &[&str]) -> ClientConnection {
        ClientConnection::new(self.config(protocols), localhost()).unwrap()
    }

    /// Ends the handshake of a client whose hello was sent.
    pub(super) async fn finish(&self, client: &mut ClientConnection, socket: &mut TcpStream) {
        while client.is_handshaking() {
            let mut bytes = vec![0; 16 * 1024];
            let count = within(socket.read(&mut bytes)).await.unwrap();
            assert!(count > 0, "the server goes on");
            let mut bytes = &bytes[..count];
            while !bytes.is_empty() {
                client.read_tls(&mut bytes).unwrap();
                client.process_new_packets().unwrap();
            }
            let mut answer = Vec::new();
            while client.wants_write() {
                client.write_tls(&mut answer).unwrap();
            }
            socket.write_all(&answer).await.unwrap();
        }
    }

    /// Changes the certificate of the running front.
    pub(super) fn renew(&mut self) {
        let (certificate, config) = certificate();
        self.tls.replace(config);
        self.certificate = certificate;
    }

    pub(super) async fn refusal(&mut self) -> Refusal {
        within(self.refused.recv()).await.unwrap()
    }

    fn config(&self, protocols: &[&str]) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let mut config =
            ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(roots)
                .with_no_client_auth();
        config.alpn_protocols = protocols
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        Arc::new(config)
    }
}

fn certificate() -> (CertificateDer<'static>, ServerConfig) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    (certificate, config)
}

fn localhost() -> ServerName<'static> {
    "localhost".try_into().unwrap()
}

pub(super) async fn within<T>(work: impl Future<Output = T>) -> T {
    timeout(PATIENCE, work).await.expect("it happens in time")
}

pub(super) async fn read(io: &mut (impl AsyncRead + Unpin), count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    within(io.read_exact(&mut bytes)).await.unwrap();
    bytes
}
