//! The store through its traits: one contract for every implementation, then what
//! can happen to a disk.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bit_flips;
mod contract;
mod faults;
mod formats;
mod power_cut;
mod sim;

use fmz_proto::v1::{AuthorAdded, CommittedBatch, Op, StoredRoom, op};
use fmz_store::{OpLog, StoreError};

/// A batch of `ops` ops from `first_revision` on.
fn batch(first_revision: u64, ops: u64) -> CommittedBatch {
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
        committed_ms: 1,
        state_hash: 0,
        ops: (first_revision..first_revision + ops).map(op).collect(),
    }
}

fn room(name: &str) -> StoredRoom {
    StoredRoom {
        room: name.into(),
        title: format!("Room {name}"),
        created_ms: 1,
    }
}

async fn read_all(log: &dyn OpLog, video: &str) -> Vec<CommittedBatch> {
    let mut all = Vec::new();
    loop {
        let after = all.last().map_or(0, fmz_store::last_revision);
        let page = log.read(video, after, u64::MAX).await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

/// Everything of a video that is served, across what is not.
async fn served(log: &dyn OpLog, video: &str) -> Vec<CommittedBatch> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        match log.read(video, after, u64::MAX).await {
            Ok(page) if page.is_empty() => return all,
            Ok(page) => {
                after = fmz_store::last_revision(page.last().unwrap());
                all.extend(page);
            }
            Err(StoreError::Lost { last, .. }) => after = last,
            Err(StoreError::Unreadable { .. }) => after += 1,
            Err(error) => panic!("{error}"),
        }
    }
}
