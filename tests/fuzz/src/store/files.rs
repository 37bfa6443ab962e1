//! A folder in memory.

use fmz_store::{Files, ReadFile, WriteFile};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard};

/// Contents of files, by path.
pub(super) type Contents = BTreeMap<String, Vec<u8>>;

/// Files that several stores open, one after another.
#[derive(Debug, Clone, Default)]
pub(super) struct Folder(Arc<Mutex<Contents>>);

impl Folder {
    pub(super) fn new(contents: Contents) -> Self {
        Self(Arc::new(Mutex::new(contents)))
    }

    pub(super) fn contents(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().expect("no holder of this lock panics")
    }

    fn with<T>(&self, path: &str, act: impl FnOnce(&mut Vec<u8>) -> T) -> io::Result<T> {
        let mut contents = self.contents();
        let file = contents.get_mut(path);
        file.map(act)
            .ok_or_else(|| io::Error::from(ErrorKind::NotFound))
    }

    fn file(&self, path: &str) -> Box<File> {
        let (folder, path) = (self.clone(), path.to_owned());
        Box::new(File { folder, path })
    }
}

struct File {
    folder: Folder,
    path: String,
}

impl Files for Folder {
    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let inside = |path: &String| {
            let (around, name) = path.rsplit_once('/').unwrap_or(("", path));
            (around == folder).then(|| name.to_owned())
        };
        Ok(self.contents().keys().filter_map(inside).collect())
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn ReadFile>> {
        self.with(path, |_| ())?;
        Ok(self.file(path))
    }

    fn create(&self, path: &str) -> io::Result<Box<dyn WriteFile>> {
        self.contents().insert(path.to_owned(), Vec::new());
        Ok(self.file(path))
    }

    fn append(&self, path: &str) -> io::Result<Box<dyn WriteFile>> {
        self.with(path, |_| ())?;
        Ok(self.file(path))
    }

    fn truncate(&self, path: &str, bytes: u64) -> io::Result<()> {
        self.with(path, |file| file.truncate(bytes as usize))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut contents = self.contents();
        let file = contents.remove(from);
        let file = file.ok_or_else(|| io::Error::from(ErrorKind::NotFound))?;
        contents.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let removed = self.contents().remove(path);
        removed
            .map(drop)
            .ok_or_else(|| io::Error::from(ErrorKind::NotFound))
    }

    fn create_folder(&self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn sync_folder(&self, _: &str) -> io::Result<()> {
        Ok(())
    }
}

impl ReadFile for File {
    fn length(&self) -> io::Result<u64> {
        self.folder.with(&self.path, |file| file.len() as u64)
    }

    fn read_exact_at(&self, into: &mut [u8], offset: u64) -> io::Result<()> {
        let read = self.folder.with(&self.path, |file| {
            let start = usize::try_from(offset).ok()?;
            let found = file.get(start..start.checked_add(into.len())?)?;
            into.copy_from_slice(found);
            Some(())
        })?;
        read.ok_or_else(|| io::Error::from(ErrorKind::UnexpectedEof))
    }
}

impl WriteFile for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.folder
            .with(&self.path, |file| file.extend_from_slice(bytes))
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}
