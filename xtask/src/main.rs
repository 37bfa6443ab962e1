//! The workspace's own tools: `cargo xtask wasm`, `cargo xtask tidy` and `cargo xtask settings`.

mod settings;
mod tidy;
mod wasm;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::path::Path;
use std::process::ExitCode;

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
    /// Check who imports whom, what the cores may not touch, and the size of files
    Tidy,
    /// Write the reference of the settings into docs/operate.md, and note new names
    Settings,
}

fn main() -> Result<ExitCode> {
    match Arguments::parse().command {
        Command::Wasm => wasm::build(root()).map(|()| ExitCode::SUCCESS),
        Command::Settings => settings::write(root()).map(|()| ExitCode::SUCCESS),
        Command::Tidy => tidy::check(root()).map(|findings| tidy::report(&findings)),
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask stands in the workspace's root")
}
