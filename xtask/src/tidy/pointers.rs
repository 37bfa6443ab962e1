//! Names of files and functions in the documents: each must exist in the sources.

use super::files::{extension, files, text};
use super::finding::Finding;
use anyhow::Result;
use std::path::{Path, PathBuf};

/// The document that describes the house. In it, folders, `Type::function` and `file:function` are
/// checked. In all others only `file:function` is, because they also mention the past and other
/// people's code.
const ARCHITECTURE: &str = "ARCHITECTURE.md";

const SOURCES: &[&str] = &["rs", "ts", "tsx", "mjs"];

/// Words before a name by which Rust defines it.
const RUST: &[&str] = &[
    "fn ", "struct ", "enum ", "trait ", "type ", "const ", "static ", "mod ",
];
/// Words that may stand before a name which a script defines.
const SCRIPT: &[&str] = &[
    "abstract",
    "async",
    "class",
    "const",
    "default",
    "export",
    "function",
    "get",
    "interface",
    "let",
    "private",
    "protected",
    "public",
    "readonly",
    "set",
    "static",
    "type",
];

struct Source {
    /// Path from the workspace's root.
    path: PathBuf,
    text: String,
}

pub(super) fn check(root: &Path) -> Result<Vec<Finding>> {
    let mut sources = Vec::new();
    let mut documents = Vec::new();
    for path in files(root, root)? {
        let relative = path.strip_prefix(root).unwrap_or(&path).to_owned();
        if extension(&path) == "md" {
            documents.push(relative);
        } else if SOURCES.contains(&extension(&path)) {
            sources.push(Source {
                text: text(&path)?,
                path: relative,
            });
        }
    }
    let mut findings = Vec::new();
    for document in documents {
        let whole = document == Path::new(ARCHITECTURE);
        for (at, line) in text(&root.join(&document))?.lines().enumerate() {
            for item in quoted(line) {
                if let Some(message) = breach(root, &sources, item, whole) {
                    findings.push(Finding::new(&document, at + 1, message));
                }
            }
        }
    }
    Ok(findings)
}

/// Returns the texts in single backticks.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

fn breach(root: &Path, sources: &[Source], item: &str, whole: bool) -> Option<String> {
    let is_name = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    let is_path = |text: &str| {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-./".contains(letter);
        !text.is_empty() && text.chars().all(plain) && !text.starts_with(['.', '/', '-'])
    };
    if let Some((file, function)) = item.split_once(':')
        && is_path(file)
        && SOURCES.contains(&extension(Path::new(file)))
        && function.split("::").all(is_name)
    {
        return in_file(sources, file, function);
    }
    if !whole {
        return None;
    }
    if item.contains("::") && item.split("::").all(is_name) {
        let name = item.rsplit("::").next().unwrap_or_default();
        let defined = sources.iter().any(|source| defines(source, name));
        return (!defined).then(|| format!("no function or type is called {name}"));
    }
    let is_crate = item.starts_with('@');
    if item.contains('/') && is_path(item) && !is_crate && !root.join(item).exists() {
        return Some(format!("there is no {item}"));
    }
    None
}

/// Checks `sfu/core/src/pacer.rs:Pacer::quota`. The path may be shortened from the left as long as
/// it means one file.
fn in_file(sources: &[Source], file: &str, function: &str) -> Option<String> {
    let meant: Vec<&Source> = sources
        .iter()
        .filter(|source| source.path.ends_with(file))
        .collect();
    let exact = meant.iter().find(|source| source.path == Path::new(file));
    let source = match (exact, meant.as_slice()) {
        (Some(source), _) | (None, [source]) => source,
        (None, []) => return Some(format!("there is no {file}")),
        (None, [one, other, ..]) => {
            let (one, other) = (one.path.display(), other.path.display());
            return Some(format!("{file} may be {one} or {other}"));
        }
    };
    let missing = function.split("::").find(|name| !defines(source, name));
    missing.map(|name| format!("{} defines no {name}", source.path.display()))
}

/// Returns whether a source defines a function or type of this name, or has a block that implements
/// it.
fn defines(source: &Source, name: &str) -> bool {
    let introduces = match extension(&source.path) {
        "rs" => introduces_in_rust,
        _ => introduces_in_script,
    };
    let goes_on = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    source.text.lines().any(|line| {
        line.match_indices(name).any(|(at, _)| {
            let (before, after) = (&line[..at], &line[at + name.len()..]);
            !after.starts_with(goes_on) && introduces(before, after)
        })
    })
}

fn introduces_in_rust(before: &str, _after: &str) -> bool {
    let implements = before.trim_start().starts_with("impl") && before.ends_with([' ', ':']);
    implements || RUST.iter().any(|word| before.ends_with(word))
}

/// Recognises definitions in scripts. A method has no word before its name, but its line ends with
/// the body's brace.
fn introduces_in_script(before: &str, after: &str) -> bool {
    let mut words = before.split_whitespace().peekable();
    let is_method = words.peek().is_some() || after.ends_with('{');
    is_method && words.all(|word| SCRIPT.contains(&word))
}
