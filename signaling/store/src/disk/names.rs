//! The names of the files.

/// The note of the folder's format, and the same while it is written.
pub(super) const FORMAT: &str = "format";
pub(super) const NEW_FORMAT: &str = "format.new";
const SEGMENT: &str = ".fmzlog";
const INDEX: &str = ".fmzidx";
const SNAPSHOT: &str = ".fmzsnap";
/// Folder of the folders of snapshots.
pub(super) const SNAPSHOTS: &str = "snapshots";

pub(super) fn segment(number: u32) -> String {
    format!("{number:08}{SEGMENT}")
}

pub(super) fn segment_number(name: &str) -> Option<u32> {
    name.strip_suffix(SEGMENT)?.parse().ok()
}

pub(super) fn index(number: u32) -> String {
    format!("{number:08}{INDEX}")
}

pub(super) fn index_number(name: &str) -> Option<u32> {
    name.strip_suffix(INDEX)?.parse().ok()
}

/// Returns the name of the file for bytes that were cut off a segment at `offset`.
pub(super) fn torn(number: u32, offset: u64) -> String {
    format!("{number:08}.torn-{offset}")
}

/// Returns the name of the folder of a video's snapshots. Any video's name gives a name that every
/// file system takes.
pub(super) fn video(video: &str) -> String {
    blake3::hash(video.as_bytes()).to_hex()[..32].to_owned()
}

pub(super) fn snapshot_folder(video_name: &str) -> String {
    format!("{SNAPSHOTS}/{video_name}")
}

pub(super) fn snapshot(folder: &str, revision: u64) -> String {
    format!("{folder}/{revision:016x}{SNAPSHOT}")
}

pub(super) fn snapshot_revision(name: &str) -> Option<u64> {
    u64::from_str_radix(name.strip_suffix(SNAPSHOT)?, 16).ok()
}

/// Returns the name of a snapshot while it is written.
pub(super) fn unfinished(folder: &str) -> String {
    format!("{folder}/unfinished")
}

/// Returns the name of a snapshot that was put aside because it cannot be read back.
pub(super) fn bad_snapshot(path: &str) -> String {
    format!("{path}-bad")
}
