//! The frame index: which objects stand on a frame, and which revisions changed them. Kept with every op, so that
//! nobody scans the log for it.

use super::runs::Runs;
use crate::object::ObjectId;
use crate::{Object, SnapshotError};
use fmz_proto::{WireError, v1};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// What happened on one frame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FrameHistory {
    objects: BTreeSet<ObjectId>,
    revisions: Runs,
}

impl FrameHistory {
    /// Objects that were drawn on this frame, deleted ones included, in order of id.
    pub fn objects(&self) -> impl Iterator<Item = ObjectId> {
        self.objects.iter().copied()
    }

    /// Revisions that changed one of them, as runs in order.
    pub fn revisions(&self) -> Vec<RangeInclusive<u64>> {
        self.revisions.ranges()
    }

    /// Up to this revision nothing is listed any more; 0 where everything is.
    pub fn forgotten(&self) -> u64 {
        self.revisions.forgotten()
    }
}

/// All frames of all publications on which something was drawn. Stamps without a frame number are not in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FrameIndex {
    publications: BTreeMap<Arc<str>, BTreeMap<u32, FrameHistory>>,
}

impl FrameIndex {
    /// Puts a new object on its frame.
    pub(crate) fn add(&mut self, object: &mut Object) {
        let stamp = &mut object.frame;
        let Some(index) = stamp.frame_index else {
            return;
        };
        if let Some((known, _)) = self.publications.get_key_value(&stamp.publication) {
            stamp.publication = known.clone();
        }
        let frames = self.publications.entry(stamp.publication.clone());
        let frame = frames.or_default().entry(index).or_default();
        frame.objects.insert(object.id);
    }

    /// Notes that a revision created or changed an object, which stands on its frame.
    pub(crate) fn touch(&mut self, object: &Object, revision: u64) {
        let stamp = object.frame();
        let frames = self.publications.get_mut(&stamp.publication);
        let index = stamp.frame_index;
        if let Some(frame) = frames
            .zip(index)
            .and_then(|(frames, index)| frames.get_mut(&index))
        {
            frame.revisions.push(revision);
        }
    }

    pub(crate) fn frame(&self, publication: &str, index: u32) -> Option<&FrameHistory> {
        self.publications.get(publication)?.get(&index)
    }

    /// Frames of a publication within a range, in order.
    pub(crate) fn frames(
        &self,
        publication: &str,
        range: RangeInclusive<u32>,
    ) -> impl Iterator<Item = (u32, &FrameHistory)> {
        let frames = self
            .publications
            .get(publication)
            .filter(|_| !range.is_empty());
        let within = frames.map(|frames| frames.range(range));
        within
            .into_iter()
            .flatten()
            .map(|(&index, frame)| (index, frame))
    }

    pub(crate) fn to_wire(&self) -> Vec<v1::FrameHistory> {
        let frames = self.publications.iter().flat_map(|(publication, frames)| {
            frames.iter().map(move |(&index, frame)| v1::FrameHistory {
                publication: publication.as_ref().into(),
                index,
                runs: frame.revisions.to_bytes().into(),
                forgotten: frame.revisions.forgotten(),
            })
        });
        frames.collect()
    }

    /// Reads the index of a document at revision `head`, whose objects are these.
    pub(crate) fn from_wire<'a>(
        wire: &[v1::FrameHistory],
        objects: impl Iterator<Item = &'a mut Object>,
        head: u64,
    ) -> Result<Self, SnapshotError> {
        let place = |frame: &v1::FrameHistory| (frame.publication.clone(), frame.index);
        if !wire
            .windows(2)
            .all(|pair| place(&pair[0]) < place(&pair[1]))
        {
            return Err(SnapshotError::Order("frames"));
        }
        let mut read = Self::default();
        for frame in wire {
            let revisions = Runs::from_bytes(&frame.runs, frame.forgotten, head)?;
            let frames = read
                .publications
                .entry(frame.publication.as_str().into())
                .or_default();
            let objects = BTreeSet::new();
            frames.insert(frame.index, FrameHistory { objects, revisions });
        }
        read.place(objects)?;
        Ok(read)
    }

    /// Puts the objects on their frames: each frame has one, and each object its frame.
    fn place<'a>(
        &mut self,
        objects: impl Iterator<Item = &'a mut Object>,
    ) -> Result<(), WireError> {
        let missing = WireError::OutOfRange {
            field: "snapshot.frames",
        };
        for object in objects {
            let Some(index) = object.frame.frame_index else {
                continue;
            };
            let known = self.publications.get_key_value(&object.frame.publication);
            let (known, _) = known.ok_or(missing.clone())?;
            object.frame.publication = known.clone();
            let frames = self.publications.get_mut(&object.frame.publication);
            let frame = frames.and_then(|frames| frames.get_mut(&index));
            frame.ok_or(missing.clone())?.objects.insert(object.id);
        }
        let mut frames = self.publications.values().flat_map(BTreeMap::values);
        let placed = frames.all(|frame| !frame.objects.is_empty());
        placed.then_some(()).ok_or(missing)
    }
}
