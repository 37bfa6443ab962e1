use super::{FrameIndex, FrameRate, FrameRateError};
use fmz_proto::v1;

/// Ticks after its base up to which a map holds: half the RTP timestamp's circle, beyond which
/// before and after cannot be told apart. They are 6.6 hours; publishers renew a map well before
/// (frame6).
const REACH_TICKS: i64 = 1 << 31;
/// Maps kept at a time: the one in force and the one announced.
const MAPS_MAX: usize = 2;

/// The motion of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    /// Frames advance at this percentage of the rate. A negative one runs backward; 0 is invalid.
    Playing {
        /// Percent of normal speed.
        speed: i32,
    },
    /// Every picture shows `frame_base`.
    Paused,
}

/// The rule that gives a picture's frame by its RTP timestamp: `v1::FrameMap`, checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameMap {
    /// Number of the map; each new map of a publication has a higher one.
    pub epoch: u32,
    /// Timestamp of the first picture to which it applies.
    pub rtp_base: u32,
    /// Frame number of that picture.
    pub frame_base: FrameIndex,
    /// Frames a second at normal speed.
    pub rate: FrameRate,
    /// Motion of the pictures.
    pub motion: Motion,
    /// Frames in the clip; 0 if unknown.
    pub frames: u32,
}

/// The reason why a frame map is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameMapError {
    /// The rate is out of range.
    #[error(transparent)]
    Rate(#[from] FrameRateError),
    /// Neither playing nor paused, or playing at speed 0.
    #[error("frame map must be paused, or play at a speed other than 0")]
    Motion,
}

impl FrameMapError {
    /// Returns the stable name of the error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Rate(error) => error.code(),
            Self::Motion => "frame_map_state",
        }
    }
}

impl TryFrom<&v1::FrameMap> for FrameMap {
    type Error = FrameMapError;

    fn try_from(map: &v1::FrameMap) -> Result<Self, FrameMapError> {
        let motion = match map.state() {
            v1::FrameMapState::Playing if map.speed != 0 => Motion::Playing { speed: map.speed },
            v1::FrameMapState::Paused => Motion::Paused,
            _ => return Err(FrameMapError::Motion),
        };
        Ok(Self {
            epoch: map.epoch,
            rtp_base: map.rtp_base,
            frame_base: FrameIndex(map.frame_base),
            rate: FrameRate::new(map.num, map.den)?,
            motion,
            frames: map.frames,
        })
    }
}

impl FrameMap {
    /// Returns the frame shown at an RTP timestamp (frame3); `None` before the base, beyond the
    /// map's reach, or outside the clip.
    #[must_use]
    pub fn frame(&self, rtp: u32) -> Option<FrameIndex> {
        let ticks = self.ticks_since_base(rtp);
        if ticks < 0 {
            return None;
        }
        let frame = match self.motion {
            Motion::Paused => i64::from(self.frame_base.0),
            Motion::Playing { speed } => {
                i64::from(self.frame_base.0) + self.rate.frames_at(ticks, speed)
            }
        };
        let frame = u32::try_from(frame).ok()?;
        (self.frames == 0 || frame < self.frames).then_some(FrameIndex(frame))
    }

    /// Returns the timestamp of a frame (frame2); `None` if this map never shows it. A paused map
    /// shows its one frame from its base on.
    #[must_use]
    pub fn rtp(&self, frame: FrameIndex) -> Option<u32> {
        let ahead = i64::from(frame.0) - i64::from(self.frame_base.0);
        let ticks = match self.motion {
            Motion::Paused => (ahead == 0).then_some(0)?,
            Motion::Playing { speed } => self.rate.ticks_at(ahead, speed),
        };
        let shown =
            (0..REACH_TICKS).contains(&ticks) && (self.frames == 0 || frame.0 < self.frames);
        let ticks = u32::try_from(ticks).ok()?;
        shown.then_some(self.rtp_base.wrapping_add(ticks))
    }

    /// Returns the signed distance on the timestamp's circle.
    // Timestamps wrap at 2^32, so the difference is read as a signed number: half the circle lies
    // ahead of the base, the other half before it.
    fn ticks_since_base(&self, rtp: u32) -> i64 {
        i64::from(rtp.wrapping_sub(self.rtp_base).cast_signed())
    }
}

/// A frame and the map that gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameAt {
    /// Epoch of the map.
    pub epoch: u32,
    /// The frame.
    pub frame: FrameIndex,
}

/// The maps of one publication: the newest two at most.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FrameMaps {
    /// In rising order of epoch.
    maps: Vec<FrameMap>,
}

impl FrameMaps {
    /// Takes a map in, or ignores it if its epoch is already known or older than all kept (frame5).
    pub fn insert(&mut self, map: FrameMap) {
        match self
            .maps
            .binary_search_by_key(&map.epoch, |known| known.epoch)
        {
            Ok(_) => return,
            Err(0) if self.maps.len() == MAPS_MAX => return,
            Err(at) => self.maps.insert(at, map),
        }
        // The oldest map makes room.
        if self.maps.len() > MAPS_MAX {
            self.maps.remove(0);
        }
    }

