//! Size of files, and words that mark unfinished work.

use super::finding::Finding;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// Lines beyond which a file probably holds a second idea.
const LINES_MAX: usize = 600;

const CHECKED: &[&str] = &["rs", "proto", "ts", "tsx", "js", "mjs", "css", "sh"];
const SCRIPTS: &[&str] = &["ts", "tsx", "js", "mjs"];

/// Folders that hold nothing of ours, or nothing written by hand.
const PASSED_OVER: &[&str] = &[
    ".git",
    ".tools",
    "target",
    "node_modules",
    "dist",
    "gen",
    "fmz-data",
    "shots",
];
const GENERATED: &[&str] = &["web/sdk/src/wasm", "web/sdk/src/gen"];

/// Words that may not stand in a finished file.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("#[ig", "nore"),
];
/// Such words in scripts: tests left out, checks switched off.
const UNFINISHED_SCRIPT: &[&str] = &[
    concat!(".sk", "ip("),
    concat!(".on", "ly("),
    concat!("@ts-ig", "nore"),
    concat!("@ts-no", "check"),
];

pub(super) fn check(root: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for path in files(root, root)? {
        if CHECKED.contains(&extension(&path)) {
            let relative = path.strip_prefix(root).unwrap_or(&path);
            check_file(relative, &text(&path)?, &mut findings);
        }
    }
    Ok(findings)
}

fn check_file(path: &Path, text: &str, findings: &mut Vec<Finding>) {
    let mut report = |line, message| {
        findings.push(Finding {
            path: path.to_owned(),
            line,
            message,
        });
    };
    let lines = text.lines().count();
    if lines > LINES_MAX {
        report(0, format!("{lines} lines; {LINES_MAX} at most"));
    }
    let script = SCRIPTS.contains(&extension(path));
    let words = || {
        UNFINISHED
            .iter()
            .chain(UNFINISHED_SCRIPT.iter().filter(|_| script))
    };
    for (at, line) in text.lines().enumerate() {
        for word in words().filter(|word| line.contains(**word)) {
            report(at + 1, format!("unfinished: {word}"));
        }
    }
}

/// Returns the Rust files below `folder`, in order.
pub(super) fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = files(folder, folder)?;
    found.retain(|path| extension(path) == "rs");
    Ok(found)
}

pub(crate) fn text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}

/// Returns the hand-written files below `folder`, in order.
pub(crate) fn files(root: &Path, folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        let kind = entry.file_type()?;
        if kind.is_dir() && !is_passed_over(root, &path) {
            found.extend(files(root, &path)?);
        } else if kind.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn is_passed_over(root: &Path, folder: &Path) -> bool {
    let name = folder
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let relative = folder.strip_prefix(root).unwrap_or(folder);
    PASSED_OVER.contains(&name) || GENERATED.iter().any(|path| relative == Path::new(path))
}

/// Returns whether a script holds tests, by its name: `path.test.ts`.
pub(super) fn is_test_source(path: &Path) -> bool {
    path.file_stem()
        .and_then(|stem| stem.to_str())
        .is_some_and(|stem| stem.ends_with(".test"))
}

pub(crate) fn extension(path: &Path) -> &str {
    path.extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default()
}
