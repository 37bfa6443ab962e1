use super::*;
use fmz_proto::limits::{COORDINATE_MAX, STROKE_POINTS_MAX};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

type Pen = (i32, i32, u8);

fn split(pen: &[Pen]) -> (Vec<Point>, Vec<u8>) {
    pen.iter()
        .map(|&(x, y, pressure)| (Point { x, y }, pressure))
        .unzip()
}

fn kept_of(pen: &[Pen]) -> Vec<bool> {
    let (points, pressure) = split(pen);
    kept(&points, &pressure)
}

fn simplified(pen: &[Pen]) -> Vec<Pen> {
    let kept = kept_of(pen);
    let kept = pen.iter().zip(kept).filter(|(_, kept)| *kept);
    kept.map(|(&pen, _)| pen).collect()
}

/// Returns the distance and the difference of pressure to the line between two points, in floating
/// point.
fn deviation(pen: Pen, a: Pen, b: Pen) -> (f64, f64) {
    let place = |pen: Pen| (f64::from(pen.0), f64::from(pen.1), f64::from(pen.2));
    let ((x, y, p), (ax, ay, ap), (bx, by, bp)) = (place(pen), place(a), place(b));
    let square = (bx - ax).powi(2) + (by - ay).powi(2);
    let dot = (x - ax) * (bx - ax) + (y - ay) * (by - ay);
    let t = if square > 0.0 {
        (dot / square).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let (lx, ly) = (ax + t * (bx - ax), ay + t * (by - ay));
    ((x - lx).hypot(y - ly), (p - (ap + t * (bp - ap))).abs())
}

/// Checks every point that was left out against the line that stays.
fn check_deviation(pen: &[Pen]) -> Result<(), TestCaseError> {
    let kept = kept_of(pen);
    let stays: Vec<usize> = (0..pen.len()).filter(|&at| kept[at]).collect();
    for ends in stays.windows(2) {
        for left_out in ends[0] + 1..ends[1] {
            let (distance, pressure) = deviation(pen[left_out], pen[ends[0]], pen[ends[1]]);
            prop_assert!(distance <= DISTANCE_MAX as f64 + 0.02, "{distance}");
            prop_assert!(pressure <= PRESSURE_MAX as f64 + 0.02, "{pressure}");
        }
    }
    Ok(())
}

/// Strokes that wander by small steps, some with leaps over the whole range.
fn strokes() -> impl Strategy<Value = Vec<Pen>> {
    let far = COORDINATE_MAX;
    let near = (-12..=12, -12..=12, -6..=6i16);
    let leap = (-far..=far, -far..=far, -255..=255i16);
    let step = prop_oneof![20 => near, 1 => leap];
    let bound = move |value: i32| value.clamp(-far, far);
    vec(step, 0..300).prop_map(move |steps| {
        let mut at: Pen = (0, 0, 128);
        let walk = steps.into_iter().map(|(x, y, pressure)| {
            let pressure = (i16::from(at.2) + pressure).clamp(0, 255);
            at = (bound(at.0 + x), bound(at.1 + y), pressure as u8);
            at
        });
        walk.collect()
    })
}

#[test]
fn simplify1_a_straight_line_keeps_its_ends() {
    let line: Vec<Pen> = (0..100).map(|n| (10 * n, -20 * n, 7)).collect();
    assert_eq!(simplified(&line), [line[0], line[99]]);
    assert_eq!(simplified(&line[..1]), line[..1]);
    assert_eq!(simplified(&[]), []);
}

#[test]
fn simplify2_the_tolerance_is_met_to_the_unit() {
    let bump = |y, pressure| kept_of(&[(0, 0, 100), (50, y, pressure), (100, 0, 100)])[1];
    let limit = PRESSURE_MAX as u8;
    assert!(!bump(3, 100) && !bump(-3, 100 + limit) && !bump(0, 100 - limit));
    assert!(bump(4, 100) && bump(-4, 100) && bump(0, 101 + limit) && bump(0, 99 - limit));
}

#[test]
fn simplify2_a_pen_that_turns_on_its_line_keeps_the_turn() {
    let there_and_back = [(0, 0, 9), (400, 0, 9), (200, 0, 9)];
    assert_eq!(simplified(&there_and_back), there_and_back);
    let around = [(0, 0, 9), (1, 1, 9), (40, 40, 9), (0, 0, 9)];
    assert_eq!(simplified(&around), [around[0], around[2], around[3]]);
}

#[test]
fn simplify4_the_corners_of_the_range_do_not_overflow() {
    let far = COORDINATE_MAX;
    let corners = [
        (-far, -far, 0),
        (far, far, 255),
        (-far, far, 0),
        (far, -far, 255),
    ];
    let pen: Vec<Pen> = corners.into_iter().cycle().take(64).collect();
    assert_eq!(simplified(&pen), pen);
}

/// Draws a spiral. It parts half a turn from its outer end again and again: the shape that makes
/// the algorithm slowest.
fn spiral(points: usize) -> Vec<Pen> {
    let (turn, grow) = (0.01_f64, 1.0002_f64);
    let (mut x, mut y) = (5.0_f64, 0.0_f64);
    let pen = (0..points).map(|_| {
        (x, y) = (
            grow * (x * turn.cos() - y * turn.sin()),
            grow * (x * turn.sin() + y * turn.cos()),
        );
        (x as i32, y as i32, 128)
    });
    pen.collect()
}

#[test]
fn simplify4_what_was_parted_too_often_keeps_its_points() {
    let pen = spiral(STROKE_POINTS_MAX);
    let kept = kept_of(&pen);
    assert!(kept[..20_000].iter().all(|&kept| kept));
    let outside = kept[27_000..].iter().filter(|&&kept| kept);
    assert!(outside.count() < 2_000);
    let once = simplified(&pen);
    assert_eq!(simplified(&once), once);
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(8), failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn simplify1_first_and_last_stay(pen in strokes()) {
        let parted = simplified(&pen);
        prop_assert_eq!(parted.first(), pen.first());
        prop_assert_eq!(parted.last(), pen.last());
    }

    #[test]
    fn simplify2_what_is_left_out_lies_within_the_tolerances(pen in strokes()) {
        check_deviation(&pen)?;
    }

    #[test]
    fn simplify3_simplifying_again_changes_nothing(pen in strokes()) {
        let once = simplified(&pen);
        prop_assert_eq!(simplified(&once), once);
    }
}
