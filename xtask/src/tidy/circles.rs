//! Circles of imports between the files of a crate. The known ones stand in a list, which may only
//! get shorter.

use super::files::{files, text};
use super::finding::Finding;
use super::modules::{Module, Modules};
use super::workspace::packages;
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The known circles: blocks of files, separated by empty lines. A line with `#` gives the reason
/// for which a circle is left.
const KNOWN: &str = "xtask/circles.txt";

type Circle = BTreeSet<PathBuf>;

pub(super) fn check(root: &Path) -> Result<Vec<Finding>> {
    let known = known(&text(&root.join(KNOWN))?);
    let found = circles(root)?;
    let mut findings = Vec::new();
    for circle in &found {
        if !known.iter().any(|(_, known)| circle.is_subset(known)) {
            let names: Vec<String> = circle
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            let first = circle
                .first()
                .map(PathBuf::as_path)
                .unwrap_or(Path::new(""));
            let message = format!("these import one another in a circle: {}", names.join(", "));
            findings.push(Finding::new(first, 0, message));
        }
    }
    let in_circles: BTreeSet<&PathBuf> = found.iter().flatten().collect();
    for (line, circle) in &known {
        for (at, path) in circle.iter().enumerate() {
            if !in_circles.contains(path) {
                let message = format!("{} is in no circle any more: take it off", path.display());
                findings.push(Finding::new(KNOWN, line + at, message));
            }
        }
    }
    findings.extend(dead(root)?);
    Ok(findings)
}

/// Prints the circles in the form of the list.
#[allow(clippy::print_stdout, reason = "the list is this command's output")]
pub(crate) fn print(root: &Path) -> Result<()> {
    for circle in circles(root)? {
        for path in circle {
            println!("{}", path.display());
        }
        println!();
    }
    Ok(())
}

/// Returns the Rust files to which no target's modules lead, so that nothing compiles them.
fn dead(root: &Path) -> Result<Vec<Finding>> {
    let mut alive = BTreeSet::new();
    let mut folders = BTreeSet::new();
    for package in packages(root)? {
        folders.insert(root.join(package.manifest(root)).with_file_name(""));
        for target in &package.targets {
            alive.extend(
                Modules::read(&target.src_path)?
                    .all
                    .into_iter()
                    .map(|module| module.file),
            );
        }
    }
    let mut findings = Vec::new();
    for path in files(root, root)? {
        let is_rust = path.extension().is_some_and(|extension| extension == "rs");
        let is_ours = folders.iter().any(|folder| path.starts_with(folder));
        if is_rust && is_ours && !alive.contains(&path) && !is_excluded(root, &path) {
            let relative = path.strip_prefix(root).unwrap_or(&path);
            findings.push(Finding::new(relative, 0, "no module leads to this file"));
        }
    }
    Ok(findings)
}

/// Returns whether a path belongs to the fuzz targets, which are a workspace of their own.
fn is_excluded(root: &Path, path: &Path) -> bool {
    path.starts_with(root.join("tests/fuzz/libfuzzer"))
}

fn known(text: &str) -> Vec<(usize, Circle)> {
    let mut known: Vec<(usize, Circle)> = Vec::new();
    let mut open = false;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            open = false;
            continue;
        }
        if !open {
            known.push((at + 1, Circle::new()));
            open = true;
        }
        if let Some((_, circle)) = known.last_mut() {
            circle.insert(PathBuf::from(line));
        }
    }
    known
}

/// Returns every circle of more than one file in libraries and programs, except in their tests.
fn circles(root: &Path) -> Result<Vec<Circle>> {
    let mut found = BTreeSet::new();
    for package in packages(root)? {
        for target in &package.targets {
            if target
                .kind
                .iter()
                .any(|kind| ["lib", "bin", "cdylib", "rlib"].contains(&kind.as_str()))
            {
                found.extend(of_target(root, &Modules::read(&target.src_path)?));
            }
        }
    }
    Ok(found.into_iter().collect())
}

fn of_target(root: &Path, modules: &Modules) -> Vec<Circle> {
    let mut graph: BTreeMap<&Path, BTreeSet<&Path>> = BTreeMap::new();
    for (id, module) in modules.all.iter().enumerate() {
        if module.for_tests {
            continue;
        }
        let imports = graph.entry(&module.file).or_default();
        let meant = paths(module).filter_map(|segments| modules.resolve(id, segments));
        let files = meant.map(|id| modules.all[id].file.as_path());
        imports.extend(files.filter(|file| *file != module.file));
    }
    let relative = |path: &Path| path.strip_prefix(root).unwrap_or(path).to_owned();
    components(&graph)
        .into_iter()
        .filter(|files| files.len() > 1)
        .map(|files| files.into_iter().map(relative).collect())
        .collect()
}

/// Returns the paths by which a module needs another module. Left out are paths that it only
/// re-exports (`pub use`), and single words that may be anything (a variable, a field). A single
/// capitalised word that is re-exported counts, because it is a type.
fn paths(module: &Module) -> impl Iterator<Item = &[String]> {
    let handed_on: BTreeSet<&[String]> = module
        .imports
        .iter()
        .filter(|import| import.public)
        .map(|import| import.segments.as_slice())
        .collect();
    module
        .paths
        .iter()
        .map(|path| path.segments.as_slice())
        .filter(move |segments| match segments {
            [word] => word.starts_with(|letter: char| letter.is_ascii_uppercase()),
            _ => !handed_on.contains(segments),
        })
}

/// Returns the strongly connected components of a graph, found by the sets that each node reaches.
/// Graphs here have 100 nodes at most.
fn components<'a>(graph: &BTreeMap<&'a Path, BTreeSet<&'a Path>>) -> Vec<BTreeSet<&'a Path>> {
    let reach: BTreeMap<&Path, BTreeSet<&Path>> = graph
        .keys()
        .map(|node| (*node, reachable(graph, node)))
        .collect();
    let mut components: Vec<BTreeSet<&'a Path>> = Vec::new();
    let mut placed: BTreeSet<&Path> = BTreeSet::new();
    for (node, reached) in &reach {
        if placed.contains(node) || !reached.contains(node) {
            continue;
        }
        let component: BTreeSet<&'a Path> = graph
            .keys()
            .copied()
            .filter(|other| reached.contains(other) && reach[other].contains(node))
            .collect();
        placed.extend(&component);
        components.push(component);
    }
    components
}

fn reachable<'a>(
    graph: &BTreeMap<&'a Path, BTreeSet<&'a Path>>,
    from: &Path,
) -> BTreeSet<&'a Path> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Path> = vec![from];
    while let Some(node) = open.pop() {
        for next in graph.get(node).into_iter().flatten() {
            if reached.insert(*next) {
                open.push(next);
            }
        }
    }
    reached
}
