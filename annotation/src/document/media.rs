//! The media that a document knows.

use super::Document;
use crate::media::Media;
use crate::object::FrameStamp;
use crate::{OpError, SnapshotError};
use fmz_proto::{WireError, v1};

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
        let before = self.media.insert(media.id.clone(), media);
        debug_assert!(before.is_none(), "a media is added once");
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
