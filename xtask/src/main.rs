//! The workspace's own tools: `cargo xtask wasm` and `cargo xtask tidy`.

mod wasm;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::path::Path;

#[derive(Parser)]
#[command(about = "Tools of the fmz workspace")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the shared document for browsers into web/sdk/src/wasm
    Wasm,
}

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask stands in the workspace's root");
    match Arguments::parse().command {
        Command::Wasm => wasm::build(root),
    }
}
