//! One direction of one path that keeps order: what is lost is sent again, and everything behind it waits.

use crate::{
    agenda::{MS, Micros},
    plan::Quality,
    random::Random,
};

/// First wait before something lost is sent again.
const RETRY: Micros = 200 * MS;
/// Times that something is lost at most.
const LOSSES_MAX: u32 = 4;

#[derive(Debug, Default)]
pub(crate) struct Lane {
    last: Micros,
}

impl Lane {
    /// When something that leaves now arrives.
    pub(crate) fn arrival(&mut self, now: Micros, quality: Quality, random: &mut Random) -> Micros {
        let mut at = now + flight(quality, random);
        for losses in 0..LOSSES_MAX {
            if !random.permille(quality.loss_permille) {
                break;
            }
            at += RETRY << losses;
        }
        self.last = self.last.max(at);
        self.last
    }
}

/// Time on the way of one packet.
pub(crate) fn flight(quality: Quality, random: &mut Random) -> Micros {
    quality.delay + random.between(0, quality.jitter + 1)
}

/// When one packet that nobody sends again arrives: not at all, once, or twice.
pub(crate) fn arrivals(now: Micros, quality: Quality, random: &mut Random) -> Vec<Micros> {
    if random.permille(quality.loss_permille) {
        return Vec::new();
    }
    let copies = 1 + usize::from(random.permille(quality.repeat_permille));
    (0..copies).map(|_| now + flight(quality, random)).collect()
}
