//! The binary as a person uses it: help that teaches; and for invalid values one clear line and
//! exit code 2.

use std::path::Path;
use std::process::{Command, Output};

fn fmz(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fmz"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("FMZ_LOG")
        .output()
        .expect("the binary starts")
}

fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = fmz(folder, arguments);
    let line = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(2), "{line}");
    assert_eq!(line.trim_end().lines().count(), 1, "{line}");
    line
}

#[test]
fn help_teaches_every_command() {
    let folder = tempfile::tempdir().expect("folder");
    let text = String::from_utf8(fmz(folder.path(), &["--help"]).stdout).expect("text");
    for word in [
        "serve",
        "demo",
        "publish",
        "token",
        "Examples",
        "FMZ_LISTEN",
    ] {
        assert!(text.contains(word), "{word} in {text}");
    }
}

#[test]
fn help_lists_every_setting() {
    let folder = tempfile::tempdir().expect("folder");
    let help = String::from_utf8(fmz(folder.path(), &["serve", "--help"]).stdout).expect("text");
    let names = include_str!("settings.txt");
    assert!(names.lines().count() >= 40, "{names}");
    for name in names.split_whitespace().filter(|name| name.len() > 3) {
        let shown = name.starts_with("--") || name.starts_with("FMZ_");
        assert!(!shown || help.contains(name), "{name} in {help}");
    }
}

#[test]
fn the_first_source_that_has_a_setting_decides() {
    let folder = tempfile::tempdir().expect("folder");
    std::fs::write(folder.path().join("fmz.toml"), "auto_commit = \"file\"\n").expect("write");
    let said = |flags: &[&str], variable: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fmz"));
        command.arg("serve").args(flags).current_dir(folder.path());
        let output = command.envs(variable.map(|value| ("FMZ_AUTO_COMMIT", value)));
        let output = output.output().expect("the binary starts");
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).expect("text")
    };
    let refused = |line: &str, start: &str| assert!(line.starts_with(start), "{line}");
    refused(
        &said(&["--auto-commit", "flag"], Some("variable")),
        "fmz: auto_commit: \"flag\" is neither off",
    );
    refused(
        &said(&[], Some("variable")),
        "fmz: auto_commit: \"variable\" is neither off",
    );
    refused(
        &said(&[], None),
        "fmz: fmz.toml line 1: auto_commit: \"file\" is neither off",
    );
}

#[test]
fn a_secret_is_printed_nowhere() {
    let folder = tempfile::tempdir().expect("folder");
    let secret = "hush-hush-hush-hush";
    std::fs::write(
        folder.path().join("fmz.toml"),
        format!("turn_secrets = [\"{secret}\", \"hush\"]\n"),
    )
    .expect("write");
    for arguments in [
        &["serve", "--help"][..],
        &["serve", "--roles", "turn"],
        &["serve", "--turn-secrets", "hush"],
        &["turn", "check", "--help"],
        &["settings"],
        &["settings", "--markdown"],
    ] {
        for variable in [None, Some("FMZ_TURN_SECRETS")] {
            let output = Command::new(env!("CARGO_BIN_EXE_fmz"))
                .args(arguments)
                .current_dir(folder.path())
                .envs(variable.map(|name| (name, format!("{secret},hush"))))
                .output()
                .expect("the binary starts");
            let text = [output.stdout, output.stderr].concat();
            let text = String::from_utf8(text).expect("text");
            assert!(!text.is_empty() && !text.contains("hush"), "{text}");
        }
    }
}

#[test]
fn a_value_of_any_argument_is_refused_in_one_line() {
    let folder = tempfile::tempdir().expect("folder");
    let line = refused(folder.path(), &["demo", "--frames", "5"]);
    assert!(line.starts_with("fmz: frames: 5 is not in 24..="), "{line}");
}

#[test]
fn an_unknown_key_in_the_file_is_refused() {
    let folder = tempfile::tempdir().expect("folder");
    std::fs::write(folder.path().join("fmz.toml"), "lisen = \"127.0.0.1:0\"\n").expect("write");
    let line = refused(folder.path(), &["serve"]);
    assert!(
        line.starts_with("fmz: fmz.toml line 1: unknown field `lisen`"),
        "{line}"
    );
}

#[test]
fn a_bad_port_is_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let line = refused(folder.path(), &["serve", "--listen", "127.0.0.1:70000"]);
    assert!(
        line.starts_with("fmz: listen: \"127.0.0.1:70000\" is not an address"),
        "{line}"
    );
}

#[test]
fn a_port_in_use_is_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = taken.local_addr().expect("address").to_string();
    let arguments = [
        "serve",
        "--listen",
        &address,
        "--admin-listen",
        "127.0.0.1:0",
        "--media-listen",
        "127.0.0.1:0",
    ];
    let line = refused(folder.path(), &arguments);
    assert!(
        line.starts_with(&format!("fmz: listen {address}:")),
        "{line}"
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_refused() {
    let folder = tempfile::tempdir().expect("folder");
    std::fs::write(folder.path().join("file"), "").expect("write");
    let line = refused(folder.path(), &["serve", "--data-dir", "file/data"]);
    assert!(line.starts_with("fmz: data_dir file/data:"), "{line}");
}

#[test]
fn a_missing_key_file_is_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let arguments = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--tls-certificate",
        "none.pem",
        "--tls-key",
        "none.key",
    ];
    let line = refused(folder.path(), &arguments);
    assert!(line.starts_with("fmz: tls_certificate"), "{line}");
}

#[test]
fn a_token_names_its_room_and_bad_grants_are_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let made = fmz(
        folder.path(),
        &["token", "--room", "dailies", "--name", "Ada"],
    );
    let token = String::from_utf8(made.stdout).expect("text");
    assert_eq!(token.trim().split('.').count(), 3, "{token}");
    let line = refused(
        folder.path(),
        &["token", "--room", "dailies", "--grants", "fly"],
    );
    assert!(line.starts_with("fmz: grants: \"fly\""), "{line}");
    let line = refused(
        folder.path(),
        &["token", "--room", "dailies", "--ttl", "soon"],
    );
    assert!(line.starts_with("fmz: ttl: \"soon\""), "{line}");
}
