//! Targets of the store: segments and their records, indexes, snapshots.
//!
//! A checksum hides a file's contents from a fuzzer that flips bits. So each target either takes
//! its bytes as a whole file, or puts them into a file whose checksum is right.

mod encode;
mod files;

use crate::input::Input;
use encode::{INDEX, SNAPSHOT, VIDEOS, sealed};
use files::{Contents, Folder};
use fmz_proto::EncodedBatch;
use fmz_proto::v1::{CommittedBatch, Op, StoredRoom};
use fmz_store::{
    Catalog, Disk, DiskOptions, OpLog, OpenedLog, REVISION_MAX, Records, Snapshot, SnapshotStore,
    StoreError,
};
use std::sync::{Arc, OnceLock};
use tokio::runtime::{Builder, Runtime};

/// Pages that are read of one video: more than any input has batches.
const PAGES_MAX: usize = 4096;
/// Segments so small that a few batches fill several.
const OPTIONS: DiskOptions = DiskOptions {
    segment_bytes_max: 400,
};

/// Opens any segment: it must be read or recognised as damaged, and writing must go on behind it.
pub(crate) fn segment(data: &[u8]) {
    let mut input = Input::new(data);
    let whole = input.flag();
    let bytes = match whole {
        true => [encode::header(1, 0), data[1..].to_vec()].concat(),
        false => encode::segment(&mut input),
    };
    let contents = [("00000001.fmzlog".to_owned(), bytes)];
    exercise(contents.into(), Trust::Honest);
}

/// Opens any index beside real segments, one of which is missing or short.
pub(crate) fn index(data: &[u8]) {
    let mut input = Input::new(data);
    let (mode, body) = (input.byte(), data.get(1..).unwrap_or_default());
    let mut contents = real().clone();
    let segments: Vec<_> = contents
        .keys()
        .filter(|name| name.ends_with("log"))
        .cloned()
        .collect();
    let number = usize::from(mode >> 4) % segments.len();
    let name = segments[number].clone();
    let index = match mode & 1 {
        0 => sealed(INDEX, body),
        _ => body.to_vec(),
    };
    match mode & 6 {
        2 => drop(contents.remove(&name)),
        4 => {
            let bytes = contents.entry(name.clone()).or_default();
            bytes.truncate(bytes.len() / 2);
        }
        _ => {}
    }
    let right = real().get(&name.replace("log", "idx")) == Some(&index);
    let trust = match mode & 1 == 1 || right {
        true => Trust::Honest,
        false => Trust::Lies,
    };
    contents.insert(name.replace("log", "idx"), index);
    exercise(contents, trust);
}

/// Opens any snapshot beside a real log.
pub(crate) fn snapshot(data: &[u8]) {
    let mut input = Input::new(data);
    let (mode, revision) = (input.byte(), input.byte());
    let body = data.get(2..).unwrap_or_default();
    let file = match mode & 1 {
        0 => sealed(SNAPSHOT, body),
        _ => body.to_vec(),
    };
    let mut contents = real().clone();
    let folder = &blake3::hash(VIDEOS[0].as_bytes()).to_hex()[..32];
    contents.insert(format!("snapshots/{folder}/{revision:016x}.fmzsnap"), file);
    exercise(contents, Trust::Honest);
}

/// Makes a folder that a store wrote: several full segments with their indexes, and a snapshot.
fn real() -> &'static Contents {
    static REAL: OnceLock<Contents> = OnceLock::new();
    REAL.get_or_init(|| {
        let folder = Folder::default();
        let disk = open(&folder);
        run(async {
            for revision in 0..6 {
                for video in VIDEOS {
                    let added = add(&disk, video).await.map(|batch| batch.first_revision);
                    assert_eq!(added, Some(revision + 1), "an append to memory");
                }
            }
            let room = StoredRoom::default();
            disk.create_room(room).await.expect("a room in memory");
            let page = disk.read(VIDEOS[0], 3, 4).await.expect("it was appended");
            let snapshot = Snapshot {
                head: page[0].record.head(),
                document: vec![1, 2, 3].into(),
            };
            let put = disk.put_snapshot(VIDEOS[0], snapshot);
            put.await.expect("a snapshot in memory");
        });
        drop(disk);
        folder.contents().clone()
    })
}

fn batch(first_revision: u64) -> CommittedBatch {
    CommittedBatch {
        first_revision,
        author: 1,
        client_seq: first_revision,
        ops: vec![Op::default()],
        ..CommittedBatch::default()
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        let runtime = Builder::new_multi_thread().worker_threads(1).build();
        runtime.expect("a runtime")
    });
    runtime.block_on(work)
}

fn open(folder: &Folder) -> Disk {
    Disk::open_files(Arc::new(folder.clone()), OPTIONS).expect("memory can be read")
}

/// Contents that a folder gives once it is opened.
#[derive(Debug, PartialEq)]
struct Served {
    rooms: Vec<StoredRoom>,
    logs: [Log; VIDEOS.len()],
}

