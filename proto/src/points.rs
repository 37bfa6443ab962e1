//! The points of a stroke as bytes: deltas from point to point, as zigzag varints.
//!
//! There is one way to write each row of deltas, so equal strokes are equal bytes.

use crate::v1::{StrokePoints, stroke_points};
use crate::{WireError, limits};

/// Pressure at the start of a stroke, and of every point from a device that reports none: the half
/// that Pointer Events report for such devices.
pub const PRESSURE_UNKNOWN: u8 = 128;

/// Longest delta in x or y, grid units: from one end of the coordinate range to the other.
const DELTA_MAX: u32 = 2 * limits::COORDINATE_MAX.unsigned_abs();
/// Longest delta in pressure.
const PRESSURE_DELTA_MAX: u32 = u8::MAX as u32;
/// Bytes of the longest varint: 21 bits hold [`DELTA_MAX`] with its sign.
const VARINT_BYTES_MAX: u32 = 3;

/// The step from one point of a stroke to the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delta {
    /// To the right, grid units.
    pub x: i32,
    /// Downward, grid units.
    pub y: i32,
    /// Change of the pressure, which is 0..=255; 0 from a device that reports none.
    pub pressure: i32,
}

/// Deltas as read from the wire.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deltas {
    /// One delta a point.
    pub deltas: Vec<Delta>,
    /// True if the device reports pressure.
    pub pressed: bool,
}

/// Writes deltas. Pressure is left out if the device reports none.
pub fn encode(deltas: &[Delta], pressed: bool) -> StrokePoints {
    let mut bytes = Vec::with_capacity(deltas.len() * if pressed { 4 } else { 3 });
    for delta in deltas {
        write(&mut bytes, delta.x);
        write(&mut bytes, delta.y);
        if pressed {
            write(&mut bytes, delta.pressure);
        }
    }
    let deltas = match pressed {
        true => stroke_points::Deltas::Pressed(bytes.into()),
        false => stroke_points::Deltas::Plain(bytes.into()),
    };
    StrokePoints {
        deltas: Some(deltas),
    }
}

/// Reads 1 to `points_max` deltas.
///
/// # Errors
/// [`WireError`] if there are none or too many, if one is longer than the range of coordinates or
/// of pressures, or if the bytes are not those that [`encode`] writes. The stroke itself checks
/// that its points are in range.
pub fn decode(points: &StrokePoints, points_max: usize) -> Result<Deltas, WireError> {
    let (bytes, pressed) = parts(points)?;
    let shortest = if pressed { 3 } else { 2 };
    let mut deltas = Vec::with_capacity((bytes.len() / shortest).min(points_max));
    read_all(bytes, pressed, points_max, |delta| deltas.push(delta))?;
    Ok(Deltas { deltas, pressed })
}

/// Checks the bytes as [`decode`] does, without reading them into a list.
///
/// # Errors
/// As [`decode`].
pub fn check(points: &StrokePoints, points_max: usize) -> Result<(), WireError> {
    let (bytes, pressed) = parts(points)?;
    read_all(bytes, pressed, points_max, |_| ())
}

fn parts(points: &StrokePoints) -> Result<(&[u8], bool), WireError> {
    let field = "points.deltas";
    match &points.deltas {
        Some(stroke_points::Deltas::Plain(bytes)) => Ok((bytes, false)),
        Some(stroke_points::Deltas::Pressed(bytes)) => Ok((bytes, true)),
        None => Err(WireError::Missing { field }),
    }
}

fn read_all(
    mut bytes: &[u8],
    pressed: bool,
    points_max: usize,
    mut take: impl FnMut(Delta),
) -> Result<(), WireError> {
    let mut count = 0;
    while count == 0 || !bytes.is_empty() {
        count += 1;
        in_range(count <= points_max && !bytes.is_empty())?;
        take(Delta {
            x: read(&mut bytes, DELTA_MAX)?,
            y: read(&mut bytes, DELTA_MAX)?,
            pressure: match pressed {
                true => read(&mut bytes, PRESSURE_DELTA_MAX)?,
                false => 0,
            },
        });
    }
    Ok(())
}

