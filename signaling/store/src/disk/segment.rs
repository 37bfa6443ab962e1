//! The bytes of a segment.
//!
//! ```text
//! header: magic 8 | number u64 | length of the segment before u64 | crc32 u32
//! record: length u32 | crc32 u32 | group u32 | body (StoredRecord)      all little endian
//! ```
//! `group` is the byte at which the write begins that the record belongs to. All of a write is
//! synced before the next one begins. So a bad record is a torn write only at the end of the log,
//! and only if every good record behind it has a `group` at or before it. A record's checksum
//! covers length, group and body. The length that the next header keeps shows a segment that was
//! cut at a record's end.

use super::stored::BatchBody;
use crate::Record;
use crc32fast::Hasher;
use fmz_proto::{
    Message,
    v1::{StoredRecord, StoredRoom, stored_record},
};
use std::ops::Range;

const MAGIC: [u8; 8] = *b"FMZSEG01";
pub(super) const HEADER_BYTES: usize = 28;
const HEAD_BYTES: usize = 12;
/// Largest body of a record, bytes: many times a client's largest batch.
pub const RECORD_BYTES_MAX: usize = 1024 * 1024;

/// Returns the header of a segment.
pub(super) fn header(number: u32, previous_bytes: u64) -> [u8; HEADER_BYTES] {
    let mut bytes = [0; HEADER_BYTES];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..16].copy_from_slice(&u64::from(number).to_le_bytes());
    bytes[16..24].copy_from_slice(&previous_bytes.to_le_bytes());
    let crc = crc32fast::hash(&bytes[..24]);
    bytes[24..].copy_from_slice(&crc.to_le_bytes());
    bytes
}

/// Returns the number of a segment and the length of the one before, as a header tells them.
pub(super) fn read_header(bytes: &[u8]) -> Option<(u32, u64)> {
    let word = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
    let (number, previous_bytes) = (u32::try_from(word(8)?).ok()?, word(16)?);
    (bytes == header(number, previous_bytes)).then_some((number, previous_bytes))
}

/// Adds a record of a batch to a write that begins at byte `group` of the segment. Returns false,
/// and adds nothing, if the record is too large.
pub(super) fn push_batch(write: &mut Vec<u8>, group: u32, video: &str, record: &Record) -> bool {
    let body = BatchBody::new(video, record);
    push(write, group, body.len(), |write| body.write(write))
}

/// Adds a record of a room to a write, as [`push_batch`] does.
pub(super) fn push_room(write: &mut Vec<u8>, group: u32, room: &StoredRoom) -> bool {
    let body = StoredRecord {
        record: Some(stored_record::Record::Room(room.clone())),
    };
    push(write, group, body.encoded_len(), |write| {
        body.encode(write).expect("a vector grows as it must");
    })
}

/// Adds a record whose body `write_body` writes, straight into the write.
fn push(
    write: &mut Vec<u8>,
    group: u32,
    length: usize,
    write_body: impl FnOnce(&mut Vec<u8>),
) -> bool {
    if length > RECORD_BYTES_MAX {
        return false;
    }
    let (start, group) = (write.len(), group.to_le_bytes());
    let word = (length as u32).to_le_bytes();
    write.reserve(HEAD_BYTES + length);
    write.extend_from_slice(&word);
    // The checksum's place: it is known once the body is written.
    write.extend_from_slice(&[0; 4]);
    write.extend_from_slice(&group);
    write_body(write);
    let (head, body) = write[start..].split_at_mut(HEAD_BYTES);
    debug_assert_eq!(body.len(), length, "a body is as long as it said");
    head[4..8].copy_from_slice(&checksum(word, group, body).to_le_bytes());
    true
}

fn checksum(length: [u8; 4], group: [u8; 4], body: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(&length);
    hasher.update(&group);
    hasher.update(body);
    hasher.finalize()
}

/// A good record as it lies in a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) offset: usize,
    pub(super) end: usize,
    group: u64,
}

impl Found {
    /// Returns the bytes of its body.
    pub(super) fn body(&self) -> Range<usize> {
        self.offset + HEAD_BYTES..self.end
    }
}

/// Returns the record that begins at `offset`, if what lies there is one.
pub(super) fn record_at(bytes: &[u8], offset: usize) -> Option<Found> {
    let head = bytes.get(offset..offset + HEAD_BYTES)?;
    let word = |at: usize| [head[at], head[at + 1], head[at + 2], head[at + 3]];
    let length = u32::from_le_bytes(word(0)) as usize;
    if length > RECORD_BYTES_MAX {
        return None;
    }
    let end = offset + HEAD_BYTES + length;
    let body = bytes.get(offset + HEAD_BYTES..end)?;
    let good = checksum(word(0), word(8), body) == u32::from_le_bytes(word(4));
    let group = u64::from(u32::from_le_bytes(word(8)));
    good.then_some(Found { offset, end, group })
}

