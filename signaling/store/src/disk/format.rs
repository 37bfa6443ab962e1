//! The note in a data folder that says which format its files have.
//!
//! ```text
//! format NUMBER CRC32
//! ```
//! It is one line. The checksum, 8 hexadecimal digits, is that of all before its space.
//!
//! Format 1 has no note. A build opens the formats up to its own, and notes its own before it
//! writes anything: a build that cannot read what may be in a folder from then on refuses it.

use super::{
    files::{self, Files},
    names,
};
use std::io;

/// The format that this build writes: since 2, documents name the media of their marks.
pub const FORMAT: u32 = 2;

/// The note in a folder, as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noted {
    /// A format.
    Format(u32),
    /// The note is not what was written there.
    Damaged,
}

/// A folder that a newer build wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("written by a newer fmz: format {0}; this one reads up to {FORMAT}")]
pub(super) struct Newer(pub(super) u32);

/// Reads the note of a folder.
pub(super) fn read(files: &dyn Files) -> io::Result<Noted> {
    match files::read(files, names::FORMAT) {
        Ok(bytes) => Ok(parse(&bytes).map_or(Noted::Damaged, Noted::Format)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Noted::Format(1)),
        Err(error) => Err(error),
    }
}

/// Notes this build's format. A note has its name only once all of it is durable.
pub(super) fn write(files: &dyn Files) -> io::Result<()> {
    let mut file = files.create(names::NEW_FORMAT)?;
    file.append(line(FORMAT).as_bytes())?;
    file.sync()?;
    files.rename(names::NEW_FORMAT, names::FORMAT)?;
    files.sync_folder("")
}

fn line(format: u32) -> String {
    let text = format!("format {format}");
    let checksum = crc32fast::hash(text.as_bytes());
    format!("{text} {checksum:08x}\n")
}

fn parse(bytes: &[u8]) -> Option<u32> {
    let text = str::from_utf8(bytes).ok()?;
    let number = text.strip_prefix("format ")?.split(' ').next()?;
    let format = number.parse().ok()?;
    (text == line(format)).then_some(format)
}
