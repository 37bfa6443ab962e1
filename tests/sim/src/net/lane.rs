//! One direction of one connection. On a path that keeps order what is lost is sent again, and
//! everything behind it waits.

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
    /// Until then everything is lost.
    gone_until: Micros,
}

impl Lane {
    /// When something that leaves now arrives.
    pub(crate) fn arrival(&mut self, now: Micros, quality: Quality, random: &mut Random) -> Micros {
        let mut at = now + flight(quality, random);
        let mut lost = self.loses(now, quality, random);
        for losses in 0..LOSSES_MAX {
            if !lost {
                break;
            }
            at += RETRY << losses;
            lost = random.permille(quality.loss_permille);
        }
        self.last = self.last.max(at);
        self.last
    }

    /// When one packet that nobody sends again arrives: not at all, once, or twice,
    /// in any order with others.
    pub(crate) fn arrivals(
        &mut self,
        now: Micros,
        quality: Quality,
        random: &mut Random,
    ) -> Vec<Micros> {
        if self.loses(now, quality, random) {
            return Vec::new();
        }
        let copies = 1 + usize::from(random.permille(quality.repeat_permille));
        (0..copies).map(|_| now + flight(quality, random)).collect()
    }

    /// Where one is lost, those behind it often are.
    fn loses(&mut self, now: Micros, quality: Quality, random: &mut Random) -> bool {
        if now < self.gone_until {
            return true;
        }
        let lost = random.permille(quality.loss_permille);
        if lost {
            self.gone_until = now + random.between(0, quality.burst + 1);
        }
        lost
    }
}

/// Time on the way of one packet.
fn flight(quality: Quality, random: &mut Random) -> Micros {
    quality.delay + random.between(0, quality.jitter + 1)
}
