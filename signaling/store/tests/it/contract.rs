//! The contract, tried on both engines.

use crate::{append, batch, room};
use fmz_proto::EncodedBatch;
use fmz_store::{
    AppendError, Catalog, CatalogError, Disk, DiskOptions, Memory, OpLog, ROOMS_MAX, Records,
    Stores, contract,
};
use std::{
    future::{Ready, ready},
    sync::Arc,
};
use tempfile::TempDir;

#[tokio::test]
async fn memory_keeps_the_contract() {
    contract::run(|| async { (Stores::from(Arc::new(Memory::new())), ()) }).await;
}

#[tokio::test]
async fn a_disk_keeps_the_contract() {
    contract::run(|| disk(DiskOptions::default())).await;
}

#[tokio::test]
async fn a_disk_with_small_segments_keeps_the_contract() {
    let segment_bytes_max = 300;
    contract::run(|| disk(DiskOptions { segment_bytes_max })).await;
}

fn disk(options: DiskOptions) -> Ready<(Stores, TempDir)> {
    let folder = TempDir::new().unwrap();
    let disk = Disk::open_with(folder.path(), options).unwrap();
    ready((Arc::new(disk).into(), folder))
}

#[tokio::test]
async fn catalog2_there_is_a_last_room() {
    let store = Memory::new();
    for number in 0..ROOMS_MAX {
        store.create_room(room(&number.to_string())).await.unwrap();
    }
    assert_eq!(
        store.create_room(room("more")).await,
        Err(CatalogError::Full)
    );
}

#[tokio::test]
async fn log8_a_lease_does_not_outlive_the_disk_that_gave_it() {
    let folder = TempDir::new().unwrap();
    let disk = Disk::open(folder.path()).unwrap();
    let older = disk.open("v").await.unwrap();
    drop(disk);
    let disk = Disk::open(folder.path()).unwrap();
    let one = [EncodedBatch::new(&batch(1, 1))];
    let records = Records::new(older.head, one).unwrap();
    for _ in 0..2 {
        let refused = disk.append(&older.lease, records.clone()).await;
        assert_eq!(refused, Err(AppendError::Fenced));
        disk.open("v").await.unwrap();
    }
    append(&disk, "v", 0, &[batch(1, 1)]).await.unwrap();
}
