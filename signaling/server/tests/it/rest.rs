//! The REST interface, the page and the operators' listener.

use crate::{
    client::Client,
    fixture::{EVERYTHING, Fixture, ROOM, request},
    http::Request,
};
use fmz_net::front::Certificate;
use fmz_signaling::{
    Config,
    token::{ANY_ROOM, Grant},
};
use fmz_store::{Disk, DiskOptions, Files, Folder, ReadFile, WriteFile};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};
use tempfile::TempDir;

fn operator(fixture: &Fixture) -> String {
    fixture.tokens().mint(
        request(ANY_ROOM, "operator", &EVERYTHING),
        SystemTime::now(),
    )
}

#[tokio::test]
async fn rest1_rooms_are_made_listed_and_shown() {
    let fixture = Fixture::new().await;
    let operator = operator(&fixture);
    let make = |body: &str| {
        Request::post("/api/v1/rooms", body)
            .bearer(&operator)
            .send(fixture.address)
    };
    let made = make(r#"{"room":"new","title":"A new room"}"#).await;
    assert_eq!(
        (made.status, made.json()["title"].as_str()),
        (201, Some("A new room"))
    );
    assert_eq!(make(r#"{"room":"new"}"#).await.code(), "room_exists");
    for wrong in [
        r#"{"room":""}"#,
        r#"{"room":"../x"}"#,
        r#"{"room":"a b"}"#,
        r#"{"room":"%2e"}"#,
    ] {
        assert_eq!(make(wrong).await.code(), "room_name", "{wrong}");
    }
    for wrong in ["", "{", "[]", r#"{"room":7}"#, r#"{"room":"a","more":1}"#] {
        assert_eq!(make(wrong).await.code(), "malformed", "{wrong}");
    }
    let large = format!(r#"{{"room":"a","title":"{}"}}"#, "x".repeat(20_000));
    assert_eq!(make(&large).await.status, 413);
    let list = Request::get("/api/v1/rooms")
        .bearer(&operator)
        .send(fixture.address)
        .await;
    let names: Vec<_> = list
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|room| room["room"].clone())
        .collect();
    assert_eq!(names, ["demo", "new", "other"]);
    let viewer = fixture.token("ada", &[Grant::View]);
    let shown = Request::get("/api/v1/rooms/demo")
        .bearer(&viewer)
        .send(fixture.address)
        .await;
    assert_eq!(
        (shown.status, shown.json()["title"].as_str()),
        (200, Some("The demo"))
    );
    let nowhere = Request::get("/api/v1/rooms/nowhere")
        .bearer(&operator)
        .send(fixture.address)
        .await;
    assert_eq!(
        (nowhere.status, nowhere.code().as_str()),
        (404, "room_unknown")
    );
}

#[tokio::test]
async fn rest2_an_owner_invites_with_no_more_than_its_own_rights() {
    let fixture = Fixture::new().await;
    let owner = fixture.token("ada", &[Grant::View, Grant::Annotate, Grant::Own]);
    let invite = |body: &str| {
        Request::post("/api/v1/rooms/demo/tokens", body)
            .bearer(&owner)
            .send(fixture.address)
    };
    let made =
        invite(r#"{"grants":["view","annotate"],"name":"Ben","lifetime_s":999999999}"#).await;
    assert_eq!(made.status, 201);
    let (token, url) = (
        made.json()["token"].as_str().unwrap().to_owned(),
        made.json()["url"].as_str().unwrap().to_owned(),
    );
    assert_eq!(
        url,
        format!("http://{}/r/{ROOM}#token={token}", fixture.address)
    );
    let claims = fixture.tokens().verify(&token).unwrap();
    assert!(
        claims.exp <= fixture.tokens().verify(&owner).unwrap().exp + 6,
        "it does not outlive its owner's"
    );
    let guest = Client::join(fixture.address, token, 9, 0).await;
    assert_eq!(guest.welcome.participants[0].name, "Ben");
    assert_eq!(
        invite(r#"{"grants":["view","publish"]}"#).await.code(),
        "forbidden"
    );
    for wrong in [
        r#"{"grants":[]}"#,
        r#"{"grants":["view"],"name":""}"#,
        r#"{"grants":["root"]}"#,
    ] {
        assert_eq!(invite(wrong).await.code(), "malformed", "{wrong}");
    }
}

#[tokio::test]
async fn rest3_every_answer_carries_the_headers_that_protect_a_page() {
    let fixture = Fixture::new().await;
    for path in [
        "/",
        "/r/demo",
        "/healthz",
        "/api/v1/rooms",
        "/nothing",
        "/api/v1/openapi.json",
    ] {
        let answer = Request::get(path).send(fixture.address).await;
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert!(
            !policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"),
            "{path}"
        );
        assert_eq!(
            answer.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        assert_eq!(
            answer.header("referrer-policy"),
            Some("no-referrer"),
            "{path}"
        );
        assert!(
            answer
                .header("permissions-policy")
                .unwrap()
                .contains("camera=(self)"),
            "{path}"
        );
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
    }
}

#[tokio::test]
async fn rest4_the_page_is_served_for_rooms_and_nothing_lies_outside_of_it() {
    let fixture = Fixture::new().await;
    for path in ["/", "/r/demo"] {
        let page = Request::get(path).send(fixture.address).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(
            page.header("content-type")
                .unwrap()
                .starts_with("text/html"),
            "{path}"
        );
    }
    for path in [
        "/r/a%20b",
        "/r/..",
        "/../Cargo.toml",
        "/%2e%2e/Cargo.toml",
        "/assets/../../x",
        "/r/demo/x",
        "/secret",
    ] {
        let answer = Request::get(path).send(fixture.address).await;
        assert!(
            answer.status == 404 || answer.status == 400,
            "{path}: {}",
            answer.status
        );
    }
}

#[tokio::test]
async fn rest5_operators_see_figures_and_participants_do_not() {
    let fixture = Fixture::new().await;
    let mut ada = fixture.join("ada", 1).await;
    ada.draw().await;
    ada.until_objects(1).await;
    let metrics = Request::get("/metrics").send(fixture.admin).await;
    for line in [
        "fmz_sessions 1",
        "fmz_rooms 1",
        "fmz_ops_total 2",
        "fmz_append_seconds_count 2",
    ] {
        assert!(metrics.body.contains(line), "{line} in {}", metrics.body);
    }
    assert!(!metrics.body.contains("ada") && !metrics.body.contains(ROOM));
    assert_eq!(
        Request::get("/metrics").send(fixture.address).await.status,
        404
    );
}

/// A folder whose files fail to sync once told to.
#[derive(Debug)]
struct Failing(Folder, Arc<AtomicBool>);

struct FailingFile(Box<dyn WriteFile>, Arc<AtomicBool>);

impl Files for Failing {
    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.0.list(folder)
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn ReadFile>> {
        Files::open(&self.0, path)
    }

    fn create(&self, path: &str) -> io::Result<Box<dyn WriteFile>> {
        let file = self.0.create(path)?;
        Ok(Box::new(FailingFile(file, self.1.clone())))
    }

    fn append(&self, path: &str) -> io::Result<Box<dyn WriteFile>> {
        let file = self.0.append(path)?;
        Ok(Box::new(FailingFile(file, self.1.clone())))
    }

    fn truncate(&self, path: &str, bytes: u64) -> io::Result<()> {
        self.0.truncate(path, bytes)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(from, to)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.0.remove(path)
    }

    fn create_folder(&self, folder: &str) -> io::Result<()> {
        self.0.create_folder(folder)
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        self.0.sync_folder(folder)
    }
}

impl WriteFile for FailingFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.1.load(Ordering::Relaxed) {
            Err(io::Error::other("broken"))
        } else {
            self.0.sync()
        }
    }
}

#[tokio::test]
async fn rest6_a_store_that_fails_is_said_and_nothing_more_is_shown_as_kept() {
    let folder = TempDir::new().unwrap();
    let broken = Arc::new(AtomicBool::new(false));
    let files = Failing(
        Folder::open(folder.path().join("log")).unwrap(),
        broken.clone(),
    );
    let store = Arc::new(Disk::open_files(Arc::new(files), DiskOptions::default()).unwrap());
    let fixture = Fixture::with(folder, store, |_| {}).await;
    let ready = || Request::get("/readyz").send(fixture.address);
    assert_eq!(ready().await.status, 200);
    let mut ada = fixture.join("ada", 1).await;
    broken.store(true, Ordering::Relaxed);
    ada.draw().await;
    assert_eq!(
        crate::client::closing_code(&mut ada.socket)
            .await
            .as_deref(),
        Some("storage")
    );
    assert_eq!(
        (ready().await.status, ready().await.code().as_str()),
        (503, "storage")
    );
    assert_eq!(
        Request::get("/healthz").send(fixture.address).await.status,
        200
    );
    let viewer = fixture.token("ben", &[Grant::View]);
    let viewer = Client::join(fixture.address, viewer, 2, 0).await;
    assert_eq!(
        viewer.document.object_count(),
        0,
        "what was not acknowledged is not shown"
    );
    let made = Request::post("/api/v1/rooms", r#"{"room":"new"}"#)
        .bearer(&operator(&fixture))
        .send(fixture.address);
    assert_eq!(made.await.status, 503);
}

#[tokio::test]
async fn rest7_a_certificate_of_ones_own_is_made_once_and_speaks_tls13_and_tls12() {
    let folder = TempDir::new().unwrap();
    let store = Arc::new(Disk::open(folder.path().join("log")).unwrap());
    let secured = |config: &mut Config| {
        let own = Certificate::open_own(&config.data, &["localhost".to_owned()]).unwrap();
        config.tls = Some(own.connections());
    };
    let fixture = Fixture::with(folder, store, secured).await;
    let certificate = std::fs::read(fixture.folder.path().join("certificate.pem")).unwrap();
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        handshake(&fixture, &certificate, &[version]).await.unwrap();
    }
    let address = fixture.address;
    let folder = fixture.stop().await;
    let store = Arc::new(Disk::open(folder.path().join("log")).unwrap());
    let again = Fixture::with(folder, store, secured).await;
    assert_eq!(
        std::fs::read(again.folder.path().join("certificate.pem")).unwrap(),
        certificate
    );
    assert_ne!(address.port(), 0);
}

async fn handshake(
    fixture: &Fixture,
    certificate: &[u8],
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> io::Result<()> {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(certificate).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let address = fixture.address;
    tokio::task::spawn_blocking(move || {
        let mut stream = std::net::TcpStream::connect(address)?;
        let name = "localhost".try_into().unwrap();
        let mut client = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
        while client.is_handshaking() {
            client.complete_io(&mut stream)?;
        }
        Ok(())
    })
    .await
    .unwrap()
}
