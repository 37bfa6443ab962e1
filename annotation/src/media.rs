//! What pictures come from: the media that a document knows.

use crate::document::Document;
use crate::hash::{Fold, Sort};
use crate::object::FrameStamp;
use crate::{OpError, SnapshotError};
use fmz_proto::{WireError, v1, validate_media};
use std::sync::Arc;

/// What pictures come from, and marks hang on: a film, or a live source. It never changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Media {
    /// Identity in the document, see [`fmz_proto::is_media_id`]. The stamps of a document share it.
    pub id: Arc<str>,
    /// Name for people.
    pub name: String,
    /// Frames a second are `num / den`; both are 0 where frames are not counted.
    pub num: u32,
    /// See `num`.
    pub den: u32,
    /// Frame number of the first frame's timecode, counted from 00:00:00:00.
    pub start_timecode: u32,
    /// Whether timecode leaves labels out (frame8).
    pub drop_frame: bool,
    /// Frames in it; 0 when unknown.
    pub frames: u32,
    /// Name of the reel or tape.
    pub reel: String,
}

impl Media {
    /// Returns whether both count the same frames and call them by the same timecode. Names do not
    /// matter.
    pub fn counts_like(&self, other: &Self) -> bool {
        let count = |media: &Self| {
            let rate = (media.num, media.den);
            (rate, media.start_timecode, media.drop_frame, media.frames)
        };
        count(self) == count(other)
    }

    fn has_frame(&self, frame: u32) -> bool {
        self.frames == 0 || frame < self.frames
    }

    /// Returns the hash of all that a snapshot says of the media.
    pub(crate) fn hash(&self) -> u64 {
        Fold::new(Sort::Media)
            .bytes(self.id.as_bytes())
            .bytes(self.name.as_bytes())
            .number(self.num.into())
            .number(self.den.into())
            .number(self.start_timecode.into())
            .number(self.drop_frame.into())
            .number(self.frames.into())
            .bytes(self.reel.as_bytes())
            .value()
    }
}

impl TryFrom<&v1::Media> for Media {
    type Error = WireError;

    fn try_from(media: &v1::Media) -> Result<Self, WireError> {
        validate_media(media)?;
        Ok(Self {
            id: media.id.as_str().into(),
            name: media.name.clone(),
            num: media.num,
            den: media.den,
            start_timecode: media.start_timecode,
            drop_frame: media.drop_frame,
            frames: media.frames,
            reel: media.reel.clone(),
        })
    }
}

impl From<&Media> for v1::Media {
    fn from(media: &Media) -> Self {
        Self {
            id: media.id.as_ref().into(),
            name: media.name.clone(),
            num: media.num,
            den: media.den,
            start_timecode: media.start_timecode,
            drop_frame: media.drop_frame,
            frames: media.frames,
            reel: media.reel.clone(),
        }
    }
}

impl Document {
    /// Returns one media.
    pub fn media(&self, id: &str) -> Option<&Media> {
        self.media.get(id)
    }

    /// Returns all media in order of their ids.
    pub fn all_media(&self) -> impl Iterator<Item = &Media> {
        self.media.values()
    }

    /// Returns the number of media.
    pub fn media_count(&self) -> usize {
        self.media.len()
    }

    pub(crate) fn insert_media(&mut self, media: Media) {
        self.parts_hash = self.parts_hash.wrapping_add(media.hash());
        self.media.insert(media.id.clone(), media);
    }

    /// Refuses a stamp that names a media which is not known, or a frame that its media does not
    /// have.
    pub(crate) fn check_stamp(&self, stamp: &FrameStamp) -> Result<(), OpError> {
        if stamp.media.is_empty() {
            return Ok(());
        }
        let media = self.media(&stamp.media).ok_or(OpError::UnknownMedia)?;
        if stamp
            .frame_index
            .is_some_and(|frame| !media.has_frame(frame))
        {
            let field = "frame.frame_index";
            return Err(WireError::OutOfRange { field }.into());
        }
        Ok(())
    }

    /// Reads the next media of a snapshot.
    pub(crate) fn read_media(&mut self, wire: &v1::Media) -> Result<(), SnapshotError> {
        let media = Media::try_from(wire)?;
        let last = self.media.last_key_value();
        if last.is_some_and(|(last, _)| *last >= media.id) {
            return Err(SnapshotError::Order("media"));
        }
        self.insert_media(media);
        Ok(())
    }
}
