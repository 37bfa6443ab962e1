//! One direction of a link, with a hand-moved clock.

use super::Impairment;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Datagrams under way, as in a router's queue: over a tenth of a second of a 4K stream.
const UNDER_WAY_MAX: usize = 1024;

#[derive(Debug)]
pub(super) struct Way {
    loss: f64,
    delay: Duration,
    random: ChaCha8Rng,
    under_way: VecDeque<(Instant, Vec<u8>)>,
}

impl Way {
    /// Makes a direction; `number` distinguishes directions that share a seed.
    pub(super) fn new(impairment: Impairment, number: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(impairment.seed);
        random.set_stream(number);
        Self {
            loss: (impairment.loss / 100.0).clamp(0.0, 1.0),
            delay: impairment.delay(),
            random,
            under_way: VecDeque::new(),
        }
    }

    /// Takes a datagram and returns true, or loses it.
    pub(super) fn send(&mut self, datagram: &[u8], now: Instant) -> bool {
        let lost = self.random.random_bool(self.loss);
        let carried = !lost && self.under_way.len() < UNDER_WAY_MAX;
        if carried {
            let at = now + self.delay;
            self.under_way.push_back((at, datagram.to_vec()));
        }
        carried
    }

    /// Returns the arrival of the next datagram.
    pub(super) fn next_at(&self) -> Option<Instant> {
        self.under_way.front().map(|(at, _)| *at)
    }

    /// Returns the next datagram that has arrived.
    pub(super) fn arrived(&mut self, now: Instant) -> Option<Vec<u8>> {
        self.next_at().filter(|at| *at <= now)?;
        self.under_way.pop_front().map(|(_, datagram)| datagram)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(loss: f64, delay: u64, seed: u64) -> Way {
        Way::new(Impairment { loss, delay, seed }, 0)
    }

    fn survivors(seed: u64) -> Vec<u8> {
        let now = Instant::now();
        let mut way = way(10.0, 0, seed);
        let sent = 0..200u8;
        let carried = sent.filter(|byte| way.send(&[*byte], now));
        let carried = carried.collect::<Vec<_>>();
        let arrived = std::iter::from_fn(|| way.arrived(now));
        assert_eq!(
            arrived.map(|datagram| datagram[0]).collect::<Vec<_>>(),
            carried
        );
        carried
    }

    #[test]
    fn what_arrives_is_late_and_in_order() {
        let (now, mut way) = (Instant::now(), way(0.0, 25, 1));
        way.send(b"a", now);
        way.send(b"b", now + Duration::from_millis(1));
        let late = now + Duration::from_millis(25);
        assert_eq!(way.next_at(), Some(late));
        assert_eq!(way.arrived(late - Duration::from_nanos(1)), None);
        assert_eq!(way.arrived(late), Some(b"a".to_vec()));
        assert_eq!(way.arrived(late), None);
    }

    #[test]
    fn a_seed_decides_what_is_lost() {
        let arrived = survivors(1);
        assert!((165..195).contains(&arrived.len()), "{}", arrived.len());
        assert_eq!(arrived, survivors(1));
        assert_ne!(arrived, survivors(2));
    }

    #[test]
    fn what_is_under_way_is_bounded() {
        let (now, mut way) = (Instant::now(), way(0.0, 25, 1));
        let carried = (0..2 * UNDER_WAY_MAX)
            .filter(|_| way.send(b"a", now))
            .count();
        assert_eq!(carried, UNDER_WAY_MAX);
        let late = now + Duration::from_millis(25);
        let arrived = std::iter::from_fn(|| way.arrived(late)).count();
        assert_eq!(arrived, UNDER_WAY_MAX);
    }
}
