//! The places of everything durable.

use crate::{Chain, Head, REVISION_MAX, StoreError};
use fmz_proto::v1::{SegmentIndex, StoredRoom, VideoIndex};
use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
};

/// The place of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) segment: u32,
    pub(super) offset: u32,
    pub(super) length: u32,
}

impl Place {
    pub(super) fn end(&self) -> u64 {
        u64::from(self.offset) + u64::from(self.length)
    }
}

/// A durable batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) first: u64,
    pub(super) ops: u32,
    pub(super) place: Place,
}

impl Entry {
    pub(super) fn last(&self) -> u64 {
        self.first + u64::from(self.ops) - 1
    }

    /// Returns whether a log may have it.
    pub(super) fn is_possible(&self) -> bool {
        let within = (1..=REVISION_MAX).contains(&self.first);
        self.ops > 0 && within && self.last() <= REVISION_MAX
    }
}

#[derive(Debug, Default)]
struct Video {
    head: Head,
    /// Ascending. If two do not follow each other, something between them is lost.
    entries: Vec<Entry>,
}

/// Batches to read in one go, which follow each other.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// The batch before them, if there is one: its chain begins theirs.
    pub(super) before: Option<Entry>,
    pub(super) entries: Vec<Entry>,
}

/// All durable rooms, and the place of every durable batch.
#[derive(Debug, Default)]
pub(super) struct Index {
    videos: HashMap<String, Video>,
    rooms: BTreeMap<String, StoredRoom>,
    /// Segments of the rooms' records.
    room_segments: BTreeMap<u32, Vec<String>>,
    /// The segment that is written to.
    open_segment: u32,
}

impl Index {
    /// Returns the end of a video's log.
    pub(super) fn head(&self, video: &str) -> Head {
        let video = self.videos.get(video);
        video.map_or_else(Head::default, |video| video.head)
    }

    pub(super) fn rooms(&self) -> &BTreeMap<String, StoredRoom> {
        &self.rooms
    }

    pub(super) fn open_segment(&self) -> u32 {
        self.open_segment
    }

    pub(super) fn set_open_segment(&mut self, number: u32) {
        self.open_segment = number;
    }

    /// Takes in a room. Returns false if it is known.
    pub(super) fn add_room(&mut self, room: StoredRoom, segment: u32) -> bool {
        if self.rooms.contains_key(&room.room) {
            return false;
        }
        let names = self.room_segments.entry(segment).or_default();
        names.push(room.room.clone());
        self.rooms.insert(room.room.clone(), room);
        true
    }

    /// Takes in batches at the head, or behind it if something before them is lost. `chain` is that
    /// of the last one.
    pub(super) fn add_batches(&mut self, name: &str, entries: &[Entry], chain: Chain) {
        let Some(last) = entries.last() else {
            return;
        };
        let video = self.video(name);
        debug_assert!(entries[0].first > video.head.revision);
        debug_assert!(entries.is_sorted_by(|one, next| one.last() < next.first));
        let revision = last.last();
        video.head = Head { revision, chain };
        video.entries.extend_from_slice(entries);
    }

    /// Returns a video, which is made if it is not known.
    fn video(&mut self, name: &str) -> &mut Video {
        // Most batches are of known videos, for which no name is copied.
        if !self.videos.contains_key(name) {
            self.videos.insert(name.to_owned(), Video::default());
        }
        self.videos.get_mut(name).expect("it was just inserted")
    }

    /// Returns whether a place lies before the end of a video's last batch. Nothing that was
    /// written there is newer.
    pub(super) fn overlaps(&self, video: &str, place: &Place) -> bool {
        let entries = self.videos.get(video).map(|video| &video.entries);
        let last = entries.and_then(|entries| entries.last());
        last.is_some_and(|last| {
            last.place.segment == place.segment && u64::from(place.offset) < last.place.end()
        })
    }

    /// Moves a video's head over revisions that are lost.
    pub(super) fn lose(&mut self, video: &str, head: Head) {
        self.video(video).head = head;
    }