fn write(bytes: &mut Vec<u8>, value: i32) {
    let mut rest = (value << 1 ^ value >> 31).cast_unsigned();
    while rest >= 0x80 {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}

fn read(bytes: &mut &[u8], limit: u32) -> Result<i32, WireError> {
    const BROKEN: WireError = WireError::Malformed("points are not shortest varints");
    let mut zigzag = 0u32;
    for place in 0..VARINT_BYTES_MAX {
        let (&byte, rest) = bytes.split_first().ok_or(BROKEN)?;
        *bytes = rest;
        zigzag |= u32::from(byte & 0x7f) << (7 * place);
        if byte == 0 && place > 0 {
            return Err(BROKEN);
        }
        if byte < 0x80 {
            let value = (zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed();
            in_range(value.unsigned_abs() <= limit)?;
            return Ok(value);
        }
    }
    Err(BROKEN)
}

fn in_range(holds: bool) -> Result<(), WireError> {
    let field = "points";
    holds.then_some(()).ok_or(WireError::OutOfRange { field })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    /// Deltas and their bytes, for every language that speaks the wire.
    const VECTORS: &str = include_str!("../vectors/stroke-points.txt");

    fn plain(bytes: &[u8]) -> StrokePoints {
        let deltas = Some(stroke_points::Deltas::Plain(bytes.to_vec().into()));
        StrokePoints { deltas }
    }

    fn pressed(bytes: &[u8]) -> StrokePoints {
        let deltas = Some(stroke_points::Deltas::Pressed(bytes.to_vec().into()));
        StrokePoints { deltas }
    }

    fn code(points: &StrokePoints) -> Result<usize, &'static str> {
        let decoded = decode(points, 4);
        assert_eq!(check(points, 4).is_ok(), decoded.is_ok());
        decoded
            .map(|deltas| deltas.deltas.len())
            .map_err(|error| error.code())
    }

    fn deltas() -> impl Strategy<Value = Vec<Delta>> {
        let far = DELTA_MAX.cast_signed();
        let place = prop_oneof![-70..=70, -9000..=9000, -far..=far];
        let delta = (place.clone(), place, -255..=255);
        vec(
            delta.prop_map(|(x, y, pressure)| Delta { x, y, pressure }),
            1..50,
        )
    }

    fn delta_of(numbers: &str) -> Delta {
        let numbers: Vec<i32> = numbers
            .split(',')
            .map(|number| number.parse().expect("an integer"))
            .collect();
        let [x, y, pressure] = numbers[..] else {
            panic!("three numbers a delta");
        };
        Delta { x, y, pressure }
    }

    fn hex(points: &StrokePoints) -> String {
        let (bytes, _) = parts(points).expect("just written");
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn points1_the_test_vectors_hold() {
        let lines = VECTORS.lines().filter(|line| !line.starts_with('#'));
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            let (&kind, words) = words.split_first().expect("a kind");
            let (&bytes, words) = words.split_last().expect("bytes");
            let deltas: Vec<Delta> = words.iter().map(|word| delta_of(word)).collect();
            let points = encode(&deltas, kind == "pressed");
            assert_eq!(hex(&points), bytes, "{line}");
            let read = decode(&points, deltas.len()).expect("just written");
            assert_eq!((read.deltas, read.pressed), (deltas, kind == "pressed"));
        }
    }

    #[test]
    fn points2_none_and_too_many_are_refused() {
        assert_eq!(code(&plain(&[])), Err("out_of_range"));
        assert_eq!(code(&plain(&[1; 8])), Ok(4));
        assert_eq!(code(&plain(&[1; 10])), Err("out_of_range"));
        assert_eq!(code(&pressed(&[1; 12])), Ok(4));
        assert_eq!(code(&pressed(&[1; 15])), Err("out_of_range"));
        assert_eq!(code(&StrokePoints { deltas: None }), Err("missing_field"));
    }

    #[test]
    fn points3_half_long_and_padded_numbers_are_refused() {
        for broken in [
            &[1][..],
            &[1, 2, 3],
            &[0x80],
            &[0, 0x80],
            &[0, 0x80, 0x00],
            &[0, 0x81, 0x80, 0x00],
            &[0, 0xff, 0xff, 0xff, 0x00],
            &[0, 0xff, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert_eq!(code(&plain(broken)), Err("malformed"), "{broken:?}");
        }
        assert_eq!(code(&pressed(&[1, 2])), Err("malformed"));
    }

    #[test]
    fn points4_deltas_over_the_range_are_refused() {
        let far = DELTA_MAX.cast_signed();
        let delta = |x, pressure| Delta { x, y: 0, pressure };
        for (delta, expected) in [
            (delta(far, 255), Ok(1)),
            (delta(-far, -255), Ok(1)),
            (delta(far + 1, 0), Err("out_of_range")),
            (delta(-far - 1, 0), Err("out_of_range")),
            (delta(0, 256), Err("out_of_range")),
            (delta(0, -256), Err("out_of_range")),
            (delta(i32::MIN, 0), Err("malformed")),
        ] {
            assert_eq!(code(&encode(&[delta], true)), expected, "{delta:?}");
        }
    }

    fn cases() -> ProptestConfig {
        ProptestConfig {
            rng_seed: RngSeed::Fixed(11),
            failure_persistence: None,
            ..ProptestConfig::default()
        }
    }

    proptest! {
        #![proptest_config(cases())]

        #[test]
        fn points1_deltas_round_trip(mut deltas in deltas(), pressed: bool) {
            if !pressed {
                deltas.iter_mut().for_each(|delta| delta.pressure = 0);
            }
            let points = encode(&deltas, pressed);
            prop_assert_eq!(decode(&points, deltas.len()), Ok(Deltas { deltas, pressed }));
        }

        #[test]
        fn points3_any_bytes_give_their_own_deltas_or_an_error(bytes in vec(any::<u8>(), 0..64), with: bool) {
            let points = if with { pressed(&bytes) } else { plain(&bytes) };
            if let Ok(read) = decode(&points, 64) {
                prop_assert_eq!(encode(&read.deltas, read.pressed), points);
            }
        }
    }
}
