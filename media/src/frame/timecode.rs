use super::FrameRate;
use std::fmt;

/// `HH:MM:SS:FF` of a frame number counted from 00:00:00:00, wrapped at 24 hours.
///
/// Drop-frame leaves out labels, never frames: two a minute at 29.97 (four at 59.94), but none in
/// every tenth minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Timecode {
    /// Hours, 0..=23.
    pub hours: u8,
    /// Minutes, 0..=59.
    pub minutes: u8,
    /// Seconds, 0..=59.
    pub seconds: u8,
    /// Frames, from 0 to one less than the nominal rate.
    pub frames: u32,
    /// Whether labels are dropped, which is shown by `;` before the frames.
    pub drop_frame: bool,
}

/// The reason why a timecode is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimecodeError {
    /// Drop-frame exists at multiples of 29.97 only.
    #[error("there is no drop-frame timecode at this rate")]
    NoDropFrame,
    /// Not `HH:MM:SS:FF`, or a part out of range, or a label that drop-frame leaves out.
    #[error("not a timecode at this rate")]
    Malformed,
}

impl TimecodeError {
    /// Returns the stable name of the error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoDropFrame => "no_drop_frame",
            Self::Malformed => "timecode",
        }
    }
}

impl Timecode {
    /// Labels frame `number` without dropping labels.
    #[must_use]
    pub fn non_drop(number: u64, rate: FrameRate) -> Self {
        Self::labelled(number, rate, false)
    }

    /// Labels frame `number`, dropping labels to keep up with the clock.
    ///
    /// # Errors
    /// [`TimecodeError::NoDropFrame`] at rates that have no drop-frame.
    pub fn drop_frame(number: u64, rate: FrameRate) -> Result<Self, TimecodeError> {
        let dropped = dropped_a_minute(rate)?;
        // Frames in a minute that drops labels, and in ten minutes, of which the first drops none.
        let minute = u64::from(rate.nominal()) * 60 - dropped;
        let ten_minutes = minute * 10 + dropped;
        let within = number % ten_minutes;
        // The first minute of ten drops none, so it is longer by as many frames.
        let skipped = (within.saturating_sub(dropped) / minute) * dropped;
        // The label counts all frames and all labels dropped so far: in whole tens of minutes, and
        // in the minutes since.
        let label = number + (number / ten_minutes) * 9 * dropped + skipped;
        Ok(Self::labelled(label, rate, true))
    }

    /// Reads `HH:MM:SS:FF`, or `HH:MM:SS;FF` for drop-frame.
    ///
    /// # Errors
    /// [`TimecodeError`] if the text is no label of a frame at this rate.
    pub fn parse(text: &str, rate: FrameRate) -> Result<Self, TimecodeError> {
        let drop_frame = text.contains(';');
        let parts: Vec<u32> = text
            .splitn(4, [':', ';'])
            .map(|part| part.parse().map_err(|_| TimecodeError::Malformed))
            .collect::<Result<_, _>>()?;
        let [hours, minutes, seconds, frames] = parts[..] else {
            return Err(TimecodeError::Malformed);
        };
        if hours > 23 || minutes > 59 || seconds > 59 || frames >= rate.nominal() {
            return Err(TimecodeError::Malformed);
        }
        if drop_frame {
            let left_out = u64::from(frames) < dropped_a_minute(rate)?;
            if left_out && seconds == 0 && minutes % 10 != 0 {
                return Err(TimecodeError::Malformed);
            }
        }
        let small = |part: u32| u8::try_from(part).map_err(|_| TimecodeError::Malformed);
        Ok(Self {
            hours: small(hours)?,
            minutes: small(minutes)?,
            seconds: small(seconds)?,
            frames,
            drop_frame,
        })
    }

    /// Returns the frame number of this label, counted from 00:00:00:00.
    ///
    /// # Errors
    /// [`TimecodeError::NoDropFrame`] if the label is drop-frame and the rate has none.
    pub fn number(&self, rate: FrameRate) -> Result<u64, TimecodeError> {
        let minutes = u64::from(self.hours) * 60 + u64::from(self.minutes);
        let seconds = minutes * 60 + u64::from(self.seconds);
        let label = seconds * u64::from(rate.nominal()) + u64::from(self.frames);
        if !self.drop_frame {
            return Ok(label);
        }
        let left_out = dropped_a_minute(rate)? * (minutes - minutes / 10);
        Ok(label.saturating_sub(left_out))
    }

