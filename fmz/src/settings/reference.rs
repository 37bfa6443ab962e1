//! The reference of all settings, written from the table.

use super::Settings;
use super::file::NOT_IN_FILE;
use clap::Arg;
use std::fmt::Write;

/// Returns the reference as Markdown: one table for each group of settings. It holds no value that
/// depends on this machine.
pub(crate) fn markdown() -> String {
    let mut page = String::new();
    let mut group = None;
    for setting in Settings::table().get_arguments() {
        if setting.get_help_heading() != group {
            group = setting.get_help_heading();
            let _ = write!(
                page,
                "{}### {}\n\n| Key | Variable | Value | Default | |\n|---|---|---|---|---|\n",
                if page.is_empty() { "" } else { "\n" },
                group.unwrap_or_default()
            );
        }
        let (help, default) = meaning(setting);
        let key = match setting.get_id().as_str() {
            NOT_IN_FILE => "(flag `--config`)".to_owned(),
            key => format!("`{key}`"),
        };
        let _ = writeln!(
            page,
            "| {key} | `{}` | `{}` | {default} | {} |",
            variable(setting),
            shape(setting),
            help.replace('|', "\\|")
        );
    }
    page
}

/// Returns the names of all settings, one line each: key, flag, variable.
pub(crate) fn names() -> String {
    let line = |setting: &Arg| {
        let flag = setting.get_long().unwrap_or_default();
        format!("{} --{flag} {}\n", setting.get_id(), variable(setting))
    };
    Settings::table().get_arguments().map(line).collect()
}

fn variable(setting: &Arg) -> String {
    let name = setting.get_env().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn shape(setting: &Arg) -> String {
    let names = setting.get_value_names().unwrap_or_default();
    names.iter().map(|name| name.as_str()).collect()
}

/// Splits the help text from the default: clap's, or the last words of the help if the default is
/// known only at the start.
fn meaning(setting: &Arg) -> (String, String) {
    let help = setting.get_help().map(ToString::to_string);
    let help = help.unwrap_or_default();
    if let Some((help, default)) = help.split_once(" [default: ") {
        return (help.to_owned(), default.trim_end_matches(']').to_owned());
    }
    let values = setting.get_default_values();
    let values: Vec<_> = values.iter().map(|value| value.to_string_lossy()).collect();
    let default = match values.as_slice() {
        [] => String::new(),
        values => format!("`{}`", values.join(",")),
    };
    (help, default)
}
