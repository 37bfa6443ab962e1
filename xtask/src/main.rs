//! The workspace's own tools: wasm packaging, the structure check, the count of prose, the
//! handbook's list of settings.

mod prose;
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
    /// Build the participant for browsers into web/sdk/src/wasm
    Wasm,
    /// Check what the compiler does not see: imports, cores, rules, documents, sizes
    Tidy,
    /// Count habits of prose in comments and documents, and hold them to bounds
    Prose,
    /// Print the circles of imports within crates, as xtask/circles.txt lists them
    Circles,
    /// Write the reference of the settings into docs/operate.md, and note new names
    Settings,
}

fn main() -> Result<ExitCode> {
    match Arguments::parse().command {
        Command::Wasm => wasm::build(root()).map(|()| ExitCode::SUCCESS),
        Command::Circles => tidy::circles::print(root()).map(|()| ExitCode::SUCCESS),
        Command::Prose => prose::run(root()),
        Command::Settings => settings::write(root()).map(|()| ExitCode::SUCCESS),
        Command::Tidy => tidy::check(root()).map(|findings| tidy::report(&findings)),
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask stands in the workspace's root")
}
