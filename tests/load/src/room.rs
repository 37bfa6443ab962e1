//! One large room over data channels.

mod histogram;

use crate::cpu;
use crate::crowd::drain;
use crate::people::{Part, People};
use crate::report::{Delays, figure, progress};
use crate::server::{Server, Site, data_folder, get};
use crate::session::Join;
use anyhow::{Context, Result};
use histogram::Histogram;
use std::iter::repeat_n;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

const ROOM: &str = "room";
/// People at full scale.
const ANNOTATORS: f64 = 500.0;
const VIEWERS: f64 = 2000.0;
/// Seconds of a cycle, in one of which each annotator draws: a tenth of them draws at any time.
const CYCLE: u64 = 10;
/// Viewers that keep a document. They time the way from pen to document.
const WATCHERS: usize = 8;
/// Time until the last handshakes are over and all people are at work.
const SETTLE: Duration = Duration::from_secs(3);
const LATENCY: &str = "fmz_op_latency_seconds";

/// Options of the benchmark.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The server's binary.
    #[arg(long, value_name = "FILE", default_value = "target/release/fmz")]
    fmz: PathBuf,
    /// Part of 500 annotators and 2,000 viewers who come.
    #[arg(long, default_value_t = 0.15)]
    scale: f64,
    /// Length of the measurement.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Folder in which the data folder is made [default: the system's for temporary files].
    #[arg(long, value_name = "FOLDER")]
    data_root: Option<PathBuf>,
}

/// Number of people.
#[derive(Debug, Clone, Copy)]
struct Size {
    annotators: usize,
    viewers: usize,
}

impl Size {
    fn new(scale: f64) -> Self {
        let part = |whole: f64| (whole * scale).round().max(1.0) as usize;
        Self {
            annotators: part(ANNOTATORS),
            viewers: part(VIEWERS),
        }
    }

    fn participants(self) -> usize {
        self.annotators + self.viewers + WATCHERS
    }

    fn parts(self) -> impl Iterator<Item = Part> {
        repeat_n(Part::Watch, WATCHERS)
            .chain(repeat_n(Part::View, self.viewers))
            .chain(repeat_n(Part::Draw { cycle: CYCLE }, self.annotators))
    }
}

/// Runs the benchmark and prints its figures.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let size = Size::new(options.scale);
    figure("room_scale", options.scale, "of 1");
    figure(
        "room_participants",
        size.participants() as f64,
        "participants",
    );
    let folder = data_folder(options.data_root.as_deref())?;
    let site = Site {
        fmz: options.fmz.clone(),
        data: folder.path().join("data"),
    };
    let admin = free_address()?;
    let most = size.participants().to_string();
    let flags = ["--admin-listen", &admin, "--participants-max", &most];
    let server = site.start_with(&flags).await?;
    site.create_room(&server, ROOM).await?;
    let empty = cpu::memory_of_process(server.pid()?)?;
    progress("room: letting people in");
    let mut people = come_in(&site, &server, size).await?;
    progress("room: measuring");
    let window = Window::measure(&mut people, &server, &admin, options.seconds).await?;
    let memory = cpu::memory_of_process(server.pid()?)?.saturating_sub(empty);
    drain(&mut people, size.participants() as u64).await?;
    window.report(size);
    figure(
        "room_memory_per_participant_bytes",
        memory as f64 / size.participants() as f64,
        "bytes",
    );
    drop(people);
    server.kill().await
}

async fn come_in(site: &Site, server: &Server, size: Size) -> Result<People> {
    let drawing = site.token(ROOM, "view,annotate").await?;
    let viewing = site.token(ROOM, "view").await?;
    let join = |part| Join {
        url: server.ws_url(),
        token: match part {
            Part::Draw { .. } => drawing.clone(),
            Part::View | Part::Watch => viewing.clone(),
        },
        session_key: [0; 16],
        revision: 0,
        transport: true,
    };
    let people = People::come_in(size.parts(), join).await;
    people.context("let people in")
}

/// Returns a port that is free now; the server does not print the address of its metrics.
fn free_address() -> Result<String> {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").context("find a free port")?;
    Ok(socket.local_addr()?.to_string())
}

/// Counters that are read at both ends of the measurement.
struct Counters {
    at: Instant,
    server_cpu: Duration,
    load_cpu: Duration,
    machine_cpu: Duration,
    latency: Histogram,
    viewed_bytes: u64,
}

impl Counters {
    async fn read(people: &People, server: &Server, admin: &str) -> Result<Self> {
        let metrics = get(admin, "/metrics").await?;
        Ok(Self {
            at: Instant::now(),
            server_cpu: cpu::of_process(server.pid()?)?,
            load_cpu: cpu::of_process(std::process::id())?,
            machine_cpu: cpu::of_machine()?,
            latency: Histogram::parse(&metrics, LATENCY).context("read the server's metrics")?,
            viewed_bytes: people.totals.viewed_bytes.load(Ordering::Relaxed),
        })
    }
}

struct Window {
    before: Counters,
    after: Counters,
    delays: Delays,
}

impl Window {
    async fn measure(
        people: &mut People,
        server: &Server,
        admin: &str,
        seconds: u64,
    ) -> Result<Self> {
        tokio::time::sleep(SETTLE).await;
        people.draw();
        tokio::time::sleep(SETTLE).await;
        people.totals.begin();
        let before = Counters::read(people, server, admin).await?;
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        let after = Counters::read(people, server, admin).await?;
        people.totals.end();
        people.rest();
        people.check()?;
        // The last points are still on their way.
        tokio::time::sleep(SETTLE).await;
        Ok(Self {
            before,
            after,
            delays: people.totals.delays(),
        })
    }

    fn report(&self, size: Size) {
        let elapsed = (self.after.at - self.before.at).as_secs_f64();
        let waits = self.after.latency.since(&self.before.latency);
        for (percent, name) in [(0.5, "p50"), (0.99, "p99")] {
            let wait = waits.quantile(percent) * 1000.0;
            figure(&format!("room_server_{name}_ms"), wait, "ms");
        }
        for (percent, name) in [(50.0, "p50"), (99.0, "p99")] {
            let delay = self.delays.percentile_ms(percent);
            figure(&format!("room_pen_to_pixel_{name}_ms"), delay, "ms");
        }
        let bytes = self.after.viewed_bytes - self.before.viewed_bytes;
        figure(
            "room_bytes_per_viewer_s",
            bytes as f64 / size.viewers as f64 / elapsed,
            "bytes/s",
        );
        let cores = |cpu: Duration| cpu.as_secs_f64() / elapsed;
        let server = cores(self.after.server_cpu - self.before.server_cpu);
        let load = cores(self.after.load_cpu - self.before.load_cpu);
        let machine = cores(self.after.machine_cpu - self.before.machine_cpu);
        figure("room_server_cpu_cores", server, "cores");
        figure("room_load_cpu_cores", load, "cores");
        figure(
            "room_other_cpu_cores",
            (machine - server - load).max(0.0),
            "cores",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_has_its_parts_at_every_scale() {
        for (scale, annotators, viewers) in [(1.0, 500, 2000), (0.1, 50, 200), (0.001, 1, 2)] {
            let size = Size::new(scale);
            assert_eq!((size.annotators, size.viewers), (annotators, viewers));
            assert_eq!(size.parts().count(), size.participants());
        }
    }
}
