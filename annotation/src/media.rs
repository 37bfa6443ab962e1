//! Media: the films and live sources that pictures come from.

use crate::fold::{Fold, Sort};
use fmz_proto::{WireError, v1, validate_media};
use std::sync::Arc;

/// A source of pictures, on which marks hang: a film, or a live source. It never changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Media {
    /// Identity in the document, see [`fmz_proto::is_media_id`]. The stamps of a document share it.
    pub id: Arc<str>,
    /// Name for people.
    pub name: String,
    /// Frames a second are `num / den`; both are 0 if frames are not counted.
    pub num: u32,
    /// See `num`.
    pub den: u32,
    /// Frame number of the first frame's timecode, counted from 00:00:00:00.
    pub start_timecode: u32,
    /// True if timecode leaves labels out (frame8).
    pub drop_frame: bool,
    /// Frames in it; 0 when unknown.
    pub frames: u32,
    /// Name of the reel or tape.
    pub reel: String,
}

impl Media {
    /// Returns true if both count the same frames and call them by the same timecode. Names do
    /// not matter.
    pub fn counts_like(&self, other: &Self) -> bool {
        let count = |media: &Self| {
            let rate = (media.num, media.den);
            (rate, media.start_timecode, media.drop_frame, media.frames)
        };
        count(self) == count(other)
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

    pub(crate) fn has_frame(&self, frame: u32) -> bool {
        self.frames == 0 || frame < self.frames
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
