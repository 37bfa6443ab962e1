//! Sources of settings: flags, then variables, then fmz.toml, then defaults. The first that has a
//! setting decides.

use super::Settings;
use super::file::File;
use crate::exit::Failure;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches};

impl Settings {
    /// Returns the table as clap has it: an argument for each setting.
    pub(super) fn table() -> Command {
        Self::augment_args(Command::new("settings"))
    }

    /// Takes from fmz.toml the settings that neither a flag nor a variable gave, and checks the
    /// whole. `given` holds the arguments from which these settings were made.
    pub(crate) fn complete(&mut self, given: &ArgMatches) -> Result<(), Failure> {
        let file = File::read(self.config.as_deref())?;
        self.complete_from(file.as_ref(), given)
    }

    pub(super) fn complete_from(
        &mut self,
        file: Option<&File>,
        given: &ArgMatches,
    ) -> Result<(), Failure> {
        if let Some(file) = file {
            let is_given = |key: &str| {
                let source = given.value_source(key);
                matches!(
                    source,
                    Some(ValueSource::CommandLine | ValueSource::EnvVariable)
                )
            };
            self.update_from_arg_matches(&file.values(is_given)?)?;
        }
        self.check()
    }
}

/// Refuses a variable that begins with `FMZ_` and names no setting.
pub(crate) fn check_variables(
    names: impl IntoIterator<Item = String>,
    command: &Command,
) -> Result<(), Failure> {
    let mut known = Vec::new();
    variables(command, &mut known);
    known.sort();
    known.dedup();
    let mut ours = names.into_iter().filter(|name| name.starts_with("FMZ_"));
    match ours.find(|name| !known.contains(name)) {
        Some(name) => {
            let why = format!(
                "no such setting; the environment may hold {}",
                known.join(", ")
            );
            Err(Failure::setting(&name, why))
        }
        None => Ok(()),
    }
}

/// Adds every variable that the command or one of its subcommands reads.
fn variables(command: &Command, found: &mut Vec<String>) {
    let names = command.get_arguments().filter_map(clap::Arg::get_env);
    found.extend(names.map(|name| name.to_string_lossy().into_owned()));
    command
        .get_subcommands()
        .for_each(|subcommand| variables(subcommand, found));
}
