//! A measurement of a room in which people draw steadily.

use crate::cpu;
use crate::people::People;
use anyhow::{Result, ensure};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Time before a measurement, until all people draw and just-in-time compilers have finished.
const WARM_UP: Duration = Duration::from_secs(3);
/// Longest time that the last points may be on their way.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);
const DRAIN_LOOK: Duration = Duration::from_millis(200);

/// Numbers of points so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Points {
    /// Points drawn by all people together.
    pub(crate) made: u64,
    /// Points that arrived in replicas of others; each counts once for every replica.
    pub(crate) delivered: u64,
}

/// People in one room, in this process or in others.
pub(crate) trait Crowd {
    async fn draw(&mut self) -> Result<()>;
    async fn rest(&mut self) -> Result<()>;
    async fn count(&mut self) -> Result<Points>;
}

impl Crowd for People {
    async fn draw(&mut self) -> Result<()> {
        Self::draw(self);
        Ok(())
    }

    async fn rest(&mut self) -> Result<()> {
        Self::rest(self);
        Ok(())
    }

    async fn count(&mut self) -> Result<Points> {
        self.check()?;
        Ok(Points {
            made: self.totals.made.load(Ordering::Relaxed),
            delivered: self.totals.delivered.load(Ordering::Relaxed),
        })
    }
}

/// Cost of a measurement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    server_cpu: Duration,
    elapsed: Duration,
    delivered: u64,
    /// Points that would have been delivered if no point had been on its way at either end.
    expected: u64,
}

impl Cost {
    pub(crate) fn us_per_delivered(&self) -> f64 {
        self.server_cpu.as_secs_f64() * 1e6 / self.delivered.max(1) as f64
    }

    pub(crate) fn delivered_per_s(&self) -> f64 {
        self.delivered as f64 / self.elapsed.as_secs_f64()
    }

    pub(crate) fn delivered_ratio(&self) -> f64 {
        self.delivered as f64 / self.expected.max(1) as f64
    }
}

/// Lets all people draw, measures the process `server`, and waits until every point has reached all
/// others.
pub(crate) async fn measure(
    crowd: &mut impl Crowd,
    server: u32,
    clients: u64,
    seconds: u64,
) -> Result<Cost> {
    crowd.draw().await?;
    tokio::time::sleep(WARM_UP).await;
    let begun = Reading::take(crowd, server).await?;
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let cost = begun.cost_until(&Reading::take(crowd, server).await?, clients);
    crowd.rest().await?;
    drain(crowd, clients).await?;
    Ok(cost)
}

/// Points so far, and the server's processor time at that moment.
struct Reading {
    points: Points,
    server_cpu: Duration,
    at: Instant,
}

impl Reading {
    /// Reads the points, then the clocks. A busy crowd takes its time to count, so the clocks are
    /// read after it, at both ends alike.
    async fn take(crowd: &mut impl Crowd, server: u32) -> Result<Self> {
        Ok(Self {
            points: crowd.count().await?,
            server_cpu: cpu::of_process(server)?,
            at: Instant::now(),
        })
    }

    fn cost_until(&self, end: &Self, clients: u64) -> Cost {
        Cost {
            server_cpu: end.server_cpu - self.server_cpu,
            elapsed: end.at - self.at,
            delivered: end.points.delivered - self.points.delivered,
            expected: (end.points.made - self.points.made) * (clients - 1),
        }
    }
}

/// Waits until every point has arrived. A figure of a room that loses points, or falls ever further
/// behind, would be worth nothing.
pub(crate) async fn drain(crowd: &mut impl Crowd, clients: u64) -> Result<()> {
    let last = Instant::now() + DRAIN_TIMEOUT;
    loop {
        let points = crowd.count().await?;
        let wanted = points.made * (clients - 1);
        if points.delivered == wanted {
            return Ok(());
        }
        ensure!(
            points.delivered < wanted && Instant::now() < last,
            "{} points reached somebody, {wanted} should have",
            points.delivered
        );
        tokio::time::sleep(DRAIN_LOOK).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_counts_what_everyone_else_received() {
        let begun = Instant::now();
        let reading = |made, delivered, cpu_ms, seconds| Reading {
            points: Points { made, delivered },
            server_cpu: Duration::from_millis(cpu_ms),
            at: begun + Duration::from_secs(seconds),
        };
        let cost = reading(10, 30, 70, 1).cost_until(&reading(110, 330, 100, 3), 4);
        assert_eq!((cost.delivered, cost.expected), (300, 300));
        assert!((cost.us_per_delivered() - 100.0).abs() < 1e-9);
        assert!((cost.delivered_per_s() - 150.0).abs() < 1e-9);
        assert!((cost.delivered_ratio() - 1.0).abs() < 1e-9);
    }

    struct Lossy(Points);

    impl Crowd for Lossy {
        async fn draw(&mut self) -> Result<()> {
            Ok(())
        }
        async fn rest(&mut self) -> Result<()> {
            Ok(())
        }
        async fn count(&mut self) -> Result<Points> {
            self.0.delivered += 1;
            Ok(self.0)
        }
    }

    #[tokio::test]
    async fn a_room_is_drained_when_all_have_all_and_not_when_somebody_has_too_much() {
        let points = |delivered| Points { made: 5, delivered };
        assert!(drain(&mut Lossy(points(9)), 3).await.is_ok());
        assert!(drain(&mut Lossy(points(10)), 3).await.is_err());
    }
}
