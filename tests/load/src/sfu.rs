//! Cost to the server of forwarding one 4K stream to many viewers.

mod floor;
mod joins;
mod viewing;

use crate::clip::{FRAME_PACKETS, FRAME_RATE, PAYLOAD_BYTES};
use crate::cpu;
use crate::publisher::Publisher;
use crate::report::{figure, progress};
use crate::server::{Server, Site};
use crate::session::Join;
use crate::viewer::{Count, Window};
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use viewing::Audience;

const ROOM: &str = "bench";
/// Frames between the last viewer's first picture and the measurement.
const SETTLE_FRAMES: u64 = 2 * FRAME_RATE;

/// Options of the benchmark.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The server's binary.
    #[arg(long, value_name = "FILE", default_value = "target/release/fmz")]
    fmz: PathBuf,
    /// Viewers of the one stream.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=1000))]
    viewers: u64,
    /// Length of the measurement.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Joins by which the time to the first picture is measured.
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    joins: u64,
    /// Decides the moments of the joins.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder in which the data folder is made [default: the system's for temporary files].
    #[arg(long, value_name = "FOLDER")]
    data_root: Option<PathBuf>,
}

/// Figures that were measured while all viewers were watching.
struct Measured {
    count: Count,
    spent: Spent,
}

/// Runs the benchmark and prints its figures.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let folder = crate::server::data_folder(options.data_root.as_deref())?;
    let site = Site {
        fmz: options.fmz.clone(),
        data: folder.path().join("data"),
    };
    let server = site.start(None).await?;
    site.create_room(&server, ROOM).await?;
    let viewing = join(&server, site.token(ROOM, "view").await?, 0);
    let mut publisher = Publisher::start(join(
        &server,
        site.token(ROOM, "view,publish").await?,
        u64::MAX,
    ))
    .await?;
    let measured = watch(options, &server, &viewing, &mut publisher)
        .await
        .context("watch")?;
    print(&measured);
    let first_pictures = joins::run(options.joins, options.seed, &viewing)
        .await
        .context("join and leave")?;
    figure(
        "join_to_first_picture_p50_ms",
        first_pictures.percentile_ms(50.0),
        "ms",
    );
    figure(
        "join_to_first_picture_p95_ms",
        first_pictures.percentile_ms(95.0),
        "ms",
    );
    drop(publisher);
    server.kill().await?;
    progress("sfu: measuring the floor");
    let floor_us = floor::run(options.viewers as usize)
        .await
        .context("measure the floor")?;
    figure("sfu_cpu_floor_us_per_packet", floor_us, "us");
    figure(
        "sfu_cpu_to_floor_ratio",
        measured.cpu_us_per_packet() / floor_us,
        "ratio",
    );
    Ok(())
}

/// Returns the address and the key of a viewer: every viewer is a session of its own.
fn join(server: &Server, token: String, number: u64) -> Join {
    let mut session_key = [0; 16];
    session_key[..8].copy_from_slice(&number.to_be_bytes());
    Join {
        url: server.ws_url(),
        token,
        session_key,
        revision: 0,
        transport: true,
    }
}

async fn watch(
    options: &Options,
    server: &Server,
    join: &Join,
    publisher: &mut Publisher,
) -> Result<Measured> {
    let mut audience = Audience::new(options.viewers, join);
    audience.come_in(options.seed).await?;
    progress(&format!(
        "sfu: {} viewers have a picture, measuring for {} s",
        options.viewers, options.seconds
    ));
    let first = publisher.frames() + SETTLE_FRAMES;
    let end = first + options.seconds * FRAME_RATE;
    audience.measure(window(first, end));
    publisher.reach(first).await?;
    let before = Sample::take(server)?;
    publisher.reach(end).await?;
    let spent = Sample::take(server)?.since(&before);
    let count = audience.leave().await?;
    Ok(Measured { count, spent })
}

/// Counters of processors and kernel at one moment.
struct Sample {
    at: Instant,
    server: Duration,
    load: Duration,
    machine: Duration,
    dropped: u64,
}

/// Differences of the counters over a measurement.
struct Spent {
    wall: Duration,
    server: Duration,
    load: Duration,
    /// Processor time of everything else that ran on this machine.
    others: Duration,
    dropped: u64,
}

impl Sample {
    fn take(server: &Server) -> Result<Self> {
        Ok(Self {
            at: Instant::now(),
            server: cpu::of_process(server.pid()?)?,
            load: cpu::of_process(std::process::id())?,
            machine: cpu::of_machine()?,
            dropped: cpu::udp_drops()?,
        })
    }

    fn since(&self, before: &Self) -> Spent {
        let (server, load) = (self.server - before.server, self.load - before.load);
        Spent {
            wall: self.at - before.at,
            server,
            load,
            others: (self.machine - before.machine).saturating_sub(server + load),
            dropped: self.dropped.saturating_sub(before.dropped),
        }
    }
}

fn window(first_frame: u64, end_frame: u64) -> Window {
    first_frame * FRAME_PACKETS..end_frame * FRAME_PACKETS
}

impl Measured {
    fn cpu_us_per_packet(&self) -> f64 {
        self.spent.server.as_secs_f64() * 1e6 / self.count.delivered.max(1) as f64
    }
}

fn print(measured: &Measured) {
    let (count, spent) = (&measured.count, &measured.spent);
    let cores = |time: Duration| time.as_secs_f64() / spent.wall.as_secs_f64();
    let packets_per_core_s = count.delivered as f64 / spent.server.as_secs_f64();
    let egress_bits =
        count.delivered as f64 * PAYLOAD_BYTES as f64 * 8.0 / spent.wall.as_secs_f64();
    figure("sfu_cpu_us_per_packet", measured.cpu_us_per_packet(), "us");
    figure("sfu_packets_per_core_s", packets_per_core_s, "packets/s");
    figure("sfu_delay_p50_ms", count.delays.percentile_ms(50.0), "ms");
    figure("sfu_delay_p99_ms", count.delays.percentile_ms(99.0), "ms");
    figure("sfu_delivered_ratio", count.ratio(), "ratio");
    figure("sfu_packets_delivered", count.delivered as f64, "packets");
    figure(
        "sfu_packets_lost",
        (count.expected - count.delivered) as f64,
        "packets",
    );
    figure("sfu_packets_late", count.late as f64, "packets");
    figure("sfu_packets_doubled", count.doubled as f64, "packets");
    figure("sfu_kernel_drops", spent.dropped as f64, "datagrams");
    figure("sfu_cpu_cores", cores(spent.server), "cores");
    figure("sfu_load_cpu_cores", cores(spent.load), "cores");
    figure("sfu_other_cpu_cores", cores(spent.others), "cores");
    figure("sfu_egress_mbps", egress_bits / 1e6, "Mbit/s");
}
