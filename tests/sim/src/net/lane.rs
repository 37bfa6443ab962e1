//! One direction of one connection. On an ordered path, lost messages are sent again, and all
//! messages after them wait.

use crate::{
    agenda::{MS, Micros},
    plan::Quality,
    random::Random,
};

/// First wait before a lost message is sent again.
const RETRY: Micros = 200 * MS;
/// Times that one message is lost at most.
const LOSSES_MAX: u32 = 4;

#[derive(Debug, Default)]
pub(crate) struct Lane {
    last: Micros,
    /// Time until which every message is lost.
    gone_until: Micros,
}

impl Lane {
    /// Returns the arrival of a message on an ordered path that leaves now.
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

    /// Returns the arrivals of a packet that is not sent again: none, one or two, in any order with
    /// other packets.
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

    /// Decides whether a message is lost. After one loss, the next messages are often lost too.
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

/// Draws the time that one packet takes.
fn flight(quality: Quality, random: &mut Random) -> Micros {
    quality.delay + random.between(0, quality.jitter + 1)
}
