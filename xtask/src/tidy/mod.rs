//! The structure check: what the compiler does not see.

mod code;
mod cores;
mod files;
mod imports;
#[cfg(test)]
mod tests;

use anyhow::Result;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// One breach of the structure.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// Path from the workspace's root.
    pub(crate) path: PathBuf,
    /// Line, from 1; 0 stands for the whole file.
    pub(crate) line: usize,
    pub(crate) message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(out, "{}: {}", self.path.display(), self.message),
            line => write!(out, "{}:{line}: {}", self.path.display(), self.message),
        }
    }
}

/// Checks the workspace at `root`; an empty list is a clean one.
pub(crate) fn check(root: &Path) -> Result<Vec<Finding>> {
    let mut findings = imports::check(root)?;
    findings.extend(cores::check(root)?);
    findings.extend(files::check(root)?);
    findings.sort();
    Ok(findings)
}

/// Prints the findings and gives the exit code.
#[allow(clippy::print_stdout, reason = "findings are this command's output")]
pub(crate) fn report(findings: &[Finding]) -> ExitCode {
    for finding in findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => {
            println!("tidy: clean");
            ExitCode::SUCCESS
        }
        count => {
            println!("tidy: {count} findings");
            ExitCode::FAILURE
        }
    }
}
