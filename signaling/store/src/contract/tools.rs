//! Batches and rooms for tests of stores, and the short ways to append and read them.

use crate::{AppendError, Head, OpLog, OpenedLog, Records, last_revision};
use fmz_proto::{
    EncodedBatch,
    v1::{AuthorAdded, CommittedBatch, Op, StoredRoom, op},
};

/// Makes a batch of `ops` ops from `first_revision` on.
pub fn batch(first_revision: u64, ops: u64) -> CommittedBatch {
    batch_at(first_revision, ops, 1)
}

/// Makes a batch that was committed at `committed_ms`.
pub fn batch_at(first_revision: u64, ops: u64, committed_ms: u64) -> CommittedBatch {
    let op = |revision| {
        let added = AuthorAdded {
            author: 1,
            identity: "ada".into(),
            name: format!("revision {revision}"),
            session_key: vec![7; 16].into(),
        };
        Op {
            op: Some(op::Op::AuthorAdded(added)),
        }
    };
    CommittedBatch {
        first_revision,
        author: 1,
        client_seq: first_revision,
        committed_ms,
        state_hash: 0,
        ops: (first_revision..first_revision + ops).map(op).collect(),
    }
}

/// Makes a room.
pub fn room(name: &str) -> StoredRoom {
    StoredRoom {
        room: name.into(),
        title: format!("Room {name}"),
        created_ms: 1,
    }
}

/// Opens a log and appends batches behind `revision`. Returns the new end.
///
/// # Errors
/// [`AppendError`], as the log tells it.
pub async fn append(
    log: &dyn OpLog,
    video: &str,
    revision: u64,
    batches: &[CommittedBatch],
) -> Result<Head, AppendError> {
    let OpenedLog { lease, head } = log.open(video).await.unwrap();
    let other = Head {
        revision,
        ..Head::default()
    };
    let after = if head.revision == revision {
        head
    } else {
        other
    };
    let records = Records::new(after, batches.iter().map(EncodedBatch::new))?;
    let end = records.head();
    log.append(&lease, records).await.map(|()| end)
}

/// Reads all batches of a video.
pub async fn read_all(log: &dyn OpLog, video: &str) -> Vec<CommittedBatch> {
    let mut all = Vec::new();
    loop {
        let after = all.last().map_or(0, last_revision);
        let page = log.read(video, after, u64::MAX).await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page.into_iter().map(|entry| entry.batch));
    }
}
