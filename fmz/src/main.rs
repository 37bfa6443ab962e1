//! The one binary: `fmz serve`, `fmz demo`, `fmz publish`, `fmz token`.
//!
//! It reads the configuration, wires the services together and ends them in order. It holds no behaviour of its own.

#![allow(rustdoc::bare_urls, reason = "help is printed as it is written")]

mod cli;
mod config;
mod demo;
mod exit;
mod logs;
mod node;
mod publish;
mod room;
mod time;
mod token;

use clap::Parser;
use cli::{Cli, Command};
use exit::Failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve { settings } => node::serve(&config::resolve(&settings)?),
        Command::Demo { settings, demo } => demo::run(&config::resolve(&settings)?, &demo),
        Command::Publish(publish) => publish::run(&publish),
        Command::Token { settings, token } => token::run(&config::resolve(&settings)?, &token),
    }
}
