//! A pen and a screen, each behind a link that delays and loses in both directions: the delay of an
//! op, and whether each op arrives exactly once.

mod end;

use crate::link::Impairment;
use crate::report::{Delays, figure, progress};
use crate::server::{Server, Site, data_folder};
use crate::session::Join;
use anyhow::{Context, Result, ensure};
use end::End;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Percent of datagrams lost in each direction.
const LOSSES: [u32; 3] = [0, 3, 10];
/// Delay of each direction, milliseconds: half a round trip.
const DELAY_MS: u64 = 25;
/// Pause between two ops, milliseconds. It varies, so that ops meet every phase of the server's
/// tick.
const PAUSE_MS: std::ops::RangeInclusive<u64> = 20..=50;
/// Time after which an op that has not arrived counts as lost.
const ARRIVAL_TIMEOUT: Duration = Duration::from_secs(20);

/// Options of the benchmark.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The server's binary.
    #[arg(long, value_name = "FILE", default_value = "target/release/fmz")]
    fmz: PathBuf,
    /// Ops at each loss.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    samples: u64,
    /// Decides which datagrams are lost and when is drawn.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder in which the data folder is made [default: the system's for temporary files].
    #[arg(long, value_name = "FOLDER")]
    data_root: Option<PathBuf>,
    /// Leaves the copies out, to show what they are for.
    #[arg(long)]
    without_copies: bool,
}

/// Results for the ops of one run.
struct Outcome {
    delays: Delays,
    lost: u64,
    doubled: u64,
}

/// Runs the benchmark and prints its figures. Returns true if no op was lost or doubled.
pub(crate) async fn run(options: &Options) -> Result<bool> {
    let folder = data_folder(options.data_root.as_deref())?;
    let site = Site {
        fmz: options.fmz.clone(),
        data: folder.path().join("data"),
    };
    let server = site.start(None).await?;
    let (mut lost, mut doubled) = (0, 0);
    for loss in LOSSES {
        progress(&format!("loss: {loss} % each way"));
        let outcome = measure(options, &site, &server, loss)
            .await
            .with_context(|| format!("measure at {loss} %"))?;
        for percent in [50, 99] {
            let name = format!("op_latency_loss{loss}_p{percent}_ms");
            figure(&name, outcome.delays.percentile_ms(percent.into()), "ms");
        }
        lost += outcome.lost;
        doubled += outcome.doubled;
    }
    figure("op_loss_lost", lost as f64, "ops");
    figure("op_loss_doubled", doubled as f64, "ops");
    server.kill().await?;
    Ok(lost + doubled == 0)
}

async fn measure(options: &Options, site: &Site, server: &Server, loss: u32) -> Result<Outcome> {
    let room = format!("loss-{loss}");
    site.create_room(server, &room).await?;
    let token = site.token(&room, "view,annotate").await?;
    let impairment = Impairment {
        loss: loss.into(),
        delay: DELAY_MS,
        seed: options.seed,
    };
    let mut ends = Vec::new();
    for number in [1, 2] {
        let join = Join {
            url: server.ws_url(),
            token: token.clone(),
            session_key: [number; 16],
            revision: 0,
            transport: true,
        };
        // The two links of one run lose different datagrams.
        let seed = impairment.seed + 1000 * u64::from(number);
        let link = Impairment { seed, ..impairment };
        ends.push(End::join(&join, link, !options.without_copies).await?);
    }
    let (Some(screen), Some(pen)) = (ends.pop(), ends.pop()) else {
        unreachable!("two ends were made");
    };
    let run = Run {
        pen,
        screen,
        sent: HashMap::new(),
        delays: Delays::new(),
    };
    run.draw(options).await
}

struct Run {
    pen: End,
    screen: End,
    /// Time at which each object was drawn, by its counter.
    sent: HashMap<u32, Instant>,
    delays: Delays,
}

impl Run {
    async fn draw(mut self, options: &Options) -> Result<Outcome> {
        let mut random = ChaCha8Rng::seed_from_u64(options.seed);
        let author = self.pen.author();
        let settled = Instant::now() + ARRIVAL_TIMEOUT;
        while self.screen.author_count() < 2 && Instant::now() < settled {
            self.listen(Instant::now() + Duration::from_millis(20))
                .await?;
        }
        let before = self.screen.revision();
        for _ in 0..options.samples {
            let pause = Duration::from_millis(random.random_range(PAUSE_MS));
            self.listen(Instant::now() + pause).await?;
            let counter = self.pen.draw()?;
            self.sent.insert(counter, Instant::now());
        }
        let last = Instant::now() + ARRIVAL_TIMEOUT;
        while !self.sent.is_empty() && Instant::now() < last {
            self.listen(Instant::now() + Duration::from_millis(20))
                .await?;
        }
        let objects = self.screen.objects_of(author);
        ensure!(self.pen.refused() == 0, "the server refused ops");
        Ok(Outcome {
            delays: self.delays,
            lost: options.samples.saturating_sub(objects),
            doubled: (self.screen.revision() - before).saturating_sub(objects),
        })
    }

    /// Reads from both ends until `until`.
    async fn listen(&mut self, until: Instant) -> Result<()> {
        loop {
            let author = self.pen.author();
            let counters = tokio::select! {
                changed = self.screen.next() => changed?,
                changed = self.pen.next() => {
                    changed?;
                    continue;
                }
                () = tokio::time::sleep_until(until.into()) => return Ok(()),
            };
            let now = Instant::now();
            for id in counters.iter().filter(|id| id.author() == author) {
                if let Some(sent) = self.sent.remove(&id.counter()) {
                    self.delays.record(now - sent);
                }
            }
        }
    }
}
