//! Reading a folder back after the process died, whichever way it died.
//!
//! Everything that can be read is kept, whatever lies before or behind it; everything else is
//! named. Full segments have an index and are not read; the last one is.

use super::{
    files::{self, Files},
    index::{self, Entry, Index, Place},
    names, sealed,
    segment::{self, Found, HEADER_BYTES},
};
use crate::{Chain, Head, Loss, OpenReport};
use bytes::Bytes;
use fmz_proto::{
    Message,
    v1::{SegmentIndex, StoredBatch, StoredRecord, VideoIndex, stored_record::Record},
};
use std::{io, ops::Range};

/// The place at which writing goes on.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tail {
    pub(super) segment: u32,
    pub(super) bytes: u64,
}

/// The contents of a folder.
pub(super) struct Recovered {
    pub(super) index: Index,
    pub(super) report: OpenReport,
    pub(super) tail: Tail,
}

/// Reads all segments in order, cuts an unfinished write off, and makes the first segment if there
/// is none.
pub(super) fn recover(files: &dyn Files) -> io::Result<Recovered> {
    let mut recovery = Recovery {
        files,
        index: Index::default(),
        report: OpenReport::default(),
        previous_bytes: 0,
    };
    let tail = recovery.run()?;
    recovery.index.set_open_segment(tail.segment);
    Ok(Recovered {
        index: recovery.index,
        report: recovery.report,
        tail,
    })
}

/// Makes a segment with its header; both its bytes and its name are durable afterwards.
pub(super) fn create_segment(
    files: &dyn Files,
    number: u32,
    previous_bytes: u64,
) -> io::Result<Box<dyn files::WriteFile>> {
    let header = segment::header(number, previous_bytes);
    files::write_durable(files, "", &names::segment(number), &header)
}

/// Writes the index of a full segment. It is not synced: an index that did not get to the disk
/// whole is made again.
pub(super) fn write_index(files: &dyn Files, index: &SegmentIndex) -> io::Result<()> {
    let mut file = files.create(&names::index(index.segment))?;
    file.append(&sealed::encode(sealed::INDEX, index))
}

/// Finds what is damaged in a full segment.
pub(super) fn scrub(files: &dyn Files, number: u32) -> Vec<Loss> {
    let Ok(bytes) = files::read(files, &names::segment(number)) else {
        return vec![Loss::Segment(number)];
    };
    let header = segment::read_header(bytes.get(..HEADER_BYTES).unwrap_or(&bytes));
    let head = (header.is_none()).then_some(0..HEADER_BYTES);
    let scan = segment::scan(&bytes, bytes.len());
    let bad = head.into_iter().chain(scan.bad);
    bad.map(|range| bytes_lost(number, range)).collect()
}

fn bytes_lost(segment: u32, range: Range<usize>) -> Loss {
    Loss::Bytes {
        segment,
        offset: range.start as u64,
        bytes: range.len() as u64,
    }
}

struct Recovery<'a> {
    files: &'a dyn Files,
    index: Index,
    report: OpenReport,
    /// Length of the segment before.
    previous_bytes: u64,
}

