//! The structure check: faults that the compiler does not see.

pub(crate) mod circles;
mod code;
pub(crate) mod comments;
mod cores;
pub(crate) mod files;
mod finding;
mod imports;
mod limits;
mod modules;
mod pointers;
mod rules;
#[cfg(test)]
mod tests;
mod workspace;

use anyhow::Result;
use finding::Finding;
use std::path::Path;
use std::process::ExitCode;

type Check = fn(&Path) -> Result<Vec<Finding>>;

const CHECKS: &[Check] = &[
    imports::check,
    cores::check,
    files::check,
    circles::check,
    rules::check,
    pointers::check,
    limits::check,
    comments::check,
];

/// Checks the workspace at `root`; an empty result means that it is clean.
pub(crate) fn check(root: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for check in CHECKS {
        findings.extend(check(root)?);
    }
    findings.sort();
    Ok(findings)
}

/// Prints the findings and returns the exit code.
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
