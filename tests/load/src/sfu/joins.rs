//! Time from opening the WebSocket to a whole first picture.

use super::viewing::count;
use crate::report::Delays;
use crate::session::{Join, Session};
use crate::viewer::Viewer;
use anyhow::{Context, Result};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Viewers that come and go at the same time.
const AT_ONCE: u64 = 8;
/// Longest pause before a join: the time between two keyframes, so that joins meet every phase of
/// it equally.
const PAUSE_MS_MAX: u64 = 1000;
const PICTURE_TIMEOUT: Duration = Duration::from_secs(20);
/// Number of the first of these viewers' session keys, beyond all others.
const FIRST_NUMBER: u64 = 1 << 32;

/// Joins and leaves `joins` times.
pub(super) async fn run(joins: u64, seed: u64, join: &Join) -> Result<Delays> {
    let mut tasks = JoinSet::new();
    for lane in 0..AT_ONCE.min(joins) {
        let (join, mine) = (join.clone(), (lane..joins).step_by(AT_ONCE as usize));
        tasks.spawn(come_and_go(
            join,
            mine,
            ChaCha8Rng::seed_from_u64(seed.wrapping_add(lane)),
        ));
    }
    let mut all = Delays::new();
    while let Some(delays) = tasks.join_next().await {
        all.add(&delays.context("a viewer panicked")??);
    }
    Ok(all)
}

async fn come_and_go(
    join: Join,
    numbers: impl Iterator<Item = u64>,
    mut rng: ChaCha8Rng,
) -> Result<Delays> {
    let mut delays = Delays::new();
    for number in numbers {
        tokio::time::sleep(Duration::from_millis(rng.random_range(0..PAUSE_MS_MAX))).await;
        let join = join.numbered(FIRST_NUMBER + number);
        let picture = tokio::time::timeout(PICTURE_TIMEOUT, first_picture(&join)).await;
        delays.record(picture.with_context(|| format!("join {number} got no picture"))??);
    }
    Ok(delays)
}

async fn first_picture(join: &Join) -> Result<Duration> {
    let begin = Instant::now();
    let (mut session, _) = Session::join(join).await?;
    let mut viewer = Viewer::new();
    while !count(session.next().await?, &mut viewer)? {}
    let picture = begin.elapsed();
    session.leave().await;
    Ok(picture)
}
