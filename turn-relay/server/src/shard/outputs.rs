//! Carries out the requests of the relay's core: answers, sockets, ends.

use super::{OUTPUTS_MAX, Round, Shard};
use fmz_turn_core::Event;
use std::time::Instant;

impl Shard {
    /// Handles timers, then answers, then events: the answer to an event leaves in the same round.
    pub(super) fn speak(&mut self) -> Round {
        let now = Instant::now();
        if self.relay.poll_timeout().is_some_and(|at| at <= now) {
            self.relay.handle_timeout(now);
        }
        for _ in 0..OUTPUTS_MAX {
            let Some(event) = self.relay.poll_event() else {
                return self.answer();
            };
            self.heed(event, now);
        }
        self.answer();
        Round::More
    }

    fn answer(&mut self) -> Round {
        for _ in 0..OUTPUTS_MAX {
            let Some(transmit) = self.relay.poll_transmit() else {
                return Round::Done;
            };
            self.way.answer(transmit);
        }
        Round::More
    }

    fn heed(&mut self, event: Event, now: Instant) {
        match event {
            Event::Open {
                allocation,
                relayed,
                ..
            } => {
                let result = self.way.sockets.open(allocation, relayed);
                if let (Ok(()), Some(handoff)) = (result, &self.way.handoff) {
                    handoff.relayed.open(relayed);
                }
                self.relay.handle_opened(allocation, relayed, result, now);
            }
            Event::Close { relayed, .. } => {
                if let Some(handoff) = &self.way.handoff {
                    handoff.relayed.close(relayed);
                }
                self.way.sockets.close(relayed);
            }
            Event::CloseClient { client } => {
                if let Some(queue) = self.way.streams.get(&client) {
                    queue.close();
                }
            }
            Event::Drained => {
                let _ = self.drained.send(true);
            }
        }
    }
}
