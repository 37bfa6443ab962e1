//! The modules of a crate: the file of each, and the meaning of paths in them.

use super::code::{Code, Import, WrittenPath};
use super::files::text;
use anyhow::{Result, anyhow};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Imports that are followed for one path before it is given up. A chain of re-exports is two or
/// three long.
const STEPS_MAX: usize = 16;

/// Number of a module within its [`Modules`]; 0 is the crate's root.
pub(super) type ModuleId = usize;

pub(super) struct Module {
    pub(super) file: PathBuf,
    /// Whether the module is compiled for tests only.
    pub(super) for_tests: bool,
    pub(super) paths: Vec<WrittenPath>,
    pub(super) imports: Vec<Import>,
    parent: Option<ModuleId>,
    children: BTreeMap<String, ModuleId>,
}

/// The modules of one target (library, program, tests).
pub(super) struct Modules {
    pub(super) all: Vec<Module>,
}

impl Modules {
    /// Reads a target from its first file, along `mod name;`.
    pub(super) fn read(first: &Path) -> Result<Self> {
        let mut modules = Self { all: Vec::new() };
        modules.add(first.to_owned(), None, false)?;
        Ok(modules)
    }

    fn add(
        &mut self,
        file: PathBuf,
        parent: Option<ModuleId>,
        for_tests: bool,
    ) -> Result<ModuleId> {
        let code = Code::read(&text(&file)?)
            .map_err(|error| anyhow!("{} is not Rust: {error}", file.display()))?;
        let id = self.all.len();
        let folder = match (parent, file.file_stem().and_then(|stem| stem.to_str())) {
            (None, _) | (_, Some("mod")) => file.parent().map(Path::to_owned),
            _ => Some(file.with_extension("")),
        }
        .unwrap_or_default();
        self.all.push(Module {
            file,
            for_tests,
            paths: code.paths,
            imports: code.imports,
            parent,
            children: BTreeMap::new(),
        });
        let ordinary = code.modules.into_iter().map(|name| (name, for_tests));
        let tests = code.test_modules.into_iter().map(|name| (name, true));
        for (name, for_tests) in ordinary.chain(tests) {
            let places = [
                folder.join(&name).with_extension("rs"),
                folder.join(&name).join("mod.rs"),
            ];
            // A module in a macro's text, or behind a `cfg` of another system, has no file here.
            if let Some(place) = places.into_iter().find(|place| place.is_file()) {
                let child = self.add(place, Some(id), for_tests)?;
                self.all[id].children.insert(name, child);
            }
        }
        Ok(id)
    }

    /// Returns the module that defines the item which a path in module `from` names; `None` if the
    /// item belongs to another crate, or is local to a function.
    pub(super) fn resolve(&self, from: ModuleId, segments: &[String]) -> Option<ModuleId> {
        self.follow(from, segments, STEPS_MAX)
    }

    fn follow(&self, from: ModuleId, segments: &[String], steps: usize) -> Option<ModuleId> {
        let steps = steps.checked_sub(1)?;
        let (first, rest) = segments.split_first()?;
        match first.as_str() {
            "crate" => self.descend(0, rest, steps),
            "self" => self.descend(from, rest, steps),
            "super" => {
                let parent = self.all[from].parent?;
                match rest.first() {
                    Some(next) if next == "super" => self.follow(parent, rest, steps),
                    _ => self.descend(parent, rest, steps),
                }
            }
            _ => self.named(from, first, rest, steps),
        }
    }

    /// Returns the module of `segments` as seen from `module`; if they lead no further, `module`
    /// itself, the last one known to hold the item.
    fn descend(&self, module: ModuleId, segments: &[String], steps: usize) -> Option<ModuleId> {
        let Some((first, rest)) = segments.split_first() else {
            return Some(module);
        };
        self.named(module, first, rest, steps).or(Some(module))
    }

    /// Returns the module that `name` means in `module`: a module below it, or an import. Returns
    /// `None` for an item defined there.
    fn named(
        &self,
        module: ModuleId,
        name: &str,
        rest: &[String],
        steps: usize,
    ) -> Option<ModuleId> {
        if let Some(child) = self.all[module].children.get(name) {
            return self.descend(*child, rest, steps);
        }
        let import = self.all[module]
            .imports
            .iter()
            .find(|import| import.name == name)?;
        let segments: Vec<String> = import.segments.iter().chain(rest).cloned().collect();
        if import.segments.first().is_some_and(|first| first == name) {
            // For `use name::name`, or a name of another crate, the search would come back here.
            return self.all[module].children.get(name).copied();
        }
        self.follow(module, &segments, steps)
    }
}
