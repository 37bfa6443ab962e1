//! Crates and targets of the workspace, as cargo lists them.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
pub(super) struct Package {
    pub(super) name: String,
    manifest_path: PathBuf,
    pub(super) dependencies: Vec<Dependency>,
    pub(super) targets: Vec<Target>,
}

impl Package {
    /// Returns the manifest's path from the workspace's root.
    pub(super) fn manifest(&self, root: &Path) -> &Path {
        self.manifest_path
            .strip_prefix(root)
            .unwrap_or(&self.manifest_path)
    }
}

#[derive(Deserialize)]
pub(super) struct Dependency {
    pub(super) name: String,
    /// Kind of the dependency: `dev` or `build`; absent if it is an ordinary one.
    pub(super) kind: Option<String>,
}

/// A library, a program, a file of tests, an example or a build script.
#[derive(Deserialize)]
pub(super) struct Target {
    pub(super) kind: Vec<String>,
    /// The target's first file.
    pub(super) src_path: PathBuf,
}

/// Returns the workspace's packages, as `cargo metadata` lists them.
pub(super) fn packages(root: &Path) -> Result<Vec<Package>> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(root)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .output()
        .context("start cargo metadata")?;
    if !output.status.success() {
        bail!(
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let metadata: Metadata =
        serde_json::from_slice(&output.stdout).context("read cargo metadata")?;
    Ok(metadata.packages)
}
