//! How long a room with a long history takes to open: a new server, and nothing of it in memory.

use crate::report::progress;
use crate::server::Site;
use crate::session::{Join, Session};
use crate::writer::Writer;
use anyhow::{Context, Result, ensure};
use fmz_annotation::Document;
use fmz_proto::Message;
use fmz_proto::v1::{AuthorAdded, CommittedBatch, Op, StoredRoom, op};
use fmz_store::{Catalog, Disk, OpLog, SnapshotStore, snapshot_is_due};
use std::time::{Duration, Instant};

const ROOM: &str = "long";
const AUTHORS: u32 = 8;
/// Batches that are appended at once.
const PAGE_BATCHES: usize = 512;

/// Writes a log of at least so many ops, with the snapshots that a room would have written on the way.
pub(super) async fn write(site: &Site, ops: u64, seed: u64) -> Result<()> {
    let disk = Disk::open(site.data.join("log")).context("make the log")?;
    let room = StoredRoom {
        room: ROOM.into(),
        ..StoredRoom::default()
    };
    disk.create_room(room).await.context("make the room")?;
    let mut long = Long::new(seed);
    while long.document.revision() < ops {
        long.grow(&disk).await?;
    }
    disk.flush().await;
    Ok(())
}

/// Starts the server and joins; returns the time from starting the process until the welcome, and of that the time from
/// connecting.
pub(super) async fn run(site: &Site, ops: u64) -> Result<(Duration, Duration)> {
    let token = site.token(ROOM, "view").await?;
    if let Err(error) = std::fs::write("/proc/sys/vm/drop_caches", "3") {
        progress(&format!(
            "ops: files may be in the page cache, which cannot be dropped: {error}"
        ));
    }
    let begin = Instant::now();
    let server = site.start(None).await?;
    let connect = Instant::now();
    let join = Join {
        url: server.ws_url(),
        token,
        session_key: [1; 16],
        revision: 0,
        transport: false,
    };
    let (_session, welcome) = Session::join(&join).await?;
    let times = (begin.elapsed(), connect.elapsed());
    ensure!(
        welcome.revision >= ops,
        "the room opened at {}",
        welcome.revision
    );
    server.kill().await?;
    Ok(times)
}

struct Long {
    document: Document,
    writers: Vec<Writer>,
    /// Bytes of log behind the last snapshot, and that one's size.
    tail_bytes: u64,
    last_bytes: u64,
}

impl Long {
    fn new(seed: u64) -> Self {
        let writer = |author: u32| {
            let mut writer = Writer::new(seed.wrapping_add(author.into()));
            writer.author = author;
            writer
        };
        Self {
            document: Document::new(),
            writers: (1..=AUTHORS).map(writer).collect(),
            tail_bytes: 0,
            last_bytes: 0,
        }
    }

    async fn grow(&mut self, disk: &Disk) -> Result<()> {
        let head = self.document.revision();
        let mut batches = Vec::with_capacity(PAGE_BATCHES);
        for at in 0..PAGE_BATCHES {
            let batch = if head == 0 && at < AUTHORS as usize {
                author(at as u32 + 1)
            } else {
                self.batch(at)
            };
            let batch = CommittedBatch {
                state_hash: 0,
                first_revision: self.document.revision() + 1,
                ..batch
            };
            self.document.apply(&batch).context("apply a batch")?;
            self.tail_bytes += batch.encoded_len() as u64;
            batches.push(batch);
        }
        disk.append(ROOM, head, batches).await.context("append")?;
        if snapshot_is_due(self.tail_bytes, self.last_bytes) {
            self.snapshot(disk).await?;
        }
        Ok(())
    }

    fn batch(&mut self, at: usize) -> CommittedBatch {
        let writer = &mut self.writers[at % AUTHORS as usize];
        let made = writer.submit(0);
        let batch = CommittedBatch {
            state_hash: 0,
            author: writer.author,
            client_seq: made.client_seq,
            committed_ms: 1_800_000_000_000,
            ops: made.ops,
            ..CommittedBatch::default()
        };
        writer.committed(&batch);
        batch
    }

    async fn snapshot(&mut self, disk: &Disk) -> Result<()> {
        let bytes = self.document.snapshot().encode_to_vec();
        (self.last_bytes, self.tail_bytes) = (bytes.len() as u64, 0);
        disk.put_snapshot(ROOM, self.document.revision(), bytes.into())
            .await
            .context("write a snapshot")
    }
}

fn author(author: u32) -> CommittedBatch {
    let added = AuthorAdded {
        author,
        identity: format!("author-{author}"),
        name: format!("Author {author}"),
        session_key: vec![author as u8; 16].into(),
    };
    CommittedBatch {
        state_hash: 0,
        committed_ms: 1_800_000_000_000,
        ops: vec![Op {
            op: Some(op::Op::AuthorAdded(added)),
        }],
        ..CommittedBatch::default()
    }
}
