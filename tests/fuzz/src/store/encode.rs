//! The format of the store's files, written a second time, so that any message can be put into a
//! file that is whole.

use crate::input::Input;
use fmz_proto::Message;
use fmz_proto::v1::{
    CommittedBatch, Op, StoredBatch, StoredRecord, StoredRoom, stored_record::Record,
};
use fmz_store::Chain;

pub(super) const INDEX: &[u8; 8] = b"FMZIDX01";
pub(super) const SNAPSHOT: &[u8; 8] = b"FMZSNP01";
/// Names of the videos that are written and read.
pub(super) const VIDEOS: [&str; 2] = ["v", "w"];

/// Makes a file that is written once, around any body.
pub(super) fn sealed(magic: &[u8; 8], body: &[u8]) -> Vec<u8> {
    let mut bytes = magic.to_vec();
    bytes.extend((body.len() as u64).to_le_bytes());
    bytes.extend(blake3::hash(body).as_bytes());
    bytes.extend(body);
    bytes
}

pub(super) fn header(number: u64, previous_bytes: u64) -> Vec<u8> {
    let mut bytes = b"FMZSEG01".to_vec();
    bytes.extend(number.to_le_bytes());
    bytes.extend(previous_bytes.to_le_bytes());
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

/// Makes a whole record around any body.
fn record(group: u32, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32).to_le_bytes();
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length);
    hasher.update(&group.to_le_bytes());
    hasher.update(body);
    let mut bytes = length.to_vec();
    bytes.extend(hasher.finalize().to_le_bytes());
    bytes.extend(group.to_le_bytes());
    bytes.extend(body);
    bytes
}

/// Makes a segment from fuzzed choices: records that follow each other, records that do not, and
/// other bytes.
pub(super) fn segment(input: &mut Input<'_>) -> Vec<u8> {
    let mut bytes = header(1, 0);
    let mut group = bytes.len() as u32;
    let mut videos = [(0u64, Chain::default()); VIDEOS.len()];
    while !input.is_empty() {
        let body = match input.below(8) {
            0..=2 => batch(input, &mut videos).encode_to_vec(),
            3 => room(input).encode_to_vec(),
            4 => input.block().to_vec(),
            5 => {
                bytes.extend(input.block());
                continue;
            }
            6 => {
                group = bytes.len() as u32;
                continue;
            }
            _ => {
                let cut = usize::from(input.byte());
                bytes.truncate(bytes.len().saturating_sub(cut).max(28));
                continue;
            }
        };
        bytes.extend(record(group, &body));
    }
    bytes
}

fn room(input: &mut Input<'_>) -> StoredRecord {
    let room = StoredRoom {
        room: format!("room-{}", input.below(4)),
        ..StoredRoom::default()
    };
    StoredRecord {
        record: Some(Record::Room(room)),
    }
}

fn batch(input: &mut Input<'_>, videos: &mut [(u64, Chain)]) -> StoredRecord {
    let which = usize::from(input.below(VIDEOS.len() as u8));
    let (head, chain) = &mut videos[which];
    let first_revision = match input.byte() {
        0..=199 => head.saturating_add(1),
        far @ 250..=255 => u64::MAX - u64::from(255 - far),
        near => head.wrapping_add(u64::from(near)).wrapping_sub(202),
    };
    let ops = 1 + u32::from(input.below(3));
    let batch = CommittedBatch {
        first_revision,
        author: 1,
        ops: vec![Op::default(); ops as usize],
        ..CommittedBatch::default()
    };
    let encoded = batch.encode_to_vec();
    (*head, *chain) = (
        first_revision.saturating_add(u64::from(ops) - 1),
        chain.next(&encoded),
    );
    let told = match input.byte() {
        0..=239 => ops,
        _ => u32::MAX - u32::from(input.byte()),
    };
    StoredRecord {
        record: Some(Record::Batch(StoredBatch {
            video: VIDEOS[which].into(),
            batch: encoded.into(),
            chain: chain.as_bytes().to_vec().into(),
            first_revision,
            ops: told,
        })),
    }
}
