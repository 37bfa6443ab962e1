//! The one binary: `fmz serve`, `fmz demo`, `fmz publish`, `fmz turn`, `fmz token`.
//!
//! It reads the settings, opens the certificate, connects the services and ends them in order. The
//! services themselves are in crates of their own. Only the commands live here (`demo`, `publish`,
//! `turn check`, `token`), and the thread that checks the log in the background.

#![allow(rustdoc::bare_urls, reason = "help is printed as it is written")]

mod cli;
mod demo;
mod edge;
mod exit;
mod logs;
mod node;
mod process;
mod publish;
mod relay_url;
mod roles;
mod settings;
mod time;
mod tls;
mod token;
mod turn;

use cli::Command;
use exit::Failure;
use settings::Settings;
use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::read().and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve { settings } => serve(&settings),
        Command::Demo { settings, demo } => demo::run(&settings, &demo),
        Command::Publish(publish) => publish::run(&publish),
        Command::Turn(cli::TurnCommand::Check(check)) => turn::check::run(&check),
        Command::Token { settings, token } => token::run(&settings, &token),
        Command::Settings(reference) => {
            print_reference(&reference);
            Ok(())
        }
    }
}

fn serve(settings: &Settings) -> Result<(), Failure> {
    if settings.is_edge() {
        edge::serve(settings)
    } else {
        node::serve(settings)
    }
}

#[allow(clippy::print_stdout, reason = "the reference is what was asked for")]
fn print_reference(asked: &cli::Reference) {
    if asked.markdown {
        print!("{}", settings::reference::markdown());
    } else {
        print!("{}", settings::reference::names());
    }
}
