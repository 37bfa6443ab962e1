//! Rules of `docs/SPEC-*.md`: each id stands once and in order, and the name of a test carries it.

use super::files::{extension, files, is_test_source, text};
use super::finding::Finding;
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A rule's id: `frame7` is number 7 of `frame`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Id {
    subject: String,
    number: u32,
}

impl Id {
    fn read(word: &str) -> Option<Self> {
        let digits = word.find(|letter: char| letter.is_ascii_digit())?;
        let (subject, number) = word.split_at(digits);
        let subject_is_a_word =
            !subject.is_empty() && subject.chars().all(|letter| letter.is_ascii_lowercase());
        let number_is_plain =
            !number.starts_with('0') && number.chars().all(|digit| digit.is_ascii_digit());
        (subject_is_a_word && number_is_plain).then_some(Self {
            subject: subject.to_owned(),
            number: number.parse().ok()?,
        })
    }
}

struct Rule {
    id: Id,
    /// Whether the row begins with this id: only these have an order.
    leads: bool,
    path: PathBuf,
    line: usize,
}

pub(super) fn check(root: &Path) -> Result<Vec<Finding>> {
    let rules = rules(root)?;
    let carried = carried(root)?;
    let mut findings = Vec::new();
    check_order(&rules, &mut findings);
    let known: BTreeSet<&Id> = rules.iter().map(|rule| &rule.id).collect();
    let subjects: BTreeSet<&str> = known.iter().map(|id| id.subject.as_str()).collect();
    for rule in &rules {
        if !carried.contains_key(&rule.id) {
            let Id { subject, number } = &rule.id;
            let message = format!("no test carries {subject}{number} in its name");
            findings.push(Finding::new(&rule.path, rule.line, message));
        }
    }
    for (id, (path, line)) in &carried {
        if subjects.contains(id.subject.as_str()) && !known.contains(id) {
            let message = format!(
                "a test carries {}{}, which is no rule",
                id.subject, id.number
            );
            findings.push(Finding::new(path, *line, message));
        }
    }
    Ok(findings)
}

/// Checks that each id stands once over all specifications, and that rows rise within one, by the
/// first id of each.
fn check_order(rules: &[Rule], findings: &mut Vec<Finding>) {
    let mut first: BTreeMap<&Id, &Rule> = BTreeMap::new();
    let mut last: BTreeMap<(&Path, &str), u32> = BTreeMap::new();
    for rule in rules {
        let Id { subject, number } = &rule.id;
        let mut report = |message| findings.push(Finding::new(&rule.path, rule.line, message));
        if let Some(other) = first.get(&rule.id) {
            let (path, line) = (other.path.display(), other.line);
            report(format!("{subject}{number} stands at {path}:{line} already"));
            continue;
        }
        first.insert(&rule.id, rule);
        if !rule.leads {
            continue;
        }
        let before = last.insert((rule.path.as_path(), subject.as_str()), *number);
        if let Some(before) = before.filter(|before| before >= number) {
            report(format!("{subject}{number} stands behind {subject}{before}"));
        }
    }
}

fn rules(root: &Path) -> Result<Vec<Rule>> {
    let docs = root.join("docs");
    let mut rules = Vec::new();
    for path in files(root, &docs)? {
        let name = path.file_name().and_then(|name| name.to_str());
        if !name.is_some_and(|name| name.starts_with("SPEC-") && name.ends_with(".md")) {
            continue;
        }
        let relative = path.strip_prefix(root).unwrap_or(&path);
        for (at, line) in text(&path)?.lines().enumerate() {
            let ids = row(line).unwrap_or_default();
            rules.extend(ids.into_iter().enumerate().map(|(place, id)| Rule {
                id,
                leads: place == 0,
                path: relative.to_owned(),
                line: at + 1,
            }));
        }
    }
    Ok(rules)
}

/// Returns the ids at the beginning of a table's row: `| log1 to log3, log7 | ... |`. Returns
/// `None` for any other line.
fn row(line: &str) -> Option<Vec<Id>> {
    let (cell, _) = line.strip_prefix('|')?.split_once('|')?;
    let mut ids = Vec::new();
    for part in cell.trim().split(", ") {
        match part.split_once(" to ") {
            Some((first, last)) => ids.extend(range(&Id::read(first)?, &Id::read(last)?)),
            None => ids.push(Id::read(part)?),
        }
    }
    Some(ids)
}

fn range(first: &Id, last: &Id) -> Vec<Id> {
    let subject = &first.subject;
    (first.number..=last.number)
        .map(|number| Id {
            subject: subject.clone(),
            number,
        })
        .collect()
}

/// Returns the ids that tests carry, each with the first place of such a test.
fn carried(root: &Path) -> Result<BTreeMap<Id, (PathBuf, usize)>> {
    let mut carried = BTreeMap::new();
    for path in files(root, root)? {
        let ids_of: fn(&str) -> Vec<Id> = match extension(&path) {
            "rs" => of_function,
            "ts" | "mjs" if is_test_source(&path) => of_title,
            _ => continue,
        };
        let relative = path.strip_prefix(root).unwrap_or(&path);
        for (at, line) in text(&path)?.lines().enumerate() {
            for id in ids_of(line) {
                carried
                    .entry(id)
                    .or_insert_with(|| (relative.to_owned(), at + 1));
            }
        }
    }
    Ok(carried)
}

/// Returns the ids at the beginning of a name: `fn log1_to_log3_text1_what_is_promised(`.
fn of_function(line: &str) -> Vec<Id> {
    let Some((_, name)) = line.split_once("fn ") else {
        return Vec::new();
    };
    let name = name.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let mut words = name.take(1).flat_map(|name| name.split('_')).peekable();
    let mut ids: Vec<Id> = Vec::new();
    while let Some(word) = words.next() {
        match Id::read(word) {
            Some(id) => ids.push(id),
            None if word == "to" => {
                let last = words.peek().and_then(|word| Id::read(word));
                match (ids.last().cloned(), last) {
                    (Some(first), Some(last)) => ids.extend(range(&first, &last)),
                    _ => break,
                }
            }
            None => break,
        }
    }
    ids
}

/// Returns the ids at the beginning of a title: `test("frame11, frame12: what is promised"`.
fn of_title(line: &str) -> Vec<Id> {
    let line = line.trim_start();
    let is_test = ["test", "it", "describe"].iter().any(|verb| {
        line.strip_prefix(verb)
            .is_some_and(|rest| rest.starts_with(['(', '.']))
    });
    if !is_test {
        return Vec::new();
    }
    let quote = |letter: char| matches!(letter, '"' | '\'' | '`');
    let title = line.split(quote).nth(1).unwrap_or_default();
    let words = title.split([' ', ',', ':']).filter(|word| !word.is_empty());
    words.map_while(Id::read).collect()
}
