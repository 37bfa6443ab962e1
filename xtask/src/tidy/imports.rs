//! Imports between crates: `cargo metadata` against the tables below.

use super::finding::Finding;
use super::workspace::{Dependency, Package, packages};
use anyhow::Result;
use std::path::Path;

/// File that holds the tables.
const TABLE: &str = "xtask/src/tidy/imports.rs";

/// Each crate of the workspace with the crates of the workspace it may import. A service imports
/// its own core and never another service; a client imports no server core.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("fmz-proto", &[]),
    ("fmz-net", &[]),
    ("fmz-annotation", &["fmz-proto"]),
    ("fmz-media", &["fmz-proto"]),
    ("fmz-participant", &["fmz-annotation", "fmz-proto"]),
    (
        "fmz-participant-wasm",
        &[
            "fmz-annotation",
            "fmz-media",
            "fmz-participant",
            "fmz-proto",
        ],
    ),
    ("fmz-sfu-core", &["fmz-media", "fmz-proto"]),
    ("fmz-signaling-core", &["fmz-annotation", "fmz-proto"]),
    // Itself with the feature `contract`, in its tests.
    ("fmz-store", &["fmz-proto", "fmz-store"]),
    ("fmz-turn-core", &[]),
    ("fmz-turn", &["fmz-turn-core", "fmz-net"]),
    ("fmz-sfu", &["fmz-sfu-core", "fmz-net", "fmz-proto"]),
    (
        "fmz-signaling",
        &[
            "fmz-signaling-core",
            "fmz-store",
            "fmz-net",
            "fmz-annotation",
            "fmz-proto",
        ],
    ),
    (
        "fmz-client",
        &[
            "fmz-net",
            "fmz-participant",
            "fmz-annotation",
            "fmz-media",
            "fmz-proto",
        ],
    ),
    (
        "fmz",
        &[
            "fmz-client",
            "fmz-sfu",
            "fmz-signaling",
            "fmz-store",
            "fmz-turn",
            "fmz-net",
            "fmz-proto",
        ],
    ),
    (
        "fmz-fuzz",
        &[
            "fmz-annotation",
            "fmz-media",
            "fmz-net",
            "fmz-proto",
            "fmz-signaling-core",
            "fmz-store",
            "fmz-turn-core",
        ],
    ),
    (
        "fmz-load",
        &[
            "fmz-annotation",
            "fmz-client",
            "fmz-media",
            "fmz-participant",
            "fmz-proto",
            "fmz-store",
        ],
    ),
    (
        "fmz-sim",
        &[
            "fmz-annotation",
            "fmz-participant",
            "fmz-proto",
            "fmz-signaling-core",
        ],
    ),
    ("xtask", &[]),
];

/// Libraries that only the named crates, and tests, may import. Each library is the business of
/// these crates alone.
const KEPT_BY: &[(&str, &[&str])] = &[
    ("str0m", &["fmz-sfu-core", "fmz-load"]),
    ("mio", &["fmz-turn"]),
    ("nix", &["fmz-net", "fmz-load"]),
    ("quinn-udp", &["fmz-net", "fmz-load"]),
    ("socket2", &["fmz-net", "fmz-load"]),
    ("webrtc", &["fmz-client"]),
    ("rtc", &["fmz-client", "fmz-load"]),
    ("jsonwebtoken", &["fmz-signaling"]),
    ("snap", &["fmz-proto"]),
    (
        "stun-types",
        &["fmz-turn", "fmz-turn-core", "fmz-fuzz", "fmz-load"],
    ),
    (
        "turn-types",
        &["fmz-turn", "fmz-turn-core", "fmz-fuzz", "fmz-load"],
    ),
    ("tracing-subscriber", &["fmz", "fmz-load"]),
    ("wasm-bindgen", &["fmz-participant-wasm"]),
];

/// Crates without input or output, each with its folder.
pub(crate) const CORES: &[(&str, &str)] = &[
    ("fmz-annotation", "annotation"),
    ("fmz-media", "media"),
    ("fmz-participant", "participant"),
    ("fmz-sfu-core", "sfu/core"),
    ("fmz-signaling-core", "signaling/core"),
    ("fmz-turn-core", "turn-relay/core"),
];

/// Libraries that a core may import. None of them reads a clock, a socket, a file or the system's
/// random numbers by itself.
const CORE_LIBRARIES: &[&str] = &[
    "base64",
    "blake3",
    "bytes",
    "hmac",
    "md-5",
    "rand",
    "rand_chacha",
    "sha1",
    "sha2",
    "siphasher",
    "slab",
    "str0m",
    "stun-types",
    "thiserror",
    "tracing",
    "turn-types",
    "twox-hash",
];

pub(crate) fn check(root: &Path) -> Result<Vec<Finding>> {
    let packages = packages(root)?;
    let ours: Vec<&str> = packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let mut findings = Vec::new();
    for package in &packages {
        let mut report =
            |message: String| findings.push(Finding::new(package.manifest(root), 0, message));
        let Some((_, may_import)) = MAY_IMPORT.iter().find(|(name, _)| *name == package.name)
        else {
            report(format!(
                "{} has no row in the table of imports",
                package.name
            ));
            continue;
        };
        for dependency in &package.dependencies {
            if let Some(breach) = breach(package, dependency, may_import, &ours) {
                report(breach);
            }
        }
        for permit in *may_import {
            let is_used = |dependency: &Dependency| dependency.name == *permit;
            if !package.dependencies.iter().any(is_used) {
                report(format!(
                    "{} may import {permit} and does not: take the permit from {TABLE}",
                    package.name
                ));
            }
        }
    }
    Ok(findings)
}

fn breach(
    package: &Package,
    dependency: &Dependency,
    may_import: &[&str],
    ours: &[&str],
) -> Option<String> {
    let (from, to) = (package.name.as_str(), dependency.name.as_str());
    if ours.contains(&to) {
        return (!may_import.contains(&to)).then(|| format!("{from} may not import {to}"));
    }
    if dependency.kind.as_deref() == Some("dev") {
        return None;
    }
    if let Some((_, keepers)) = KEPT_BY.iter().find(|(library, _)| *library == to)
        && !keepers.contains(&from)
    {
        return Some(format!(
            "{from} may not import {to}: only {} may",
            keepers.join(", ")
        ));
    }
    let is_core = CORES.iter().any(|(core, _)| *core == from);
    (is_core && !CORE_LIBRARIES.contains(&to))
        .then(|| format!("the core {from} may not import {to}"))
}
