//! Signs of life: this client's pings, and the server's silence.

use crate::Moment;
use crate::limits::{PING_INTERVAL, PING_INTERVAL_MIN, SILENCE_MAX};
use fmz_proto::v1::Ping;
use std::time::Duration;

/// The watch over one connection.
#[derive(Debug)]
pub(crate) struct Keepalive {
    heard_at: Moment,
    /// Whether the silence was already reported.
    told: bool,
    /// Time of the next ping. `None` before the welcome, and always if the shell's socket shows the
    /// server's own pings.
    ping_at: Option<Moment>,
    interval: Duration,
    nonce: u64,
}

impl Keepalive {
    pub(crate) fn new(now: Moment) -> Self {
        Self {
            heard_at: now,
            told: false,
            ping_at: None,
            interval: PING_INTERVAL,
            nonce: 0,
        }
    }

    /// Starts pinging at the interval that the server wants.
    pub(crate) fn ping_each(&mut self, interval_ms: u32, now: Moment) {
        if interval_ms > 0 {
            let wanted = Duration::from_millis(interval_ms.into());
            self.interval = wanted.clamp(PING_INTERVAL_MIN, SILENCE_MAX);
        }
        self.ping_at = Some(now + self.interval);
    }

    pub(crate) fn heard(&mut self, now: Moment) {
        self.heard_at = now;
    }

    /// Takes the ping if one is due.
    pub(crate) fn take_ping(&mut self, now: Moment) -> Option<Ping> {
        self.ping_at.take_if(|at| *at <= now)?;
        self.ping_at = Some(now + self.interval);
        self.nonce += 1;
        Some(Ping {
            nonce: self.nonce,
            sent_us: now.since_beginning().as_micros() as u64,
        })
    }

    /// Returns whether the server has been silent for too long; true only once.
    pub(crate) fn take_silence(&mut self, now: Moment) -> bool {
        let silent = now.since(self.heard_at) >= SILENCE_MAX;
        silent && !std::mem::replace(&mut self.told, true)
    }

    /// Returns when something is due.
    pub(crate) fn due_at(&self) -> Option<Moment> {
        let silent_at = (!self.told).then(|| self.heard_at + SILENCE_MAX);
        [self.ping_at, silent_at].into_iter().flatten().min()
    }
}
