//! Width of comments: rustfmt and the linters hold code to 100 columns, and nothing held comments.

use super::files::{extension, files, text};
use super::finding::Finding;
use anyhow::Result;
use std::path::Path;

/// Folders of scripts without an ending.
const SCRIPTS: &[&str] = &[".ci", "scripts", "tests/lab", "tests/scripts"];

/// Columns of a comment's line, as rustfmt gives code.
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

/// How comments begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// `//`, `/* */` with `*` at each line: Rust, TypeScript, protobuf, CSS.
    Slashes,
    /// `#`: shell.
    Hash,
}

impl Language {
    /// The language of a file whose comments are held to the width; `None` for all others.
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

/// Lines of a comment that are wider than allowed, from 1, and how wide each is. One long word
/// stays whole: an address cannot be broken. So does a row of a table.
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
