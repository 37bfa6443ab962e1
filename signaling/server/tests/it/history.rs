//! Rooms that open from a snapshot, and what they lose with a damaged disk.

use crate::{
    client::{Client, send},
    fixture::{Fixture, ROOM},
    http::Request,
};
use fmz_proto::v1::{Kind, Op, OpBatch, Property, client_message, op, property};
use fmz_store::{Disk, OpLog, SnapshotStore};
use std::{fs, path::PathBuf, sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio::time::timeout;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);
const TEXT_BYTES: usize = 2000;

/// A batch of texts, some 40 KB.
fn texts(client: &mut Client) -> OpBatch {
    let mut batch = client.next_batch();
    let Some(Op {
        op: Some(op::Op::Create(mut first)),
    }) = batch.ops.pop()
    else {
        unreachable!()
    };
    first.kind = Kind::Text.into();
    for _ in 0..20 {
        let text = property::Value::Text("x".repeat(TEXT_BYTES));
        first.properties = vec![Property { value: Some(text) }];
        batch.ops.push(Op {
            op: Some(op::Op::Create(first.clone())),
        });
        first.id.as_mut().unwrap().counter = client.next_counter();
    }
    batch
}

/// Draws until the room wrote a snapshot; returns the folder of the stopped server,
/// and what was drawn.
async fn drawn() -> (TempDir, fmz_annotation::Document) {
    let fixture = Fixture::new().await;
    let mut ada = fixture.join("ada", 1).await;
    for batches in 1..=30 {
        let batch = texts(&mut ada);
        send(&mut ada.socket, client_message::Message::Ops(batch)).await;
        ada.until_objects(20 * batches).await;
    }
    let written = async {
        loop {
            let metrics = Request::get("/metrics").send(fixture.admin).await.body;
            if metrics.contains("fmz_snapshots_total 1") {
                return;
            }
        }
    };
    timeout(PATIENCE, written).await.expect("a snapshot");
    let document = ada.document.clone();
    drop(ada);
    (fixture.stop().await, document)
}

fn log(folder: &TempDir) -> PathBuf {
    folder.path().join("log")
}

/// Flips a bit in the log's first record of the room's.
fn damage(folder: &TempDir) {
    let segment = log(folder).join("00000001.fmzlog");
    let mut bytes = fs::read(&segment).unwrap();
    let at = bytes.windows(3).position(|found| found == b"ada").unwrap();
    bytes[at] ^= 1;
    fs::write(&segment, bytes).unwrap();
}

#[tokio::test]
async fn history2_a_room_opens_from_its_snapshot_even_where_the_log_before_it_is_lost() {
    let (folder, document) = drawn().await;
    damage(&folder);
    let fixture = Fixture::in_folder(folder).await;
    let mut ben = fixture.join("ben", 2).await;
    assert_eq!(ben.document.object_count(), document.object_count());
    assert_eq!(ben.document.content_bytes(), document.content_bytes());
    ben.draw().await;
    ben.until_objects(document.object_count() + 1).await;
    let ready = Request::get("/readyz").send(fixture.address).await;
    assert_eq!(ready.status, 200, "other rooms go on");
    assert!(
        ready.body.contains("bytes of segment 1") && ready.body.contains("of a video are lost"),
        "{}",
        ready.body
    );
    assert!(!ready.body.contains(ROOM), "{}", ready.body);
}

#[tokio::test]
async fn history4_without_snapshot_a_damaged_room_is_shown_as_before_and_others_go_on() {
    let (folder, _) = drawn().await;
    fs::remove_dir_all(log(&folder).join("snapshots")).unwrap();
    damage(&folder);
    let store = Arc::new(Disk::open(log(&folder)).unwrap());
    assert!(store.read(ROOM, 0, u64::MAX).await.is_err());
    assert!(store.snapshots(ROOM).await.unwrap().is_empty());
    let fixture = Fixture::with(folder, store, |_| {}).await;
    let viewer = fixture.token("ben", &[fmz_signaling::token::Grant::View]);
    let viewer = Client::join(fixture.address, viewer, 2, 0).await;
    assert_eq!(viewer.document.revision(), 0, "the room lost its beginning");
    let mut other = fixture.join_room("other", "ada", 1).await;
    other.draw().await;
    other.until_objects(1).await;
}
