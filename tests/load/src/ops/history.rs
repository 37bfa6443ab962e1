//! A room with a long history, written to a log as the room would have written it.

use crate::server::Site;
use crate::writer::Writer;
use anyhow::{Context, Result};
use fmz_annotation::Document;
use fmz_annotation::version::{VersionId, VersionIds};
use fmz_proto::v1::{AuthorAdded, Commit, CommittedBatch, Op, StoredRoom, Version, op};
use fmz_proto::{EncodedBatch, Message};
use fmz_store::{
    Catalog, Disk, OpLog, OpenedLog, Records, Snapshot, SnapshotStore, snapshot_is_due,
};

pub(super) const ROOM: &str = "long";
const AUTHORS: u32 = 8;
/// Batches that are appended at once.
const PAGE_BATCHES: usize = 512;
/// Time at which the room was opened, in milliseconds since 1970.
const BEGUN_MS: u64 = 1_800_000_000_000;
/// Time between two versions, milliseconds.
const VERSION_MS: u64 = 60_000;

/// Writes a log of at least `ops` ops, with `versions` versions at even distances and the snapshots
/// that a room would have written on the way. Returns the first version.
pub(super) async fn write(site: &Site, ops: u64, versions: u64, seed: u64) -> Result<VersionId> {
    let disk = Disk::open(site.data.join("log")).context("make the log")?;
    let room = StoredRoom {
        room: ROOM.into(),
        ..StoredRoom::default()
    };
    disk.create_room(room).await.context("make the room")?;
    let log = disk.open(ROOM).await.context("open the log")?;
    let mut long = Long::new(log, ops / versions, seed);
    while long.document.revision() < ops {
        long.grow(&disk).await?;
    }
    disk.flush().await;
    let first = long.document.versions().next();
    Ok(first.context("the history has no version")?.id)
}

struct Long {
    log: OpenedLog,
    document: Document,
    ids: VersionIds,
    /// Ops from one version to the next.
    version_ops: u64,
    writers: Vec<Writer>,
    /// Bytes of the log after the last snapshot, and size of that snapshot.
    tail_bytes: u64,
    last_bytes: u64,
}

impl Long {
    fn new(log: OpenedLog, version_ops: u64, seed: u64) -> Self {
        let writer = |author: u32| {
            let mut writer = Writer::new(seed.wrapping_add(author.into()));
            writer.author = author;
            writer
        };
        Self {
            log,
            document: Document::new(),
            ids: VersionIds::after(0, None),
            version_ops,
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
            } else if self.document.revision() >= (self.versions() + 1) * self.version_ops {
                self.version()?
            } else {
                self.batch(at)
            };
            let batch = CommittedBatch {
                first_revision: self.document.revision() + 1,
                ..batch
            };
            self.document.apply(&batch).context("apply a batch")?;
            batches.push(EncodedBatch::new(&batch));
        }
        let records = Records::new(self.log.head, batches).context("chain the batches")?;
        self.tail_bytes += records.bytes() as u64;
        self.log.head = records.head();
        let appended = disk.append(&self.log.lease, records).await;
        appended.context("append")?;
        if snapshot_is_due(self.tail_bytes, self.last_bytes) {
            self.snapshot(disk).await?;
        }
        Ok(())
    }

    fn versions(&self) -> u64 {
        self.document.version_count() as u64
    }

    fn now_ms(&self) -> u64 {
        BEGUN_MS + self.versions() * VERSION_MS
    }

    fn version(&mut self) -> Result<CommittedBatch> {
        let (number, committed_ms) = (self.versions() + 1, self.now_ms());
        let id = self.ids.next(committed_ms).context("make a version's id")?;
        let version = Version {
            id: id.get(),
            base: self.document.last_version().map_or(0, |base| base.id.get()),
            revision: self.document.revision(),
            author: number as u32 % AUTHORS + 1,
            name: format!("Version {number}"),
            committed_ms,
            state_hash: self.document.state_hash(),
            ..Version::default()
        };
        let commit = Commit {
            version: Some(version),
        };
        Ok(by_server(op::Op::Commit(commit), committed_ms))
    }

    fn batch(&mut self, at: usize) -> CommittedBatch {
        let committed_ms = self.now_ms();
        let writer = &mut self.writers[at % AUTHORS as usize];
        let made = writer.submit(0);
        let batch = CommittedBatch {
            author: writer.author,
            client_seq: made.client_seq,
            committed_ms,
            ops: made.ops,
            ..CommittedBatch::default()
        };
        writer.committed(&batch);
        batch
    }

    async fn snapshot(&mut self, disk: &Disk) -> Result<()> {
        let bytes = self.document.snapshot().encode_to_vec();
        (self.last_bytes, self.tail_bytes) = (bytes.len() as u64, 0);
        let snapshot = Snapshot {
            head: self.log.head,
            document: bytes.into(),
        };
        let put = disk.put_snapshot(ROOM, snapshot).await;
        put.context("write a snapshot")
    }
}

fn author(author: u32) -> CommittedBatch {
    let added = AuthorAdded {
        author,
        identity: format!("author-{author}"),
        name: format!("Author {author}"),
        session_key: vec![author as u8; 16].into(),
    };
    by_server(op::Op::AuthorAdded(added), BEGUN_MS)
}

fn by_server(op: op::Op, committed_ms: u64) -> CommittedBatch {
    CommittedBatch {
        committed_ms,
        ops: vec![Op { op: Some(op) }],
        ..CommittedBatch::default()
    }
}
