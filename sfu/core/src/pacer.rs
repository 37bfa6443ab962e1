//! Decides when the next packets of pictures may leave a transport: a token bucket that holds one
//! burst.

use crate::limits::{BURST_PACKETS_MAX, PACING_BPS_MIN, PACING_DELAY_MAX};
use std::time::{Duration, Instant};

/// Bytes that a packet counts before its size is known.
const PACKET_BYTES: u64 = 1200;
const BURST_BYTES: u64 = BURST_PACKETS_MAX as u64 * PACKET_BYTES;
/// Lateness of a timer, on a busy machine, for which tokens are still credited if packets waited.
const LATENESS_MAX: Duration = Duration::from_millis(20);

/// A token bucket; tokens are bytes. A source that is paced already never finds it empty.
#[derive(Debug)]
pub(crate) struct Pacer {
    tokens: f64,
    refilled_at: Instant,
    /// Rate at which the bucket fills, bits a second.
    bps: u64,
    /// Whether packets were left to wait.
    behind: bool,
}

impl Pacer {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            tokens: BURST_BYTES as f64,
            refilled_at: now,
            bps: PACING_BPS_MIN,
            behind: false,
        }
    }

    /// Returns the number of packets that may leave now: a whole burst, or none. `waiting` packets
    /// wait, and their streams peak at `peak_bps` together.
    pub(crate) fn quota(&mut self, waiting: usize, peak_bps: u64, now: Instant) -> usize {
        self.refill(now);
        // At this rate, the last waiting packet leaves within [`PACING_DELAY_MAX`].
        let drain_bps =
            waiting as u64 * PACKET_BYTES * 8 * 1000 / PACING_DELAY_MAX.as_millis() as u64;
        // That rate would fall as the queue gets shorter, and the last packets would be late. So a
        // rate once reached is kept until the queue is empty.
        let promised_bps = if self.behind { self.bps } else { 0 };
        let usual_bps = (peak_bps + peak_bps / 2).max(PACING_BPS_MIN);
        self.bps = usual_bps.max(drain_bps).max(promised_bps);
        let whole = (self.tokens / PACKET_BYTES as f64).max(0.0) as usize;
        let burst = waiting.min(BURST_PACKETS_MAX);
        self.behind = waiting > whole.min(burst);
        if whole >= burst { burst } else { 0 }
    }

    fn refill(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.refilled_at);
        self.refilled_at = self.refilled_at.max(now);
        let bytes_per_s = self.bps as f64 / 8.0;
        self.tokens += elapsed.as_secs_f64() * bytes_per_s;
        let most = match self.behind {
            true => LATENESS_MAX.as_secs_f64() * bytes_per_s + BURST_BYTES as f64,
            false => BURST_BYTES as f64,
        };
        self.tokens = self.tokens.min(most);
    }

    /// Takes the tokens of packets that left.
    pub(crate) fn spend(&mut self, bytes: usize) {
        self.tokens -= bytes as f64;
    }

    /// Returns when `waiting` packets, or one burst of them, may leave; `None` if no packet waits.
    pub(crate) fn next_at(&self, waiting: usize) -> Option<Instant> {
        let burst = waiting.min(BURST_PACKETS_MAX) as u64 * PACKET_BYTES;
        let missing = (burst as f64 - self.tokens).max(0.0);
        let wait = Duration::from_secs_f64(missing * 8.0 / self.bps as f64);
        // Rounded up, so that the bucket is full enough then.
        (waiting > 0).then(|| self.refilled_at + wait + Duration::from_micros(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::epoch;

    /// Releases `packets` that came at once; returns the size and time of every burst.
    fn released(packets: usize, peak_bps: u64) -> Vec<(usize, Duration)> {
        let start = epoch();
        let (mut pacer, mut now, mut waiting) = (Pacer::new(start), start, packets);
        let mut bursts = Vec::new();
        while waiting > 0 {
            let quota = pacer.quota(waiting, peak_bps, now);
            if quota > 0 {
                pacer.spend(quota * PACKET_BYTES as usize);
                waiting -= quota;
                bursts.push((quota, now - start));
            }
            now = pacer.next_at(waiting).unwrap_or(now);
        }
        bursts
    }

    #[test]
    fn sfu12_a_burst_leaves_in_parts_spread_over_time() {
        let bursts = released(300, 25_000_000);
        assert!(bursts.iter().all(|(size, _)| *size <= BURST_PACKETS_MAX));
        assert_eq!(bursts.iter().map(|(size, _)| size).sum::<usize>(), 300);
        let took = bursts.last().unwrap().1;
        // 300 packets at 37.5 Mbit/s: 77 ms, the first burst being free.
        assert!(
            (65..=80).contains(&took.as_millis()),
            "{took:?} {}",
            bursts.len()
        );
        let together = bursts.windows(2).filter(|two| two[0].1 == two[1].1).count();
        assert_eq!(together, 0);
    }

    #[test]
    fn sfu12_no_packet_waits_longer_than_the_limit() {
        let took = released(3000, 0).last().unwrap().1;
        assert!(took <= PACING_DELAY_MAX, "{took:?}");
    }

    #[test]
    fn sfu12_a_late_wake_up_is_made_up_for() {
        let (mut now, mut waiting) = (epoch(), 0);
        let mut pacer = Pacer::new(now);
        for round in 0..1000 {
            now += Duration::from_millis(20);
            waiting += 52;
            loop {
                let quota = pacer.quota(waiting, 25_000_000, now);
                if quota == 0 {
                    break;
                }
                pacer.spend(quota * PACKET_BYTES as usize);
                waiting -= quota;
            }
            assert!(
                round < 10 || waiting < 64,
                "{waiting} wait in round {round}"
            );
        }
    }

    #[test]
    fn sfu12_a_paced_source_is_forwarded_at_once() {
        let (mut now, mut held) = (epoch(), 0);
        let mut pacer = Pacer::new(now);
        for _ in 0..10_000 {
            now += Duration::from_micros(384);
            let quota = pacer.quota(1, 25_000_000, now);
            held += usize::from(quota == 0);
            pacer.spend(quota * 1200);
        }
        assert_eq!(held, 0);
    }
}
