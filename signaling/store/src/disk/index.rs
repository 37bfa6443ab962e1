//! Where everything durable lies.

use crate::{Chain, REVISION_MAX, StoreError};
use fmz_proto::v1::{SegmentIndex, StoredRoom, VideoIndex};
use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
};

/// Where a record lies.
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

    /// Whether a log may have it.
    pub(super) fn is_possible(&self) -> bool {
        let within = (1..=REVISION_MAX).contains(&self.first);
        self.ops > 0 && within && self.last() <= REVISION_MAX
    }
}

#[derive(Debug, Default)]
struct Video {
    head: u64,
    chain: Chain,
    /// Ascending; where two do not follow each other, something is lost.
    entries: Vec<Entry>,
}

/// Batches to read in one go, which follow each other.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// The batch before them, where there is one: its chain begins theirs.
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
    /// Last revision of a video, and the chain there.
    pub(super) fn head(&self, video: &str) -> (u64, Chain) {
        self.videos
            .get(video)
            .map_or_else(Default::default, |video| (video.head, video.chain))
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

    /// False where the room is known.
    pub(super) fn add_room(&mut self, room: StoredRoom, segment: u32) -> bool {
        if self.rooms.contains_key(&room.room) {
            return false;
        }
        let names = self.room_segments.entry(segment).or_default();
        names.push(room.room.clone());
        self.rooms.insert(room.room.clone(), room);
        true
    }

    /// Takes in a batch at the head, or behind it where something is lost.
    pub(super) fn add_batch(&mut self, video: String, entry: Entry, chain: Chain) {
        let video = self.videos.entry(video).or_default();
        debug_assert!(entry.first > video.head && entry.ops > 0);
        video.head = entry.last();
        video.chain = chain;
        video.entries.push(entry);
    }

    /// Whether a place lies before the end of a video's last batch: nothing that
    /// was written there is newer.
    pub(super) fn overlaps(&self, video: &str, place: &Place) -> bool {
        let entries = self.videos.get(video).map(|video| &video.entries);
        let last = entries.and_then(|entries| entries.last());
        last.is_some_and(|last| {
            last.place.segment == place.segment && u64::from(place.offset) < last.place.end()
        })
    }

    /// Moves a video's head over revisions that are lost.
    pub(super) fn lose(&mut self, video: &str, head: u64, chain: Chain) {
        let video = self.videos.entry(video.to_owned()).or_default();
        (video.head, video.chain) = (head, chain);
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
        let next = video.entries.get(from).map_or(video.head + 1, |e| e.first);
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

    /// The batch whose last op has this revision.
    pub(super) fn ending_at(&self, video: &str, revision: u64) -> Option<Entry> {
        let entries = &self.videos.get(video)?.entries;
        let at = entries.partition_point(|entry| entry.last() < revision);
        entries
            .get(at)
            .copied()
            .filter(|entry| entry.last() == revision)
    }

    /// Whether a batch holds this revision.
    pub(super) fn holds(&self, video: &str, revision: u64) -> bool {
        self.videos.get(video).is_some_and(|video| {
            let at = video
                .entries
                .partition_point(|entry| entry.last() < revision);
            let entry = video.entries.get(at);
            entry.is_some_and(|entry| entry.first <= revision)
        })
    }

    /// Bytes of records behind revision `after` up to `to`.
    pub(super) fn log_bytes(&self, video: &str, after: u64, to: u64) -> u64 {
        let Some(video) = self.videos.get(video) else {
            return 0;
        };
        let from = video.entries.partition_point(|entry| entry.first <= after);
        let until = video.entries.partition_point(|entry| entry.first <= to);
        let lengths = video.entries[from..until.max(from)].iter();
        lengths.map(|entry| u64::from(entry.place.length)).sum()
    }

    /// Writes down what a segment holds that was just filled; nothing of a later one may be known.
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
    /// One part for all batches that follow each other, more where something between them is lost.
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
            chain: self.chain.as_bytes().to_vec().into(),
        }
    }
}

/// The batches that a segment's index lists for a video; `None` where it makes no sense.
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
            index.add_batch("v".into(), *entry, Chain::default().next(b"x"));
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
