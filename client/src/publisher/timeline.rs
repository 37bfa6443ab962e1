use fmz_media::frame::FrameRate;
use fmz_proto::v1;
use std::time::Duration;

/// Time before a loop at which its map is sent; rule frame6 allows 0.5 to 1 s.
const AHEAD: Duration = Duration::from_millis(750);

/// Ticks after which a map is renewed: three hours. A map holds for 6.6 hours.
const EPOCH_TICKS: i64 = 3 * 3600 * 90_000;

/// A picture's place in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Picture {
    /// Pictures since the start, over all loops.
    pub(super) count: u64,
    /// RTP timestamp.
    pub(super) timestamp: u32,
    /// Time of sending, counted from the start.
    pub(super) due: Duration,
}

/// Counts pictures, timestamps and epochs of a looping film. Each loop is one epoch, or several if
/// it is longer than three hours. The first epoch is 1.
#[derive(Debug, Clone)]
pub(super) struct Timeline {
    rate: FrameRate,
    frames: u32,
    first_timestamp: u32,
    count: u64,
    /// Pictures after which a map is renewed.
    epoch_frames: u64,
}

impl Timeline {
    pub(super) fn new(rate: FrameRate, frames: u32, first_timestamp: u32) -> Self {
        let epoch_frames = rate.frames_of(EPOCH_TICKS).max(1).cast_unsigned();
        Self {
            epoch_frames,
            rate,
            frames,
            first_timestamp,
            count: 0,
        }
    }

    pub(super) fn next_picture(&mut self) -> Picture {
        let count = self.count;
        self.count += 1;
        Picture {
            count,
            timestamp: self.timestamp_of(count),
            due: self.due_of(count),
        }
    }

    /// Returns the map in force at a picture, and the next one if it is time to send it. Never more
    /// than these two, for receivers keep no more.
    pub(super) fn maps(&self, picture: &Picture) -> Vec<v1::FrameMap> {
        let frames = u64::from(self.frames);
        let (round, frame) = (picture.count / frames, picture.count % frames);
        let epoch = round * self.epochs_a_round() + frame / self.epoch_frames;
        let next_due = self.due_of(self.start_of(epoch + 1));
        let mut maps = vec![self.map_of(epoch)];
        if next_due.saturating_sub(picture.due) <= AHEAD {
            maps.push(self.map_of(epoch + 1));
        }
        maps
    }

    fn epochs_a_round(&self) -> u64 {
        u64::from(self.frames).div_ceil(self.epoch_frames)
    }

    /// Returns the number of pictures before an epoch; epochs count from 0 here.
    fn start_of(&self, epoch: u64) -> u64 {
        let (round, part) = (epoch / self.epochs_a_round(), epoch % self.epochs_a_round());
        round * u64::from(self.frames) + part * self.epoch_frames
    }

    fn map_of(&self, epoch: u64) -> v1::FrameMap {
        let start = self.start_of(epoch);
        v1::FrameMap {
            epoch: low_bits(epoch + 1),
            rtp_base: self.timestamp_of(start),
            frame_base: low_bits(start % u64::from(self.frames)),
            num: self.rate.num(),
            den: self.rate.den(),
            speed: 100,
            state: v1::FrameMapState::Playing.into(),
            frames: self.frames,
            ..Default::default()
        }
    }

    fn timestamp_of(&self, count: u64) -> u32 {
        let ticks = self.rate.ticks_of(count.cast_signed());
        self.first_timestamp
            .wrapping_add(low_bits(ticks.cast_unsigned()))
    }

    fn due_of(&self, count: u64) -> Duration {
        let nanos = u128::from(count) * 1_000_000_000 * u128::from(self.rate.den());
        let nanos = nanos / u128::from(self.rate.num());
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// Returns the low 32 bits: the value of a counter that wraps at 32 bits.
fn low_bits(value: u64) -> u32 {
    u32::try_from(value & u64::from(u32::MAX)).expect("masked to 32 bits")
}

#[cfg(test)]
mod tests {
    use super::*;
    use fmz_media::frame::{FrameMap, FrameMaps};

    fn run(rate: FrameRate, frames: u32, first_timestamp: u32, pictures: u32) {
        let mut timeline = Timeline::new(rate, frames, first_timestamp);
        let mut maps = FrameMaps::default();
        for count in 0..pictures {
            let picture = timeline.next_picture();
            for map in timeline.maps(&picture) {
                maps.insert(FrameMap::try_from(&map).unwrap());
            }
            let at = maps.frame(picture.timestamp).unwrap();
            let expected = (count % frames, 1 + count / frames);
            assert_eq!((at.frame.0, at.epoch), expected, "{rate} {count}");
        }
    }

    #[test]
    fn frame7_every_picture_of_a_looping_film_has_its_number() {
        for rate in [FrameRate::F24, FrameRate::F23_976, FrameRate::F59_94] {
            run(rate, 240, 0, 2000);
            run(rate, 240, u32::MAX - 1_000_000, 2000);
            run(rate, 3, 77, 100);
            run(rate, 1, 77, 20);
        }
    }

    #[test]
    fn frame7_timestamps_run_on_across_the_loop() {
        let mut timeline = Timeline::new(FrameRate::F24, 240, u32::MAX - 3749);
        let timestamps: Vec<_> = (0..500)
            .map(|_| timeline.next_picture().timestamp)
            .collect();
        for pair in timestamps.windows(2) {
            assert_eq!(pair[1].wrapping_sub(pair[0]), 3750);
        }
    }

    #[test]
    fn frame6_the_next_map_is_told_shortly_before_its_loop() {
        let mut timeline = Timeline::new(FrameRate::F24, 240, 0);
        let told = std::iter::repeat_with(|| timeline.next_picture())
            .take(240)
            .filter(|picture| Timeline::new(FrameRate::F24, 240, 0).maps(picture).len() == 2)
            .count();
        assert_eq!(told, 18);
    }

    #[test]
    fn frame6_a_long_film_renews_its_map() {
        let (rate, frames) = (FrameRate::new(1, 10).unwrap(), 3000);
        let mut timeline = Timeline::new(rate, frames, 5);
        let mut maps = FrameMaps::default();
        for count in 0..7000 {
            let picture = timeline.next_picture();
            for map in timeline.maps(&picture) {
                maps.insert(FrameMap::try_from(&map).unwrap());
            }
            let at = maps.frame(picture.timestamp).unwrap();
            let (round, frame) = (count / frames, count % frames);
            let expected = (frame, 1 + 3 * round + frame / 1080);
            assert_eq!((at.frame.0, at.epoch), expected, "{count}");
        }
    }

    #[test]
    fn pictures_are_due_at_the_exact_rate() {
        let mut timeline = Timeline::new(FrameRate::F23_976, 24, 0);
        let due = (0..=24_000).map(|_| timeline.next_picture().due).last();
        assert_eq!(due, Some(Duration::from_secs(1001)));
    }
}
