//! Cost of relaying a datagram, for fmz and for other relays under the same load.

mod allocation;
mod costs;
mod credentials;
mod flood;
mod load;
mod many;
mod relay;
mod sink;

use crate::report::{figure, progress};
use crate::server::data_folder;
use anyhow::{Context, Result};
use load::Shape;
use relay::{Kind, Programs, Relay};
use std::path::PathBuf;

/// Options of the benchmark.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The server's binary.
    #[arg(long, value_name = "FILE", default_value = "target/release/fmz")]
    fmz: PathBuf,
    /// coturn's binary.
    #[arg(long, value_name = "FILE", default_value = "/usr/bin/turnserver")]
    coturn: PathBuf,
    /// The binary of `tests/load/examples/turn-crate.rs`.
    #[arg(
        long,
        value_name = "FILE",
        default_value = "target/release/examples/turn-crate"
    )]
    turn_crate: PathBuf,
    /// Relays to measure.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "fmz,coturn,turn-crate",
        value_name = "RELAY,..."
    )]
    relays: Vec<Kind>,
    /// Ways of loading them.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "plain,bursts,bursts-split,in-process",
        value_name = "WAY,..."
    )]
    ways: Vec<costs::Way>,
    /// Clients that send.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    clients: u32,
    /// Datagrams a second, all clients together.
    #[arg(long, default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(1_000..=500_000))]
    rate: u32,
    /// Payload of a datagram.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u16).range(32..=1400))]
    bytes: u16,
    /// Length of each measurement.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Rounds of each measurement, of which the one of median cost counts.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Allocations that are held at once.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(100..=16_000))]
    allocations: u32,
    /// Requests of the flood.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    requests: u32,
    /// Folder for data and logs [default: the system's for temporary files].
    #[arg(long, value_name = "FOLDER")]
    data_root: Option<PathBuf>,
}

/// Runs the benchmark and prints its figures.
pub(crate) fn run(options: &Options) -> Result<()> {
    let folder = data_folder(options.data_root.as_deref())?;
    let programs = Programs {
        fmz: options.fmz.clone(),
        coturn: options.coturn.clone(),
        turn_crate: options.turn_crate.clone(),
        folder: folder.path().to_owned(),
    };
    costs::run(options, &programs)?;
    for kind in &options.relays {
        many::run(options, &programs, *kind)?;
    }
    for kind in &options.relays {
        flood(options, &programs, *kind)?;
    }
    Ok(())
}

fn flood(options: &Options, programs: &Programs, kind: Kind) -> Result<()> {
    let name = kind.name();
    progress(&format!(
        "{name}: {} requests without credentials",
        options.requests
    ));
    let relay = Relay::start(kind, programs)?;
    let outcome = flood::run(&relay, options.requests).with_context(|| format!("flood {name}"))?;
    figure(&format!("{name}_flood_rss_growth"), outcome.growth, "ratio");
    figure(
        &format!("{name}_flood_amplification"),
        outcome.amplification,
        "ratio",
    );
    Ok(())
}

impl Options {
    fn shape(&self, order: load::Order) -> Shape {
        Shape {
            order,
            rate: self.rate,
            bytes: self.bytes.into(),
            seconds: self.seconds,
        }
    }
}
