//! Values that hands draw and write.

use crate::random::Random;
use fmz_proto::{
    points::Delta,
    v1::{FrameRange, Hold, Kind, Point, property::Value},
};

/// A kind that no build knows.
const STRANGE_KIND: i32 = 4711;

pub(super) fn points(random: &mut Random) -> Vec<Delta> {
    let count = random.between(1, 6);
    let delta = |random: &mut Random| Delta {
        x: random.signed(40),
        y: random.signed(40),
        // Pressure grows in one direction only, and by so little that no stroke leaves the range.
        pressure: random.between(0, 2) as i32,
    };
    (0..count).map(|_| delta(random)).collect()
}

pub(super) fn place(random: &mut Random) -> Point {
    Point {
        x: random.signed(16_384),
        y: random.signed(9_000),
    }
}

/// Draws a kind that is finished at once, as a number.
pub(super) fn kind(random: &mut Random) -> i32 {
    let kinds = [
        Kind::Rectangle,
        Kind::Ellipse,
        Kind::Arrow,
        Kind::Line,
        Kind::Text,
        Kind::Pin,
        Kind::Redaction,
        Kind::Stamp,
    ];
    let known = random.pick(&kinds).map(|kind| i32::from(*kind));
    known.filter(|_| !random.percent(5)).unwrap_or(STRANGE_KIND)
}

pub(super) fn words(random: &mut Random) -> String {
    let words = ["too dark", "左边", "hold", "ok 👍", "", "cut here"];
    words[random.below(words.len())].to_owned()
}

/// Draws a property that any object may have.
pub(super) fn value(random: &mut Random) -> Value {
    match random.below(8) {
        0 => Value::Color(random.between(0, 1 << 32) as u32),
        1 => Value::Width(random.between(1, 400) as u32),
        2 => Value::Start(place(random)),
        3 => Value::End(place(random)),
        4 => Value::Softness(random.between(0, 101) as u32),
        5 => Value::Order(vec![random.between(0, 256) as u8, random.between(1, 256) as u8].into()),
        6 => Value::Redaction(random.between(0, 300) as u32),
        _ => Value::Hold(Hold {
            range: random.percent(70).then(|| frames(random)),
        }),
    }
}

/// Draws a property by which any author carries a thread on.
pub(super) fn thread_value(random: &mut Random) -> Value {
    if random.percent(60) {
        Value::Status(random.between(0, 5) as i32)
    } else {
        Value::Assignee(words(random))
    }
}

pub(super) fn frames(random: &mut Random) -> FrameRange {
    let first = random.between(0, 5000) as u32;
    FrameRange {
        first,
        last: first + random.between(0, 2000) as u32,
    }
}
