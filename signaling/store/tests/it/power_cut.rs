//! A power cut at any moment loses nothing that was acknowledged.

use crate::{
    append, batch, read_all, room, served,
    sim::{Model, Sim, Step},
};
use bytes::Bytes;
use fmz_proto::{EncodedBatch, v1::CommittedBatch};
use fmz_store::{
    Catalog, Disk, DiskOptions, OpLog, OpenedLog, Records, Snapshot, SnapshotStore, last_revision,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::{collections::BTreeMap, sync::Arc};

const VIDEOS: [&str; 3] = ["a", "b", "c"];
/// Small segments, so that many begin; a few records and their sectors fit in each.
const OPTIONS: DiskOptions = DiskOptions {
    segment_bytes_max: 3000,
};
const WORKLOADS: u64 = 3;
/// Cuts at least, of all workloads together.
const CUTS_MIN: usize = 10_000;

/// What was acknowledged.
#[derive(Debug, Clone, PartialEq)]
enum Acknowledged {
    Append(&'static str, u64),
    Room(String),
    Snapshot(&'static str, u64),
}

/// What everybody was told until a cut.
#[derive(Debug, Default)]
struct Promised {
    heads: BTreeMap<&'static str, u64>,
    rooms: Vec<String>,
    snapshots: BTreeMap<&'static str, u64>,
}

impl Promised {
    fn note(&mut self, note: &Acknowledged) {
        match note {
            Acknowledged::Append(video, head) => {
                self.heads.insert(video, *head);
            }
            Acknowledged::Room(room) => self.rooms.push(room.clone()),
            Acknowledged::Snapshot(video, revision) => {
                self.snapshots.insert(video, *revision);
            }
        }
    }
}

/// The document that a snapshot of the test holds: told by its revision, some sectors long.
fn document(video: &str, revision: u64) -> Bytes {
    format!("{video} at {revision};")
        .repeat(10 + revision as usize % 90)
        .into()
}

/// Appends, rooms and snapshots, some at the same time. Returns all that was ever
/// handed over, by video.
async fn work(
    sim: &Sim<Acknowledged>,
    rng: &mut ChaCha8Rng,
) -> BTreeMap<&'static str, Vec<CommittedBatch>> {
    let disk = Disk::open_files(Arc::new(sim.clone()), OPTIONS).unwrap();
    let mut sent: BTreeMap<&str, Vec<CommittedBatch>> = BTreeMap::new();
    let mut logs = BTreeMap::new();
    for video in VIDEOS {
        logs.insert(video, disk.open(video).await.unwrap());
    }
    for round in 0..40 {
        let mut appends = Vec::new();
        for video in VIDEOS {
            if rng.random_bool(0.3) {
                continue;
            }
            let OpenedLog { lease, head } = logs.get_mut(video).unwrap();
            let first = batch(head.revision + 1, rng.random_range(1..=6));
            let second = batch(last_revision(&first) + 1, 1);
            let batches = [first, second];
            let records = Records::new(*head, batches.iter().map(EncodedBatch::new)).unwrap();
            *head = records.head();
            sent.entry(video).or_default().extend(batches);
            // All are handed over before any is waited for: they share writes.
            let append = tokio::spawn(disk.append(lease, records));
            appends.push((video, head.revision, append));
        }
        for (video, end, append) in appends {
            append.await.unwrap().unwrap();
            sim.note(Acknowledged::Append(video, end));
        }
        if round % 5 == 0 {
            let name = format!("room-{round}");
            disk.create_room(room(&name)).await.unwrap();
            sim.note(Acknowledged::Room(name));
        }
        let video = VIDEOS[round % 3];
        let head = logs[video].head;
        if head.revision > 0 && round % 4 == 1 {
            let document = document(video, head.revision);
            let put = disk.put_snapshot(video, Snapshot { head, document });
            put.await.unwrap();
            sim.note(Acknowledged::Snapshot(video, head.revision));
        }
    }
    sent
}

/// What is found keeps every promise, is a beginning of what was handed over, and goes on.
async fn check(
    found: Model,
    promised: &Promised,
    sent: &BTreeMap<&'static str, Vec<CommittedBatch>>,
    at: &str,
) {
    let sim = Sim::<Acknowledged>::new(found);
    let disk = Disk::open_files(Arc::new(sim.clone()), OPTIONS).unwrap();
    for (video, sent) in sent {
        let log = read_all(&disk, video).await;
        assert!(sent.starts_with(&log), "{at}: {video} is a beginning");
        let head = log.last().map_or(0, last_revision);
        let promise = promised.heads.get(video).copied().unwrap_or(0);
        assert!(
            head >= promise,
            "{at}: {video} ends at {head}, not {promise}"
        );
        let newest = disk.snapshot(video, u64::MAX).await.unwrap();
        let revision = newest.as_ref().map_or(0, |newest| newest.head.revision);
        let promise = promised.snapshots.get(video).copied().unwrap_or(0);
        assert!((promise..=head).contains(&revision), "{at}: {video}");
        if let Some(newest) = newest {
            assert_eq!(newest.document, document(video, revision), "{at}");
        }
        append(&disk, video, head, &[batch(head + 1, 2)])
            .await
            .unwrap();
    }
    for room in &promised.rooms {
        let found = disk.room(room).await.unwrap();
        assert!(found.is_some(), "{at}: {room}");
    }
    assert_eq!(disk.report().losses.first, [], "{at}: a cut is no damage");
}

#[tokio::test]
async fn power_cut1_nothing_acknowledged_is_lost_whenever_the_power_goes() {
    let mut cuts = 0;
    for seed in 0..WORKLOADS {
        let rng = &mut ChaCha8Rng::seed_from_u64(seed);
        let sim = Sim::new(Model::default());
        let sent = work(&sim, rng).await;
        let journal = sim.take_journal();
        let each = CUTS_MIN.div_ceil(WORKLOADS as usize * journal.len());
        let (mut model, mut promised) = (Model::default(), Promised::default());
        for (moment, step) in journal.iter().enumerate() {
            model.step(step);
            if let Step::Note(note) = step {
                promised.note(note);
            }
            for image in 0..each {
                let at = format!("workload {seed}, step {moment}, image {image}");
                let found = again(model.cut(rng), rng);
                check(found, &promised, &sent, &at).await;
                cuts += 1;
            }
        }
    }
    assert!(cuts >= CUTS_MIN, "{cuts}");
}

/// In one of four cases the power goes again while the folder is being opened.
fn again(found: Model, rng: &mut ChaCha8Rng) -> Model {
    if !rng.random_bool(0.25) {
        return found;
    }
    let sim = Sim::<Acknowledged>::new(found.clone());
    drop(Disk::open_files(Arc::new(sim.clone()), OPTIONS).unwrap());
    let journal = sim.take_journal();
    let mut model = found;
    for step in &journal[..rng.random_range(0..=journal.len())] {
        model.step(step);
    }
    model.cut(rng)
}

#[tokio::test]
async fn power_cut2_without_a_sync_something_is_lost() {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let sim = Sim::new(Model::default());
    work(&sim, rng).await;
    let (mut model, mut heads) = (Model::default(), Promised::default());
    for step in sim.take_journal() {
        if let Step::Note(note) = &step {
            heads.note(note);
        }
        // A disk that says it synced and did not.
        if !matches!(step, Step::Sync(_)) {
            model.step(&step);
        }
    }
    let mut lost = 0;
    for _image in 0..20 {
        let found = Arc::new(Sim::<Acknowledged>::new(model.cut(rng)));
        let disk = Disk::open_files(found, OPTIONS).unwrap();
        let kept = served(&disk, "a").await.last().map_or(0, last_revision);
        lost += u32::from(kept < heads.heads["a"]);
    }
    assert!(lost > 0, "the check above can fail");
}
