//! The data folder of the system's file system, with its lock.

use super::files::{Files, ReadFile, WriteFile};
use crate::OpenError;
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

const LOCK: &str = "lock";

/// A data folder that this process alone has open.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Held as long as the folder is open; the system releases it when the process dies.
    _lock: File,
}

impl Folder {
    /// Opens a folder, which is made if it is absent.
    ///
    /// # Errors
    /// [`OpenError::InUse`] if another process has it, else [`OpenError::Unusable`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
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
}

impl Files for Folder {
    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(self.path.join(folder)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = Vec::new();
        for entry in entries {
            names.extend(entry?.file_name().into_string().ok());
        }
        Ok(names)
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn ReadFile>> {
        Ok(Box::new(File::open(self.path.join(path))?))
    }

    fn create(&self, path: &str) -> io::Result<Box<dyn WriteFile>> {
        Ok(Box::new(File::create(self.path.join(path))?))
    }

    fn append(&self, path: &str) -> io::Result<Box<dyn WriteFile>> {
        let file = OpenOptions::new().append(true).open(self.path.join(path))?;
        Ok(Box::new(file))
    }

    fn truncate(&self, path: &str, bytes: u64) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(self.path.join(path))?;
        file.set_len(bytes)?;
        file.sync_all()
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(path))
    }

    fn create_folder(&self, folder: &str) -> io::Result<()> {
        fs::create_dir_all(self.path.join(folder))
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        File::open(self.path.join(folder))?.sync_all()
    }
}

impl ReadFile for File {
    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_exact_at(&self, into: &mut [u8], offset: u64) -> io::Result<()> {
        FileExt::read_exact_at(self, into, offset)
    }
}

impl WriteFile for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}
