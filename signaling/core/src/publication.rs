//! What participants offer to the room.

use crate::{SessionId, limits};
use fmz_proto::v1;

/// A track that somebody offers, from the request on.
#[derive(Debug)]
pub(crate) struct Publication {
    pub(crate) owner: SessionId,
    pub(crate) request: u32,
    /// Whether packets came; before that the room is not told.
    pub(crate) started: bool,
    pub(crate) state: v1::Publication,
}

impl Publication {
    pub(crate) fn new(id: String, owner: SessionId, publish: &v1::Publish) -> Self {
        let state = v1::Publication {
            publication: id,
            participant: owner.0,
            kind: publish.kind,
            source: publish.source,
            width: publish.width,
            height: publish.height,
            bitrate_kbps: publish.bitrate_kbps,
            ..v1::Publication::default()
        };
        Self {
            owner,
            request: publish.request,
            started: false,
            state,
        }
    }

    /// Keeps a map if it is not older than those kept; a map of the same epoch replaces the one before.
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
