//! Where everything durable lies.

use crate::last_revision;
use fmz_proto::v1::{CommittedBatch, StoredRecord, StoredRoom, stored_record::Record};
use std::collections::{BTreeMap, HashMap};

/// Where a record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) segment: u32,
    pub(super) offset: u64,
    pub(super) length: u32,
}

#[derive(Debug, Default)]
struct Video {
    head: u64,
    /// First revision and place of each batch, ascending.
    batches: Vec<(u64, Place)>,
}

/// All durable rooms, and the place of every durable batch.
#[derive(Debug, Default)]
pub(super) struct Index {
    videos: HashMap<String, Video>,
    rooms: BTreeMap<String, StoredRoom>,
}

impl Index {
    pub(super) fn head(&self, video: &str) -> u64 {
        self.videos.get(video).map_or(0, |video| video.head)
    }

    pub(super) fn rooms(&self) -> &BTreeMap<String, StoredRoom> {
        &self.rooms
    }

    /// Takes in a durable record. False where it does not follow what is there.
    pub(super) fn add(&mut self, record: StoredRecord, place: Place) -> bool {
        match record.record {
            Some(Record::Room(room)) => self.rooms.insert(room.room.clone(), room).is_none(),
            Some(Record::Batch(stored)) => {
                let batch = stored.batch.unwrap_or_default();
                self.add_batch(stored.video, &batch, place)
            }
            None => false,
        }
    }

    pub(super) fn add_batch(
        &mut self,
        video: String,
        batch: &CommittedBatch,
        place: Place,
    ) -> bool {
        let video = self.videos.entry(video).or_default();
        let follows = batch.first_revision == video.head + 1 && !batch.ops.is_empty();
        if follows {
            video.head = last_revision(batch);
            video.batches.push((batch.first_revision, place));
        }
        follows
    }

    /// Returns the places of the batches behind `after`, up to about `bytes_max`, at least one if there is one.
    pub(super) fn places(&self, video: &str, after: u64, bytes_max: usize) -> Vec<Place> {
        let Some(video) = self.videos.get(video) else {
            return Vec::new();
        };
        let from = video.batches.partition_point(|(first, _)| *first <= after);
        let mut bytes = 0;
        let fits = |place: &Place| {
            let room = bytes < bytes_max;
            bytes += place.length as usize;
            room
        };
        video.batches[from..]
            .iter()
            .map(|(_, place)| *place)
            .take_while(fits)
            .collect()
    }
}
