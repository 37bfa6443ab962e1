//! fmz.toml.

use super::Settings;
use crate::exit::{Failure, RefusedValue};
use clap::{Arg, ArgMatches, Command};
use std::any::TypeId;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use toml::{Spanned, Value};

const USUAL: &str = "fmz.toml";
/// The one setting that is no key of the file, because it names the file.
pub(super) const NOT_IN_FILE: &str = "config";

/// The file as it was written.
pub(super) struct File {
    name: String,
    text: String,
}

impl File {
    /// Reads the given file, or the usual one if none is given; returns `None` if none is given and
    /// the usual one does not exist.
    pub(super) fn read(given: Option<&Path>) -> Result<Option<Self>, Failure> {
        let path = given.unwrap_or(Path::new(USUAL));
        if given.is_none() && !path.exists() {
            return Ok(None);
        }
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Some(Self { name, text })),
            Err(error) => Err(Failure::setting(&name, error)),
        }
    }

    #[cfg(test)]
    pub(super) fn new(text: &str) -> Self {
        Self {
            name: USUAL.to_owned(),
            text: text.to_owned(),
        }
    }

    /// Returns the values of all keys except those that were given elsewhere. The parsers of the
    /// table read them.
    pub(super) fn values(&self, is_given: impl Fn(&str) -> bool) -> Result<ArgMatches, Failure> {
        let entries: BTreeMap<String, Spanned<Value>> = toml::from_str(&self.text)
            .map_err(|error| self.failure(error.span().unwrap_or_default(), error.message()))?;
        let table = Settings::table();
        // Each value goes through the table as its flag would, so there is only one way from a text
        // to a setting.
        let mut flags = vec![USUAL.to_owned()];
        for (key, value) in &entries {
            let setting = find(&table, key).map_err(|why| self.failure(value.span(), why))?;
            let texts = texts(setting, value.get_ref())
                .map_err(|why| self.failure(value.span(), format!("{key}: {why}")))?;
            if !is_given(key) {
                let flag = key.replace('_', "-");
                flags.extend(texts.iter().map(|text| format!("--{flag}={text}")));
            }
        }
        file_layer(table)
            .try_get_matches_from(flags)
            .map_err(|error| {
                let Some(RefusedValue { key, why }) = RefusedValue::of(&error) else {
                    return error.into();
                };
                let place = entries.get(&key).map(Spanned::span);
                self.failure(place.unwrap_or_default(), format!("{key}: {why}"))
            })
    }

    /// Names the line in which `place` begins.
    fn failure(&self, place: Range<usize>, why: impl std::fmt::Display) -> Failure {
        let before = self.text.get(..place.start).unwrap_or(&self.text);
        let line = 1 + before.matches('\n').count();
        Failure::setting(&format!("{} line {line}", self.name), why)
    }
}

/// Returns the table for the file alone. A comma in a list's text does not split it, because the
/// file writes lists as lists.
fn file_layer(table: Command) -> Command {
    table.mut_args(|setting| {
        setting
            .env(None::<&'static str>)
            .default_value(None::<&'static str>)
            .value_delimiter(None)
    })
}

fn find<'a>(table: &'a Command, key: &str) -> Result<&'a Arg, String> {
    let keys = || {
        let settings = table.get_arguments();
        settings.filter(|setting| setting.get_id() != NOT_IN_FILE)
    };
    keys()
        .find(|setting| setting.get_id() == key)
        .ok_or_else(|| {
            let names: Vec<_> = keys().map(|setting| setting.get_id().as_str()).collect();
            format!(
                "unknown field `{key}`; fmz.toml may hold {}",
                names.join(", ")
            )
        })
}

/// Returns a value as the texts that its flag would take. TOML distinguishes lists, numbers and
/// texts, so the file must use the right one.
fn texts(setting: &Arg, value: &Value) -> Result<Vec<String>, &'static str> {
    let is = |kinds: &[TypeId]| {
        let kind = setting.get_value_parser().type_id();
        kinds.iter().any(|one| kind == *one)
    };
    if setting.get_value_delimiter().is_some() {
        let items = value.as_array().map(|items| items.iter());
        let texts: Option<Vec<_>> =
            items.and_then(|items| items.map(|item| item.as_str().map(str::to_owned)).collect());
        return match texts {
            Some(texts) if texts.is_empty() && !setting.get_default_values().is_empty() => {
                Err("must name one at least")
            }
            texts => texts.ok_or("must be a list of texts, such as [\"a\", \"b\"]"),
        };
    }
    if is(&[TypeId::of::<bool>()]) {
        let flag = value.as_bool().map(|flag| vec![flag.to_string()]);
        return flag.ok_or("must be true or false, without quotes");
    }
    let numbers = [
        TypeId::of::<u16>(),
        TypeId::of::<u32>(),
        TypeId::of::<u64>(),
        TypeId::of::<usize>(),
    ];
    if is(&numbers) {
        let number = value.as_integer().map(|number| vec![number.to_string()]);
        return number.ok_or("must be a whole number, without quotes");
    }
    let text = value.as_str().map(|text| vec![text.to_owned()]);
    text.ok_or("must be a text in quotes")
}
