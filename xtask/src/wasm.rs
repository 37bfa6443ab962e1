//! Builds `fmz-participant-wasm` and writes what JavaScript needs to load it.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use wasm_bindgen_cli_support::Bindgen;

const PACKAGE: &str = "fmz-participant-wasm";
const TARGET: &str = "wasm32-unknown-unknown";
/// Stem of the written files: `fmz_participant.js`, `.d.ts` and `_bg.wasm`.
const OUT_NAME: &str = "fmz_participant";

/// Compiles the participant for wasm and writes module, glue and types to `web/sdk/src/wasm`.
pub(crate) fn build(root: &Path) -> Result<()> {
    let module = compile(root)?;
    let out = root.join("web/sdk/src/wasm");
    Bindgen::new()
        .input_path(&module)
        .out_name(OUT_NAME)
        .web(true)?
        .typescript(true)
        .generate(&out)
        .with_context(|| format!("generate bindings from {}", module.display()))
}

fn compile(root: &Path) -> Result<PathBuf> {
    let target_dir = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root.join("target"), |dir| root.join(dir));
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(root)
        .args([
            "build",
            "--release",
            "--package",
            PACKAGE,
            "--target",
            TARGET,
        ])
        .status()
        .context("start cargo")?;
    if !status.success() {
        bail!("cargo build for {TARGET} ended with {status}");
    }
    Ok(target_dir
        .join(TARGET)
        .join("release")
        .join("fmz_participant_wasm.wasm"))
}
