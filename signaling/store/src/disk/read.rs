//! Reading batches back, checked by checksum and chain.

use super::{
    files::{Files, ReadFile},
    index::{Entry, Page, Place},
    names, segment,
};
use crate::{Chain, LogEntry, StoreError};
use bytes::Bytes;
use fmz_proto::{
    Message,
    v1::{StoredBatch, StoredRecord, stored_record::Record},
};

/// Most bytes that are read in one go if records lie side by side.
const RUN_BYTES_MAX: u64 = 1024 * 1024;
/// Bytes of other videos' records that are rather read along than left out.
const RUN_GAP_MAX: u64 = 4096;

/// The entries of a page that could be read: all, or those before the first one that is not as it
/// was written.
pub(super) struct Read {
    pub(super) entries: Vec<LogEntry>,
    pub(super) bad: Option<Entry>,
}

/// Reads the batches of a page.
pub(super) fn page(files: &dyn Files, video: &str, page: &Page) -> Read {
    let mut chain = match &page.before {
        None if page.entries.first().is_some_and(|entry| entry.first == 1) => {
            Some(Chain::default())
        }
        None => None,
        // If it cannot be read, the reader that asked for it was told.
        Some(before) => chain_of(files, video, before),
    };
    let mut entries = Vec::with_capacity(page.entries.len());
    for run in runs(&page.entries) {
        let bytes = run_bytes(files, run);
        for entry in run {
            let read = bytes
                .as_ref()
                .and_then(|(start, bytes)| stored_in(bytes, entry.place.offset - start))
                .or_else(|| stored_at(files, entry.place))
                .and_then(|stored| checked(stored, video, entry, chain));
            let Some(read) = read else {
                let bad = Some(*entry);
                return Read { entries, bad };
            };
            chain = Some(read.record.chain());
            entries.push(read);
        }
    }
    Read { entries, bad: None }
}

/// Returns the chain behind a batch, as its record tells it.
pub(super) fn chain_of(files: &dyn Files, video: &str, entry: &Entry) -> Option<Chain> {
    let stored = stored_at(files, entry.place)?;
    let whose = stored.video == video && stored.first_revision == entry.first;
    Chain::read(&stored.chain).filter(|_| whose)
}

/// Returns the error for a batch that is not as it was written.
pub(super) fn unreadable(video: &str, entry: &Entry) -> StoreError {
    StoreError::Unreadable {
        video: video.to_owned(),
        segment: entry.place.segment,
        offset: entry.place.offset.into(),
    }
}

/// Reads an entry from its record, if the record is the one that was written there.
fn checked(
    stored: StoredBatch,
    video: &str,
    entry: &Entry,
    before: Option<Chain>,
) -> Option<LogEntry> {
    let chain = Chain::read(&stored.chain)?;
    let follows = before.is_none_or(|before| before.next(&stored.batch) == chain);
    let read = LogEntry::read(stored.batch, chain)?;
    let batch = read.record.batch();
    let right =
        stored.video == video && batch.first_revision() == entry.first && batch.ops() == entry.ops;
    (follows && right).then_some(read)
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

/// Returns the byte at which a run begins, and its bytes.
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