    /// Finds the batches behind the revision `start`, those that begin at `end` included, up to
    /// about `bytes_max`, at least one if there is one.
    pub(super) fn page(
        &self,
        name: &str,
        Range { start: after, end }: Range<u64>,
        bytes_max: usize,
    ) -> Result<Page, StoreError> {
        let Some(video) = self.videos.get(name) else {
            return Ok(Page::default());
        };
        let from = video.entries.partition_point(|entry| entry.first <= after);
        let to = video.entries.partition_point(|entry| entry.first <= end);
        let before = from.checked_sub(1).map(|at| video.entries[at]);
        let known = before.map_or(0, |entry| entry.last());
        let behind = video.head.revision + 1;
        let next = video.entries.get(from).map_or(behind, |entry| entry.first);
        if next > known + 1 && next > after + 1 {
            return Err(StoreError::Lost {
                video: name.to_owned(),
                first: known + 1,
                last: next - 1,
            });
        }
        Ok(Page {
            before: before.filter(|_| next == known + 1),
            entries: page(&video.entries[from..to.max(from)], bytes_max),
        })
    }

    /// Returns the batch whose last op has this revision.
    pub(super) fn ending_at(&self, video: &str, revision: u64) -> Option<Entry> {
        let entries = &self.videos.get(video)?.entries;
        let at = entries.partition_point(|entry| entry.last() < revision);
        entries
            .get(at)
            .copied()
            .filter(|entry| entry.last() == revision)
    }

    /// Returns whether a batch holds this revision.
    pub(super) fn holds(&self, video: &str, revision: u64) -> bool {
        self.videos.get(video).is_some_and(|video| {
            let at = video
                .entries
                .partition_point(|entry| entry.last() < revision);
            let entry = video.entries.get(at);
            entry.is_some_and(|entry| entry.first <= revision)
        })
    }

    /// Returns the bytes of the records behind revision `after` up to `to`.
    pub(super) fn log_bytes(&self, video: &str, after: u64, to: u64) -> u64 {
        let Some(video) = self.videos.get(video) else {
            return 0;
        };
        let from = video.entries.partition_point(|entry| entry.first <= after);
        let until = video.entries.partition_point(|entry| entry.first <= to);
        let lengths = video.entries[from..until.max(from)].iter();
        lengths.map(|entry| u64::from(entry.place.length)).sum()
    }

    /// Returns the index of the segment that was just filled. Nothing of a later one may be known.
    pub(super) fn of_segment(&self, number: u32, bytes: u64) -> SegmentIndex {
        let rooms = self.room_segments.get(&number).into_iter().flatten();
        SegmentIndex {
            segment: number,
            bytes,
            rooms: rooms.map(|name| self.rooms[name].clone()).collect(),
            videos: self
                .videos
                .iter()
                .flat_map(|(name, video)| video.of_segment(name, number))
                .collect(),
        }
    }
}

fn page(entries: &[Entry], bytes_max: usize) -> Vec<Entry> {
    let (mut bytes, mut next) = (0, entries.first().map_or(0, |entry| entry.first));
    let fits = |entry: &&Entry| {
        let fits = bytes < bytes_max && entry.first == next;
        bytes += entry.place.length as usize;
        next = entry.last() + 1;
        fits
    };
    entries.iter().take_while(fits).copied().collect()
}

impl Video {
    /// Returns one part for all batches that follow each other, and more if something between them
    /// is lost.
    fn of_segment(&self, name: &str, number: u32) -> impl Iterator<Item = VideoIndex> {
        let from = self
            .entries
            .partition_point(|entry| entry.place.segment < number);
        let parts = self.entries[from..].chunk_by(|one, next| one.last() + 1 == next.first);
        parts.map(|entries| self.part(name, entries))
    }

    fn part(&self, name: &str, entries: &[Entry]) -> VideoIndex {
        let mut end = 0;
        let gap = |entry: &Entry| {
            let gap = entry.place.offset - end;
            end = entry.place.offset + entry.place.length;
            gap
        };
        VideoIndex {
            video: name.to_owned(),
            first_revision: entries.first().map_or(0, |entry| entry.first),
            gaps: entries.iter().map(gap).collect(),
            ops: entries.iter().map(|entry| entry.ops).collect(),
            lengths: entries.iter().map(|entry| entry.place.length).collect(),
            chain: self.head.chain.as_bytes().to_vec().into(),
        }
    }
}

