//! How the program ends: one clear line on standard error and an exit code.

use std::fmt::{self, Display, Formatter};
use std::process::ExitCode;

/// Why the program could not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What was typed or configured cannot work; exit code 2.
    Setting(String),
    /// Something failed while running; exit code 1.
    Running(String),
}

impl Failure {
    /// A failure of the setting `name`.
    pub(crate) fn setting(name: &str, why: impl Display) -> Self {
        Self::Setting(format!("{name}: {why}"))
    }

    /// A failure while doing `what`.
    pub(crate) fn running(what: &str, why: impl Display) -> Self {
        Self::Running(format!("{what}: {why}"))
    }

    #[allow(
        clippy::print_stderr,
        reason = "the last word of a command line program"
    )]
    pub(crate) fn report(self) -> ExitCode {
        eprintln!("fmz: {self}");
        ExitCode::from(match self {
            Self::Setting(_) => 2,
            Self::Running(_) => 1,
        })
    }
}

impl Display for Failure {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let (Self::Setting(line) | Self::Running(line)) = self;
        out.write_str(&line.replace('\n', " "))
    }
}
