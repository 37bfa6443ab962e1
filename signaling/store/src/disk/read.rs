//! Reading batches back, checked by checksum and chain.

use super::{
    files::{Files, ReadFile},
    index::{Entry, Page, Place},
    names, segment,
};
use crate::{Chain, StoreError};
use bytes::Bytes;
use fmz_proto::{
    Message,
    v1::{CommittedBatch, StoredBatch, StoredRecord, stored_record::Record},
};

/// Bytes that are read in one go at most, where records lie side by side.
const RUN_BYTES_MAX: u64 = 1024 * 1024;
/// Bytes of other videos' records that are rather read along than left out.
const RUN_GAP_MAX: u64 = 4096;

/// What could be read of a page: all of it, or what lies before the first batch that
/// is not as it was written.
pub(super) struct Read {
    pub(super) batches: Vec<CommittedBatch>,
    pub(super) bad: Option<Entry>,
}

pub(super) fn page(files: &dyn Files, video: &str, page: &Page) -> Read {
    let mut chain = match &page.before {
        None if page.entries.first().is_some_and(|entry| entry.first == 1) => {
            Some(Chain::default())
        }
        None => None,
        // Where it cannot be read, reading it would say so.
        Some(before) => chain_of(files, video, before),
    };
    let mut batches = Vec::with_capacity(page.entries.len());
    for run in runs(&page.entries) {
        let bytes = run_bytes(files, run);
        for entry in run {
            let read = bytes
                .as_ref()
                .and_then(|(start, bytes)| stored_in(bytes, entry.place.offset - start))
                .or_else(|| stored_at(files, entry.place))
                .and_then(|stored| checked(&stored, video, entry, chain));
            let Some((batch, now)) = read else {
                let bad = Some(*entry);
                return Read { batches, bad };
            };
            chain = Some(now);
            batches.push(batch);
        }
    }
    Read { batches, bad: None }
}

/// The chain behind a batch, as its record says it.
pub(super) fn chain_of(files: &dyn Files, video: &str, entry: &Entry) -> Option<Chain> {
    let stored = stored_at(files, entry.place)?;
    let whose = stored.video == video && stored.first_revision == entry.first;
    Chain::read(&stored.chain).filter(|_| whose)
}

/// The error for a batch that is not as it was written.
pub(super) fn unreadable(video: &str, entry: &Entry) -> StoreError {
    StoreError::Unreadable {
        video: video.to_owned(),
        segment: entry.place.segment,
        offset: entry.place.offset.into(),
    }
}

fn checked(
    stored: &StoredBatch,
    video: &str,
    entry: &Entry,
    before: Option<Chain>,
) -> Option<(CommittedBatch, Chain)> {
    let chain = Chain::read(&stored.chain)?;
    let follows = before.is_none_or(|before| before.next(&stored.batch) == chain);
    let batch = CommittedBatch::decode(stored.batch.clone()).ok()?;
    let right = stored.video == video
        && batch.first_revision == entry.first
        && batch.ops.len() == entry.ops as usize;
    (follows && right).then_some((batch, chain))
}

/// Splits entries into those that are read together.
fn runs(entries: &[Entry]) -> impl Iterator<Item = &[Entry]> {
    let mut rest = entries;
    std::iter::from_fn(move || {
        let first = rest.first()?.place;
        let together = |pair: &[Entry]| {
            let (one, next) = (pair[0].place, pair[1].place);
            let limit = u64::from(first.offset) + RUN_BYTES_MAX;
            next.segment == one.segment
                && u64::from(next.offset) <= one.end() + RUN_GAP_MAX
                && next.end() <= limit
        };
        let more = rest.windows(2).take_while(|pair| together(pair)).count();
        let (run, behind) = rest.split_at(more + 1);
        rest = behind;
        Some(run)
    })
}

/// Where a run begins, and its bytes.
fn run_bytes(files: &dyn Files, run: &[Entry]) -> Option<(u32, Bytes)> {
    let (first, last) = (run.first()?.place, run.last()?.place);
    let file = files.open(&names::segment(first.segment)).ok()?;
    let length = last.end() - u64::from(first.offset);
    Some((first.offset, read_at(&*file, first.offset, length)?))
}

fn stored_at(files: &dyn Files, place: Place) -> Option<StoredBatch> {
    let file = files.open(&names::segment(place.segment)).ok()?;
    let bytes = read_at(&*file, place.offset, place.length.into())?;
    stored_in(&bytes, 0)
}

fn read_at(file: &dyn ReadFile, offset: u32, length: u64) -> Option<Bytes> {
    let mut bytes = vec![0; length as usize];
    file.read_exact_at(&mut bytes, offset.into()).ok()?;
    Some(bytes.into())
}

fn stored_in(bytes: &Bytes, offset: u32) -> Option<StoredBatch> {
    let found = segment::record_at(bytes, offset as usize)?;
    match StoredRecord::decode(bytes.slice(found.body()))
        .ok()?
        .record?
    {
        Record::Batch(stored) => Some(stored),
        Record::Room(_) => None,
    }
}
