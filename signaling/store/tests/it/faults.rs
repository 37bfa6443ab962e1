//! Faults of a disk, and everything that must hold after them.

use crate::{append, batch, batch_at, put_snapshot, read_all, room, served};
use fmz_store::{
    AppendError, Catalog, CatalogError, Disk, DiskOptions, Files, Folder, Health, Loss, OpLog,
    ReadFile, SnapshotStore, WriteFile,
};
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tempfile::TempDir;

const RECORDS: u64 = 4;

/// Writes a small log, one record a write, and returns its only segment and the byte
/// at which each record ends.
async fn small_log(folder: &Path) -> (PathBuf, Vec<usize>) {
    let disk = Disk::open(folder).unwrap();
    let segment = folder.join("00000001.fmzlog");
    let mut ends = vec![fs::metadata(&segment).unwrap().len() as usize];
    for revision in 1..=RECORDS {
        append(&disk, "v", revision - 1, &[batch(revision, 1)])
            .await
            .unwrap();
        ends.push(fs::metadata(&segment).unwrap().len() as usize);
    }
    (segment, ends)
}

#[tokio::test]
async fn fault1_cut_at_every_byte_keeps_every_whole_record_and_goes_on() {
    let origin = TempDir::new().unwrap();
    let (segment, ends) = small_log(origin.path()).await;
    let bytes = fs::read(segment).unwrap();
    for cut in 0..=bytes.len() {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("00000001.fmzlog"), &bytes[..cut]).unwrap();
        let disk = Disk::open(folder.path()).unwrap();
        let whole = ends
            .iter()
            .filter(|end| **end <= cut)
            .count()
            .saturating_sub(1) as u64;
        assert_eq!(
            read_all(&disk, "v").await.len() as u64,
            whole,
            "cut at {cut}"
        );
        append(&disk, "v", whole, &[batch(whole + 1, 1)])
            .await
            .unwrap();
        drop(disk);
        let again = Disk::open(folder.path()).unwrap();
        assert_eq!(
            read_all(&again, "v").await.len() as u64,
            whole + 1,
            "cut at {cut}"
        );
    }
}

#[tokio::test]
async fn fault2_a_flipped_bit_is_never_served_and_costs_its_own_record_only() {
    let origin = TempDir::new().unwrap();
    let (segment, ends) = small_log(origin.path()).await;
    let bytes = fs::read(segment).unwrap();
    let last = ends[ends.len() - 2];
    for byte in 0..bytes.len() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("00000001.fmzlog");
        let mut hurt = bytes.clone();
        hurt[byte] ^= 0x10;
        fs::write(&path, &hurt).unwrap();
        let disk = Disk::open(folder.path()).unwrap();
        let report = disk.report();
        if byte >= last {
            let bytes = (hurt.len() - last) as u64;
            let cut = (1, last as u64, bytes);
            assert_eq!(
                report.cut.map(|cut| (cut.segment, cut.offset, cut.bytes)),
                Some(cut)
            );
            let torn = path.with_extension(format!("torn-{last}"));
            assert_eq!(fs::read(torn).unwrap(), hurt[last..]);
            assert_eq!(read_all(&disk, "v").await.len() as u64, RECORDS - 1);
            continue;
        }
        assert_eq!(fs::read(&path).unwrap(), hurt, "the file is left as found");
        let at = ends.iter().position(|end| byte < *end).unwrap();
        let (begin, end) = (at.checked_sub(1).map_or(0, |at| ends[at]), ends[at]);
        let lost = Loss::Bytes {
            segment: 1,
            offset: begin as u64,
            bytes: (end - begin) as u64,
        };
        assert_eq!(report.losses.first[0], lost, "byte {byte}");
        let kept = served(&disk, "v").await;
        let expected = (1..=RECORDS).filter(|revision| *revision != at as u64);
        let expected: Vec<_> = expected.map(|revision| batch(revision, 1)).collect();
        assert_eq!(kept, expected, "byte {byte}");
    }
}

