//! The bytes of a record of a batch, written without building its message.

use crate::Record;

/// The body of a record: a `StoredRecord` with a `StoredBatch`, byte for byte as their schema
/// (`proto/fmz/v1/store.proto`) encodes them. Nothing is copied but into the write.
pub(super) struct BatchBody<'a> {
    video: &'a str,
    record: &'a Record,
    /// Length of the `StoredBatch`.
    inner: usize,
}

/// A field's number and wire type in one byte: 0 is a varint, 2 is bytes behind their length.
const fn key(field: u8, wire_type: u8) -> u8 {
    field << 3 | wire_type
}

const RECORD_BATCH: u8 = key(2, 2);
const VIDEO: u8 = key(1, 2);
const BATCH: u8 = key(2, 2);
const CHAIN: u8 = key(3, 2);
const FIRST_REVISION: u8 = key(4, 0);
const OPS: u8 = key(5, 0);

impl<'a> BatchBody<'a> {
    pub(super) fn new(video: &'a str, record: &'a Record) -> Self {
        let batch = record.batch();
        let numbers = 2 + varint_len(batch.first_revision()) + varint_len(batch.ops().into());
        // A field that is empty is not written.
        let video_len = (!video.is_empty()).then(|| field_len(video.len()));
        let inner = video_len.unwrap_or(0)
            + field_len(batch.bytes().len())
            + field_len(record.chain().as_bytes().len())
            + numbers;
        Self {
            video,
            record,
            inner,
        }
    }

    /// Returns the length of the body, bytes.
    pub(super) fn len(&self) -> usize {
        field_len(self.inner)
    }

    /// Writes the body behind the bytes that are there.
    pub(super) fn write(&self, write: &mut Vec<u8>) {
        let batch = self.record.batch();
        write.push(RECORD_BATCH);
        put_varint(write, self.inner as u64);
        if !self.video.is_empty() {
            put_field(write, VIDEO, self.video.as_bytes());
        }
        put_field(write, BATCH, batch.bytes());
        put_field(write, CHAIN, self.record.chain().as_bytes());
        write.push(FIRST_REVISION);
        put_varint(write, batch.first_revision());
        write.push(OPS);
        put_varint(write, batch.ops().into());
    }
}

/// Returns the length of a field of bytes: key, length and bytes.
fn field_len(bytes: usize) -> usize {
    1 + varint_len(bytes as u64) + bytes
}

fn put_field(write: &mut Vec<u8>, key: u8, bytes: &[u8]) {
    write.push(key);
    put_varint(write, bytes.len() as u64);
    write.extend_from_slice(bytes);
}

/// Returns the length of a number: 7 bits to a byte.
fn varint_len(number: u64) -> usize {
    (64 - (number | 1).leading_zeros() as usize).div_ceil(7)
}

/// Writes a number, its lowest 7 bits first; the top bit of a byte says that more follow.
fn put_varint(write: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        write.push(number as u8 | 0x80);
        number >>= 7;
    }
    write.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Chain, Head, REVISION_MAX, Records};
    use fmz_proto::{
        EncodedBatch, Message,
        v1::{CommittedBatch, Op, StoredBatch, StoredRecord, stored_record},
    };

    #[test]
    fn store1_a_record_s_bytes_are_those_of_its_message() {
        let firsts = [1, 127, 128, 1 << 32, REVISION_MAX - 300];
        for (video, ops, first) in ["", "v", "café", &"x".repeat(200)]
            .into_iter()
            .flat_map(|video| [1, 127, 128, 300].map(|ops| (video, ops)))
            .flat_map(|(video, ops)| firsts.map(|first| (video, ops, first)))
        {
            let batch = EncodedBatch::new(&CommittedBatch {
                first_revision: first,
                ops: vec![Op::default(); ops],
                ..CommittedBatch::default()
            });
            let after = Head {
                revision: first - 1,
                chain: Chain::default(),
            };
            let records = Records::new(after, [batch]).unwrap();
            let record = &records.as_slice()[0];
            let message = StoredRecord {
                record: Some(stored_record::Record::Batch(StoredBatch {
                    video: video.into(),
                    batch: record.batch().bytes().clone(),
                    chain: record.chain().as_bytes().to_vec().into(),
                    first_revision: first,
                    ops: ops as u32,
                })),
            };
            let body = BatchBody::new(video, record);
            let mut written = Vec::new();
            body.write(&mut written);
            assert_eq!(written, message.encode_to_vec(), "{video} {ops} {first}");
            assert_eq!(body.len(), written.len());
        }
    }
}
