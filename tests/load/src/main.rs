//! Load peers, durability checker and benchmarks.
//!
//! Every peer speaks the real protocol to the real server binary over loopback. Of the server, only
//! the store is linked in, to write a long history quickly ([`ops`]). The document is linked in
//! too, as in every client.

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
    /// Cost to the server of forwarding one 4K stream to many viewers.
    Sfu(sfu::Options),
    /// Delay of an op over a network that loses, and whether any op is lost or doubled.
    Loss(loss::Options),
    /// Time until media and data channels of the native client stand.
    Join(join::Options),
    /// A bad network: relays UDP to a server, late and with losses.
    Link(link::Options),
    /// Delay of annotations until they reach another screen, and how many become durable.
    Ops(ops::Options),
    /// Bytes that drawing costs, sent and kept.
    Bytes,
    /// Write the corpus of strokes by which bytes are measured.
    Strokes(strokes::Options),
    /// One large room over data channels: the delay of a point, and the cost of a participant.
    Room(room::Options),
    /// Cost to the server of a delivered op, for fmz and other engines under the same load.
    Peers(peers::Options),
    /// Cost to the server of a relayed datagram, for fmz and other relays under the same load.
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

/// Runs a command; returns true if all that it checked held.
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
