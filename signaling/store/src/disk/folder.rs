//! The data folder: its lock, the names in it, and making files that survive a power cut.

use super::segment;
use crate::OpenError;
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

const LOCK: &str = "lock";
const SUFFIX: &str = "fmzlog";

pub(super) fn segment_name(number: u32) -> String {
    format!("{number:08}.{SUFFIX}")
}

/// A data folder that this process alone has open.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Held as long as the folder is open; the system releases it when the process dies.
    _lock: File,
}

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Self, OpenError> {
        let unusable = |source| OpenError::Unusable {
            path: path.to_owned(),
            source,
        };
        fs::create_dir_all(path).map_err(unusable)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join(LOCK))
            .map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(unusable(source)),
        }
    }

    pub(super) fn segment_path(&self, number: u32) -> PathBuf {
        self.path.join(segment_name(number))
    }

    /// Returns the numbers of all segments, ascending.
    pub(super) fn segments(&self) -> Result<Vec<u32>, OpenError> {
        let unusable = |source| OpenError::Unusable {
            path: self.path.clone(),
            source,
        };
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(unusable)? {
            let name = entry.map_err(unusable)?.file_name();
            let number: Option<u32> = name
                .to_str()
                .and_then(|name| name.strip_suffix(SUFFIX)?.strip_suffix('.')?.parse().ok());
            numbers.extend(number);
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Makes a segment with its header; both its bytes and its name are durable afterwards.
    pub(super) fn create_segment(&self, number: u32, previous_bytes: u64) -> io::Result<File> {
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .open(self.segment_path(number))?;
        file.write_all(&segment::header(number, previous_bytes))?;
        file.sync_all()?;
        self.sync()?;
        Ok(file)
    }

    pub(super) fn open_segment(&self, number: u32) -> io::Result<File> {
        OpenOptions::new()
            .append(true)
            .open(self.segment_path(number))
    }

    /// Cuts a segment behind its good records; what is cut off is kept beside it.
    pub(super) fn cut_segment(&self, number: u32, bytes: &[u8], good: usize) -> io::Result<()> {
        let path = self.segment_path(number);
        fs::write(path.with_extension(format!("torn-{good}")), &bytes[good..])?;
        let file = OpenOptions::new().write(true).open(&path)?;
        file.set_len(good as u64)?;
        file.sync_all()?;
        self.sync()
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}