#[tokio::test]
async fn fault3_segments_cut_swapped_or_gone_are_named_and_the_others_served() {
    let make = async || {
        let folder = TempDir::new().unwrap();
        let options = DiskOptions {
            segment_bytes_max: 1,
        };
        let disk = Disk::open_with(folder.path(), options).unwrap();
        for revision in 1..=RECORDS {
            append(&disk, "v", revision - 1, &[batch(revision, 1)])
                .await
                .unwrap();
        }
        append(&disk, "w", 0, &[batch(1, 1)]).await.unwrap();
        folder
    };
    let name = |folder: &TempDir, number: u32| folder.path().join(format!("{number:08}.fmzlog"));
    let check = async |folder: &TempDir, named: Loss, revisions: &[u64]| {
        for _again in 0..2 {
            let disk = Disk::open(folder.path()).unwrap();
            assert!(
                disk.report().losses.first.contains(&named),
                "{:?}",
                disk.report()
            );
            let expected: Vec<_> = revisions.iter().map(|at| batch(*at, 1)).collect();
            assert_eq!(served(&disk, "v").await, expected);
            assert_eq!(read_all(&disk, "w").await, [batch(1, 1)]);
            let behind = append(&disk, "v", 1, &[batch(2, 1)]).await;
            assert_eq!(
                behind,
                Err(AppendError::Conflict { head: 4 }),
                "no revision is given twice"
            );
        }
    };

    let folder = make().await;
    fs::remove_file(name(&folder, 2)).unwrap();
    check(&folder, Loss::Segment(2), &[1, 3, 4]).await;

    let folder = make().await;
    let length = fs::metadata(name(&folder, 4)).unwrap().len();
    let cut = File::options().write(true).open(name(&folder, 4)).unwrap();
    cut.set_len(28).unwrap();
    let lost = Loss::Bytes {
        segment: 4,
        offset: 28,
        bytes: length - 28,
    };
    check(&folder, lost, &[1, 2, 3]).await;

    let folder = make().await;
    fs::rename(name(&folder, 2), folder.path().join("x")).unwrap();
    fs::rename(name(&folder, 3), name(&folder, 2)).unwrap();
    fs::rename(folder.path().join("x"), name(&folder, 3)).unwrap();
    let header = Loss::Bytes {
        segment: 2,
        offset: 0,
        bytes: 28,
    };
    check(&folder, header, &[1, 3, 4]).await;
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    /// The disk is full: half of the bytes are written.
    Full,
    Sync,
}

/// A folder in whose files the n-th operation of a kind fails.
#[derive(Debug)]
struct Failing {
    folder: Folder,
    left: Arc<AtomicUsize>,
    on: Fault,
}

struct FailingFile {
    file: Box<dyn WriteFile>,
    left: Arc<AtomicUsize>,
    on: Fault,
}

impl Failing {
    fn open(path: &Path, on: Fault, after: usize) -> io::Result<Disk> {
        // Making a folder's first segment takes one write and one sync, and so does its format.
        let files = Self {
            folder: Folder::open(path).unwrap(),
            left: Arc::new(AtomicUsize::new(after + 2)),
            on,
        };
        Disk::open_files(Arc::new(files), DiskOptions::default())
    }

    fn wrap(&self, file: Box<dyn WriteFile>) -> Box<dyn WriteFile> {
        Box::new(FailingFile {
            file,
            left: self.left.clone(),
            on: self.on,
        })
    }
}

impl Files for Failing {
    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.folder.list(folder)
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn ReadFile>> {
        Files::open(&self.folder, path)
    }

    fn create(&self, path: &str) -> io::Result<Box<dyn WriteFile>> {
        Ok(self.wrap(self.folder.create(path)?))
    }

    fn append(&self, path: &str) -> io::Result<Box<dyn WriteFile>> {
        Ok(self.wrap(self.folder.append(path)?))
    }

    fn truncate(&self, path: &str, bytes: u64) -> io::Result<()> {
        self.folder.truncate(path, bytes)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.folder.rename(from, to)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.folder.remove(path)
    }

    fn create_folder(&self, folder: &str) -> io::Result<()> {
        self.folder.create_folder(folder)
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        self.folder.sync_folder(folder)
    }
}

impl FailingFile {
    fn due(&self, fault: Fault) -> bool {
        self.on == fault && self.left.fetch_sub(1, Ordering::Relaxed) == 0
    }
}

impl WriteFile for FailingFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.due(Fault::Full) {
            self.file.append(&bytes[..bytes.len() / 2])?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.due(Fault::Sync) {
            return Err(io::Error::other("input/output error"));
        }
        self.file.sync()
    }
}