/// Batches of one video.
#[derive(Debug, Default, PartialEq)]
struct Log {
    batches: Vec<CommittedBatch>,
    /// Whether these are all batches that can be read. After a record that lies about its batch,
    /// the store does not search on.
    whole: bool,
}

/// Whether a whole file may hold false statements. The store believes a whole index: if a chain in
/// it is wrong, what is appended cannot be read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    Honest,
    Lies,
}

/// Opens any folder: it must open, give the same contents each time, and accept another batch.
fn exercise(contents: Contents, trust: Trust) {
    let folder = Folder::new(contents);
    let disk = open(&folder);
    let before = run(look(&disk));
    run(look_at_snapshots(&disk));
    drop(disk);
    let disk = open(&folder);
    assert_eq!(run(look(&disk)), before, "opening again gives the same");
    let added = VIDEOS.map(|video| run(add(&disk, video)));
    drop(disk);
    let disk = open(&folder);
    let after = run(look(&disk));
    assert_eq!(after.rooms, before.rooms);
    for ((log, mut before), added) in after.logs.into_iter().zip(before.logs).zip(added) {
        let kept = log.batches.starts_with(&before.batches);
        assert!(kept, "what was there stays: {log:?}, before {before:?}");
        before.batches.extend(added.filter(|_| before.whole));
        let same = log == before;
        assert!(
            same || trust == Trust::Lies,
            "what was appended is there: {log:?}, not {before:?}"
        );
    }
}

async fn look(disk: &Disk) -> Served {
    let mut logs = VIDEOS.map(|_| Log::default());
    for (log, video) in logs.iter_mut().zip(VIDEOS) {
        *log = served(disk, video).await;
    }
    let mut segment = Some(1);
    while let Some(next) = segment {
        segment = disk.scrub(next);
    }
    Served {
        rooms: disk.rooms().await.expect("memory can be read"),
        logs,
    }
}

async fn served(disk: &Disk, video: &str) -> Log {
    let (mut batches, mut after) = (Vec::new(), 0);
    for _ in 0..PAGES_MAX {
        match disk.read(video, after, u64::MAX).await {
            Ok(page) if page.is_empty() => {
                let whole = true;
                return Log { batches, whole };
            }
            Ok(page) => {
                for entry in page {
                    assert!(entry.batch.first_revision > after, "revisions rise");
                    after = entry.record.head().revision;
                    batches.push(entry.batch);
                }
            }
            Err(StoreError::Lost { first, last, .. }) => {
                assert!(first <= last && last > after, "a hole has an end");
                after = last;
            }
            Err(StoreError::Unreadable { .. }) => {
                let whole = false;
                return Log { batches, whole };
            }
            Err(error) => panic!("{error}"),
        }
    }
    panic!("a log without end");
}

async fn look_at_snapshots(disk: &Disk) {
    for (video, at) in [(VIDEOS[0], u64::MAX), (VIDEOS[0], 4), (VIDEOS[1], u64::MAX)] {
        let found = disk.snapshot(video, at).await;
        let found: Option<Snapshot> = found.expect("memory can be listed");
        assert!(found.is_none_or(|snapshot| snapshot.head.revision <= at));
    }
}

/// Appends one batch behind the head that the store names; returns `None` if no revision is left.
async fn add(disk: &Disk, video: &str) -> Option<CommittedBatch> {
    let opened = disk.open(video).await.expect("memory can be read");
    let OpenedLog { lease, head } = opened;
    if head.revision == REVISION_MAX {
        return None;
    }
    let batch = batch(head.revision + 1);
    let records = Records::new(head, [EncodedBatch::new(&batch)]);
    let records = records.expect("one batch behind the head");
    let appended = disk.append(&lease, records).await;
    appended.expect("the head was told");
    Some(batch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_put_together_are_those_that_the_store_writes() {
        let body = 48;
        for (path, bytes) in real() {
            let expected = match path.rsplit_once('.') {
                Some((_, "fmzidx")) => sealed(INDEX, &bytes[body..]),
                Some((_, "fmzsnap")) => sealed(SNAPSHOT, &bytes[body..]),
                _ if path == "00000001.fmzlog" => {
                    [encode::header(1, 0), bytes[28..].to_vec()].concat()
                }
                _ => continue,
            };
            assert_eq!(*bytes, expected, "{path}");
        }
        let kinds = ["log", "idx", "snap"];
        assert!(kinds.map(|kind| real().keys().any(|path| path.ends_with(kind))) == [true; 3]);
    }

    #[test]
    fn a_segment_that_is_put_together_is_read() {
        let plan = [0, 0, 0, 0, 0, 1, 1, 0, 0, 6, 3, 2, 1, 0, 0, 2, 0];
        let bytes = encode::segment(&mut Input::new(&plan));
        let folder = Folder::new([("00000001.fmzlog".to_owned(), bytes)].into());
        let served = run(look(&open(&folder)));
        assert_eq!(served.logs.map(|log| log.batches.len()), [2, 1]);
        assert_eq!(served.rooms.len(), 1);
    }
}
