//! The end of the program: one clear line on standard error, and an exit code.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::process::ExitCode;

/// Reasons for which the program could not do as it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A value that was typed or configured cannot work; exit code 2.
    Setting(String),
    /// Something failed while running; exit code 1.
    Running(String),
    /// The command line cannot be read, or asks for help or the version; clap prints the text.
    Usage(clap::Error),
}

impl Failure {
    /// Makes a failure of the setting `name`.
    pub(crate) fn setting(name: &str, why: impl Display) -> Self {
        Self::Setting(format!("{name}: {why}"))
    }

    /// Makes a failure while doing `what`.
    pub(crate) fn running(what: &str, why: impl Display) -> Self {
        Self::Running(format!("{what}: {why}"))
    }

    #[allow(
        clippy::print_stderr,
        reason = "the last word of a command line program"
    )]
    pub(crate) fn report(self) -> ExitCode {
        match self {
            Self::Setting(_) => {
                eprintln!("fmz: {self}");
                ExitCode::from(2)
            }
            Self::Running(_) => {
                eprintln!("fmz: {self}");
                ExitCode::from(1)
            }
            Self::Usage(error) => {
                // If standard error is closed, nobody can be told.
                let _ = error.print();
                ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
            }
        }
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        match RefusedValue::of(&error) {
            Some(RefusedValue { key, why }) => Self::setting(&key, why),
            None => Self::Usage(error),
        }
    }
}

impl Display for Failure {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let line = match self {
            Self::Setting(line) | Self::Running(line) => line.clone(),
            Self::Usage(error) => error.to_string(),
        };
        out.write_str(&line.replace('\n', " "))
    }
}

/// A value that an argument's parser refused.
pub(crate) struct RefusedValue {
    /// Name of the argument in the spelling of fmz.toml: `turn_realm` for `--turn-realm <NAME>`.
    pub(crate) key: String,
    pub(crate) why: String,
}

impl RefusedValue {
    /// Returns `None` for an error about something else.
    pub(crate) fn of(error: &clap::Error) -> Option<Self> {
        if error.kind() != ErrorKind::ValueValidation {
            return None;
        }
        let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg) else {
            return None;
        };
        let flag = argument.strip_prefix("--")?;
        let end = flag.find([' ', '[', '=']).unwrap_or(flag.len());
        Some(Self {
            key: flag[..end].replace('-', "_"),
            why: error.source()?.to_string(),
        })
    }
}
