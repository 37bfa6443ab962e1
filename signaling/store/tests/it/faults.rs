//! What a disk can do to a log, and what must hold afterwards.

use crate::{batch, read_all, room};
use fmz_store::{
    AppendError, Catalog, CatalogError, Disk, DiskOptions, OpLog, OpenError, SegmentFile,
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

/// Writes a small log, one record a write, and returns its only segment and the byte at which each record ends.
async fn small_log(folder: &Path) -> (PathBuf, Vec<usize>) {
    let disk = Disk::open(folder).unwrap();
    let segment = folder.join("00000001.fmzlog");
    let mut ends = vec![fs::metadata(&segment).unwrap().len() as usize];
    for revision in 1..=RECORDS {
        disk.append("v", revision - 1, vec![batch(revision, 1)])
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
        disk.append("v", whole, vec![batch(whole + 1, 1)])
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
async fn fault2_a_flipped_bit_is_never_served() {
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
        match Disk::open(folder.path()) {
            Ok(disk) => {
                assert!(
                    byte >= last,
                    "only the last write may count as unfinished, not byte {byte}"
                );
                assert_eq!(read_all(&disk, "v").await.len() as u64, RECORDS - 1);
                let torn = path.with_extension(format!("torn-{last}"));
                assert_eq!(fs::read(torn).unwrap(), hurt[last..]);
            }
            Err(OpenError::Damaged { path: named, .. }) => {
                assert_eq!(
                    (named, fs::read(&path).unwrap()),
                    (path, hurt),
                    "the file is left as found"
                );
            }
            Err(error) => panic!("byte {byte}: {error}"),
        }
    }
}

#[tokio::test]
async fn fault3_segments_cut_swapped_or_gone_are_named() {
    let make = async || {
        let folder = TempDir::new().unwrap();
        let options = DiskOptions {
            segment_bytes_max: 1,
            ..DiskOptions::default()
        };
        let disk = Disk::open_with(folder.path(), options).unwrap();
        for revision in 1..=RECORDS {
            disk.append("v", revision - 1, vec![batch(revision, 1)])
                .await
                .unwrap();
        }
        folder
    };
    let name = |folder: &TempDir, number: u32| folder.path().join(format!("{number:08}.fmzlog"));
    let check = |folder: &TempDir, number: u32| match Disk::open(folder.path()) {
        Err(OpenError::Damaged { path, .. }) => assert_eq!(path, name(folder, number)),
        other => panic!("{other:?}"),
    };

    let folder = make().await;
    fs::remove_file(name(&folder, 2)).unwrap();
    check(&folder, 2);

    let folder = make().await;
    let cut = File::options().write(true).open(name(&folder, 2)).unwrap();
    cut.set_len(28).unwrap();
    check(&folder, 3);

    let folder = make().await;
    fs::rename(name(&folder, 2), folder.path().join("x")).unwrap();
    fs::rename(name(&folder, 3), name(&folder, 2)).unwrap();
    fs::rename(folder.path().join("x"), name(&folder, 3)).unwrap();
    check(&folder, 2);
}

/// A file whose n-th operation fails.
struct Failing {
    file: File,
    left: Arc<AtomicUsize>,
    on: Fault,
}

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    /// The disk is full: half of the bytes are written.
    Full,
    Sync,
}

impl Failing {
    fn due(&self, fault: Fault) -> bool {
        self.on == fault && self.left.fetch_sub(1, Ordering::Relaxed) == 0
    }
}

impl SegmentFile for Failing {
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

fn failing(on: Fault, after: usize) -> DiskOptions {
    let left = Arc::new(AtomicUsize::new(after));
    let wrap = move |file| -> Box<dyn SegmentFile> {
        Box::new(Failing {
            file,
            left: left.clone(),
            on,
        })
    };
    DiskOptions {
        wrap: Arc::new(wrap),
        ..DiskOptions::default()
    }
}

#[tokio::test]
async fn fault4_after_one_error_nothing_is_acknowledged_until_reopened() {
    for on in [Fault::Full, Fault::Sync] {
        let folder = TempDir::new().unwrap();
        let disk = Disk::open_with(folder.path(), failing(on, 2)).unwrap();
        disk.append("v", 0, vec![batch(1, 1)]).await.unwrap();
        disk.append("v", 1, vec![batch(2, 1)]).await.unwrap();
        assert_eq!(disk.health(), Ok(()));
        let failed = |answer| matches!(answer, Err(AppendError::Failed(_)));
        assert!(failed(disk.append("v", 2, vec![batch(3, 1)]).await));
        assert!(
            failed(disk.append("v", 2, vec![batch(3, 1)]).await),
            "the error does not pass"
        );
        assert!(failed(disk.append("w", 0, vec![batch(1, 1)]).await));
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
        again
            .append("v", head, vec![batch(head + 1, 1)])
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
    disk.append("v", 0, vec![batch(1, 1)]).await.unwrap();
    let segment = folder.path().join("00000001.fmzlog");
    let mut bytes = fs::read(&segment).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&segment, bytes).unwrap();
    assert_eq!(
        disk.read("v", 0).await.map_err(|error| error.code()),
        Err("unreadable")
    );
}

#[tokio::test]
async fn fault8_a_batch_over_the_size_of_a_record_is_refused_whole() {
    let folder = TempDir::new().unwrap();
    let disk = Disk::open(folder.path()).unwrap();
    let too_large = disk
        .append("v", 0, vec![batch(1, 1), batch(2, 40_000)])
        .await;
    assert_eq!(too_large, Err(AppendError::TooLarge));
    disk.append("v", 0, vec![batch(1, 1)]).await.unwrap();
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
    disk.append("v", RECORDS, many).await.unwrap();
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