/// Returns the batches that a segment's index lists for a video, or `None` if it makes no sense.
pub(super) fn entries(segment: u32, video: &VideoIndex) -> Option<Vec<Entry>> {
    let count = video.ops.len();
    if count == 0 || video.gaps.len() != count || video.lengths.len() != count {
        return None;
    }
    let (mut first, mut end) = (video.first_revision, 0u32);
    let mut entries = Vec::with_capacity(count);
    for at in 0..count {
        let (ops, offset) = (video.ops[at], end.checked_add(video.gaps[at])?);
        let length = video.lengths[at];
        let place = Place {
            segment,
            offset,
            length,
        };
        let entry = Entry { first, ops, place };
        entries.push(entry.is_possible().then_some(entry)?);
        end = offset.checked_add(length)?;
        first += u64::from(ops);
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(first: u64, ops: u32, segment: u32, offset: u32) -> Entry {
        let place = Place {
            segment,
            offset,
            length: 10,
        };
        Entry { first, ops, place }
    }

    fn index(entries: &[Entry]) -> Index {
        let mut index = Index::default();
        for entry in entries {
            index.add_batches("v", &[*entry], Chain::default().next(b"x"));
        }
        index
    }

    #[test]
    fn store4_a_segment_s_index_gives_its_batches_back() {
        let all = [
            entry(1, 2, 1, 28),
            entry(3, 1, 2, 30),
            entry(4, 5, 2, 40),
            entry(9, 1, 2, 77),
        ];
        let listed = index(&all).of_segment(2, 100);
        assert_eq!((listed.segment, listed.bytes), (2, 100));
        assert_eq!(entries(2, &listed.videos[0]).unwrap(), all[1..]);
        assert!(index(&all).of_segment(3, 28).videos.is_empty());
    }

    #[test]
    fn store4_a_hole_in_a_segment_stays_one_in_its_index() {
        let all = [entry(1, 2, 1, 28), entry(7, 1, 1, 38), entry(8, 1, 1, 48)];
        let listed = index(&all).of_segment(1, 58).videos;
        let back = listed.iter().flat_map(|video| entries(1, video).unwrap());
        assert_eq!(back.collect::<Vec<_>>(), all);
    }

    #[test]
    fn store5_an_index_that_makes_no_sense_is_refused() {
        let good = index(&[entry(1, 2, 1, 28)]).of_segment(1, 100).videos[0].clone();
        let wrong: [fn(&mut VideoIndex); 6] = [
            |v| v.ops.clear(),
            |v| v.gaps.push(1),
            |v| v.ops[0] = 0,
            |v| v.gaps[0] = u32::MAX,
            |v| v.first_revision = u64::MAX,
            |v| v.first_revision = REVISION_MAX,
        ];
        for change in wrong {
            let mut video = good.clone();
            change(&mut video);
            assert_eq!(entries(1, &video), None, "{video:?}");
        }
    }

    #[test]
    fn store5_no_log_goes_beyond_the_highest_revision() {
        let possible = |first, ops| entry(first, ops, 1, 28).is_possible();
        assert!(possible(1, 1) && possible(REVISION_MAX - 1, 2));
        assert!(!possible(0, 1) && !possible(1, 0));
        assert!(!possible(REVISION_MAX, 2) && !possible(u64::MAX, u32::MAX));
    }

    #[test]
    fn store5_what_lies_before_an_older_batch_overlaps_it() {
        let index = index(&[entry(1, 2, 2, 100)]);
        let overlaps = |segment, offset| {
            let place = entry(3, 1, segment, offset).place;
            index.overlaps("v", &place)
        };
        assert!(overlaps(2, 28) && overlaps(2, 100) && overlaps(2, 109));
        assert!(!overlaps(2, 110) && !overlaps(3, 28));
        assert!(!index.overlaps("w", &entry(1, 1, 2, 28).place));
    }

    #[test]
    fn store6_nothing_is_read_across_a_hole() {
        let index = index(&[entry(1, 2, 1, 28), entry(3, 1, 1, 38), entry(7, 2, 1, 48)]);
        let page = |after| index.page("v", after..u64::MAX, usize::MAX);
        let firsts = |after| -> Vec<u64> {
            let page = page(after).unwrap();
            page.entries.iter().map(|entry| entry.first).collect()
        };
        assert_eq!(
            (firsts(0), firsts(1), firsts(2)),
            (vec![1, 3], vec![3], vec![3])
        );
        let lost = StoreError::Lost {
            video: "v".into(),
            first: 4,
            last: 6,
        };
        for after in [3, 4, 5] {
            assert_eq!(page(after), Err(lost.clone()), "behind {after}");
        }
        assert_eq!((firsts(6), firsts(7), firsts(8)), (vec![7], vec![], vec![]));
        assert_eq!(page(6).unwrap().before, None, "its chain cannot be told");
    }
}
