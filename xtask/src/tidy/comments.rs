//! Width of comments. rustfmt and the linters hold code to 100 columns, but not comments.

use super::files::{extension, files, text};
use super::finding::Finding;
use anyhow::Result;
use std::path::Path;

/// Folders of scripts whose names have no ending.
const SCRIPTS: &[&str] = &[".ci", "scripts", "tests/lab", "tests/scripts"];

/// Columns of a comment's line: as many as rustfmt gives code.
pub(crate) const COLUMNS_MAX: usize = 100;

pub(super) fn check(root: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for path in files(root, root)? {
        let relative = path.strip_prefix(root).unwrap_or(&path);
        let Some(language) = Language::of(relative) else {
            continue;
        };
        for (line, columns) in too_wide(language, &text(&path)?) {
            let message = format!("a comment of {columns} columns; {COLUMNS_MAX} at most");
            findings.push(Finding::new(relative, line, message));
        }
    }
    Ok(findings)
}

/// Signs that mark comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// `//`, `/* */` with `*` at each line: Rust, TypeScript, protobuf, CSS.
    Slashes,
    /// `#`: shell.
    Hash,
}

impl Language {
    /// Returns the language of a file whose comments have a width limit; `None` for all others.
    pub(crate) fn of(relative: &Path) -> Option<Self> {
        match extension(relative) {
            "rs" | "ts" | "tsx" | "mjs" | "js" | "proto" | "css" => Some(Self::Slashes),
            "sh" => Some(Self::Hash),
            "" if SCRIPTS.iter().any(|folder| relative.starts_with(folder)) => Some(Self::Hash),
            _ => None,
        }
    }

    fn is_comment(self, line: &str) -> bool {
        let line = line.trim_start();
        match self {
            Self::Slashes => {
                line.starts_with("//") || line.starts_with("/*") || line.starts_with("* ")
            }
            Self::Hash => line.starts_with('#') && !line.starts_with("#!"),
        }
    }
}

/// Returns the number, from 1, and the width of each comment line that is wider than allowed. A
/// single long word is exempt, because an address cannot be broken; so is a row of a table.
pub(crate) fn too_wide(language: Language, text: &str) -> Vec<(usize, usize)> {
    let words = |line: &str| {
        line.trim_start_matches(['/', '!', '*', '#', ' '])
            .split(' ')
            .count()
    };
    let is_row = |line: &str| {
        line.trim_start_matches(['/', '!', '*', '#', ' '])
            .starts_with('|')
    };
    text.lines()
        .enumerate()
        .map(|(at, line)| (at + 1, line.trim_end()))
        .filter(|(_, line)| language.is_comment(line) && words(line) > 1 && !is_row(line))
        .map(|(at, line)| (at, line.chars().count()))
        .filter(|(_, columns)| *columns > COLUMNS_MAX)
        .collect()
}
