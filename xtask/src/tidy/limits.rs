//! Bounds that the page shares with the server. If they differed, one side would send what the
//! other refuses.

use super::files::text;
use super::finding::Finding;
use anyhow::Result;
use std::collections::BTreeMap;
use std::path::Path;

const SCRIPT: &str = "web/sdk/src/core/limits.ts";
/// Files of bounds in Rust. If two define a name, the first counts.
const RUST: &[&str] = &["proto/src/limits.rs", "signaling/core/src/limits.rs"];

/// Bounds that only the page has, because no other program needs them.
const OF_THE_PAGE: &[&str] = &["GRID_WIDTH", "OPEN_MS_MAX"];

pub(super) fn check(root: &Path) -> Result<Vec<Finding>> {
    let mut known = BTreeMap::new();
    for path in RUST.iter().rev() {
        known.extend(
            constants(&text(&root.join(path))?)
                .into_iter()
                .map(|one| (one.name.clone(), one)),
        );
    }
    let mut findings = Vec::new();
    for bound in constants(&text(&root.join(SCRIPT))?) {
        let Some(other) = known.get(&bound.name) else {
            if !OF_THE_PAGE.contains(&bound.name.as_str()) {
                let message = format!("{} stands in none of {}", bound.name, RUST.join(", "));
                findings.push(Finding::new(SCRIPT, bound.line, message));
            }
            continue;
        };
        if bound.value.is_none() || bound.value != other.value {
            let show = |value: Option<i128>| {
                value.map_or("unreadable".to_owned(), |value| value.to_string())
            };
            let (here, there) = (show(bound.value), show(other.value));
            let message = format!("{} is {here} here and {there} in Rust", bound.name);
            findings.push(Finding::new(SCRIPT, bound.line, message));
        }
    }
    Ok(findings)
}

struct Constant {
    name: String,
    /// `None` if the right side is more than numbers, `*`, `+`, `-` and `<<`.
    value: Option<i128>,
    line: usize,
}

/// Returns the constants of a Rust or TypeScript file that stand on one line. A `Duration` counts
/// in milliseconds and is named as in TypeScript: `SILENCE_MAX` becomes `SILENCE_MS_MAX`.
fn constants(text: &str) -> Vec<Constant> {
    let mut constants = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line
            .strip_prefix("export ")
            .or_else(|| line.strip_prefix("pub "))
            .unwrap_or(line);
        let Some((left, right)) = line
            .strip_prefix("const ")
            .and_then(|rest| rest.split_once('='))
        else {
            continue;
        };
        let (name, kind) = left.split_once(':').unwrap_or((left, ""));
        let right = right.trim().trim_end_matches(';');
        let (name, right) = if kind.trim() == "Duration" {
            (
                in_milliseconds(name.trim()),
                right.trim_start_matches("Duration::"),
            )
        } else {
            (name.trim().to_owned(), right)
        };
        constants.push(Constant {
            name,
            value: value(right),
            line: at + 1,
        });
    }
    constants
}

fn in_milliseconds(name: &str) -> String {
    ["_MAX", "_MIN"]
        .iter()
        .find_map(|end| name.strip_suffix(end).map(|stem| format!("{stem}_MS{end}")))
        .unwrap_or_else(|| format!("{name}_MS"))
}

fn value(text: &str) -> Option<i128> {
    let inside = |call: &str| text.strip_prefix(call)?.strip_suffix(')');
    if let Some(seconds) = inside("from_secs(") {
        return value(seconds)?.checked_mul(1000);
    }
    if let Some(milliseconds) = inside("from_millis(") {
        return value(milliseconds);
    }
    let two = |at: (&str, &str)| Some((value(at.0)?, value(at.1)?));
    if let Some(parts) = text.split_once("<<") {
        let (number, bits) = two(parts)?;
        return number.checked_shl(bits.try_into().ok()?);
    }
    if let Some(parts) = text.split_once('+') {
        return two(parts).map(|(one, other)| one + other);
    }
    if let Some(parts) = text.rsplit_once('-') {
        return two(parts).map(|(one, other)| one - other);
    }
    if let Some(parts) = text.split_once('*') {
        return two(parts).map(|(one, other)| one * other);
    }
    text.trim().replace('_', "").parse().ok()
}
