//! The media thread dies while a film is watched and drawn on, and all comes back by itself.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use fmz_client::clip::{ClipSpec, make_clip};
use fmz_client::{Client, Event, Events, FilmOptions, Options, Subscription, publish_file};
use fmz_proto::v1::{Create, FrameStamp, Kind, ObjectId, Op, op};
use fmz_signaling::token::{Grant, TokenRequest};
use fmz_signaling::{Config, Server};
use fmz_store::Memory;
use prometheus::Registry;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

const ROOM: &str = "dailies";
/// A test that hangs fails.
const WITHIN: Duration = Duration::from_secs(60);
/// Packets after which a film counts as watched.
const PACKETS: usize = 20;

async fn join(address: SocketAddr, token: &str, name: &str) -> (Client, Events) {
    let mut options = Options::named(name);
    options.addresses = vec!["127.0.0.1:0".into()];
    let url = format!("ws://{address}/ws");
    Client::connect(&url, token, options).await.unwrap()
}

fn token(server: &Server, subject: &str, grants: &[Grant]) -> String {
    server.mint(TokenRequest {
        room: ROOM.into(),
        subject: Some(subject.into()),
        name: None,
        grants: grants.iter().copied().collect(),
        lifetime: WITHIN,
        machine: false,
    })
}

/// Waits for the film and watches some of it. The session must not break meanwhile. Returns whether
/// the transport was told to be gone.
async fn watch(events: &mut Events) -> (Subscription, bool) {
    let mut was_gone = false;
    let watched = async {
        loop {
            match events.next().await.expect("the session goes on") {
                Event::Subscribed(mut film) => {
                    let mut packets = 0;
                    while packets < PACKETS && film.next().await.is_some() {
                        packets += 1;
                    }
                    if packets == PACKETS {
                        return film;
                    }
                }
                Event::Transport { connected: false } => was_gone = true,
                Event::Disconnected { reason, .. } => panic!("the session broke: {reason}"),
                Event::Rejected { rejected, .. } => panic!("{rejected:?}"),
                _ => {}
            }
        }
    };
    let film = timeout(WITHIN, watched).await.expect("the film comes");
    (film, was_gone)
}

/// A mark, of the first author of the room.
fn mark(counter: u32) -> Op {
    let create = Create {
        id: Some(ObjectId { author: 1, counter }),
        kind: Kind::Rectangle.into(),
        frame: Some(FrameStamp::default()),
        ..Create::default()
    };
    Op {
        op: Some(op::Op::Create(create)),
    }
}

fn restarts(registry: &Registry) -> f64 {
    let families = registry.gather();
    let family = families
        .iter()
        .find(|family| family.name() == "fmz_sfu_restarts_total");
    family.unwrap().get_metric()[0].get_counter().get_value()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn link5_the_picture_comes_back_by_itself_after_the_media_thread_died() {
    let folder = tempfile::tempdir().unwrap();
    let spec = ClipSpec {
        width: 320,
        height: 180,
        frames: 24,
        bitrate_kbps: 500,
        ..ClipSpec::default()
    };
    let film = make_clip(folder.path(), &spec, &mut |_| {}).unwrap();
    let registry = Registry::new();
    let (to_sfu, sfu_inbox) = mpsc::channel(1024);
    let (from_sfu, inbox) = mpsc::channel(1024);
    let config = Config::new(folder.path());
    let store = Arc::new(Memory::new());
    let server = Server::new(config, store.into(), registry.clone(), to_sfu, inbox).unwrap();
    server.ensure_room(ROOM, "Dailies").await.unwrap();
    let media = fmz_sfu::Config {
        media_listen: ([127, 0, 0, 1], 0).into(),
        ..fmz_sfu::Config::default()
    };
    let sfu = fmz_sfu::start(media, sfu_inbox, from_sfu, &registry).unwrap();
    let address = server.addresses()[0];
    let ada = token(&server, "ada", &[Grant::View, Grant::Annotate]);
    let ben = token(&server, "ben", &[Grant::View, Grant::Annotate]);
    let stream = token(&server, "stream", &[Grant::View, Grant::Publish]);
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(server.serve(async { drop(stopped.await) }));

    let (ada, mut ada_events) = join(address, &ada, "Ada").await;
    let (ben, mut ben_events) = join(address, &ben, "Ben").await;
    let (stream, mut stream_events) = join(address, &stream, "Stream").await;
    let publishing = tokio::spawn({
        let stream = stream.clone();
        async move { publish_file(&stream, &film, &FilmOptions::default()).await }
    });
    let drained = tokio::spawn(async move { while stream_events.next().await.is_some() {} });
    let (before, _) = watch(&mut ada_events).await;
    let (_, _) = watch(&mut ben_events).await;
    assert_eq!(restarts(&registry), 0.0);

    sfu.plant_fault();
    // Drawn while the media thread is gone, or comes back: on the channel or the WebSocket.
    ada.submit(vec![mark(1)]).await.unwrap().unwrap();
    let (after, was_gone) = watch(&mut ada_events).await;
    assert!(was_gone, "the transport was another one");
    assert_ne!(before.publication(), after.publication());
    let (_, was_gone) = watch(&mut ben_events).await;
    assert!(was_gone);
    assert_eq!(restarts(&registry), 1.0);
    let marks = async {
        while ben.objects().await.unwrap().objects.is_empty() {
            ben_events.next().await;
        }
    };
    timeout(WITHIN, marks).await.expect("no mark is lost");

    publishing.abort();
    for client in [ada, ben, stream] {
        client.leave().await;
    }
    drained.await.unwrap();
    drop(stop);
    serving.await.unwrap().unwrap();
    sfu.shutdown().await;
}
