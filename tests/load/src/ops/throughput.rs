//! Many authors in several rooms, each with a window of batches in flight.

use super::Options;
use super::latency::committed;
use crate::session::{Event, Join, Session};
use crate::writer::Writer;
use anyhow::{Context, Result, bail};
use fmz_proto::v1::server_message::Message as FromServer;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Ops in a batch: as many as a client puts into one.
const BATCH_OPS: u32 = 20;
/// Batches that an author keeps in flight.
const WINDOW_BATCHES: usize = 8;
/// Time before the measurement, until all authors write.
const WARM_UP: Duration = Duration::from_secs(2);

/// Returns the acknowledged ops a second, of all authors of all rooms together.
pub(super) async fn run(options: &Options, rooms: &[Join]) -> Result<f64> {
    let acknowledged = Arc::new(AtomicU64::new(0));
    let mut tasks = JoinSet::new();
    for (number, room) in
        (0..options.authors).flat_map(|number| rooms.iter().map(move |room| (number, room)))
    {
        let seed = options.seed.wrapping_add(number.into());
        let writer = Writer::with_batches(seed, BATCH_OPS..=BATCH_OPS);
        tasks.spawn(write(author(room, number), writer, acknowledged.clone()));
    }
    let measured = async {
        tokio::time::sleep(WARM_UP).await;
        let (begin, before) = (Instant::now(), acknowledged.load(Ordering::Relaxed));
        tokio::time::sleep(Duration::from_secs(options.seconds)).await;
        let ops = acknowledged.load(Ordering::Relaxed) - before;
        ops as f64 / begin.elapsed().as_secs_f64()
    };
    tokio::select! {
        ops_per_s = measured => Ok(ops_per_s),
        Some(ended) = tasks.join_next() => match ended.context("an author panicked")? {
            Ok(()) => bail!("an author ended"),
            Err(error) => Err(error),
        },
    }
}

fn author(join: &Join, number: u32) -> Join {
    let mut join = join.clone();
    join.session_key[..4].copy_from_slice(&(number + 1).to_be_bytes());
    join.transport = number % 2 == 1;
    join
}

/// Writes without end.
async fn write(join: Join, mut writer: Writer, acknowledged: Arc<AtomicU64>) -> Result<()> {
    let (mut session, welcome) = Session::join(&join).await?;
    writer.author = welcome.author;
    if join.transport {
        while !matches!(session.next().await?, Event::OpsOpen) {}
    }
    loop {
        while writer.unacked().count() < WINDOW_BATCHES {
            session.send_ops(writer.submit(0))?;
        }
        let event = session.next().await?;
        refused(&event)?;
        for batch in committed(&event) {
            if writer.committed(batch) {
                acknowledged.fetch_add(batch.ops.len() as u64, Ordering::Relaxed);
            }
        }
    }
}

fn refused(event: &Event) -> Result<()> {
    if let Event::Message(message) = event {
        match &**message {
            FromServer::Rejected(rejected) => bail!("a batch was rejected: {rejected:?}"),
            FromServer::Error(error) => bail!("the server reports {error:?}"),
            _ => {}
        }
    }
    Ok(())
}
