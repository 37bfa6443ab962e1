//! Builds `fmz-participant-wasm` and writes the files by which JavaScript loads it.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use wasm_bindgen_cli_support::Bindgen;
use wasmparser::{Parser, Payload};

const PACKAGE: &str = "fmz-participant-wasm";
const TARGET: &str = "wasm32-unknown-unknown";
/// Stem of the written files: `fmz_participant.js`, `.d.ts` and `_bg.wasm`.
const OUT_NAME: &str = "fmz_participant";

/// Functions of the page that the participant may import, by the names that wasm-bindgen gives
/// them, without their hash: arrays, errors and the fields of results. Clocks, random numbers and
/// sockets are not among them.
const ALLOWED: &[&str] = &["from", "new"];
const ALLOWED_BEGINNINGS: &[&str] = &["__wbindgen_", "set_"];
/// Words of JavaScript that may not occur in the glue. A name alone is not enough: `new` could make
/// a date.
const FORBIDDEN: &[&str] = &["Date", "Math.random", "WebSocket", "crypto", "performance"];

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
        .with_context(|| format!("generate bindings from {}", module.display()))?;
    let glue =
        std::fs::read_to_string(out.join(format!("{OUT_NAME}.js"))).context("read the glue")?;
    let module =
        std::fs::read(out.join(format!("{OUT_NAME}_bg.wasm"))).context("read the module")?;
    let breaches = breaches(&module, &glue)?;
    if !breaches.is_empty() {
        bail!(
            "the participant must need nothing but itself: {}",
            breaches.join("; ")
        );
    }
    Ok(())
}

/// Returns the forbidden imports of a module and the forbidden words of its glue.
fn breaches(module: &[u8], glue: &str) -> Result<Vec<String>> {
    let mut breaches = Vec::new();
    let own = format!("./{OUT_NAME}_bg.js");
    for payload in Parser::new(0).parse_all(module) {
        let Payload::ImportSection(section) = payload? else {
            continue;
        };
        for import in section.into_imports() {
            let import = import?;
            if import.module != own || !is_allowed(import.name) {
                breaches.push(format!("it imports {} of {}", import.name, import.module));
            }
        }
    }
    // Comments do not count: the glue carries the doc comments of Rust.
    let is_comment = |line: &&str| ["/*", "*", "//"].iter().any(|mark| line.starts_with(mark));
    let code: Vec<&str> = glue
        .lines()
        .map(str::trim)
        .filter(|line| !is_comment(line))
        .collect();
    let code = code.join("\n");
    let said = FORBIDDEN.iter().filter(|word| code.contains(**word));
    breaches.extend(said.map(|word| format!("its glue says {word}")));
    Ok(breaches)
}

/// Returns whether an import such as `__wbg_from_068fa12004b6195d` is allowed.
fn is_allowed(import: &str) -> bool {
    let name = import.strip_prefix("__wbg_").unwrap_or(import);
    let name = match name.rsplit_once('_') {
        Some((name, hash))
            if hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) =>
        {
            name
        }
        _ => name,
    };
    ALLOWED.contains(&name)
        || ALLOWED_BEGINNINGS
            .iter()
            .any(|start| name.starts_with(start))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes a module that imports one function without parameters.
    fn importing(from: &str, name: &str) -> Vec<u8> {
        let short = |length: usize| u8::try_from(length).unwrap();
        let mut imports = vec![1, short(from.len())];
        imports.extend(from.bytes());
        imports.push(short(name.len()));
        imports.extend(name.bytes());
        imports.extend([0, 0]);
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        module.extend([1, 4, 1, 0x60, 0, 0]);
        module.extend([2, short(imports.len())]);
        module.extend(imports);
        module
    }

    #[test]
    fn wasm1_a_clock_and_the_system_are_caught() {
        let own = "./fmz_participant_bg.js";
        let cases = [
            (importing(own, "__wbg_from_068fa12004b6195d"), "", 0),
            (
                importing(own, "__wbg___wbindgen_throw_4c88d8bf264fd984"),
                "",
                0,
            ),
            (importing(own, "__wbg_set_gap_bb8679b68b67682b"), "", 0),
            (importing(own, "__wbg_now_bb8679b68b67682b"), "", 1),
            (importing("env", "__wbindgen_throw"), "", 1),
            (importing("wasi_snapshot_preview1", "clock_time_get"), "", 1),
            (
                importing(own, "__wbg_new_10ac1f1fe0885f12"),
                "return new Date();",
                1,
            ),
            (
                importing(own, "__wbg_new_10ac1f1fe0885f12"),
                "/**\n * Set from a Date.\n */",
                0,
            ),
        ];
        for (module, glue, expected) in cases {
            let found = breaches(&module, glue).unwrap();
            assert_eq!(found.len(), expected, "{found:?}");
        }
    }
}