#[tokio::test]
async fn fault4_after_one_error_nothing_is_acknowledged_until_reopened() {
    for on in [Fault::Full, Fault::Sync] {
        let folder = TempDir::new().unwrap();
        let disk = Failing::open(folder.path(), on, 2).unwrap();
        append(&disk, "v", 0, &[batch(1, 1)]).await.unwrap();
        append(&disk, "v", 1, &[batch(2, 1)]).await.unwrap();
        assert_eq!(disk.health(), Ok(()));
        let failed = |answer| matches!(answer, Err(AppendError::Failed(_)));
        assert!(failed(append(&disk, "v", 2, &[batch(3, 1)]).await));
        assert!(
            failed(append(&disk, "v", 2, &[batch(3, 1)]).await),
            "the error does not pass"
        );
        assert!(failed(append(&disk, "w", 0, &[batch(1, 1)]).await));
        assert!(matches!(
            disk.create_room(room("a")).await,
            Err(CatalogError::Failed(_))
        ));
        assert_eq!(disk.health().map_err(|error| error.code()), Err("storage"));
        assert_eq!(
            read_all(&disk, "v").await,
            [batch(1, 1), batch(2, 1)],
            "what is durable is still read"
        );
        drop(disk);
        let again = Disk::open(folder.path()).unwrap();
        let found = read_all(&again, "v").await;
        assert!(found.len() >= 2, "everything acknowledged is there");
        let head = found.len() as u64;
        append(&again, "v", head, &[batch(head + 1, 1)])
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn fault5_a_folder_is_open_once() {
    let folder = TempDir::new().unwrap();
    let disk = Disk::open(folder.path()).unwrap();
    let second = Disk::open(folder.path())
        .map(|_| ())
        .map_err(|error| error.to_string());
    assert_eq!(
        second,
        Err(format!(
            "{} is in use by another process",
            folder.path().display()
        ))
    );
    drop(disk);
    assert!(Disk::open(folder.path()).is_ok());
}

#[tokio::test]
async fn fault6_a_folder_that_cannot_be_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Disk::open(file.join("data")).map(|_| ()).unwrap_err();
    assert_eq!(error.code(), "unusable");
    assert!(error.to_string().contains("file/data"), "{error}");
}

#[tokio::test]
async fn fault7_a_record_that_rots_while_open_is_not_served() {
    let folder = TempDir::new().unwrap();
    let disk = Disk::open(folder.path()).unwrap();
    append(&disk, "v", 0, &[batch(1, 1)]).await.unwrap();
    let segment = folder.path().join("00000001.fmzlog");
    let mut bytes = fs::read(&segment).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&segment, bytes).unwrap();
    assert_eq!(
        disk.read("v", 0, u64::MAX)
            .await
            .map_err(|error| error.code()),
        Err("unreadable")
    );
}

#[tokio::test]
async fn fault8_a_batch_over_the_size_of_a_record_is_refused_whole() {
    let folder = TempDir::new().unwrap();
    let disk = Disk::open(folder.path()).unwrap();
    let too_large = append(&disk, "v", 0, &[batch(1, 1), batch(2, 40_000)]).await;
    assert_eq!(too_large, Err(AppendError::TooLarge));
    append(&disk, "v", 0, &[batch(1, 1)]).await.unwrap();
    drop(disk);
    assert_eq!(
        read_all(&Disk::open(folder.path()).unwrap(), "v").await,
        [batch(1, 1)]
    );
}

#[tokio::test]
async fn fault9_a_power_cut_in_a_write_keeps_all_before_it_whichever_sectors_reached_the_disk() {
    const SECTOR: usize = 512;
    let origin = TempDir::new().unwrap();
    let (segment, _) = small_log(origin.path()).await;
    let durable = fs::read(&segment).unwrap().len();
    let disk = Disk::open(origin.path()).unwrap();
    let many: Vec<_> = (1..=40).map(|n| batch(RECORDS + n, 1)).collect();
    append(&disk, "v", RECORDS, &many).await.unwrap();
    let bytes = fs::read(&segment).unwrap();
    let first = durable / SECTOR;
    let sectors = bytes.len().div_ceil(SECTOR) - first;
    assert!((6..=12).contains(&sectors), "{sectors} sectors to lose");
    for reached in 0..1u32 << sectors {
        let mut found = bytes.clone();
        for lost in (0..sectors).filter(|sector| reached & (1 << sector) == 0) {
            let start = durable.max((first + lost) * SECTOR);
            let end = bytes.len().min((first + lost + 1) * SECTOR);
            found[start..end].fill(0);
        }
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("00000001.fmzlog"), found).unwrap();
        let disk = Disk::open(folder.path()).unwrap();
        let kept = read_all(&disk, "v").await;
        assert!(kept.len() as u64 >= RECORDS, "{reached:b}");
        let whole: Vec<_> = (1..=kept.len() as u64)
            .map(|revision| batch(revision, 1))
            .collect();
        assert_eq!(kept, whole, "{reached:b}");
    }
}

