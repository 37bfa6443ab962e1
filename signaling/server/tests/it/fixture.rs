//! A server on free ports with a room in it.

use crate::client::{self, Client, Socket};
use fmz_proto::v1::{Media, MediaKind, Publish, Source, UnitUp, client_message, from_sfu, to_sfu};
use fmz_signaling::{
    Config, Server, ServerError,
    token::{Grant, TokenRequest, Tokens},
};
use fmz_store::{Disk, Stores};
use prometheus::Registry;
use std::{
    fs,
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};
use tempfile::TempDir;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

pub(crate) const ROOM: &str = "demo";
pub(crate) const EVERYTHING: [Grant; 5] = [
    Grant::View,
    Grant::Annotate,
    Grant::Publish,
    Grant::Present,
    Grant::Own,
];

/// A running server, and the media server's ends of the room link.
pub(crate) struct Fixture {
    pub(crate) address: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) folder: TempDir,
    pub(crate) to_sfu: mpsc::Receiver<to_sfu::Message>,
    pub(crate) from_sfu: mpsc::Sender<from_sfu::Message>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), ServerError>>,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        Self::in_folder(TempDir::new().unwrap()).await
    }

    pub(crate) async fn in_folder(folder: TempDir) -> Self {
        let store = Arc::new(Disk::open(folder.path().join("log")).unwrap());
        Self::with(folder, store, |_| {}).await
    }

    pub(crate) async fn with(
        folder: TempDir,
        stores: impl Into<Stores>,
        set: impl FnOnce(&mut Config),
    ) -> Self {
        let mut config = Config::new(folder.path());
        config.admin = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        set(&mut config);
        let (to_sfu, link_out) = mpsc::channel(1024);
        let (link_in, from_sfu) = mpsc::channel(1024);
        link_in.try_send(up(1)).unwrap();
        let server = Server::new(config, stores.into(), Registry::new(), to_sfu, from_sfu).unwrap();
        server.ensure_room(ROOM, "The demo").await.unwrap();
        server.ensure_room("other", "Another").await.unwrap();
        let (address, admin) = (server.addresses()[0], server.admin_address().unwrap());
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(server.serve(async { stopped.await.unwrap_or_default() }));
        Self {
            address,
            admin,
            folder,
            to_sfu: link_out,
            from_sfu: link_in,
            stop,
            serving,
        }
    }

    /// Stops the server as ctrl-c does and gives the folder back.
    pub(crate) async fn stop(self) -> TempDir {
        self.stop.send(()).unwrap();
        self.serving.await.unwrap().unwrap();
        self.folder
    }

    pub(crate) fn tokens(&self) -> Tokens {
        Tokens::open(self.folder.path()).unwrap()
    }

    pub(crate) fn token(&self, subject: &str, grants: &[Grant]) -> String {
        self.tokens()
            .mint(request(ROOM, subject, grants), SystemTime::now())
    }

    pub(crate) async fn join(&self, subject: &str, key: u8) -> Client {
        self.join_room(ROOM, subject, key).await
    }

    pub(crate) async fn join_room(&self, room: &str, subject: &str, key: u8) -> Client {
        let request = request(room, subject, &EVERYTHING);
        let token = self.tokens().mint(request, SystemTime::now());
        Client::join(self.address, token, key, 0).await
    }
}

/// A forwarding unit without transports is up.
pub(crate) fn up(epoch: u32) -> from_sfu::Message {
    let transports = Vec::new();
    from_sfu::Message::Up(UnitUp { epoch, transports })
}

/// A film of 100 frames.
pub(crate) fn film(id: &str) -> Media {
    Media {
        id: id.into(),
        num: 24,
        den: 1,
        frames: 100,
        ..Media::default()
    }
}

/// Publishes films in the room; done when the media server is told, for then their media are
/// durable.
pub(crate) async fn publish(fixture: &mut Fixture, films: &[Media]) -> Socket {
    let token = fixture.token("stream", &[Grant::View, Grant::Publish]);
    let mut socket = client::connect(fixture.address).await;
    let client_message::Message::Hello(mut hello) = client::hello(token, 77, 0) else {
        unreachable!("it is one")
    };
    hello.transport = true;
    client::send(&mut socket, client_message::Message::Hello(hello)).await;
    for (request, film) in (1..).zip(films) {
        let publish = Publish {
            request,
            kind: MediaKind::Video.into(),
            source: Source::Program.into(),
            media: Some(film.clone()),
            ..Publish::default()
        };
        client::send(&mut socket, client_message::Message::Publish(publish)).await;
    }
    let mut told = 0;
    while told < films.len() {
        let message = fixture.to_sfu.recv().await.expect("the server runs");
        told += usize::from(matches!(message, to_sfu::Message::AddPublication(_)));
    }
    socket
}

pub(crate) fn request(room: &str, subject: &str, grants: &[Grant]) -> TokenRequest {
    TokenRequest {
        room: room.into(),
        subject: Some(subject.into()),
        name: None,
        grants: grants.iter().copied().collect(),
        lifetime: Duration::from_secs(600),
        machine: false,
    }
}

pub(crate) fn secret(folder: &Path) -> Vec<u8> {
    fs::read(folder.join("secret")).unwrap()
}
