//! Load peers, durability checker and benchmarks.
//!
//! Every peer speaks the real protocol to the real server binary over loopback. Nothing of the
//! server is linked in but the store, to write a long history quickly ([`ops`]), and the
//! document, which every client has.

mod bytes;
mod checker;
mod clip;
mod cpu;
mod crowd;
mod durability;
mod hand;
mod join;
mod journal;
mod line;
mod link;
mod loss;
mod member;
mod ops;
mod peer;
mod peers;
mod pen;
mod people;
mod publisher;
mod report;
mod room;
mod server;
mod session;
mod sfu;
mod socket;
mod strokes;
mod transport;
mod turn;
mod viewer;
mod writer;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Load, durability and benchmarks for fmz.
#[derive(Debug, Parser)]
#[command(name = "fmz-load", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Kill the server again and again under load; prove that nothing acknowledged
    /// is lost or doubled.
    Durability(durability::Options),
    /// What forwarding one 4K stream to many viewers costs the server.
    Sfu(sfu::Options),
    /// How long an op takes over a network that loses, and whether any is lost or doubled.
    Loss(loss::Options),
    /// How long media and data channels of the native client take to stand.
    Join(join::Options),
    /// A bad network: relays UDP to a server, late and with losses.
    Link(link::Options),
    /// How fast annotations reach another screen, and how many become durable.
    Ops(ops::Options),
    /// How many bytes drawing costs, sent and kept.
    Bytes,
    /// Write the corpus of strokes by which bytes are measured.
    Strokes(strokes::Options),
    /// One large room over data channels: how long a point is under way, and what a
    /// participant costs.
    Room(room::Options),
    /// What a delivered op costs the server, of fmz and of other engines under the same load.
    Peers(peers::Options),
    /// What a relayed datagram costs the server, of fmz and of other relays under the same load.
    Turn(turn::Options),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let filter =
        tracing_subscriber::EnvFilter::try_from_env("LOAD_LOG").unwrap_or_else(|_| "error".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    str0m::crypto::from_feature_flags().install_process_default();
    match run(Cli::parse().command).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            report::progress(&format!("fmz-load: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// True where everything asked for held.
async fn run(command: Command) -> Result<bool> {
    match command {
        Command::Durability(options) => durability::run(&options).await,
        Command::Sfu(options) => sfu::run(&options).await.map(|()| true),
        Command::Loss(options) => loss::run(&options).await,
        Command::Join(options) => join::run(&options).await.map(|()| true),
        Command::Link(options) => link::run(&options).await.map(|()| true),
        Command::Ops(options) => ops::run(&options).await.map(|()| true),
        Command::Bytes => bytes::run().map(|()| true),
        Command::Strokes(options) => strokes::run(&options).map(|()| true),
        Command::Room(options) => room::run(&options).await.map(|()| true),
        Command::Peers(options) => peers::run(&options).await.map(|()| true),
        Command::Turn(options) => turn::run(&options).map(|()| true),
    }
}