impl Recovery<'_> {
    fn run(&mut self) -> io::Result<Tail> {
        let names = self.files.list("")?;
        let mut numbers: Vec<u32> = names
            .iter()
            .filter_map(|name| names::segment_number(name))
            .collect();
        numbers.sort_unstable();
        let indexes = names.iter().filter_map(|name| names::index_number(name));
        let last = numbers.iter().copied().chain(indexes).max().unwrap_or(0);
        let mut tail = None;
        for number in 1..=last {
            if numbers.binary_search(&number).is_err() {
                self.lost_segment(number)?;
            } else if number < last {
                self.full_segment(number)?;
            } else {
                tail = self.last_segment(number)?;
            }
        }
        tail.map_or_else(|| self.create(last + 1), Ok)
    }

    fn create(&self, number: u32) -> io::Result<Tail> {
        create_segment(self.files, number, self.previous_bytes)?;
        Ok(Tail {
            segment: number,
            bytes: HEADER_BYTES as u64,
        })
    }

    fn lost_segment(&mut self, number: u32) -> io::Result<()> {
        self.report.losses.note(Loss::Segment(number));
        let index = self.read_index(number)?;
        if let Some(index) = index {
            self.by_index(index, 0);
        }
        self.previous_bytes = 0;
        Ok(())
    }

    /// Takes a full segment in from its index, else by reading it.
    fn full_segment(&mut self, number: u32) -> io::Result<()> {
        let file = self.files.open(&names::segment(number))?;
        let (length, mut header) = (file.length()?, [0; HEADER_BYTES]);
        let read = file.read_exact_at(&mut header, 0);
        let good = read.is_ok() && self.header_is_good(number, &header);
        if !good {
            self.lost_bytes(number, 0..HEADER_BYTES);
        }
        self.previous_bytes = length;
        match self.read_index(number)? {
            // One of fewer bytes was made before the segment was written on.
            Some(index) if good && index.bytes >= length && self.follows(&index) => {
                if index.bytes > length {
                    self.lost_bytes(number, length as usize..index.bytes as usize);
                }
                self.by_index(index, length);
                Ok(())
            }
            _ => self.rebuild(number, good),
        }
    }

    /// Returns whether a header is that of segment `number`. It also tells how long the segment
    /// before was; bytes that this one lacks are noted as lost.
    fn header_is_good(&mut self, number: u32, found: &[u8]) -> bool {
        let Some((of, before)) = segment::read_header(found) else {
            return false;
        };
        if before > self.previous_bytes && self.previous_bytes > 0 {
            self.lost_bytes(number - 1, self.previous_bytes as usize..before as usize);
        }
        of == number
    }

    fn read_index(&mut self, number: u32) -> io::Result<Option<SegmentIndex>> {
        let bytes = match files::read(self.files, &names::index(number)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes?,
        };
        let index = sealed::decode(sealed::INDEX, bytes)
            .filter(|index: &SegmentIndex| index.segment == number && makes_sense(index));
        if index.is_none() {
            tracing::warn!(segment = number, "the index of a segment is not whole");
            self.report.rebuilt.push(number);
        }
        Ok(index)
    }

    /// Returns whether everything that an index lists lies behind all that is known.
    fn follows(&self, index: &SegmentIndex) -> bool {
        let behind =
            |video: &VideoIndex| video.first_revision > self.index.head(&video.video).revision;
        index.videos.iter().all(behind)
    }

    /// Takes in everything that an index lists and that is not known yet. Batches beyond `length`
    /// are lost.
    fn by_index(&mut self, index: SegmentIndex, length: u64) {
        for room in index.rooms {
            self.index.add_room(room, index.segment);
        }
        for video in index.videos {
            let chain = Chain::read(&video.chain).unwrap_or_default();
            for entry in index::entries(index.segment, &video).unwrap_or_default() {
                self.listed(&video.video, entry, chain, length);
            }
        }
    }

    fn listed(&mut self, video: &str, entry: Entry, chain: Chain, length: u64) {
        let head = self.index.head(video).revision;
        if entry.first <= head || self.index.overlaps(video, &entry.place) {
            return;
        }
        if entry.place.end() <= length {
            self.note_gap(video, head, entry.first);
            self.index.add_batches(video, &[entry], chain);
        } else {
            self.note_gap(video, head, entry.last() + 1);
            let revision = entry.last();
            self.index.lose(video, Head { revision, chain });
        }
    }

    fn note_gap(&mut self, video: &str, head: u64, next: u64) {
        if next > head + 1 {
            self.report.losses.note(Loss::Revisions {
                video: video.to_owned(),
                first: head + 1,
                last: next - 1,
            });
        }
    }

    /// Reads a full segment and makes its index again, unless something is wrong with it.
    fn rebuild(&mut self, number: u32, good: bool) -> io::Result<()> {
        let bytes = Bytes::from(files::read(self.files, &names::segment(number))?);
        let scan = segment::scan(&bytes, bytes.len());
        let clean = self.take_in(number, &bytes, &scan) && good;
        if clean {
            if !self.report.rebuilt.contains(&number) {
                self.report.rebuilt.push(number);
            }
            tracing::warn!(segment = number, "made the index of a segment again");
            write_index(
                self.files,
                &self.index.of_segment(number, bytes.len() as u64),
            )?;
        }
        Ok(())
    }

    /// Reads the segment that was written to last. Returns `None` if no more is to be written to
    /// it.
    fn last_segment(&mut self, number: u32) -> io::Result<Option<Tail>> {
        let bytes = Bytes::from(files::read(self.files, &names::segment(number))?);
        let good = bytes
            .get(..HEADER_BYTES)
            .is_some_and(|header| self.header_is_good(number, header));
        if !good && bytes.len() <= HEADER_BYTES {
            // The header is synced before any record follows, so nothing acknowledged is here.
            self.note_cut(number, 0, bytes.len());
            return self.create(number).map(Some);
        }
        if !good {
            self.lost_bytes(number, 0..HEADER_BYTES);
        }
        // A segment that was closed in order has an index, up to which all was durable.
        let index = self.read_index(number)?;
        let durable = index.as_ref().map_or(0, |index| index.bytes as usize);
        let scan = segment::scan(&bytes, durable);
        let mut clean = self.take_in(number, &bytes, &scan) && good;
        if let Some(index) = index {
            self.by_index(index, bytes.len() as u64);
        }
        if durable > bytes.len() {
            self.lost_bytes(number, bytes.len()..durable);
            clean = false;
        }
        let end = scan.torn.unwrap_or(bytes.len());
        if let Some(torn) = scan.torn {
            self.cut(number, &bytes, torn)?;
        }
        self.previous_bytes = end as u64;
        Ok(clean.then_some(Tail {
            segment: number,
            bytes: end as u64,
        }))
    }

    /// Cuts a segment behind its good records, and keeps the piece beside it.
    fn cut(&mut self, number: u32, bytes: &[u8], torn: usize) -> io::Result<()> {
        self.note_cut(number, torn, bytes.len() - torn);
        let beside = names::torn(number, torn as u64);
        files::write_durable(self.files, "", &beside, &bytes[torn..])?;
        self.files.truncate(&names::segment(number), torn as u64)
    }

    fn note_cut(&mut self, segment: u32, offset: usize, bytes: usize) {
        tracing::warn!(
            segment,
            offset,
            bytes,
            "cut an unfinished write off the log"
        );
        self.report.cut = Some(crate::Cut {
            segment,
            offset: offset as u64,
            bytes: bytes as u64,
        });
    }

    /// Takes in all good records of a segment. Returns whether nothing is wrong.
    fn take_in(&mut self, number: u32, bytes: &Bytes, scan: &segment::Scan) -> bool {
        let before = self.report.losses.count;
        for bad in &scan.bad {
            self.lost_bytes(number, bad.clone());
        }
        for found in &scan.good {
            if self.record(number, bytes, found).is_none() {
                self.lost_bytes(number, found.offset..found.end);
            }
        }
        self.report.losses.count == before
    }

    fn lost_bytes(&mut self, segment: u32, range: Range<usize>) {
        self.report.losses.note(bytes_lost(segment, range));
    }

    /// Takes in a record. Returns `None` if it does not follow those before.
    fn record(&mut self, segment: u32, bytes: &Bytes, found: &Found) -> Option<()> {
        let record = StoredRecord::decode(bytes.slice(found.body())).ok()?;
        match record.record? {
            Record::Room(room) => self.index.add_room(room, segment).then_some(()),
            Record::Batch(stored) => {
                let place = Place {
                    segment,
                    offset: found.offset as u32,
                    length: (found.end - found.offset) as u32,
                };
                self.batch(stored, place)
            }
        }
    }

    fn batch(&mut self, stored: StoredBatch, place: Place) -> Option<()> {
        let Head {
            revision: head,
            chain: before,
        } = self.index.head(&stored.video);
        let chain = Chain::read(&stored.chain)?;
        let entry = Entry {
            first: stored.first_revision,
            ops: stored.ops,
            place,
        };
        let follows = entry.first != head + 1 || before.next(&stored.batch) == chain;
        if !entry.is_possible() || entry.first <= head || !follows {
            return None;
        }
        self.note_gap(&stored.video, head, entry.first);
        self.index.add_batches(&stored.video, &[entry], chain);
        Some(())
    }
}

fn makes_sense(index: &SegmentIndex) -> bool {
    index.videos.iter().all(|video| {
        index::entries(index.segment, video).is_some() && Chain::read(&video.chain).is_some()
    })
}
