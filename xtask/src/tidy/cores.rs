//! Names that a core's sources may not use: the outside world enters as arguments.

use super::code::Code;
use super::files::{rust_files, text};
use super::finding::Finding;
use super::imports::CORES;
use anyhow::Result;
use std::path::{Path, PathBuf};

/// Paths that no core may name outside its tests, each with the way to do without it.
const BANNED: &[(&str, &str)] = &[
    ("Instant::now", "time is an argument"),
    ("Instant::elapsed", "time is an argument"),
    ("SystemTime", "time is an argument"),
    ("UdpSocket", "sockets belong to the shell"),
    ("TcpStream", "sockets belong to the shell"),
    ("TcpListener", "sockets belong to the shell"),
    ("tokio", "tasks belong to the shell"),
    ("async", "nothing awaits in a core"),
    ("await", "nothing awaits in a core"),
    ("std::thread", "threads belong to the shell"),
    ("thread::spawn", "threads belong to the shell"),
    ("thread_local", "state belongs to a value"),
    ("Mutex", "a core is owned by one thread"),
    ("RwLock", "a core is owned by one thread"),
    ("Condvar", "a core is owned by one thread"),
    ("mpsc", "outputs are polled"),
    ("std::fs", "files belong to the shell"),
    ("std::env", "settings are an argument"),
    ("std::process", "processes belong to the shell"),
    ("rand::rng", "random numbers are given at construction"),
    ("thread_rng", "random numbers are given at construction"),
    ("ThreadRng", "random numbers are given at construction"),
    ("OsRng", "random numbers are given at construction"),
    ("SysRng", "random numbers are given at construction"),
    ("from_os_rng", "random numbers are given at construction"),
    ("rand::random", "random numbers are given at construction"),
    ("getrandom", "random numbers are given at construction"),
];

/// Bans that every core's clippy.toml must hold too. clippy sees through renames and types, while
/// the list above matches words.
const CLIPPY_BANS: &[&str] = &[
    "std::time::Instant::now",
    "std::time::SystemTime::now",
    "std::thread::spawn",
    "std::thread::sleep",
    "std::env::var",
    "std::net::UdpSocket",
    "std::net::TcpStream",
    "std::net::TcpListener",
    "std::sync::Mutex",
    "std::sync::RwLock",
];

/// Line after which a list of bans concerns one core only.
const OF_THIS_CORE: &str = "# Of this core alone.";

/// The one module that may name the WebRTC library.
const TRANSPORT: &str = "sfu/core/src/transport";

pub(super) fn check(root: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    check_clippy(root, &mut findings);
    for (_, folder) in CORES {
        check_sources(root, folder, &mut findings)?;
    }
    Ok(findings)
}

/// Checks that the first core's bans hold the required ones, and that all other cores have the
/// same.
fn check_clippy(root: &Path, findings: &mut Vec<Finding>) {
    let bans_of = |folder: &str| {
        let path = Path::new(folder).join("clippy.toml");
        let text = text(&root.join(&path)).unwrap_or_default();
        (path, shared_bans(&text))
    };
    let mut folders = CORES.iter().map(|(_, folder)| *folder);
    let first = folders.next().expect("there are cores");
    let (path, bans) = bans_of(first);
    for ban in CLIPPY_BANS {
        let entry = format!("{{ path = \"{ban}\"");
        if !bans
            .iter()
            .any(|line| line.trim_start().starts_with(&entry))
        {
            let message = format!("clippy must ban {ban} in a core");
            findings.push(Finding::new(&path, 0, message));
        }
    }
    for folder in folders {
        let (path, others) = bans_of(folder);
        if others != bans {
            let message = format!("the text must be that of {first}/clippy.toml");
            findings.push(Finding::new(path, 0, message));
        }
    }
}

/// Returns the lines that all cores share. A list's last lines may be the core's own.
fn shared_bans(text: &str) -> Vec<String> {
    let mut own = false;
    let mut shared = Vec::new();
    for line in text.lines() {
        own = (own || line.trim() == OF_THIS_CORE) && line != "]";
        if !own {
            shared.push(line.to_owned());
        }
    }
    shared
}

fn check_sources(root: &Path, folder: &str, findings: &mut Vec<Finding>) -> Result<()> {
    let mut sources = Vec::new();
    let mut tests = Vec::new();
    for path in rust_files(&root.join(folder).join("src"))? {
        let relative = path.strip_prefix(root).unwrap_or(&path).to_owned();
        match Code::read(&text(&path)?) {
            Ok(code) => {
                tests.extend(
                    code.test_modules
                        .iter()
                        .map(|name| module_path(&relative, name)),
                );
                sources.push((relative, code));
            }
            Err(error) => findings.push(Finding {
                path: relative,
                line: error.span().start().line,
                message: "this is not Rust".to_owned(),
            }),
        }
    }
    sources.retain(|(path, _)| !tests.iter().any(|test| is_within(path, test)));
    findings.extend(sources.iter().flat_map(|(path, code)| breaches(path, code)));
    Ok(())
}

fn breaches(path: &Path, code: &Code) -> Vec<Finding> {
    let transport = is_within(path, Path::new(TRANSPORT));
    let mut findings = Vec::new();
    for written in &code.paths {
        let mut report = |message: String| {
            findings.push(Finding {
                path: path.to_owned(),
                line: written.line,
                message,
            });
        };
        for (banned, instead) in BANNED.iter().filter(|(banned, _)| written.contains(banned)) {
            report(format!("a core may not use {banned}: {instead}"));
        }
        if written.contains("str0m") && !transport {
            report(format!("str0m stays within {TRANSPORT}"));
        }
    }
    findings
}

/// Returns the path, without `.rs`, of the module `name` declared in the file `parent`.
fn module_path(parent: &Path, name: &str) -> PathBuf {
    let stem = parent.file_stem().unwrap_or_default();
    if stem == "lib" || stem == "mod" {
        parent.with_file_name(name)
    } else {
        parent.with_extension("").join(name)
    }
}

fn is_within(path: &Path, module: &Path) -> bool {
    path.starts_with(module) || path == module.with_extension("rs")
}
