//! The little that the store asks of a file system. Tests put failures and power cuts in here.

use std::{fmt, io};

/// Files in one folder and the folders in it. Paths are relative to it, with `/`.
///
/// Bytes are durable once their file was synced, names (made, changed, gone) once their folder was.
pub trait Files: fmt::Debug + Send + Sync {
    /// Returns the names in a folder, in any order; none if the folder is not there. `""` is the
    /// data folder itself.
    ///
    /// # Errors
    /// The system's error.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;

    /// Opens a file to read from.
    ///
    /// # Errors
    /// The system's error; `NotFound` if there is no such file.
    fn open(&self, path: &str) -> io::Result<Box<dyn ReadFile>>;

    /// Makes an empty file, in place of a file that is there.
    ///
    /// # Errors
    /// The system's error.
    fn create(&self, path: &str) -> io::Result<Box<dyn WriteFile>>;

    /// Opens a file to write on at its end.
    ///
    /// # Errors
    /// The system's error; `NotFound` if there is no such file.
    fn append(&self, path: &str) -> io::Result<Box<dyn WriteFile>>;

    /// Cuts a file to its first `bytes` and syncs it.
    ///
    /// # Errors
    /// The system's error.
    fn truncate(&self, path: &str, bytes: u64) -> io::Result<()>;

    /// Gives a file another name in its folder, in place of a file that has this name.
    ///
    /// # Errors
    /// The system's error.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// The system's error.
    fn remove(&self, path: &str) -> io::Result<()>;

    /// Makes a folder, and those around it, if it is not there.
    ///
    /// # Errors
    /// The system's error.
    fn create_folder(&self, folder: &str) -> io::Result<()>;

    /// Returns when the names in a folder are durable.
    ///
    /// # Errors
    /// The system's error.
    fn sync_folder(&self, folder: &str) -> io::Result<()>;
}

/// A file that is read.
pub trait ReadFile: Send {
    /// Returns the length of the file, bytes.
    ///
    /// # Errors
    /// The system's error.
    fn length(&self) -> io::Result<u64>;

    /// Fills `into` with the bytes from `offset` on.
    ///
    /// # Errors
    /// The system's error; `UnexpectedEof` if the file ends before.
    fn read_exact_at(&self, into: &mut [u8], offset: u64) -> io::Result<()>;
}

/// A file that is written to.
pub trait WriteFile: Send {
    /// Writes all bytes behind those before.
    ///
    /// # Errors
    /// The system's error; the file then holds any part of the bytes.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Returns when all bytes written are durable.
    ///
    /// # Errors
    /// The system's error; it is then unknown what is durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// Reads a whole file.
pub(super) fn read(files: &dyn Files, path: &str) -> io::Result<Vec<u8>> {
    let file = files.open(path)?;
    let mut bytes = vec![0; file.length()? as usize];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}

/// Makes a file whose bytes and name are durable.
pub(super) fn write_durable(
    files: &dyn Files,
    folder: &str,
    path: &str,
    bytes: &[u8],
) -> io::Result<Box<dyn WriteFile>> {
    let mut file = files.create(path)?;
    file.append(bytes)?;
    file.sync()?;
    files.sync_folder(folder)?;
    Ok(file)
}
