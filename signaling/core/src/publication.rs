//! What participants publish in the room.

use crate::{SessionId, limits};
use fmz_proto::v1;

/// A track that a participant publishes, from the request on.
#[derive(Debug)]
pub(crate) struct Publication {
    pub(crate) owner: SessionId,
    pub(crate) request: u32,
    /// The request, until the forwarding unit is told: the media has to be durable, and the owner
    /// needs a transport.
    pub(crate) asked: Option<v1::Publish>,
    /// The media that its pictures belong to; sound has none.
    pub(crate) media: Option<v1::Media>,
    /// True once packets came; before that the others are not told of it.
    pub(crate) started: bool,
    pub(crate) state: v1::Publication,
}

impl Publication {
    pub(crate) fn new(
        id: String,
        owner: SessionId,
        publish: v1::Publish,
        media: Option<v1::Media>,
    ) -> Self {
        let media_id = media.as_ref().map(|media| media.id.clone());
        let state = v1::Publication {
            publication: id,
            participant: owner.0,
            kind: publish.kind,
            source: publish.source,
            width: publish.width,
            height: publish.height,
            bitrate_kbps: publish.bitrate_kbps,
            media: media_id.unwrap_or_default(),
            ..v1::Publication::default()
        };
        Self {
            owner,
            request: publish.request,
            media,
            asked: Some(publish),
            started: false,
            state,
        }
    }

    /// Returns true if this is what a request asks for: its sender repeats it, because it cannot
    /// know that the first one was taken.
    pub(crate) fn answers(&self, publish: &v1::Publish) -> bool {
        let asked = (publish.request, publish.kind, publish.source);
        asked == (self.request, self.state.kind, self.state.source)
    }

    /// Returns true if a map counts frames as its media does, or if the media counts none.
    pub(crate) fn fits(&self, map: &v1::FrameMap) -> bool {
        self.media.as_ref().is_none_or(|media| {
            let counted = (media.num, media.den) != (0, 0);
            let rate = (map.num, map.den) == (media.num, media.den);
            let label = (map.start_timecode, map.drop_frame);
            let labels = label == (media.start_timecode, media.drop_frame);
            !counted || (rate && labels && map.frames == media.frames)
        })
    }

    /// Keeps a map, and returns true, unless it is older than those kept. A map of the same epoch
    /// replaces the one before.
    pub(crate) fn keep_map(&mut self, map: v1::FrameMap) -> bool {
        let maps = &mut self.state.frame_maps;
        let newest = maps.last().map_or(0, |last| last.epoch);
        if map.epoch < newest {
            return false;
        }
        maps.retain(|kept| kept.epoch != map.epoch);
        maps.push(map);
        let surplus = maps.len().saturating_sub(limits::FRAME_MAPS_MAX);
        maps.drain(..surplus);
        true
    }
}
