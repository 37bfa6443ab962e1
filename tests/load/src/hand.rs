//! Points that hands draw, and their times: the same as `peers/hand.mjs` gives to other engines.

use std::time::Duration;

const POINTS_PER_S: u64 = 60;
/// Points of one stroke: one second's.
pub(crate) const STROKE_POINTS: u64 = POINTS_PER_S;
const PICTURE: (u64, u64) = (16_384, 9216);
const MICROS: u64 = 1_000_000;

/// One person's hand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hand {
    client: u64,
    /// Seconds of a cycle, in one of which the hand draws; 1 means always.
    cycle: u64,
}

impl Hand {
    pub(crate) fn new(client: u64, cycle: u64) -> Self {
        Self { client, cycle }
    }

    /// Returns the number of points drawn `elapsed` after all hands began.
    pub(crate) fn due(self, elapsed: Duration) -> u64 {
        let micros = (elapsed.as_micros() as u64).checked_sub(self.lateness_us());
        let Some(micros) = micros else { return 0 };
        let (strokes, resting) = (
            micros / MICROS / self.cycle,
            !(micros / MICROS).is_multiple_of(self.cycle),
        );
        let of_stroke = if resting {
            STROKE_POINTS
        } else {
            micros % MICROS * POINTS_PER_S / MICROS
        };
        strokes * STROKE_POINTS + of_stroke
    }

    /// Returns the time of a point, from the moment at which all hands began.
    pub(crate) fn drawn_at(self, number: u64) -> Duration {
        let seconds = number / STROKE_POINTS * self.cycle;
        let of_stroke = ((number % STROKE_POINTS + 1) * MICROS).div_ceil(POINTS_PER_S);
        Duration::from_micros(seconds * MICROS + of_stroke + self.lateness_us())
    }

    /// Returns the place of a point: a zigzag over the picture, which starts elsewhere for each
    /// client.
    pub(crate) fn place(self, number: u64) -> (i32, i32) {
        let x = fold(self.client * 641 + number * 37, PICTURE.0);
        (x, fold(self.client * 359 + number * 23, PICTURE.1))
    }

    /// Returns the client's delay. Hands are out of step with each other, as people are: by
    /// sixteenths of a point, and by whole turns.
    fn lateness_us(self) -> u64 {
        let sixteenths = self.client * 7 % 16 * MICROS / (16 * POINTS_PER_S);
        self.client % self.cycle * MICROS + sixteenths
    }
}

/// Returns a position that goes up to `size` and back down again.
fn fold(distance: u64, size: u64) -> i32 {
    let at = distance % (2 * size);
    (if at < size { at } else { 2 * size - at - 1 }) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hand_that_never_rests_draws_sixty_points_a_second_inside_the_picture() {
        assert_eq!(Hand::new(0, 1).due(Duration::from_secs(2)), 120);
        assert_eq!(Hand::new(1, 1).due(Duration::ZERO), 0);
        assert_eq!(Hand::new(1, 1).due(Duration::from_secs(2)), 119);
        for number in 0..2000 {
            let (x, y) = Hand::new(49, 1).place(number);
            assert!((0..16_384).contains(&x) && (0..9216).contains(&y));
        }
        assert_eq!(Hand::new(0, 1).place(1), (37, 23));
        assert_eq!(fold(16_384, 16_384), 16_383);
    }

    #[test]
    fn a_hand_with_rests_draws_one_stroke_a_cycle_in_its_turn() {
        let hand = Hand::new(13, 10);
        let due = |seconds| hand.due(Duration::from_secs(seconds));
        assert_eq!(
            (due(3), due(5), due(13), due(15), due(103)),
            (0, 60, 60, 120, 600)
        );
    }

    #[test]
    fn a_point_is_due_when_it_is_drawn_and_not_before() {
        for (client, cycle) in [(0, 1), (7, 1), (13, 10), (499, 10)] {
            let hand = Hand::new(client, cycle);
            for number in 0..300 {
                let at = hand.drawn_at(number);
                assert_eq!(hand.due(at), number + 1, "{client} of {cycle}");
                assert!(hand.due(at - Duration::from_micros(2)) <= number);
            }
        }
    }
}
