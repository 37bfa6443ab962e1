//! Versions, restores and the history of frames over REST, with the disk behind.

use crate::{
    client::Client,
    fixture::{EVERYTHING, Fixture, ROOM, film, publish},
    http::{Request, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use fmz_annotation::{Document, version::COMMITTER};
use fmz_proto::{
    encode_client, limits,
    v1::{Create, DocumentSnapshot, FrameStamp, Kind, ObjectId, Op, OpBatch, client_message, op},
};
use fmz_signaling::token::Grant;
use serde_json::{Value, json};

const DRAW: [Grant; 2] = [Grant::View, Grant::Annotate];

struct Rest<'a> {
    fixture: &'a Fixture,
    token: String,
}

impl<'a> Rest<'a> {
    fn new(fixture: &'a Fixture, subject: &str, grants: &[Grant]) -> Self {
        let token = fixture.token(subject, grants);
        Self { fixture, token }
    }

    async fn get(&self, path: &str) -> Response {
        let path = format!("/api/v1/rooms/{ROOM}{path}");
        let request = Request::get(&path).bearer(&self.token);
        request.send(self.fixture.address).await
    }

    async fn post(&self, path: &str, body: Value) -> Response {
        let path = format!("/api/v1/rooms/{ROOM}{path}");
        let request = Request::post(&path, body.to_string()).bearer(&self.token);
        request.send(self.fixture.address).await
    }

    /// Commits and returns the version's id.
    async fn commit(&self, name: &str) -> String {
        let made = self.post("/versions", json!({ "name": name })).await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.json()["version"]["id"].as_str().unwrap().to_owned()
    }

    async fn restore(&self, body: Value) -> Value {
        let done = self.post("/restore", body).await;
        assert_eq!(done.status, 200, "{}", done.body);
        done.json()
    }
}

fn visible(document: &Document) -> usize {
    document
        .objects()
        .filter(|object| !object.deleted())
        .count()
}

async fn until_visible(client: &mut Client, count: usize) {
    client
        .until(|client| visible(&client.document) == count)
        .await;
}

fn session_key(key: u8) -> String {
    STANDARD.encode([key; limits::SESSION_KEY_BYTES])
}

#[tokio::test]
async fn version6_versions_are_made_listed_and_shown() {
    let fixture = Fixture::new().await;
    let mut ada = fixture.join("ada", 1).await;
    let rest = Rest::new(&fixture, "ada", &EVERYTHING);
    assert_eq!(
        rest.get("/versions").await.json(),
        json!({ "versions": [] })
    );
    let mut ids = Vec::new();
    for number in 1..=3 {
        ada.draw().await;
        ada.until_objects(number).await;
        ids.push(rest.commit(&format!("Cut {number}")).await);
    }
    let page = rest.get("/versions?limit=2").await.json();
    let names: Vec<_> = page["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|each| &each["name"])
        .collect();
    assert_eq!(names, ["Cut 3", "Cut 2"]);
    assert_eq!(page["next"], ids[1]);
    let rest_of = rest
        .get(&format!("/versions?limit=2&before={}", ids[1]))
        .await
        .json();
    assert_eq!(
        (
            rest_of["versions"][0]["id"].clone(),
            rest_of["next"].clone()
        ),
        (json!(ids[0]), Value::Null)
    );
    let one = rest.get(&format!("/versions/{}", ids[1])).await.json();
    assert_eq!(
        (one["base"].clone(), one["automatic"].clone()),
        (json!(ids[0]), json!(false))
    );
    for (path, code) in [
        ("/versions/77", "unknown_version"),
        ("/versions/x", "malformed"),
        ("/versions/77/document", "unknown_version"),
        ("/versions?before=x", "malformed"),
        ("/diff?from=77&to=78", "unknown_version"),
    ] {
        assert_eq!(rest.get(path).await.code(), code, "{path}");
    }
    for wrong in [
        json!({ "more": 1 }),
        json!({ "base": "x" }),
        json!({ "batch": "?" }),
        json!({ "session_key": "AAAA" }),
        json!({ "batch": "AAAA" }),
    ] {
        assert_eq!(
            rest.post("/versions", wrong.clone()).await.status / 100,
            4,
            "{wrong}"
        );
    }
    let long = json!({ "name": "n".repeat(129) });
    assert_eq!(rest.post("/versions", long).await.code(), "out_of_range");
}

#[tokio::test]
async fn version7_a_version_is_read_back_as_it_was_and_differences_are_named() {
    let fixture = Fixture::new().await;
    let mut ada = fixture.join("ada", 1).await;
    let rest = Rest::new(&fixture, "ada", &EVERYTHING);
    // It gives the tool its author's number.
    rest.commit("before all").await;
    ada.draw().await;
    ada.until_objects(1).await;
    let first = rest.commit("first").await;
    let then = ada.document.clone();
    ada.draw().await;
    ada.until_objects(2).await;
    let second = rest.commit("second").await;
    let document = rest.get(&format!("/versions/{first}/document")).await;
    assert_eq!(
        document.header("content-type"),
        Some("application/x-protobuf")
    );
    let snapshot: DocumentSnapshot = fmz_proto::Message::decode(&*document.bytes).unwrap();
    let read = Document::from_snapshot(snapshot).unwrap();
    assert_eq!(read, then, "what a client held at this revision");
    let version = rest.get(&format!("/versions/{first}")).await.json();
    let hash = format!("{:016x}", read.state_hash());
    assert_eq!(
        (&version["revision"], &version["state_hash"]),
        (&json!(then.revision()), &json!(hash))
    );
    let diff = rest
        .get(&format!("/diff?from={first}&to={second}"))
        .await
        .json();
    let added =
        json!({ "object": { "author": 1, "counter": 2 }, "difference": "added", "parts": [] });
    assert_eq!(diff, json!({ "changes": [added], "more": false }));
    let back = rest
        .get(&format!("/diff?from={second}&to={first}"))
        .await
        .json();
    assert_eq!(back["changes"][0]["difference"], "deleted");
}

#[tokio::test]
async fn restore7_everyone_sees_the_older_state_and_it_can_be_undone() {
    let fixture = Fixture::new().await;
    let (mut ada, mut ben) = (fixture.join("ada", 1).await, fixture.join("ben", 2).await);
    let owner = Rest::new(&fixture, "olga", &EVERYTHING);
    ada.draw().await;
    ada.until_objects(1).await;
    let first = owner.commit("first").await;
    ada.draw().await;
    ben.draw().await;
    ben.until_objects(3).await;
    let done = owner.restore(json!({ "to": { "version": first } })).await;
    assert_eq!(done["objects"], 2);
    until_visible(&mut ben, 1).await;
    until_visible(&mut ada, 1).await;
    let before = done["revision"].as_u64().unwrap() - 1;
    owner.restore(json!({ "to": { "revision": before } })).await;
    until_visible(&mut ben, 3).await;
    let long_ago = owner
        .restore(json!({ "to": { "time_ms": 1 }, "of": "all" }))
        .await;
    assert_eq!(long_ago["target"], 0);
    until_visible(&mut ben, 0).await;
    let (address, folder) = (fixture.address, fixture.stop().await);
    let again = Fixture::in_folder(folder).await;
    assert_ne!(address.port(), 0);
    let late = again.join("cid", 3).await;
    assert_eq!(visible(&late.document), 0, "the log holds the restore");
    assert_eq!(late.document.version_count(), 1);
}

#[tokio::test]
async fn restore9_the_former_route_is_answered_as_the_new_one() {
    let fixture = Fixture::new().await;
    let mut ada = fixture.join("ada", 1).await;
    let owner = Rest::new(&fixture, "olga", &EVERYTHING);
    let guest = Rest::new(&fixture, "guest", &DRAW);
    for route in ["/rollback", "/restore"] {
        ada.draw().await;
        until_visible(&mut ada, 1).await;
        let start = json!({ "to": { "time_ms": 1 } });
        assert_eq!(guest.post(route, start.clone()).await.status, 403);
        let wrong = json!({ "to": { "revision": -1 } });
        assert_eq!(owner.post(route, wrong).await.code(), "malformed");
        let done = owner.post(route, start).await;
        assert_eq!((done.status, &done.json()["objects"]), (200, &json!(1)));
        until_visible(&mut ada, 0).await;
    }
}

#[tokio::test]
async fn restore8_a_page_takes_back_its_own_and_others_who_came_by_the_same_link_keep_theirs() {
    let fixture = Fixture::new().await;
    // Two people with one link: one subject, two session keys.
    let (mut ada, mut ben) = (
        fixture.join("guest", 1).await,
        fixture.join("guest", 2).await,
    );
    ada.draw().await;
    ben.draw().await;
    ben.until_objects(2).await;
    let guest = Rest::new(&fixture, "guest", &DRAW);
    let start = json!({ "time_ms": 1 });
    let refused = guest.post("/restore", json!({ "to": start.clone() })).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (403, "forbidden")
    );
    let other =
        json!({ "to": start.clone(), "of": { "author": 2 }, "session_key": session_key(1) });
    assert_eq!(guest.post("/restore", other).await.status, 403);
    let mine = json!({ "to": start, "of": "mine", "session_key": session_key(1) });
    assert_eq!(guest.restore(mine).await["objects"], 1);
    until_visible(&mut ben, 1).await;
    let kept = ben
        .document
        .objects()
        .find(|object| !object.deleted())
        .unwrap();
    assert_eq!(kept.id().author(), ben.welcome.author);
    let viewer = Rest::new(&fixture, "eve", &[Grant::View]);
    assert_eq!(viewer.post("/versions", json!({})).await.status, 403);
    for wrong in [
        json!({}),
        json!({ "to": {} }),
        json!({ "to": { "revision": -1 } }),
        json!({ "to": { "revision": 1 }, "of": "x" }),
        json!({ "to": { "revision": 1 }, "frames": { "media": "film", "first": 2, "last": 1 } }),
    ] {
        assert_eq!(
            guest.post("/restore", wrong.clone()).await.status / 100,
            4,
            "{wrong}"
        );
    }
}

fn framed(ops: Vec<Op>) -> String {
    let batch = OpBatch {
        client_seq: 1,
        base: 0,
        ops,
    };
    STANDARD.encode(encode_client(client_message::Message::Ops(batch)))
}

#[tokio::test]
async fn version8_a_commit_brings_changes_and_frames_know_their_history() {
    let mut fixture = Fixture::new().await;
    let _stream = publish(&mut fixture, &[film("film"), film("other")]).await;
    let fixture = fixture;
    let mut ada = fixture.join("ada", 1).await;
    let rest = Rest::new(&fixture, "tool", &EVERYTHING);
    let create = Create {
        id: Some(ObjectId {
            author: COMMITTER,
            counter: 1,
        }),
        kind: Kind::Rectangle.into(),
        frame: Some(FrameStamp {
            media: "film".into(),
            frame_index: Some(7),
            ..FrameStamp::default()
        }),
        ..Create::default()
    };
    let batch = framed(vec![Op {
        op: Some(op::Op::Create(create)),
    }]);
    let body = json!({ "name": "imported", "batch": batch });
    let made = rest.post("/versions", body).await;
    assert_eq!(
        (made.status, &made.json()["overwritten"]),
        (201, &json!([])),
        "{}",
        made.body
    );
    ada.until_objects(1).await;
    let object = ada.document.objects().next().unwrap();
    let (author, counter) = (object.id().author(), object.id().counter());
    assert_ne!(author, ada.welcome.author);
    let revision = object.created_revision();
    let frames = rest.get("/frames?media=film&first=0&last=100").await.json();
    let expected = json!([{ "frame": 7, "objects": [{ "author": author, "counter": counter }],
        "revisions": [[revision, revision]], "forgotten": 0 }]);
    assert_eq!(frames, expected);
    assert_eq!(
        rest.get("/frames?media=film&first=8&last=9").await.json(),
        json!([])
    );
    assert_eq!(
        rest.get("/frames?media=other&first=0&last=99").await.json(),
        json!([])
    );
    for (query, code) in [
        ("media=film&first=9&last=8", "malformed"),
        ("media=no%20id&first=0&last=8", "malformed"),
        ("publication=p-0-1-1&first=0&last=8", "malformed"),
        ("media=unknown&first=0&last=8", "unknown_media"),
    ] {
        let refused = rest.get(&format!("/frames?{query}")).await;
        assert_eq!(refused.code(), code, "{query}");
        assert_eq!(refused.status, if code == "malformed" { 400 } else { 404 });
    }
}

#[tokio::test]
async fn media15_a_restore_of_frames_asks_by_media() {
    let mut fixture = Fixture::new().await;
    let _stream = publish(&mut fixture, &[film("film"), film("other")]).await;
    let rest = Rest::new(&fixture, "tool", &EVERYTHING);
    let mark = |counter, media: &str| {
        let create = Create {
            id: Some(ObjectId {
                author: COMMITTER,
                counter,
            }),
            kind: Kind::Rectangle.into(),
            frame: Some(FrameStamp {
                media: media.into(),
                frame_index: Some(7),
                ..FrameStamp::default()
            }),
            ..Create::default()
        };
        Op {
            op: Some(op::Op::Create(create)),
        }
    };
    let batch = framed(vec![mark(1, "film"), mark(2, "other")]);
    let made = rest.post("/versions", json!({ "batch": batch })).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let unknown = framed(vec![mark(1, "nowhere")]);
    let refused = rest.post("/versions", json!({ "batch": unknown })).await;
    assert_eq!(refused.code(), "unknown_media");
    let back = |media: &str| {
        let frames = json!({ "media": media, "first": 0, "last": 99 });
        json!({ "to": { "revision": 2 }, "frames": frames })
    };
    let refused = rest.post("/restore", back("nowhere")).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (404, "unknown_media")
    );
    let done = rest.post("/restore", back("film")).await;
    assert_eq!(done.json()["objects"], 1, "{}", done.body);
    let seen = rest.get("/frames?media=film&first=0&last=9").await.json();
    assert_eq!(seen[0]["revisions"].as_array().map(Vec::len), Some(2));
    let other = rest.get("/frames?media=other&first=0&last=9").await.json();
    assert_eq!(other[0]["revisions"].as_array().map(Vec::len), Some(1));
}
