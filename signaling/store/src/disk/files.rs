//! What the store asks of a file system, and nothing more: tests put failures and
//! power cuts in here.

use std::{fmt, io};

/// Files in one folder and the folders in it. Paths are relative to it, with `/`.
///
/// Bytes are durable once their file was synced, names (made, changed, gone) once their folder was.
pub trait Files: fmt::Debug + Send + Sync {
    /// Names of what lies in a folder, in any order; none where the folder is not
    /// there. `""` is the whole.
    ///
    /// # Errors
    /// What the system says.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;

    /// Opens a file to read from.
    ///
    /// # Errors
    /// What the system says; `NotFound` where there is none.
    fn open(&self, path: &str) -> io::Result<Box<dyn ReadFile>>;

    /// Makes an empty file, in place of the one that is there.
    ///
    /// # Errors
    /// What the system says.
    fn create(&self, path: &str) -> io::Result<Box<dyn WriteFile>>;

    /// Opens a file to write on at its end.
    ///
    /// # Errors
    /// What the system says; `NotFound` where there is none.
    fn append(&self, path: &str) -> io::Result<Box<dyn WriteFile>>;

    /// Cuts a file to its first `bytes` and syncs it.
    ///
    /// # Errors
    /// What the system says.
    fn truncate(&self, path: &str, bytes: u64) -> io::Result<()>;

    /// Gives a file another name in its folder, in place of the file that has it.
    ///
    /// # Errors
    /// What the system says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// What the system says.
    fn remove(&self, path: &str) -> io::Result<()>;

    /// Makes a folder, and those around it, where it is not there.
    ///
    /// # Errors
    /// What the system says.
    fn create_folder(&self, folder: &str) -> io::Result<()>;

    /// Returns when the names in a folder are durable.
    ///
    /// # Errors
    /// What the system says.
    fn sync_folder(&self, folder: &str) -> io::Result<()>;
}

/// A file that is read.
pub trait ReadFile: Send {
    /// Length of the file, bytes.
    ///
    /// # Errors
    /// What the system says.
    fn length(&self) -> io::Result<u64>;

    /// Fills `into` with the bytes from `offset` on.
    ///
    /// # Errors
    /// What the system says; `UnexpectedEof` where the file ends before.
    fn read_exact_at(&self, into: &mut [u8], offset: u64) -> io::Result<()>;
}

/// A file that is written to.
pub trait WriteFile: Send {
    /// Writes all bytes behind those before.
    ///
    /// # Errors
    /// What the system says; the file then holds any part of the bytes.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Returns when all bytes written are durable.
    ///
    /// # Errors
    /// What the system says; it is then unknown what is durable.
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
