//! Names of versions: Snowflake numbers that rise with time.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

/// 2020-01-01T00:00:00Z, milliseconds since 1970: the time from which a version's id counts.
pub const EPOCH_MS: u64 = 1_577_836_800_000;
/// Videos are told apart by 10 bits.
pub const VIDEO_MAX: u16 = (1 << VIDEO_BITS) - 1;

const VIDEO_BITS: u32 = 10;
const SEQUENCE_BITS: u32 = 12;
const TIME_BITS: u32 = 41;
const TIME_MAX: u64 = (1 << TIME_BITS) - 1;
const SEQUENCE_MAX: u64 = (1 << SEQUENCE_BITS) - 1;

/// Identity of a version: 41 bits of milliseconds since 2020-01-01, 10 bits of video, 12
/// bits of sequence. Never 0.
///
/// In text it is the decimal number, for it does not fit the numbers of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionId(NonZeroU64);

impl VersionId {
    /// Takes a number that [`Self::get`] gave; `None` if it cannot have.
    pub fn new(id: u64) -> Option<Self> {
        let id = NonZeroU64::new(id)?;
        (id.get() >> (TIME_BITS + VIDEO_BITS + SEQUENCE_BITS) == 0).then_some(Self(id))
    }

    fn from_parts(time: u64, video: u16, sequence: u64) -> Option<Self> {
        let video = u64::from(video & VIDEO_MAX);
        let id = (time << (VIDEO_BITS + SEQUENCE_BITS)) | (video << SEQUENCE_BITS) | sequence;
        (time <= TIME_MAX).then(|| Self::new(id)).flatten()
    }

    /// Returns the number.
    pub fn get(self) -> u64 {
        self.0.get()
    }

    /// Returns the time of the commit as far as clocks rose, milliseconds since 1970.
    pub fn unix_ms(self) -> u64 {
        self.time() + EPOCH_MS
    }

    /// Returns the video's number, 0..=[`VIDEO_MAX`].
    pub fn video(self) -> u16 {
        (self.get() >> SEQUENCE_BITS) as u16 & VIDEO_MAX
    }

    fn time(self) -> u64 {
        self.get() >> (VIDEO_BITS + SEQUENCE_BITS)
    }

    fn sequence(self) -> u64 {
        self.get() & SEQUENCE_MAX
    }
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The text is no [`VersionId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a version is named by its number")]
pub struct VersionIdError;

impl FromStr for VersionId {
    type Err = VersionIdError;

    fn from_str(text: &str) -> Result<Self, VersionIdError> {
        let id = text.parse().ok().and_then(Self::new);
        id.ok_or(VersionIdError)
    }
}

/// Gives a video's versions their ids, each above the one before whatever the clock does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionIds {
    video: u16,
    last: Option<VersionId>,
}

impl VersionIds {
    /// Goes on behind `last`, the newest version of the video. Of `video` the lower 10 bits count.
    pub fn after(video: u16, last: Option<VersionId>) -> Self {
        let video = video & VIDEO_MAX;
        Self { video, last }
    }

    /// Returns the next id at a time of day, milliseconds since 1970. If the clock stands or went
    /// back, the sequence rises; if that is full, the next millisecond begins. Returns `None` once
    /// 41 bits of milliseconds are over, in September 2089.
    pub fn next(&mut self, unix_ms: u64) -> Option<VersionId> {
        let now = unix_ms.saturating_sub(EPOCH_MS);
        let id = match self.last {
            Some(last) if last.time() >= now => self.behind(last),
            Some(_) | None => self.at(now),
        }?;
        self.last = Some(id);
        Some(id)
    }

    fn behind(&self, last: VersionId) -> Option<VersionId> {
        if last.sequence() == SEQUENCE_MAX || last.video() > self.video {
            return self.at(last.time() + 1);
        }
        let sequence = if last.video() == self.video {
            last.sequence() + 1
        } else {
            0
        };
        VersionId::from_parts(last.time(), self.video, sequence)
    }

    /// Returns the first id of a millisecond. 0 is no id, so the very first of all has a sequence
    /// above 0.
    fn at(&self, time: u64) -> Option<VersionId> {
        let sequence = u64::from(time == 0 && self.video == 0);
        VersionId::from_parts(time, self.video, sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::test_runner::{Config, RngSeed};

    fn cases() -> Config {
        Config {
            cases: 200,
            rng_seed: RngSeed::Fixed(11),
            failure_persistence: None,
            ..Config::default()
        }
    }

    #[test]
    fn version1_an_id_says_its_time_and_video() {
        let id = VersionIds::after(513, None)
            .next(EPOCH_MS + 77)
            .expect("in time");
        assert_eq!((id.unix_ms(), id.video()), (EPOCH_MS + 77, 513));
        assert_eq!(id.get(), (77 << 22) | (513 << 12));
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in [
            "0",
            "x",
            "",
            "-1",
            "99999999999999999999",
            "18446744073709551615",
        ] {
            assert_eq!(wrong.parse::<VersionId>(), Err(VersionIdError), "{wrong}");
        }
        assert_eq!(VersionId::new(u64::MAX), None);
    }

    #[test]
    fn version2_a_clock_that_stands_fills_the_sequence_and_then_the_next_millisecond() {
        let mut ids = VersionIds::after(3, None);
        let given: Vec<_> = (0..5000).filter_map(|_| ids.next(EPOCH_MS + 9)).collect();
        assert!(given.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!((given.len(), given[4095].unix_ms()), (5000, EPOCH_MS + 9));
        assert_eq!(given[4096].unix_ms(), EPOCH_MS + 10);
        assert!(given.iter().all(|id| id.video() == 3));
    }

    #[test]
    fn version2_time_before_2020_and_after_2089_is_no_fault() {
        let first = VersionIds::after(0, None).next(0).expect("2020 stands in");
        assert_eq!((first.get(), first.unix_ms()), (1, EPOCH_MS));
        let end = EPOCH_MS + TIME_MAX;
        assert!(VersionIds::after(1, None).next(end).is_some());
        assert_eq!(VersionIds::after(1, None).next(end + 1), None);
        assert_eq!(VersionIds::after(1, None).next(u64::MAX), None);
    }

    proptest! {
        #![proptest_config(cases())]
        #[test]
        fn version2_ids_rise_whatever_the_clock_and_over_restarts(
            steps in vec((any::<bool>(), 0..5_u64, 0..5_u64, 0..2000_u16), 1..200),
        ) {
            let (mut now, mut last) = (EPOCH_MS + 100, None);
            let mut ids = VersionIds::after(7, None);
            for (restart, forth, back, video) in steps {
                if restart {
                    ids = VersionIds::after(video, last);
                }
                now = now + forth * 3 - back * 2;
                let id = ids.next(now);
                prop_assert!(id.is_some() && id > last);
                last = id;
            }
        }
    }
}
