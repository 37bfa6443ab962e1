//! The bytes of a segment.
//!
//! ```text
//! header: magic 8 | number u64 | length of the segment before u64 | crc32 u32
//! record: length u32 | crc32 u32 | group u32 | body (StoredRecord)      all little endian
//! ```
//! `group` is where the write began to which the record belongs. All of a write is synced before the next one begins, so
//! a bad record is a torn write only where every good record behind it has a `group` at or before it. A record's checksum covers
//! length, group and body; the length kept in the next header shows a segment that was cut at a record's end.

use crc32fast::Hasher;
use fmz_proto::{Message, v1::StoredRecord};

const MAGIC: [u8; 8] = *b"FMZSEG01";
pub(super) const HEADER_BYTES: usize = 28;
const HEAD_BYTES: usize = 12;
/// Largest body of a record, bytes: many times a client's largest batch.
pub const RECORD_BYTES_MAX: usize = 1024 * 1024;

pub(super) fn header(number: u32, previous_bytes: u64) -> [u8; HEADER_BYTES] {
    let mut bytes = [0; HEADER_BYTES];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..16].copy_from_slice(&u64::from(number).to_le_bytes());
    bytes[16..24].copy_from_slice(&previous_bytes.to_le_bytes());
    let crc = crc32fast::hash(&bytes[..24]);
    bytes[24..].copy_from_slice(&crc.to_le_bytes());
    bytes
}

/// Appends one record to a write that begins at byte `group` of the segment. False where it is too large.
pub(super) fn push_record(write: &mut Vec<u8>, group: u32, record: &StoredRecord) -> bool {
    let length = record.encoded_len();
    if length > RECORD_BYTES_MAX {
        return false;
    }
    let body = record.encode_to_vec();
    let length = (length as u32).to_le_bytes();
    write.extend_from_slice(&length);
    write.extend_from_slice(&checksum(length, group.to_le_bytes(), &body).to_le_bytes());
    write.extend_from_slice(&group.to_le_bytes());
    write.extend_from_slice(&body);
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
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub(super) group: u64,
    pub(super) body: &'a [u8],
    pub(super) end: usize,
}

/// Returns the record that begins at `offset`, if what lies there is one.
pub(super) fn record_at(bytes: &[u8], offset: usize) -> Option<Found<'_>> {
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
    good.then_some(Found { group, body, end })
}

/// How a segment ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// At a record's end.
    Clean,
    /// In a write that never finished; the good records end here.
    Torn(usize),
    /// Bytes that were durable changed here.
    Damaged(usize),
}

/// Calls `each` for every good record from the header on, and tells how the segment ends.
pub(super) fn scan(bytes: &[u8], mut each: impl FnMut(usize, &Found<'_>)) -> End {
    let mut offset = HEADER_BYTES;
    while offset < bytes.len() {
        let Some(found) = record_at(bytes, offset) else {
            return judge(bytes, offset);
        };
        each(offset, &found);
        offset = found.end;
    }
    End::Clean
}

/// Tells a torn write from damage: after damage there is a record of a later write.
fn judge(bytes: &[u8], bad: usize) -> End {
    let later = (bad + 1..bytes.len())
        .filter_map(|offset| record_at(bytes, offset))
        .any(|found| found.group > bad as u64);
    if later {
        End::Damaged(bad)
    } else {
        End::Torn(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fmz_proto::v1::{StoredRoom, stored_record::Record};

    fn record(room: &str) -> StoredRecord {
        StoredRecord {
            record: Some(Record::Room(StoredRoom {
                room: room.into(),
                title: String::new(),
                created_ms: 1,
            })),
        }
    }

    /// A segment with one write for each list of rooms.
    fn segment(writes: &[&[&str]]) -> (Vec<u8>, Vec<usize>) {
        let mut bytes = header(1, 0).to_vec();
        let mut starts = Vec::new();
        for rooms in writes {
            let group = bytes.len() as u32;
            for room in *rooms {
                starts.push(bytes.len());
                assert!(push_record(&mut bytes, group, &record(room)));
            }
        }
        (bytes, starts)
    }

    fn check(bytes: &[u8]) -> (usize, End) {
        let mut good = 0;
        let end = scan(bytes, |_, _| good += 1);
        (good, end)
    }

    #[test]
    fn store1_whole_segment_reads_back() {
        assert_eq!(check(&segment(&[&["a", "b"], &["c"]]).0), (3, End::Clean));
    }

    #[test]
    fn store2_hole_in_the_last_write_is_torn_and_elsewhere_damage() {
        let (mut bytes, starts) = segment(&[&["a"], &["b", "c", "d"]]);
        bytes[starts[2] + HEAD_BYTES] ^= 1;
        assert_eq!(check(&bytes), (2, End::Torn(starts[2])));
        bytes[starts[0] + HEAD_BYTES] ^= 1;
        assert_eq!(check(&bytes), (0, End::Damaged(starts[0])));
    }

    #[test]
    fn store3_every_flipped_bit_is_seen() {
        let (bytes, starts) = segment(&[&["a"], &["b"], &["c"]]);
        for bit in HEADER_BYTES * 8..bytes.len() * 8 {
            let mut hurt = bytes.clone();
            hurt[bit / 8] ^= 1 << (bit % 8);
            let index = starts.iter().rposition(|start| *start <= bit / 8).unwrap();
            let end = if index == 2 {
                End::Torn(starts[2])
            } else {
                End::Damaged(starts[index])
            };
            assert_eq!(check(&hurt), (index, end), "bit {bit}");
        }
    }
}
