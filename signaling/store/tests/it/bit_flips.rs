//! A bit that flips anywhere, or a file that ends early, is seen; it costs what it
//! hit and nothing else.

use crate::{
    append, batch, put_snapshot, room, served,
    sim::{Model, Sim},
};
use fmz_proto::v1::CommittedBatch;
use fmz_store::{Catalog, Disk, DiskOptions, OpenReport, SnapshotStore};
use std::{collections::BTreeMap, sync::Arc};

const VIDEOS: [&str; 2] = ["v", "w"];
const REVISIONS: u64 = 8;
const OPTIONS: DiskOptions = DiskOptions {
    segment_bytes_max: 600,
};

/// Two videos with a batch for each revision, three rooms, and two snapshots of the
/// first video, closed in order.
async fn written() -> Model {
    let sim = Sim::<()>::new(Model::default());
    let disk = Disk::open_files(Arc::new(sim.clone()), OPTIONS).unwrap();
    for revision in 1..=REVISIONS {
        for video in VIDEOS {
            let one = [batch(revision, 1)];
            append(&disk, video, revision - 1, &one).await.unwrap();
        }
        if revision % 3 == 0 {
            disk.create_room(room(&revision.to_string())).await.unwrap();
            let put = put_snapshot(&disk, "v", revision, vec![revision as u8; 100]);
            put.await.unwrap();
        }
    }
    drop(disk);
    sim.model()
}

/// What can be had from a folder, and what the store says of it.
struct Had {
    batches: BTreeMap<&'static str, Vec<CommittedBatch>>,
    rooms: usize,
    snapshots: Vec<u64>,
    report: OpenReport,
}

async fn had(model: Model) -> Had {
    let disk = Disk::open_files(Arc::new(Sim::<()>::new(model)), OPTIONS).unwrap();
    let mut batches = BTreeMap::new();
    for video in VIDEOS {
        batches.insert(video, served(&disk, video).await);
    }
    let (mut snapshots, mut at) = (Vec::new(), u64::MAX);
    while let Some(snapshot) = disk.snapshot("v", at).await.unwrap() {
        let revision = snapshot.head.revision;
        assert_eq!(snapshot.document, vec![revision as u8; 100]);
        snapshots.push(revision);
        at = revision - 1;
    }
    for video in VIDEOS {
        let again = [batch(REVISIONS, 1)];
        let behind = append(&disk, video, REVISIONS - 1, &again).await;
        assert!(behind.is_err(), "no revision is given twice");
    }
    let mut segment = Some(1);
    while let Some(number) = segment {
        segment = disk.scrub(number);
    }
    Had {
        batches,
        rooms: disk.rooms().await.unwrap().len(),
        snapshots,
        report: disk.report(),
    }
}

impl Had {
    fn is_noticed(&self) -> bool {
        let OpenReport {
            cut,
            rebuilt,
            losses,
            ..
        } = &self.report;
        cut.is_some() || !rebuilt.is_empty() || losses.count > 0
    }

    /// Number of batches, rooms and snapshots; nothing else than what was written is among them.
    fn count(&self) -> usize {
        let all: Vec<_> = (1..=REVISIONS).map(|at| batch(at, 1)).collect();
        let batches = self.batches.values().flatten();
        assert!(batches.clone().all(|one| all.contains(one)));
        batches.count() + self.rooms + self.snapshots.len()
    }
}

/// Batches, rooms and snapshots that [`written`] made.
const ALL: usize = 2 * REVISIONS as usize + 2 + 2;

#[tokio::test]
async fn bit_flip1_every_flipped_bit_of_every_file_is_noticed_and_costs_one_thing_at_most() {
    let whole = written().await;
    let clean = had(whole.clone()).await;
    assert_eq!((clean.count(), clean.is_noticed()), (ALL, false));
    let files = whole.files();
    assert!(files.iter().any(|(name, _)| name == "format"));
    for kind in [".fmzlog", ".fmzidx", ".fmzsnap"] {
        let of_kind = files.iter().filter(|(name, _)| name.ends_with(kind));
        assert!(of_kind.count() >= 2, "{kind}");
    }
    for (path, bytes) in files {
        for byte in 0..bytes.len() {
            let mut hurt = bytes.clone();
            hurt[byte] ^= 1 << (byte % 8);
            let mut model = whole.clone();
            model.set(&path, hurt);
            let had = had(model).await;
            assert!(had.is_noticed(), "{path} byte {byte}");
            assert!(
                had.count() >= ALL - 1,
                "{path} byte {byte}: {:?}",
                had.report
            );
        }
    }
}

#[tokio::test]
async fn bit_flip2_a_file_that_ends_early_is_noticed_and_gives_what_lies_before() {
    let whole = written().await;
    for (path, bytes) in whole.files() {
        for length in 0..bytes.len() {
            let mut model = whole.clone();
            model.set(&path, bytes[..length].to_vec());
            let had = had(model).await;
            assert!(had.is_noticed(), "{path} cut to {length}");
            let records = if path.ends_with(".fmzlog") {
                // A record has some 100 bytes at least.
                (bytes.len() - length).div_ceil(100)
            } else {
                1
            };
            assert!(had.count() >= ALL - records, "{path} cut to {length}");
        }
    }
}
