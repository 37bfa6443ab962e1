//! The one binary: `fmz serve`, `fmz demo`, `fmz publish`, `fmz turn`, `fmz token`.
//!
//! It reads the configuration, wires the services together and ends them in order. It holds no behaviour of its own.

#![allow(rustdoc::bare_urls, reason = "help is printed as it is written")]

mod cli;
mod config;
mod demo;
mod edge;
mod exit;
mod logs;
mod node;
mod publish;
mod roles;
mod room;
mod time;
mod token;
mod turn;

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
        Command::Serve { settings } => serve(&settings),
        Command::Demo { settings, demo } => {
            demo::run(&settings, &config::resolve(&settings)?, &demo)
        }
        Command::Publish(publish) => publish::run(&publish),
        Command::Turn(cli::TurnCommand::Check(check)) => turn::check::run(&check),
        Command::Token { settings, token } => token::run(&config::resolve(&settings)?, &token),
    }
}

fn serve(settings: &cli::Settings) -> Result<(), Failure> {
    let config = config::resolve(settings)?;
    if config.roles.edge() {
        edge::serve(settings, &config)
    } else {
        node::serve(settings, &config)
    }
}
