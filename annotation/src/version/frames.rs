//! The frame index: which objects stand on a frame, and which revisions changed them. Kept with
//! every op, so that nobody scans the log for it.

use super::runs::Runs;
use crate::object::{FrameStamp, FramesOf, ObjectId};
use crate::{Object, SnapshotError};
use fmz_proto::{WireError, v1};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// The history of one frame.
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

    /// Returns the revision up to which nothing is listed any more; 0 if everything is.
    pub fn forgotten(&self) -> u64 {
        self.revisions.forgotten()
    }
}

/// All frames on which something was drawn. Stamps without a frame number are not listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FrameIndex {
    frames: BTreeMap<FramesOf, BTreeMap<u32, FrameHistory>>,
    /// Media and publications that stamps name, so that equal names are one string.
    names: BTreeSet<Arc<str>>,
}

impl FrameIndex {
    /// Puts a new object on its frame.
    pub(crate) fn add(&mut self, object: &mut Object) {
        self.share_names(&mut object.frame);
        if let Some((of, index)) = object.frame.index() {
            let frame = self.frames.entry(of).or_default().entry(index);
            frame.or_default().objects.insert(object.id);
        }
    }

    fn share_names(&mut self, stamp: &mut FrameStamp) {
        for name in [&mut stamp.media, &mut stamp.publication] {
            match self.names.get(name) {
                Some(known) => *name = known.clone(),
                None => drop(self.names.insert(name.clone())),
            }
        }
    }

    /// Notes that a revision created or changed an object, which stands on its frame.
    pub(crate) fn touch(&mut self, object: &Object, revision: u64) {
        let Some((of, index)) = object.frame.index() else {
            return;
        };
        let frames = self.frames.get_mut(&of);
        let frame = frames.and_then(|frames| frames.get_mut(&index));
        let frame = frame.expect("an object of the document stands on its frame");
        frame.revisions.push(revision);
    }

    pub(crate) fn frame(&self, of: &FramesOf, index: u32) -> Option<&FrameHistory> {
        self.frames.get(of)?.get(&index)
    }

    /// Returns the frames within a range, in order.
    pub(crate) fn frames(
        &self,
        of: &FramesOf,
        range: RangeInclusive<u32>,
    ) -> impl Iterator<Item = (u32, &FrameHistory)> {
        let frames = self.frames.get(of).filter(|_| !range.is_empty());
        let within = frames.map(|frames| frames.range(range));
        within
            .into_iter()
            .flatten()
            .map(|(&index, frame)| (index, frame))
    }

    pub(crate) fn to_wire(&self) -> Vec<v1::FrameHistory> {
        let frames = self.frames.iter().flat_map(|(of, frames)| {
            frames.iter().map(move |(&index, frame)| {
                let (publication, media) = of.names();
                v1::FrameHistory {
                    publication,
                    index,
                    runs: frame.revisions.to_bytes().into(),
                    forgotten: frame.revisions.forgotten(),
                    media,
                }
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
        let of = |frame: &v1::FrameHistory| FramesOf::from_wire(&frame.publication, &frame.media);
        let place = |frame: &v1::FrameHistory| (of(frame), frame.index);
        let one = |frame: &v1::FrameHistory| frame.publication.is_empty() || frame.media.is_empty();
        if !wire.iter().all(one) {
            return Err(missing().into());
        }
        if !wire
            .windows(2)
            .all(|pair| place(&pair[0]) < place(&pair[1]))
        {
            return Err(SnapshotError::Order("frames"));
        }
        let mut read = Self::default();
        for frame in wire {
            let revisions = Runs::from_bytes(&frame.runs, frame.forgotten, head)?;
            let frames = read.frames.entry(of(frame)).or_default();
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
        for object in objects {
            self.share_names(&mut object.frame);
            let Some((of, index)) = object.frame.index() else {
                continue;
            };
            let frames = self.frames.get_mut(&of);
            let frame = frames.and_then(|frames| frames.get_mut(&index));
            frame.ok_or_else(missing)?.objects.insert(object.id);
        }
        let mut frames = self.frames.values().flat_map(BTreeMap::values);
        let placed = frames.all(|frame| !frame.objects.is_empty());
        placed.then_some(()).ok_or_else(missing)
    }
}

fn missing() -> WireError {
    WireError::OutOfRange {
        field: "snapshot.frames",
    }
}
