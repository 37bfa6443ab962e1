//! Writes the files that follow from the table of settings: the handbook's reference and the list
//! of promised names.

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;
use std::process::Command;

const HANDBOOK: &str = "docs/operate.md";
const BEGIN: &str = "<!-- settings -->\n";
const END: &str = "<!-- end of settings -->";
const NAMES: &str = "fmz/tests/settings.txt";

pub(crate) fn write(root: &Path) -> Result<()> {
    let handbook = fs::read_to_string(root.join(HANDBOOK)).context(HANDBOOK)?;
    let reference = printed(root, &["--markdown"])?;
    fs::write(root.join(HANDBOOK), with_reference(&handbook, &reference)?)?;
    let promised = fs::read_to_string(root.join(NAMES)).context(NAMES)?;
    let names = printed(root, &[])?;
    fs::write(root.join(NAMES), with_names(&promised, &names))?;
    Ok(())
}

/// Returns the output of `fmz settings`.
fn printed(root: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(root)
        .args(["run", "--quiet", "-p", "fmz", "--", "settings"])
        .args(arguments)
        .output()
        .context("start cargo")?;
    if !output.status.success() {
        bail!("fmz settings: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Puts the reference between the handbook's two marks.
fn with_reference(handbook: &str, reference: &str) -> Result<String> {
    let parts = handbook.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let (before, after) = parts.context("docs/operate.md has lost the marks of the settings")?;
    Ok(format!("{before}{BEGIN}\n{reference}\n{END}{after}"))
}

/// Adds new names. A promised name stays in the list even if the table has lost it, so that a test
/// notices.
fn with_names(promised: &str, names: &str) -> String {
    let mut lines: Vec<&str> = promised.lines().collect();
    for name in names.lines() {
        if !lines.contains(&name) {
            lines.push(name);
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_takes_the_place_between_the_marks() {
        let page = format!("a\n{BEGIN}old\n{END}\nb\n");
        let written = with_reference(&page, "new\n").unwrap();
        assert_eq!(written, format!("a\n{BEGIN}\nnew\n\n{END}\nb\n"));
        assert_eq!(with_reference(&written, "new\n").unwrap(), written);
        assert!(with_reference("a\nb\n", "new\n").is_err());
    }

    #[test]
    fn a_promised_name_stays() {
        assert_eq!(with_names("a\nb\n", "b\nc\n"), "a\nb\nc\n");
    }
}