    /// Returns the frame shown at an RTP timestamp, by the newest map that has begun by then
    /// (frame4).
    #[must_use]
    pub fn frame(&self, rtp: u32) -> Option<FrameAt> {
        // A picture before the newest map's base is still counted by the map before.
        let map = self
            .maps
            .iter()
            .rev()
            .find(|map| map.ticks_since_base(rtp) >= 0)?;
        map.frame(rtp).map(|frame| FrameAt {
            epoch: map.epoch,
            frame,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn map(epoch: u32, rtp_base: u32, rate: FrameRate) -> FrameMap {
        FrameMap {
            epoch,
            rtp_base,
            frame_base: FrameIndex(0),
            rate,
            motion: Motion::Playing { speed: 100 },
            frames: 240,
        }
    }

    #[test]
    fn frame3_a_map_counts_across_the_wrap() {
        let map = map(1, u32::MAX - 3749, FrameRate::F24);
        assert_eq!(map.frame(u32::MAX - 3749), Some(FrameIndex(0)));
        assert_eq!(map.frame(0), Some(FrameIndex(1)));
        assert_eq!(map.frame(3750 * 238), Some(FrameIndex(239)));
        assert_eq!(map.rtp(FrameIndex(1)), Some(0));
    }

    #[test]
    fn frame3_outside_the_map_there_is_no_frame() {
        let map = map(1, 90_000, FrameRate::F24);
        assert_eq!(map.frame(89_999), None);
        assert_eq!(map.frame(90_000 + 3750 * 240), None);
        assert_eq!(map.rtp(FrameIndex(240)), None);
    }

    #[test]
    fn frame3_paused_and_reverse() {
        let paused = FrameMap {
            motion: Motion::Paused,
            frame_base: FrameIndex(7),
            ..map(1, 0, FrameRate::F24)
        };
        assert_eq!(paused.frame(1_000_000), Some(FrameIndex(7)));
        assert_eq!(
            (paused.rtp(FrameIndex(7)), paused.rtp(FrameIndex(8))),
            (Some(0), None)
        );
        let reverse = FrameMap {
            motion: Motion::Playing { speed: -200 },
            frame_base: FrameIndex(10),
            ..paused
        };
        assert_eq!(reverse.frame(3750), Some(FrameIndex(8)));
        assert_eq!(reverse.rtp(FrameIndex(8)), Some(3750));
        assert_eq!(reverse.frame(3750 * 6), None);
    }

    #[test]
    fn frame4_the_newest_map_that_has_begun_applies() {
        let mut maps = FrameMaps::default();
        assert_eq!(maps.frame(0), None);
        let loop_ticks = 3750 * 240;
        maps.insert(map(1, 0, FrameRate::F24));
        maps.insert(map(2, loop_ticks, FrameRate::F24));
        let at = |rtp| maps.frame(rtp).map(|at| (at.epoch, at.frame.0));
        assert_eq!(at(loop_ticks - 3750), Some((1, 239)));
        assert_eq!(at(loop_ticks), Some((2, 0)));
    }

    #[test]
    fn frame5_two_maps_are_kept_and_old_ones_passed_over() {
        let mut maps = FrameMaps::default();
        for epoch in [3, 2, 4, 4, 1] {
            maps.insert(map(epoch, epoch * 900_000, FrameRate::F24));
        }
        assert_eq!(
            maps.maps.iter().map(|map| map.epoch).collect::<Vec<_>>(),
            [3, 4]
        );
    }

    #[test]
    fn wire_maps_are_checked() {
        let wire = v1::FrameMap {
            num: 24,
            den: 1,
            speed: 100,
            state: 1,
            ..Default::default()
        };
        assert!(FrameMap::try_from(&wire).is_ok());
        let code = |wire: v1::FrameMap| FrameMap::try_from(&wire).map_err(|e| e.code());
        assert_eq!(
            code(v1::FrameMap {
                speed: 0,
                ..wire.clone()
            }),
            Err("frame_map_state")
        );
        assert_eq!(
            code(v1::FrameMap {
                state: 0,
                ..wire.clone()
            }),
            Err("frame_map_state")
        );
        assert_eq!(code(v1::FrameMap { den: 0, ..wire }), Err("frame_rate"));
    }

    proptest! {
        #[test]
        fn frame2_frame3_lead_back(rtp_base: u32, frame_base in 0u32..1 << 20, ahead in 0u32..1 << 20, rate in 0usize..6) {
            let rate = [
                FrameRate::F23_976, FrameRate::F24, FrameRate::F25,
                FrameRate::F29_97, FrameRate::F59_94, FrameRate::F119_88,
            ][rate];
            let map = FrameMap { frame_base: FrameIndex(frame_base), frames: 0, ..map(1, rtp_base, rate) };
            let frame = FrameIndex(frame_base + ahead);
            if let Some(rtp) = map.rtp(frame) {
                prop_assert_eq!(map.frame(rtp), Some(frame));
            } else {
                prop_assert!(rate.ticks_of(i64::from(ahead)) >= REACH_TICKS);
            }
        }
    }
}