/// The contents of a segment.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Scan {
    pub(super) good: Vec<Found>,
    /// Bytes that were durable and changed.
    pub(super) bad: Vec<Range<usize>>,
    /// The byte from which on a write is unfinished. Nothing behind it counts.
    pub(super) torn: Option<usize>,
}

/// Finds every good record behind the header. A write can be unfinished only at byte `durable` or
/// behind it.
pub(super) fn scan(bytes: &[u8], durable: usize) -> Scan {
    let mut scan = Scan::default();
    let mut offset = HEADER_BYTES;
    while offset < bytes.len() {
        let found = next_record(bytes, offset);
        let start = found.map_or(bytes.len(), |found| found.offset);
        if start > offset {
            scan.bad.push(offset..start);
        }
        scan.good.extend(found);
        offset = found.map_or(bytes.len(), |found| found.end);
    }
    scan.cut_unfinished(durable);
    scan
}

/// Returns the next good record at `from` or behind it.
fn next_record(bytes: &[u8], from: usize) -> Option<Found> {
    (from..bytes.len())
        .filter_map(|offset| record_at(bytes, offset))
        .find(|found| (HEADER_BYTES as u64..=found.offset as u64).contains(&found.group))
}

impl Scan {
    /// Tells a torn write from damage: after damage there is a record of a later write.
    fn cut_unfinished(&mut self, durable: usize) {
        let newest = self.good.last().map_or(0, |found| found.group);
        self.torn = self
            .bad
            .iter()
            .map(|bad| bad.start)
            .find(|start| *start >= durable && newest <= *start as u64);
        if let Some(torn) = self.torn {
            self.bad.retain(|bad| bad.start < torn);
            self.good.retain(|found| found.offset < torn);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(name: &str) -> StoredRoom {
        StoredRoom {
            room: name.into(),
            title: String::new(),
            created_ms: 1,
        }
    }

    /// Returns a segment with one write for each list of rooms.
    fn segment(writes: &[&[&str]]) -> (Vec<u8>, Vec<usize>) {
        let mut bytes = header(1, 0).to_vec();
        let mut starts = Vec::new();
        for rooms in writes {
            let group = bytes.len() as u32;
            for room in *rooms {
                starts.push(bytes.len());
                assert!(push_room(&mut bytes, group, &self::room(room)));
            }
        }
        (bytes, starts)
    }

    fn check(bytes: &[u8], last: bool) -> (usize, Vec<Range<usize>>, Option<usize>) {
        let durable = if last { 0 } else { bytes.len() };
        let scan = scan(bytes, durable);
        (scan.good.len(), scan.bad, scan.torn)
    }

    #[test]
    fn store1_whole_segment_reads_back() {
        let (bytes, _) = segment(&[&["a", "b"], &["c"]]);
        for last in [false, true] {
            assert_eq!(check(&bytes, last), (3, vec![], None));
        }
    }

    #[test]
    fn store2_hole_in_the_last_write_is_torn_and_elsewhere_damage() {
        let (mut bytes, starts) = segment(&[&["a"], &["b", "c", "d"]]);
        bytes[starts[2] + HEAD_BYTES] ^= 1;
        assert_eq!(check(&bytes, true), (2, vec![], Some(starts[2])));
        let hole = starts[2]..starts[3];
        assert_eq!(check(&bytes, false), (3, vec![hole], None));
        bytes[starts[0] + HEAD_BYTES] ^= 1;
        let first = starts[0]..starts[1];
        assert_eq!(check(&bytes, true), (1, vec![first], Some(starts[2])));
    }

    #[test]
    fn store3_every_flipped_bit_is_seen() {
        let (bytes, starts) = segment(&[&["a"], &["b"], &["c"]]);
        let ends = [starts[1], starts[2], bytes.len()];
        for bit in HEADER_BYTES * 8..bytes.len() * 8 {
            let mut hurt = bytes.clone();
            hurt[bit / 8] ^= 1 << (bit % 8);
            let index = starts.iter().rposition(|start| *start <= bit / 8).unwrap();
            let bad = starts[index]..ends[index];
            assert_eq!(check(&hurt, false), (2, vec![bad.clone()], None), "{bit}");
            let expected = if index == 2 {
                (2, vec![], Some(starts[2]))
            } else {
                (2, vec![bad], None)
            };
            assert_eq!(check(&hurt, true), expected, "bit {bit}");
        }
    }
}