    fn labelled(label: u64, rate: FrameRate, drop_frame: bool) -> Self {
        let nominal = u64::from(rate.nominal());
        let seconds = label / nominal;
        let part = |value: u64, modulus: u64| u8::try_from(value % modulus).unwrap_or_default();
        Self {
            hours: part(seconds / 3600, 24),
            minutes: part(seconds / 60, 60),
            seconds: part(seconds, 60),
            frames: u32::try_from(label % nominal).unwrap_or_default(),
            drop_frame,
        }
    }
}

impl fmt::Display for Timecode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.drop_frame { ';' } else { ':' };
        write!(
            formatter,
            "{:02}:{:02}:{:02}{mark}{:02}",
            self.hours, self.minutes, self.seconds, self.frames
        )
    }
}

fn dropped_a_minute(rate: FrameRate) -> Result<u64, TimecodeError> {
    let drops = rate.den() == 1001 && rate.num().is_multiple_of(30_000);
    if drops {
        Ok(u64::from(rate.nominal() / 15))
    } else {
        Err(TimecodeError::NoDropFrame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(rate: FrameRate, vectors: &[(u64, &str)]) {
        for &(number, text) in vectors {
            let timecode = if text.contains(';') {
                Timecode::drop_frame(number, rate).unwrap()
            } else {
                Timecode::non_drop(number, rate)
            };
            assert_eq!(timecode.to_string(), text, "{rate} {number}");
            assert_eq!(Timecode::parse(text, rate), Ok(timecode));
        }
    }

    #[test]
    fn frame8_drop_frame_labels() {
        check(
            FrameRate::F29_97,
            &[
                (0, "00:00:00;00"),
                (1799, "00:00:59;29"),
                (1800, "00:01:00;02"),
                (17_981, "00:09:59;29"),
                (17_982, "00:10:00;00"),
                (19_782, "00:11:00;02"),
                (107_892, "01:00:00;00"),
                (2_589_408, "00:00:00;00"),
            ],
        );
        check(
            FrameRate::F59_94,
            &[
                (3599, "00:00:59;59"),
                (3600, "00:01:00;04"),
                (35_964, "00:10:00;00"),
                (215_784, "01:00:00;00"),
            ],
        );
    }

    #[test]
    fn frame8_non_drop_labels() {
        check(
            FrameRate::F23_976,
            &[(1_502_234, "17:23:13:02"), (86_400, "01:00:00:00")],
        );
        check(
            FrameRate::F24,
            &[(86_400, "01:00:00:00"), (86_424, "01:00:01:00")],
        );
    }

    #[test]
    fn frame8_labels_that_cannot_be_are_refused() {
        let refused = |text, rate| Timecode::parse(text, rate).map_err(|e| e.code());
        assert_eq!(refused("00:01:00;00", FrameRate::F29_97), Err("timecode"));
        assert_eq!(refused("00:01:00;02", FrameRate::F24), Err("no_drop_frame"));
        for text in [
            "",
            "1:2:3",
            "24:00:00:00",
            "00:60:00:00",
            "00:00:00:24",
            "a:b:c:d",
            "-1:00:00:00",
        ] {
            assert_eq!(refused(text, FrameRate::F24), Err("timecode"), "{text}");
        }
        assert_eq!(
            Timecode::drop_frame(0, FrameRate::F23_976).map_err(|e| e.code()),
            Err("no_drop_frame")
        );
    }

    proptest! {
        #[test]
        fn frame8_labels_lead_back(number in 0u64..2_589_408) {
            let drop = Timecode::drop_frame(number, FrameRate::F29_97).unwrap();
            prop_assert_eq!(drop.number(FrameRate::F29_97), Ok(number));
            let whole = Timecode::non_drop(number % 2_073_600, FrameRate::F24);
            prop_assert_eq!(whole.number(FrameRate::F24), Ok(number % 2_073_600));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,16}") {
            let _ = Timecode::parse(&text, FrameRate::F29_97);
        }
    }
}
