//! Delay of an op from a pen to another screen, and the number of ops that a room makes durable.

mod disk;
mod history;
mod latency;
mod open;
mod throughput;

use crate::report::{figure, progress};
use crate::server::{Server, Site, data_folder};
use crate::session::Join;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Ops and versions of the room with the long history.
const HISTORY_OPS: u64 = 1_000_000;
const HISTORY_VERSIONS: u64 = 1000;

/// Options of the benchmark.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The server's binary.
    #[arg(long, value_name = "FILE", default_value = "target/release/fmz")]
    fmz: PathBuf,
    /// Ops by which the latency is measured.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    samples: u64,
    /// Rooms in which people write at the same time.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=100))]
    rooms: u32,
    /// Authors of each room, who write as fast as they are acknowledged; every second one has a
    /// data channel.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=400))]
    authors: u32,
    /// Length of the throughput measurement.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Decides what is written and when.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder in which the data folder is made [default: the system's for temporary files].
    #[arg(long, value_name = "FOLDER")]
    data_root: Option<PathBuf>,
}

/// Runs the benchmark and prints its figures.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let folder = data_folder(options.data_root.as_deref())?;
    progress("ops: measuring the disk");
    let synced = disk::run(folder.path())?;
    figure("fdatasync_p50_ms", synced.percentile_ms(50.0), "ms");
    figure("fdatasync_p99_ms", synced.percentile_ms(99.0), "ms");
    let site = Site {
        fmz: options.fmz.clone(),
        data: folder.path().join("data"),
    };
    let server = site.start(None).await?;
    progress("ops: measuring the way from pen to screen");
    site.create_room(&server, "latency").await?;
    let (pen, screen) = (
        join(&site, &server, "latency", 1).await?,
        join(&site, &server, "latency", 2).await?,
    );
    let latency = latency::run(options.samples, options.seed, &pen, &screen)
        .await
        .context("measure latency")?;
    figure("op_latency_p50_ms", latency.seen.percentile_ms(50.0), "ms");
    figure("op_latency_p99_ms", latency.seen.percentile_ms(99.0), "ms");
    figure(
        "durable_ack_p50_ms",
        latency.acknowledged.percentile_ms(50.0),
        "ms",
    );
    figure(
        "durable_ack_p99_ms",
        latency.acknowledged.percentile_ms(99.0),
        "ms",
    );
    progress("ops: measuring how many become durable");
    let mut rooms = Vec::new();
    for number in 0..options.rooms {
        let room = format!("throughput-{number}");
        site.create_room(&server, &room).await?;
        rooms.push(join(&site, &server, &room, 0).await?);
    }
    let durable = throughput::run(options, &rooms)
        .await
        .context("measure throughput")?;
    figure("ops_durable_per_s", durable, "ops/s");
    server.kill().await?;
    open(options, folder.path()).await
}

async fn open(options: &Options, folder: &Path) -> Result<()> {
    progress("ops: measuring how a long history opens");
    let site = Site {
        fmz: options.fmz.clone(),
        data: folder.join("long"),
    };
    let first = history::write(&site, HISTORY_OPS, HISTORY_VERSIONS, options.seed).await?;
    let times = open::run(&site, HISTORY_OPS, first).await?;
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    figure("open_1m_ops_1000_versions_ms", ms(times.open), "ms");
    figure("open_room_ms", ms(times.room), "ms");
    figure("restore_1000_versions_ms", ms(times.restore), "ms");
    Ok(())
}

async fn join(site: &Site, server: &Server, room: &str, number: u8) -> Result<Join> {
    let token = site.token(room, "view,annotate").await?;
    Ok(Join {
        url: server.ws_url(),
        token,
        session_key: [number; 16],
        revision: 0,
        transport: true,
    })
}