#[tokio::test]
async fn log7_a_batch_of_another_history_is_not_served_whatever_its_checksum_says() {
    let (one, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (segment, ends) = small_log(one.path()).await;
    let disk = Disk::open(other.path()).unwrap();
    for revision in 1..=RECORDS {
        let batch = batch_at(revision, 1, 2);
        append(&disk, "v", revision - 1, &[batch]).await.unwrap();
    }
    drop(disk);
    let mut bytes = fs::read(&segment).unwrap();
    let foreign = fs::read(other.path().join("00000001.fmzlog")).unwrap();
    assert_eq!(bytes.len(), foreign.len());
    bytes[ends[1]..ends[2]].copy_from_slice(&foreign[ends[1]..ends[2]]);
    fs::write(&segment, bytes).unwrap();
    fs::remove_file(one.path().join("00000001.fmzidx")).unwrap();
    let disk = Disk::open(one.path()).unwrap();
    let lost = Loss::Revisions {
        video: "v".into(),
        first: 2,
        last: 2,
    };
    assert!(
        disk.report().losses.first.contains(&lost),
        "{:?}",
        disk.report()
    );
    let expected: Vec<_> = [1, 3, 4].map(|revision| batch(revision, 1)).into();
    assert_eq!(served(&disk, "v").await, expected);
}

/// Makes a small log with snapshots at revisions 2 and 4. Returns its segment, and the byte at
/// which the last record in it begins.
async fn with_snapshots(folder: &Path) -> (PathBuf, u64) {
    let (segment, ends) = small_log(folder).await;
    let disk = Disk::open(folder).unwrap();
    for revision in [2, 4] {
        let put = put_snapshot(&disk, "v", revision, vec![revision as u8; 50]);
        put.await.unwrap();
    }
    (segment, ends[ends.len() - 2] as u64)
}

async fn newest(disk: &Disk) -> Option<u64> {
    let newest = disk.snapshot("v", u64::MAX).await.unwrap();
    newest.map(|snapshot| snapshot.head.revision)
}

#[tokio::test]
async fn snapshot4_a_damaged_snapshot_is_put_aside_and_the_one_before_given() {
    let folder = TempDir::new().unwrap();
    with_snapshots(folder.path()).await;
    let videos = fs::read_dir(folder.path().join("snapshots")).unwrap();
    let of_video = videos.map(|entry| entry.unwrap().path()).next().unwrap();
    let path = of_video.join(format!("{:016x}.fmzsnap", 4));
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, bytes).unwrap();
    let disk = Disk::open(folder.path()).unwrap();
    assert_eq!(newest(&disk).await, Some(2));
    let lost = Loss::Snapshot {
        video: "v".into(),
        revision: 4,
    };
    assert_eq!(disk.report().losses.first, [lost]);
    assert!(!path.exists() && of_video.join(format!("{:016x}.fmzsnap-bad", 4)).exists());
    assert_eq!(read_all(&disk, "v").await.len() as u64, RECORDS);
}

#[tokio::test]
async fn snapshot4_a_snapshot_tells_that_the_log_lost_its_end() {
    let folder = TempDir::new().unwrap();
    let (segment, last) = with_snapshots(folder.path()).await;
    let cut = File::options().write(true).open(&segment).unwrap();
    cut.set_len(last).unwrap();
    fs::remove_file(segment.with_extension("fmzidx")).unwrap();
    for again in 0..3 {
        let disk = Disk::open(folder.path()).unwrap();
        assert_eq!(newest(&disk).await, Some(4));
        let head = 4 + again;
        assert_eq!(
            append(&disk, "v", 3, &[batch(4, 1)]).await,
            Err(AppendError::Conflict { head }),
            "no revision is given twice"
        );
        append(&disk, "v", head, &[batch(head + 1, 1)])
            .await
            .unwrap();
        let behind = disk.read("v", 4, u64::MAX).await.unwrap();
        assert_eq!(behind.len() as u64, again + 1);
        let lost = Loss::Revisions {
            video: "v".into(),
            first: 4,
            last: 4,
        };
        assert_eq!(disk.report().losses.first, [lost]);
    }
}
