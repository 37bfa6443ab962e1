//! Bounds of each room, as an operator may set them.

use crate::exit::Failure;
use crate::time;
use clap::Args;
use fmz_signaling::RoomLimits;
use std::ops::RangeInclusive;
use std::time::Duration;

/// What one process lets in altogether.
const PARTICIPANTS: RangeInclusive<u32> = 1..=10_000;
/// Below one op a second nobody draws; above a million no machine takes them.
const OPS: RangeInclusive<u32> = 1..=1_000_000;
/// Sooner, every pause for thought would be a version; later, a room that was left stays open for more than a day.
const AUTO_COMMIT: RangeInclusive<Duration> = Duration::from_secs(5)..=Duration::from_secs(86_400);

/// Settings of rooms as typed, or as read from the file.
#[derive(Debug, Clone, Default, Args)]
#[group(id = "room_settings")]
pub(crate) struct Settings {
    /// Participants in one room at once, 1 to 10000 [default: 500].
    #[arg(long, env = "FMZ_PARTICIPANTS_MAX", value_name = "NUMBER")]
    pub(crate) participants_max: Option<u32>,
    /// Ops of one participant a second, on average; more wait for their turn [default: 1000].
    #[arg(long, env = "FMZ_OPS_PER_S", value_name = "NUMBER")]
    pub(crate) ops_per_s: Option<u32>,
    /// Ops of one participant at once [default: 4000].
    #[arg(long, env = "FMZ_OPS_BURST", value_name = "NUMBER")]
    pub(crate) ops_burst: Option<u32>,
    /// Ops of one room a second, on average; more wait for their turn [default: 40000].
    #[arg(long, env = "FMZ_ROOM_OPS_PER_S", value_name = "NUMBER")]
    pub(crate) room_ops_per_s: Option<u32>,
    /// Ops of one room at once [default: 80000].
    #[arg(long, env = "FMZ_ROOM_OPS_BURST", value_name = "NUMBER")]
    pub(crate) room_ops_burst: Option<u32>,
    /// Time without changes after which a room makes a version by itself, 5s to 1d, or off [default: 2m].
    #[arg(long, env = "FMZ_AUTO_COMMIT", value_name = "TIME")]
    pub(crate) auto_commit: Option<String>,
}

/// Joins both sources and checks every value.
pub(crate) fn limits(typed: &Settings, file: &Settings) -> Result<RoomLimits, Failure> {
    let usual = RoomLimits::default();
    let number = |name, typed: Option<u32>, file: Option<u32>, range, usual| {
        let number = typed.or(file).unwrap_or(usual);
        within(name, number, range)
    };
    let auto_commit = typed.auto_commit.as_ref().or(file.auto_commit.as_ref());
    let participants = number(
        "participants_max",
        typed.participants_max,
        file.participants_max,
        PARTICIPANTS,
        usual.participants_max as u32,
    )?;
    Ok(RoomLimits {
        participants_max: participants as usize,
        ops_per_s: number(
            "ops_per_s",
            typed.ops_per_s,
            file.ops_per_s,
            OPS,
            usual.ops_per_s,
        )?,
        ops_burst: number(
            "ops_burst",
            typed.ops_burst,
            file.ops_burst,
            OPS,
            usual.ops_burst,
        )?,
        room_ops_per_s: number(
            "room_ops_per_s",
            typed.room_ops_per_s,
            file.room_ops_per_s,
            OPS,
            usual.room_ops_per_s,
        )?,
        room_ops_burst: number(
            "room_ops_burst",
            typed.room_ops_burst,
            file.room_ops_burst,
            OPS,
            usual.room_ops_burst,
        )?,
        auto_commit: auto_commit.map_or(Ok(usual.auto_commit), |text| idle(text))?,
        ..usual
    })
}

fn within(name: &str, number: u32, range: RangeInclusive<u32>) -> Result<u32, Failure> {
    let (first, last) = (range.start(), range.end());
    let text = format!("{number} is not between {first} and {last}");
    let fault = || Failure::setting(name, text);
    range.contains(&number).then_some(number).ok_or_else(fault)
}

fn idle(text: &str) -> Result<Duration, Failure> {
    if text == "off" {
        return Ok(Duration::ZERO);
    }
    let text_of_fault = format!("{text:?} is neither off nor a time such as 90s or 10m, 5s to 1d");
    time::parse(text)
        .filter(|time| AUTO_COMMIT.contains(time))
        .ok_or_else(|| Failure::setting("auto_commit", text_of_fault))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(typed: Settings) -> String {
        match limits(&typed, &Settings::default()) {
            Err(Failure::Setting(line)) => line,
            other => panic!("expected a refused setting, got {other:?}"),
        }
    }

    #[test]
    fn without_settings_a_room_has_the_usual_bounds() {
        let none = Settings::default();
        assert_eq!(limits(&none, &none).unwrap(), RoomLimits::default());
    }

    #[test]
    fn each_bound_is_set_by_its_name_and_a_flag_wins_over_the_file() {
        let file = Settings {
            participants_max: Some(1),
            ops_per_s: Some(2),
            ops_burst: Some(3),
            room_ops_per_s: Some(4),
            room_ops_burst: Some(5),
            auto_commit: Some("90s".into()),
        };
        let set = limits(&Settings::default(), &file).unwrap();
        let numbers = (
            set.ops_per_s,
            set.ops_burst,
            set.room_ops_per_s,
            set.room_ops_burst,
        );
        assert_eq!((set.participants_max, numbers), (1, (2, 3, 4, 5)));
        assert_eq!(set.auto_commit, Duration::from_secs(90));
        let typed = Settings {
            room_ops_per_s: Some(9),
            auto_commit: Some("off".into()),
            ..Settings::default()
        };
        let set = limits(&typed, &file).unwrap();
        assert_eq!((set.room_ops_per_s, set.room_ops_burst), (9, 5));
        assert_eq!(set.auto_commit, Duration::ZERO);
    }

    #[test]
    fn what_is_out_of_bounds_names_its_setting() {
        type Set = fn(&mut Settings);
        let cases: [(&str, Set); 8] = [
            ("participants_max: 0 is not", |s| {
                s.participants_max = Some(0)
            }),
            ("participants_max: 10001 is", |s| {
                s.participants_max = Some(10_001)
            }),
            ("ops_per_s: 0 is not between 1", |s| s.ops_per_s = Some(0)),
            ("ops_burst: 1000001 is not", |s| {
                s.ops_burst = Some(1_000_001)
            }),
            ("room_ops_per_s: 0 is not", |s| s.room_ops_per_s = Some(0)),
            ("room_ops_burst: 0 is not", |s| s.room_ops_burst = Some(0)),
            ("auto_commit: \"4s\" is neither", |s| {
                s.auto_commit = Some("4s".into())
            }),
            ("auto_commit: \"25h\" is neither", |s| {
                s.auto_commit = Some("25h".into())
            }),
        ];
        for (start, set) in cases {
            let mut typed = Settings::default();
            set(&mut typed);
            let line = said(typed);
            assert!(line.starts_with(start), "{line}");
        }
    }
}
