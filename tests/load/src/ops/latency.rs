//! One pen, one screen, both with data channels.

use crate::report::Delays;
use crate::session::{Event, Join, Session};
use crate::writer::Writer;
use anyhow::{Context, Result, bail};
use fmz_proto::v1::server_message::Message as FromServer;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Pause between two ops, milliseconds. It varies, so that ops meet every phase of the server's
/// tick.
const PAUSE_MS: std::ops::RangeInclusive<u64> = 20..=50;
/// Time after which an op that has not arrived counts as lost.
const ARRIVAL_TIMEOUT: Duration = Duration::from_secs(10);

/// Delays, counted from the moment at which an op is handed to the pen's session.
#[derive(Debug)]
pub(super) struct Latency {
    /// Delay until the screen's session has the op.
    pub(super) seen: Delays,
    /// Delay until the pen's session has it back, durable.
    pub(super) acknowledged: Delays,
}

/// Measures `samples` ops, one at a time.
pub(super) async fn run(samples: u64, seed: u64, pen: &Join, screen: &Join) -> Result<Latency> {
    let (mut pen, author) = ready(pen).await?;
    let (mut screen, _) = ready(screen).await?;
    let mut measure = Measure {
        author,
        sent: HashMap::new(),
        unacknowledged: HashMap::new(),
        latency: Latency {
            seen: Delays::new(),
            acknowledged: Delays::new(),
        },
    };
    let mut writer = Writer::with_batches(seed, 1..=1);
    writer.author = author;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for _ in 0..samples {
        let pause = Duration::from_millis(rng.random_range(PAUSE_MS));
        measure
            .listen(&mut pen, &mut screen, &mut writer, Instant::now() + pause)
            .await?;
        let batch = writer.submit(0);
        let now = Instant::now();
        measure.sent.insert(batch.client_seq, now);
        measure.unacknowledged.insert(batch.client_seq, now);
        pen.send_ops(batch)?;
    }
    let last = Instant::now() + ARRIVAL_TIMEOUT;
    while measure.latency.seen.len() < samples && Instant::now() < last {
        let step = Instant::now() + Duration::from_millis(100);
        measure
            .listen(&mut pen, &mut screen, &mut writer, step)
            .await?;
    }
    if measure.latency.seen.len() < samples {
        bail!("{} of {samples} ops arrived", measure.latency.seen.len());
    }
    Ok(measure.latency)
}

/// Joins and waits for the data channel.
async fn ready(join: &Join) -> Result<(Session, u32)> {
    let (mut session, welcome) = Session::join(join).await?;
    let open = async {
        while !matches!(session.next().await?, Event::OpsOpen) {}
        anyhow::Ok(())
    };
    tokio::time::timeout(ARRIVAL_TIMEOUT, open)
        .await
        .context("no data channel opened")??;
    Ok((session, welcome.author))
}

struct Measure {
    author: u32,
    sent: HashMap<u64, Instant>,
    unacknowledged: HashMap<u64, Instant>,
    latency: Latency,
}

impl Measure {
    /// Reads from both ends until `until`.
    async fn listen(
        &mut self,
        pen: &mut Session,
        screen: &mut Session,
        writer: &mut Writer,
        until: Instant,
    ) -> Result<()> {
        loop {
            tokio::select! {
                event = screen.next() => self.seen(&event?),
                event = pen.next() => self.acknowledged(&event?, writer)?,
                () = tokio::time::sleep_until(until.into()) => return Ok(()),
            }
        }
    }

    fn seen(&mut self, event: &Event) {
        let now = Instant::now();
        for batch in committed(event).filter(|batch| batch.author == self.author) {
            if let Some(sent) = self.sent.remove(&batch.client_seq) {
                self.latency.seen.record(now - sent);
            }
        }
    }

    fn acknowledged(&mut self, event: &Event, writer: &mut Writer) -> Result<()> {
        let now = Instant::now();
        if let Event::Message(message) = event
            && let FromServer::Rejected(rejected) = &**message
        {
            bail!("an op was rejected: {rejected:?}");
        }
        for batch in committed(event) {
            if writer.committed(batch)
                && let Some(sent) = self.unacknowledged.remove(&batch.client_seq)
            {
                self.latency.acknowledged.record(now - sent);
            }
        }
        Ok(())
    }
}

/// Returns the batches of a commit, or of a copy of one: the first to arrive counts, as in the
/// SDKs.
pub(super) fn committed(event: &Event) -> impl Iterator<Item = &fmz_proto::v1::CommittedBatch> {
    let batches = match event {
        Event::Copy(committed) => committed.batches.as_slice(),
        Event::Message(message) => match &**message {
            FromServer::Committed(committed) => committed.batches.as_slice(),
            _ => &[],
        },
        _ => &[],
    };
    batches.iter()
}
