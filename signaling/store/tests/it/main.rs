//! The store through its traits: one contract for every engine, then everything that can happen to
//! a disk.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bit_flips;
mod contract;
mod faults;
mod formats;
mod power_cut;
mod sim;

use bytes::Bytes;
use fmz_proto::v1::CommittedBatch;
use fmz_store::{
    Disk, OpLog, Snapshot, SnapshotError, SnapshotStore, StoreError,
    contract::{append, batch, batch_at, read_all, room},
};

/// Puts a snapshot behind the batch of a short log that ends at `revision`.
async fn put_snapshot(
    disk: &Disk,
    video: &str,
    revision: u64,
    document: impl Into<Bytes>,
) -> Result<(), SnapshotError> {
    let page = disk.read(video, 0, revision).await.unwrap();
    let head = page.last().unwrap().record.head();
    let document = document.into();
    let put = disk.put_snapshot(video, Snapshot { head, document });
    put.await
}

/// Returns everything of a video that is served, across the revisions that are not.
async fn served(log: &dyn OpLog, video: &str) -> Vec<CommittedBatch> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        match log.read(video, after, u64::MAX).await {
            Ok(page) => {
                let Some(last) = page.last() else {
                    return all;
                };
                after = last.record.head().revision;
                all.extend(page.into_iter().map(|entry| entry.batch));
            }
            Err(StoreError::Lost { last, .. }) => after = last,
            Err(StoreError::Unreadable { .. }) => after += 1,
            Err(error) => panic!("{error}"),
        }
    }
}
